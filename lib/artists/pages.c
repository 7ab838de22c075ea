/* SPDX-License-Identifier: ISC */
/*
 * Hides paging. Pages are asked for one ahead: while a page travels the one
 * before it is rebuilt. Spotify is known to fail for one page again and again
 * and to give the same artists in smaller pages, so a page that fails twice is
 * asked for with half as many, down to LIMIT_MIN.
 */
#include "config.h"

#include <string.h>

#include "artists/idset.h"
#include "artists/pages.h"
#include "base/clock.h"
#include "base/log.h"
#include "session/call.h"

#define LIMIT_MIN 6
#define ANOTHER_MS 1000 /* with less time left there is no other try */

_Static_assert(IDSET_ID_BYTES == SPOTIFY_ID_BYTES, "ids of artists");

/* A list on its way. */
struct walk {
	struct call call;
	char query[SPOTIFY_QUERY_BYTES];
	struct copy_facts *facts;
	struct buf *list;
	struct idset artists, cursors;
	unsigned limit; /* of the page that is asked for */
	unsigned falls; /* pages that came only with a smaller limit */
};

/* Ask for the page behind a cursor. */
static enum result
ask(struct walk *walk, const char *after)
{
	spotify_page_query(after, walk->limit, walk->query);
	return call_start(&walk->call, walk->query);
}

/* Wait for a page that was asked for. */
static enum result
take(struct walk *walk, struct spotify_page *page)
{
	struct buf body = BUF(0);
	enum result result = call_finish(&walk->call, &body);

	*page = (struct spotify_page){ .items = 0 };
	if (result == OK)
		result = spotify_page_read(&body, page);
	buf_free(&body);
	return result;
}

bool
pages_refused(const struct context *context, enum result result)
{
	return result == RESULT_UPSTREAM_FAILED &&
	    (context->api_status == 400 || context->api_status == 404);
}

/* Whether a failure may pass, and there is time to see. What Spotify refuses
 * it will refuse again, but 400 may be about the limit. */
static bool
may_pass(const struct context *context, enum result result)
{
	int status = context->api_status;

	if (clock_left_ms(context->deadline_ms, ANOTHER_MS) < ANOTHER_MS)
		return false;
	return result == RESULT_UPSTREAM_TIMEOUT ||
	    (result == RESULT_UPSTREAM_FAILED &&
		(status <= 400 || status >= 500));
}

static enum result
try_again(struct walk *walk, struct spotify_page *page)
{
	enum result result = ask(walk, walk->facts->after);

	return result == OK ? take(walk, page) : result;
}

/*
 * Ask for less at a time. Once is a page that is ill, and the next ones are
 * asked for more each time; a limit that is refused, or a second such page,
 * makes the smaller one the limit of this list.
 */
static enum result
try_smaller(struct walk *walk, enum result result, struct spotify_page *page)
{
	const struct context *context = walk->call.context;
	bool refused = false;

	/* Where there is no answer at all, the size is not the reason. */
	while (may_pass(context, result) && walk->limit / 2 >= LIMIT_MIN &&
	    (context->api_status > 0 || result == RESULT_UPSTREAM_TIMEOUT)) {
		refused = refused || context->api_status == 400;
		walk->limit /= 2;
		result = try_again(walk, page);
	}
	if (result == OK) {
		log_event(LOG_LEVEL_WARN, "page_smaller", "limit=%u",
		    walk->limit);
		if (refused || walk->falls++ > 0)
			walk->facts->limit = walk->limit;
	}
	return result;
}

static enum result
take_patiently(struct walk *walk, struct spotify_page *page)
{
	const struct context *context = walk->call.context;
	enum result result = take(walk, page);

	if (context->api_status != 400 && may_pass(context, result))
		result = try_again(walk, page);
	if (result != OK)
		return try_smaller(walk, result, page);
	walk->limit *= 2;
	if (walk->limit > walk->facts->limit)
		walk->limit = walk->facts->limit;
	return OK;
}

/* Whether there is a page behind this one, which we have not had. */
static bool
goes_on(struct walk *walk, const struct spotify_page *page, bool *complete)
{
	if (page->after[0] == '\0')
		return false;
	if (walk->facts->pages < PAGES_MAX &&
	    idset_add(&walk->cursors, page->after))
		return true;
	/* A set that has no memory is told by add_page(). */
	log_event(LOG_LEVEL_WARN, "paging_stopped", "pages=%u",
	    walk->facts->pages);
	*complete = false;
	return false;
}

static enum result
add_page(struct walk *walk, const struct spotify_page *page)
{
	const char *id;
	size_t i;

	for (i = 0; i < page->items; i++) {
		id = spotify_artist_id(page, i);
		if (id == NULL || !idset_add(&walk->artists, id))
			continue;
		walk->facts->total++;
		spotify_artist_write(page, i, walk->call.context->conf,
		    walk->list);
	}
	buf_fail(walk->list, idset_result(&walk->artists));
	buf_fail(walk->list, idset_result(&walk->cursors));
	return buf_result(walk->list);
}

/*
 * Put the artists who are in the list already into the set. In what we have
 * written these bytes begin an artist and nothing else: within a text there is
 * a backslash before a quotation mark.
 */
static void
remember_artists(struct walk *walk)
{
	const struct str before = STR("{\"id\":\"");
	const struct str list = buf_str(walk->list);
	size_t at = 0;
	const char *p;

	while (list.n - at >= before.n + IDSET_ID_BYTES &&
	    (p = memmem(list.p + at, list.n - at - IDSET_ID_BYTES, before.p,
		 before.n)) != NULL) {
		(void)idset_add(&walk->artists, p + before.n);
		at = (size_t)(p - list.p) + before.n + IDSET_ID_BYTES;
	}
}

/* One page after the other until Spotify names no further one. */
static enum result
walk_on(struct walk *walk, bool *complete)
{
	enum result result = ask(walk, walk->facts->after), added;
	struct spotify_page page;
	bool more = true;

	while (result == OK && more) {
		if ((result = take_patiently(walk, &page)) != OK)
			break;
		walk->facts->pages++;
		if ((more = goes_on(walk, &page, complete)))
			result = ask(walk, page.after);
		added = add_page(walk, &page);
		memcpy(walk->facts->after, page.after, sizeof(page.after));
		spotify_page_free(&page);
		/* It matters more: a list that failed is of no use. */
		if (added != OK)
			result = added;
	}
	http_cancel(walk->call.context->http);
	return result;
}

enum result
pages_fetch(struct context *context, struct session *session,
    struct copy_facts *facts, struct buf *list, bool *complete)
{
	struct walk walk = { .call = { .context = context,
				 .session = session,
				 .endpoint = &api_following },
		.facts = facts,
		.list = list };
	enum result result;

	if (facts->limit == 0)
		facts->limit = SPOTIFY_PAGE_MAX;
	walk.limit = facts->limit;
	idset_init(&walk.artists);
	idset_init(&walk.cursors);
	remember_artists(&walk);
	if (facts->after[0] != '\0')
		(void)idset_add(&walk.cursors, facts->after);
	result = walk_on(&walk, complete);
	idset_free(&walk.artists);
	idset_free(&walk.cursors);
	return result;
}
