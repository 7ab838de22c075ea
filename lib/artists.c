/* SPDX-License-Identifier: ISC */
/*
 * Hides paging and the copy. Pages are asked for one ahead: while a page
 * travels the one before it is rebuilt. The copy is a sealed file beside the
 * session's:
 *
 *	JSON object with total and fetched_at, LF, JSON array
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "artists.h"
#include "clock.h"
#include "codec.h"
#include "doc.h"
#include "lock.h"
#include "log.h"

#define LIST_MAX (16u << 20)
#define COPY_MAX (LIST_MAX + 4096)
#define PAGES_MAX 1000
#define LIST_MS 15000 /* for all pages together */
#define LOCK_WAIT_MS 12000
#define FRESH_S 30 /* a copy younger than this is fresh enough */

/* A list on its way. */
struct fetch {
	struct context *context;
	struct session *session;
	struct artists *artists;
	json_t *seen;  /* ids and cursors as members: a set */
	bool replaced; /* the token, after a 401 */
};

static void
write_tag(struct artists *artists)
{
	struct buf text = BUF(ARTISTS_TAG_BYTES);
	unsigned char digest[16];

	seal_digest(buf_str(&artists->list), digest, sizeof(digest));
	codec_base64url(&text, digest, sizeof(digest));
	if (buf_result(&text) == OK)
		memcpy(artists->tag, text.p, text.n + 1);
	buf_free(&text);
}

/* ---- the copy ---- */

static enum result
read_copy(struct str plain, struct artists *artists)
{
	struct str head = str_cut(&plain, '\n');
	json_t *facts;

	if (plain.p == NULL || doc_parse(head, &facts) != OK)
		return RESULT_ABSENT;
	artists->total = doc_integer(facts, "total", 0, INT32_MAX, 0);
	artists->fetched_s = doc_integer(facts, "fetched_at", 0, INT64_MAX, 0);
	json_decref(facts);
	artists->complete = true;
	buf_clear(&artists->list);
	buf_add_str(&artists->list, plain);
	write_tag(artists);
	return buf_result(&artists->list);
}

/* OK, or whatever else: without a copy we ask Spotify. */
static enum result
load_copy(const struct fetch *fetch)
{
	const struct context *context = fetch->context;
	struct buf sealed = BUF(COPY_MAX), plain = BUF(COPY_MAX);
	enum result result;
	int64_t used_s;

	if (context->conf->artists_max_age_s == 0)
		return RESULT_ABSENT;
	result = store_load(context->store, STORE_COPY, fetch->session->id,
	    COPY_MAX, &sealed, &used_s);
	if (result == OK)
		result = session_unseal(context->conf, fetch->session,
		    SEAL_COPY, buf_str(&sealed), &plain);
	if (result == OK)
		result = read_copy(buf_str(&plain), fetch->artists);
	buf_free(&sealed);
	buf_free(&plain);
	return result;
}

/* Keep a list for the next request. It can be fetched again, so a failure
 * is logged by the store and otherwise does not matter. */
static void
save_copy(const struct fetch *fetch)
{
	const struct context *context = fetch->context;
	struct buf sealed = BUF(COPY_MAX), plain = BUF(COPY_MAX);
	struct store_file file;
	enum result result;

	if (context->conf->artists_max_age_s == 0)
		return;
	buf_printf(&plain, "{\"total\":%lld,\"fetched_at\":%lld}\n",
	    (long long)fetch->artists->total,
	    (long long)fetch->artists->fetched_s);
	buf_add_str(&plain, buf_str(&fetch->artists->list));
	if ((result = buf_result(&plain)) == OK)
		result = session_seal(context->conf, fetch->session, SEAL_COPY,
		    buf_str(&plain), &sealed);
	if (result == OK)
		result = store_prepare(context->store, sealed.n, &file);
	if (result == OK)
		result = store_commit(context->store, &file, STORE_OVERWRITE,
		    STORE_COPY, fetch->session->id, buf_str(&sealed));
	if (result != OK)
		log_event(LOG_LEVEL_WARN, "copy_not_saved", "bytes=%zu",
		    plain.n);
	/* A logout removes first the session and then the copy, which was
	 * perhaps not there yet. */
	else if (!store_has(context->store, STORE_SESSION,
		     fetch->session->id) &&
	    store_remove(context->store, STORE_COPY, fetch->session->id) != OK)
		log_event(LOG_LEVEL_WARN, "copy_kept", "cause=store");
	buf_free(&sealed);
	buf_free(&plain);
}

/* Whether a copy is young enough; one from the future is not. */
static bool
is_young(const struct artists *artists, int64_t max_age_s)
{
	int64_t age_s = clock_now_s() - artists->fetched_s;

	return age_s >= 0 && age_s < max_age_s;
}

/* ---- pages ---- */

/* Put a word in the set; false when it was there already. */
static bool
remember(struct fetch *fetch, const char *word)
{
	if (json_object_get(fetch->seen, word) != NULL)
		return false;
	if (json_object_set_new(fetch->seen, word, json_true()) != 0)
		buf_fail(&fetch->artists->list, RESULT_NO_MEMORY);
	return true;
}

static void
add_page(struct fetch *fetch, const struct page *page)
{
	struct artists *artists = fetch->artists;
	const char *id;
	size_t i;

	for (i = 0; i < page->items; i++) {
		id = spotify_artist_id(page, i);
		if (id == NULL || !remember(fetch, id))
			continue;
		if (artists->total++ > 0)
			buf_putc(&artists->list, ',');
		spotify_artist_write(page, i, fetch->context->conf,
		    &artists->list);
	}
}

