/* SPDX-License-Identifier: ISC */
/*
 * Hides what a copy is on disk: two sealed texts, so that who has the list
 * already costs no more than the first, which is small:
 *
 *	JSON object: total, fetched_at, tag, and the seal of
 *	JSON array
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "artists/copy.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"

#define HEAD_BYTES (SESSION_PAD_TO + SEAL_OVERHEAD)
#define FILE_MAX (HEAD_BYTES + COPY_LIST_MAX + HEAD_BYTES)

/* What was unsealed goes over to the reader. */
static enum result
read_head(struct buf *plain, struct copy *copy)
{
	const struct reader_value *head;
	enum result result;
	struct reader reader;
	struct str tag;

	if ((result = reader_parse(plain, &reader)) != OK)
		return result == RESULT_NO_MEMORY ? result : RESULT_ABSENT;
	head = reader.values;
	copy->facts.total =
	    reader_integer(reader_member(head, "total"), 0, INT32_MAX, 0);
	copy->facts.fetched_s =
	    reader_integer(reader_member(head, "fetched_at"), 0, INT64_MAX, 0);
	tag = reader_text(reader_member(head, "tag"));
	if (tag.n != COPY_TAG_BYTES - 1 ||
	    !codec_base64url_exact(reader_text(reader_member(head, "seal")),
		copy->seal, sizeof(copy->seal)))
		result = RESULT_ABSENT;
	else
		memcpy(copy->facts.tag, tag.p, tag.n + 1);
	reader_free(&reader);
	return result;
}

enum result
copy_open(const struct context *context, const struct session *session,
    struct copy *copy)
{
	struct buf sealed = BUF(HEAD_BYTES), plain = BUF(HEAD_BYTES);
	enum result result = store_load_kept(context->store, session->id,
	    (struct store_piece){ STORE_COPY, 0, HEAD_BYTES }, &sealed);

	if (result == OK)
		result = session_unseal(context->conf, session, SEAL_COPY,
		    buf_str(&sealed), &plain);
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
	struct buf sealed = BUF(FILE_MAX);
	enum result result = store_load_kept(context->store, session->id,
	    (struct store_piece){ STORE_COPY, HEAD_BYTES, STORE_REST },
	    &sealed);

	/* The facts of one list and another are no copy. */
	if (result == OK &&
	    (sealed.n < SEAL_OVERHEAD ||
		memcmp(seal_of(&sealed), copy->seal, SEAL_TAG_BYTES) != 0))
		result = RESULT_ABSENT;
	if (result == OK)
		result = session_unseal(context->conf, session, SEAL_LIST,
		    buf_str(&sealed), list);
	buf_free(&sealed);
	return result;
}

static enum result
write_head(const struct copy_facts *facts, const struct buf *sealed_list,
    struct buf *head)
{
	struct buf seal = BUF(64);

	codec_base64url(&seal, seal_of(sealed_list), SEAL_TAG_BYTES);
	writer_object(head, NULL);
	writer_integer(head, "total", facts->total);
	writer_integer(head, "fetched_at", facts->fetched_s);
	writer_text(head, "tag", str_of(facts->tag));
	writer_text(head, "seal", buf_str(&seal));
	writer_object_end(head);
	buf_fail(head, buf_result(&seal));
	buf_free(&seal);
	return buf_result(head);
}

static enum result
seal_copy(const struct context *context, const struct session *session,
    const struct copy_facts *facts, struct str list, struct buf *sealed)
{
	struct buf sealed_list = BUF(FILE_MAX), head = BUF(SESSION_PAD_TO - 1);
	enum result result = RESULT_TOO_LARGE;

	if (list.n <= COPY_LIST_MAX)
		result = session_seal(context->conf, session, SEAL_LIST, list,
		    &sealed_list);
	if (result == OK)
		result = write_head(facts, &sealed_list, &head);
	if (result == OK)
		result = session_seal(context->conf, session, SEAL_COPY,
		    buf_str(&head), sealed);
	buf_add_str(sealed, buf_str(&sealed_list));
	buf_free(&sealed_list);
	buf_free(&head);
	return result == OK ? buf_result(sealed) : result;
}

void
copy_save(const struct context *context, const struct session *session,
    const struct copy_facts *facts, struct str list)
{
	struct buf sealed = BUF(FILE_MAX);
	enum result result;

	result = seal_copy(context, session, facts, list, &sealed);
	if (result == OK)
		result = store_keep(context->store, session->id, STORE_COPY,
		    buf_str(&sealed));
	if (result != OK)
		log_event(LOG_LEVEL_WARN, "copy_not_saved", "bytes=%zu",
		    list.n);
	buf_free(&sealed);
}
