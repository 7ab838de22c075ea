/* SPDX-License-Identifier: ISC */
/*
 * Hides what a list is on disk: two sealed texts, so that who has the list
 * already costs no more than the first, which is small:
 *
 *	JSON object: total, fetched_at, tag, and the seal of
 *	JSON array
 *
 * Of a part of a list the object has pages, limit and after instead of the tag,
 * and the array has no end. A list is sealed and opened in one buffer, because
 * many long ones at a time are what takes memory.
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "artists/copy.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"

#define HEAD_BYTES (SESSION_PAD_TO + SEAL_OVERHEAD)
#define FILE_MAX (HEAD_BYTES + COPY_ROOM)

/* What the two texts of a place are sealed for. */
static const struct {
	enum seal_purpose head, list;
} purposes[] = {
	[STORE_COPY] = { SEAL_COPY, SEAL_LIST },
	[STORE_PARTIAL] = { SEAL_PART, SEAL_PART_LIST },
};

static bool
read_tag(const struct reader_value *head, struct copy_facts *facts)
{
	struct str tag = reader_text(reader_member(head, "tag"));

	if (tag.n != COPY_TAG_BYTES - 1)
		return false;
	memcpy(facts->tag, tag.p, tag.n + 1);
	return true;
}

static bool
read_progress(const struct reader_value *head, struct copy_facts *facts)
{
	struct str after = reader_text(reader_member(head, "after"));

	if (after.n != SPOTIFY_ID_BYTES)
		return false;
	memcpy(facts->after, after.p, after.n + 1);
	facts->pages = (unsigned)reader_integer(reader_member(head, "pages"), 0,
	    INT32_MAX, 0);
	facts->limit = (unsigned)reader_integer(reader_member(head, "limit"), 1,
	    SPOTIFY_PAGE_MAX, 0);
	return facts->limit > 0;
}

/* What was unsealed goes over to the reader. */
static enum result
read_head(struct buf *plain, struct copy *copy)
{
	const struct reader_value *head;
	enum result result;
	struct reader reader;

	if ((result = reader_parse(plain, &reader)) != OK)
		return result == RESULT_NO_MEMORY ? result : RESULT_ABSENT;
	head = reader.values;
	copy->facts = (struct copy_facts){
		.total = reader_integer(reader_member(head, "total"), 0,
		    INT32_MAX, 0),
		.fetched_s = reader_integer(reader_member(head, "fetched_at"),
		    0, INT64_MAX, 0),
	};
	if (!codec_base64url_exact(reader_text(reader_member(head, "seal")),
		copy->seal, sizeof(copy->seal)) ||
	    !(copy->place == STORE_COPY ? read_tag : read_progress)(head,
		&copy->facts))
		result = RESULT_ABSENT;
	reader_free(&reader);
	return result;
}

enum result
copy_open(const struct context *context, const struct session *session,
    enum store_place place, struct copy *copy)
{
	struct buf sealed = BUF(HEAD_BYTES), plain = BUF(HEAD_BYTES);
	enum result result = store_load_kept(context->store, session->id,
	    (struct store_piece){ place, 0, HEAD_BYTES }, &sealed);

	copy->place = place;
	if (result == OK)
		result = session_unseal(context->conf, session,
		    purposes[place].head, buf_str(&sealed), &plain);
	if (result == OK)
		result = read_head(&plain, copy);
	buf_free(&sealed);
	buf_free(&plain);
	return result;
}

/* The end of a sealed text. */
static const void *
seal_of(const struct buf *sealed)
{
	return sealed->p + sealed->n - SEAL_TAG_BYTES;
}