/* Wait for a page that was asked for; after the first 401 once more with
 * another token. */
static enum result
take_page(struct fetch *fetch, const char *after, struct page *page)
{
	struct context *context = fetch->context;
	enum result result = spotify_page(context, page);

	if (result != RESULT_UNAUTHORIZED || fetch->replaced)
		return result;
	fetch->replaced = true;
	result = access_replace(context, fetch->session);
	if (result == OK)
		result =
		    spotify_page_start(context, &fetch->session->access, after);
	return result == OK ? spotify_page(context, page) : result;
}

/* One page after the other until Spotify names no further one. */
static enum result
fetch_pages(struct fetch *fetch)
{
	char cursor[2 * SPOTIFY_ID_BYTES], after[SPOTIFY_ID_BYTES + 1] = "";
	struct context *context = fetch->context;
	enum result result;
	struct page page;
	unsigned n;

	result = spotify_page_start(context, &fetch->session->access, after);
	for (n = 1; result == OK; n++) {
		if ((result = take_page(fetch, after, &page)) != OK)
			break;
		memcpy(after, page.after, sizeof(after));
		/* "@" keeps the cursors apart from the artists' ids. */
		snprintf(cursor, sizeof(cursor), "@%s", after);
		if (after[0] != '\0' &&
		    (n == PAGES_MAX || !remember(fetch, cursor))) {
			log_event(LOG_LEVEL_WARN, "paging_stopped", "pages=%u",
			    n);
			fetch->artists->complete = false;
			after[0] = '\0';
		}
		if (after[0] != '\0')
			result = spotify_page_start(context,
			    &fetch->session->access, after);
		if (result == OK)
			add_page(fetch, &page);
		spotify_page_free(&page);
		if (result == OK)
			result = buf_result(&fetch->artists->list);
		if (after[0] == '\0')
			break;
	}
	http_cancel(context->http);
	return result;
}

/* Fetch a whole list; on failure the list is of no use. */
static enum result
fetch_list(struct fetch *fetch)
{
	struct artists *artists = fetch->artists;
	struct context *context = fetch->context;
	int64_t deadline_ms = context->deadline_ms;
	enum result result;

	buf_clear(&artists->list);
	artists->total = 0;
	artists->complete = true;
	artists->stale = false;
	artists->fetched_s = clock_now_s();
	if ((fetch->seen = json_object()) == NULL)
		return RESULT_NO_MEMORY;
	buf_putc(&artists->list, '[');
	context->deadline_ms =
	    clock_mono_ms() + clock_left_ms(deadline_ms, LIST_MS);
	result = fetch_pages(fetch);
	context->deadline_ms = deadline_ms;
	buf_putc(&artists->list, ']');
	if (result == OK)
		result = buf_result(&artists->list);
	json_decref(fetch->seen);
	if (result == OK)
		write_tag(artists);
	/* More than we can hold is nothing to try again. */
	return result == RESULT_TOO_LARGE || result == RESULT_UNAUTHORIZED ?
	    RESULT_UPSTREAM_FAILED :
	    result;
}

/* Fetch under the lock, unless whoever held it before us did. */
static enum result
fetch_once(struct fetch *fetch, int64_t seen_s)
{
	struct context *context = fetch->context;
	struct lock lock;
	enum result result;

	result = lock_take(context->store, LOCK_ARTISTS, fetch->session->id,
	    clock_mono_ms() + clock_left_ms(context->deadline_ms, LOCK_WAIT_MS),
	    &lock);
	if (result != OK)
		return result;
	if (load_copy(fetch) == OK && fetch->artists->fetched_s != seen_s) {
		lock_release(&lock);
		return OK;
	}
	result = lock.found;
	/* During a pause no call is made, and the time left is told. */
	if (result == OK || result == RESULT_RATE_LIMITED ||
	    result == RESULT_QUOTA_EXCEEDED)
		result = fetch_list(fetch);
	if (result == OK && fetch->artists->complete)
		save_copy(fetch);
	if (result != OK && result != RESULT_BUSY && result != RESULT_NO_MEMORY)
		lock_fail(&lock, result);
	lock_release(&lock);
	return result;
}

/* A failure is answered with the last copy, if there is one. */
static enum result
fall_back(struct fetch *fetch, enum result why)
{
	if (why == RESULT_NOT_LOGGED_IN || why == RESULT_LOGIN_EXPIRED ||
	    why == RESULT_NO_MEMORY || load_copy(fetch) != OK)
		return why;
	log_event(LOG_LEVEL_WARN, "stale_list", "cause=%s age_s=%lld",
	    result_row(why)->code,
	    (long long)(clock_now_s() - fetch->artists->fetched_s));
	fetch->artists->stale = true;
	return OK;
}

enum result
artists_get(struct context *context, struct session *session, bool fresh,
    struct artists *artists)
{
	struct fetch fetch = { .context = context,
		.session = session,
		.artists = artists };
	int64_t max_age_s = context->conf->artists_max_age_s, seen_s = -1;
	enum result result;

	*artists = (struct artists){ .list = BUF(LIST_MAX) };
	if (load_copy(&fetch) == OK) {
		if (fresh && max_age_s > FRESH_S)
			max_age_s = FRESH_S;
		if (is_young(artists, max_age_s))
			return OK;
		seen_s = artists->fetched_s;
	}
	result = access_get(context, session, ACCESS_USE);
	if (result == OK)
		result = fetch_once(&fetch, seen_s);
	if (result == OK)
		access_fill_account(context, session);
	return result == OK ? OK : fall_back(&fetch, result);
}

void
artists_free(struct artists *artists)
{
	buf_free(&artists->list);
}