enum result
copy_read(const struct context *context, const struct session *session,
    const struct copy *copy, struct buf *list)
{
	enum result result = store_load_kept(context->store, session->id,
	    (struct store_piece){ copy->place, HEAD_BYTES, STORE_REST }, list);

	/* The facts of one list and another are no copy. */
	if (result == OK &&
	    (list->n < SEAL_OVERHEAD ||
		memcmp(seal_of(list), copy->seal, SEAL_TAG_BYTES) != 0))
		result = RESULT_ABSENT;
	if (result == OK)
		result = session_unseal_here(context->conf, session,
		    purposes[copy->place].list, list);
	if (result != OK)
		buf_clear(list);
	return result;
}

static enum result
write_head(enum store_place place, const struct copy_facts *facts,
    const struct buf *sealed, struct buf *head)
{
	struct buf seal = BUF(64);

	codec_base64url(&seal, seal_of(sealed), SEAL_TAG_BYTES);
	writer_object(head, NULL);
	writer_integer(head, "total", facts->total);
	writer_integer(head, "fetched_at", facts->fetched_s);
	if (place == STORE_COPY) {
		writer_text(head, "tag", str_of(facts->tag));
	} else {
		writer_integer(head, "pages", facts->pages);
		writer_integer(head, "limit", facts->limit);
		writer_text(head, "after", str_of(facts->after));
	}
	writer_text(head, "seal", buf_str(&seal));
	writer_object_end(head);
	buf_fail(head, buf_result(&seal));
	buf_free(&seal);
	return buf_result(head);
}

/* Seal the list behind room for the head, whose length is known. */
static enum result
seal_list(const struct context *context, const struct session *session,
    enum seal_purpose purpose, struct str list, struct buf *sealed)
{
	if (list.n > COPY_LIST_MAX)
		return RESULT_TOO_LARGE;
	if (buf_room(sealed,
		HEAD_BYTES + list.n + SESSION_PAD_TO + SEAL_OVERHEAD) == NULL)
		return buf_result(sealed);
	buf_grown(sealed, HEAD_BYTES);
	return session_seal(context->conf, session, purpose, list, sealed);
}

/* Seal the head, and put it where there is room for it. */
static enum result
seal_head(const struct context *context, const struct session *session,
    enum store_place place, const struct copy_facts *facts, struct buf *sealed)
{
	struct buf head = BUF(SESSION_PAD_TO - 1), text = BUF(2 * HEAD_BYTES);
	enum result result = write_head(place, facts, sealed, &head);

	if (result == OK)
		result = session_seal(context->conf, session,
		    purposes[place].head, buf_str(&head), &text);
	if (result == OK)
		memcpy(sealed->p, text.p, HEAD_BYTES);
	buf_free(&head);
	buf_free(&text);
	return result;
}

/* A list that was fetched before a change is not kept after it. */
static bool
is_outdated(const struct context *context, const struct session *session,
    const struct copy_facts *facts)
{
	if (change_is_last(context, session->id, &facts->change))
		return false;
	log_event(LOG_LEVEL_INFO, "copy_not_kept", "cause=change");
	return true;
}

void
copy_save(const struct context *context, const struct session *session,
    enum store_place place, const struct copy_facts *facts, struct str list)
{
	struct buf sealed = BUF(FILE_MAX);
	enum result result;

	if (is_outdated(context, session, facts))
		return;
	result =
	    seal_list(context, session, purposes[place].list, list, &sealed);
	if (result == OK)
		result = seal_head(context, session, place, facts, &sealed);
	if (result == OK)
		result = store_keep(context->store, session->id, place,
		    buf_str(&sealed));
	if (result != OK)
		log_event(LOG_LEVEL_WARN, "copy_not_saved", "bytes=%zu",
		    list.n);
	buf_free(&sealed);
	/* Who has noted a change meanwhile may have dropped what was kept
	 * before this one. */
	if (result == OK && is_outdated(context, session, facts))
		copy_drop(context, session, place);
}

void
copy_drop(const struct context *context, const struct session *session,
    enum store_place place)
{
	/* A failure has been logged. */
	(void)!store_keep(context->store, session->id, place, STR(""));
}
