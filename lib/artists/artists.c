/* SPDX-License-Identifier: ISC */
/*
 * Hides when the copy will do, and who fetches when it will not. What was
 * fetched of a list that then failed is kept for the next request, which goes
 * on from there: a list may be longer than the time of one request, or than
 * what Spotify gives at a time. Nobody is shown a part.
 */
#include "config.h"

#include <string.h>

#include "artists/artists.h"
#include "artists/crowd.h"
#include "artists/pages.h"
#include "base/clock.h"
#include "base/meter.h"
#include "json/writer.h"
#include "session/who.h"
#include "spotify/refusal.h"
#include "web/etag.h"
#include "store/lock.h"
#include "base/log.h"

#define LIST_MS 15000  /* for all pages together */
#define MEANWHILE_S 27 /* the longest wait for the lock, and a list */
#define FRESH_S 30     /* a copy younger than this is fresh enough */
#define PART_S 600     /* of a list whose fetch began earlier none is used */

/* Which copy will do: a young one, one that another request has made
 * meanwhile, or whatever there is. */
enum copy_use { IF_YOUNG, IF_OTHER, IF_ANY };

/* A list on its way. */
struct fetch {
	struct context *context;
	struct session *session;
	struct artists *artists;
	struct str known_tags;
	int64_t max_age_s; /* of a copy that is young */
	int64_t seen_s;	   /* when the copy was fetched that was not; or -1 */
	bool has_part;	   /* there is one, of use or not */
	struct change change; /* the last one when the fetch began */
	struct crowd_place place;
};

static enum result
write_tag(struct artists *artists)
{
	struct buf text = BUF(COPY_TAG_BYTES);
	enum result result;

	etag_of(buf_str(&artists->list), &text);
	if ((result = buf_result(&text)) == OK)
		memcpy(artists->facts.tag, text.p, text.n + 1);
	buf_free(&text);
	return result;
}

/* ---- the copy ---- */

static bool
will_do(const struct fetch *fetch, enum copy_use use,
    const struct copy_facts *facts)
{
	int64_t age_s = clock_now_s() - facts->fetched_s;

	switch (use) {
	/* One from the future is not young. */
	case IF_YOUNG: return age_s >= 0 && age_s < fetch->max_age_s;
	case IF_OTHER:
		return facts->fetched_s != fetch->seen_s && age_s >= 0 &&
		    age_s <= MEANWHILE_S + PART_S;
	case IF_ANY: break;
	}
	return true;
}

/* Whether the browser has the very list. */
static bool
is_known(const struct fetch *fetch)
{
	const struct artists *artists = fetch->artists;

	return artists->complete && !artists->stale &&
	    etag_has(fetch->known_tags, str_of(artists->facts.tag));
}

static enum result
read_copy(struct fetch *fetch, struct copy *copy)
{
	enum result result;

	buf_clear(&fetch->artists->list);
	result = copy_read(fetch->context, fetch->session, copy,
	    &fetch->artists->list);
	return result == OK || result == RESULT_NO_MEMORY ? result :
							    RESULT_ABSENT;
}

/*
 * Make the copy the answer, if there is one that will do.
 * OK, RESULT_ABSENT; RESULT_NO_MEMORY: to fetch it would take no less.
 */
static enum result
use_copy(struct fetch *fetch, enum copy_use use)
{
	struct artists *artists = fetch->artists;
	struct copy copy;
	enum result result = RESULT_ABSENT;

	if (fetch->context->conf->artists_max_age_s == 0 ||
	    copy_open(fetch->context, fetch->session, STORE_COPY, &copy) != OK)
		return RESULT_ABSENT;
	if (will_do(fetch, use, &copy.facts)) {
		artists->facts = copy.facts;
		artists->complete = true;
		artists->stale = use == IF_ANY;
		result = is_known(fetch) ? OK : read_copy(fetch, &copy);
	}
	fetch->seen_s = copy.facts.fetched_s;
	return result;
}

/* ---- fetching ---- */

static void
begin_list(struct artists *artists)
{
	buf_clear(&artists->list);
	artists->facts = (struct copy_facts){ .fetched_s = clock_now_s() };
	artists->complete = true;
	artists->stale = false;
	writer_array(&artists->list, NULL);
}

/*
 * Go on with the part that an earlier request has left. One that began when the
 * copy did was made whole already, by somebody who died before it was dropped.
 * OK, RESULT_ABSENT, RESULT_NO_MEMORY.
 */
static enum result
use_part(struct fetch *fetch)
{
	struct artists *artists = fetch->artists;
	enum result result;
	struct copy part;
	int64_t age_s;

	if (fetch->context->conf->artists_max_age_s == 0 ||
	    copy_open(fetch->context, fetch->session, STORE_PARTIAL, &part) !=
		OK)
		return RESULT_ABSENT;
	fetch->has_part = true;
	age_s = clock_now_s() - part.facts.fetched_s;
	if (age_s < 0 || age_s > PART_S ||
	    part.facts.fetched_s == fetch->seen_s)
		return RESULT_ABSENT;
	begin_list(artists);
	buf_clear(&artists->list);
	result =
	    copy_read(fetch->context, fetch->session, &part, &artists->list);
	if (result == OK) {
		artists->facts = part.facts;
		log_event(LOG_LEVEL_INFO, "list_continued",
		    "pages=%u artists=%lld", part.facts.pages,
		    (long long)part.facts.total);
	}
	return result == OK || result == RESULT_NO_MEMORY ? result :
							    RESULT_ABSENT;
}

/* Keep the list, if lists are kept. */
static void
save(const struct fetch *fetch, enum store_place place)
{
	struct artists *artists = fetch->artists;

	artists->facts.change = fetch->change;
	if (fetch->context->conf->artists_max_age_s > 0)
		copy_save(fetch->context, fetch->session, place,
		    &artists->facts, buf_str(&artists->list));
}

/* Fetch what is missing of a list. */
static enum result
fetch_rest(struct fetch *fetch)
{
	struct artists *artists = fetch->artists;
	struct context *context = fetch->context;
	enum result result = use_part(fetch);
	unsigned had = 0;

	if (result == RESULT_NO_MEMORY)
		return result;
	if (result == OK)
		had = artists->facts.pages;
	else
		begin_list(artists);
	result = pages_fetch(context, fetch->session, &artists->facts,
	    &artists->list, &artists->complete);
	/* A cursor need not be good for ever. */
	if (had > 0 && artists->facts.pages == had &&
	    pages_refused(context, result)) {
		had = 0;
		begin_list(artists);
		result = pages_fetch(context, fetch->session, &artists->facts,
		    &artists->list, &artists->complete);
	}
	if (result != OK && result != RESULT_NO_MEMORY &&
	    result != RESULT_TOO_LARGE && artists->facts.pages > had)
		save(fetch, STORE_PARTIAL);
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

	/* Before a part is read, and under the lock: a part from before this
	 * change is not there any more. */
	change_read(context, fetch->session->id, CHANGE_LIBRARY,
	    &fetch->change);
	context->deadline_ms = clock_until_ms(deadline_ms, LIST_MS);
	result = fetch_rest(fetch);
	context->deadline_ms = deadline_ms;
	writer_array_end(&artists->list);
	if (result == OK)
		result = buf_result(&artists->list);
	if (result == OK)
		result = write_tag(artists);
	/* More than we can hold is nothing to try again. */
	return result == RESULT_TOO_LARGE ? RESULT_UPSTREAM_FAILED : result;
}

/* Keep what may be of use to the next request. */
static void
keep_list(const struct fetch *fetch)
{
	if (fetch->artists->complete)
		save(fetch, STORE_COPY);
	if (fetch->has_part)
		copy_drop(fetch->context, fetch->session, STORE_PARTIAL);
}

/*
 * Take the lock, unless whoever held it has made a copy meanwhile. OK, also if
 * none is held because the copy is there; RESULT_NO_MEMORY, and those of
 * lock_take().
 */
static enum result
take_lock(struct fetch *fetch, struct lock *lock)
{
	const struct context *context = fetch->context;
	const struct lock_wish wish = { LOCK_ARTISTS, fetch->session->id,
		NULL };
	int64_t until_ms = crowd_until_ms(context, &fetch->place);
	enum result result =
	    lock_take_unless_done(context->store, &wish, until_ms, lock);

	if (result != RESULT_EXISTS)
		return result;
	/* Without room in the store no copy was kept. */
	if ((result = use_copy(fetch, IF_OTHER)) == RESULT_ABSENT)
		result = lock_take(context->store, LOCK_ARTISTS,
		    fetch->session->id, until_ms, lock);
	return result;
}

/* Fetch under the lock, unless whoever held it before us did. */
static enum result
fetch_once(struct fetch *fetch)
{
	struct context *context = fetch->context;
	struct lock lock;
	enum result result = take_lock(fetch, &lock);

	if (result != OK || lock.queue == NULL)
		return result;
	if ((result = use_copy(fetch, IF_OTHER)) != RESULT_ABSENT) {
		if (result == OK)
			lock_pass(&lock);
		lock_release(&lock);
		return result;
	}
	result = lock.found;
	/* During a pause no call is made, and the time left is told. */
	if (result == RESULT_RATE_LIMITED || result == RESULT_QUOTA_EXCEEDED)
		result = OK;
	if (result == OK)
		result =
		    crowd_fetch(context, context->deadline_ms, &fetch->place);
	if (result == OK)
		result = fetch_list(fetch);
	if (result == OK) {
		keep_list(fetch);
		lock_pass(&lock);
	}
	if (result != OK && result != RESULT_BUSY && result != RESULT_NO_MEMORY)
		lock_fail(&lock, result);
	lock_release(&lock);
	return result;
}

/* Get a token to ask with. Who does not wait long for a list waits no longer
 * for who fetches a token, and leaves it to the others to spend one. */
static enum result
get_token(const struct fetch *fetch)
{
	struct context *context = fetch->context;
	int64_t deadline_ms = context->deadline_ms;
	enum result result;

	if (!fetch->place.patient)
		context->deadline_ms = crowd_until_ms(context, &fetch->place);
	result = token_get(context, fetch->session, TOKEN_USE);
	context->deadline_ms = deadline_ms;
	return result;
}

/* Get a list from Spotify, if there is a thread to spare for it. */
static enum result
ask_spotify(struct fetch *fetch)
{
	struct context *context = fetch->context;
	enum result result =
	    crowd_enter(context, fetch->session->id, &fetch->place);

	if (result == OK)
		result = get_token(fetch);
	if (result == OK)
		result = fetch_once(fetch);
	/* A pause of lists is none of accounts. */
	if (result == OK || result == RESULT_RATE_LIMITED ||
	    result == RESULT_QUOTA_EXCEEDED || refusal_is(result))
		who_fill(context, fetch->session);
	crowd_leave(&fetch->place);
	return result;
}

/* A failure is answered with the last copy, if there is one; but an old list
 * must not hide what only a person can mend. */
static enum result
fall_back(struct fetch *fetch, enum result why)
{
	if (why == RESULT_NOT_LOGGED_IN || why == RESULT_LOGIN_EXPIRED ||
	    why == RESULT_NO_MEMORY || refusal_is(why) ||
	    use_copy(fetch, IF_ANY) != OK)
		return why;
	meter_count(METER_STALE);
	log_event(LOG_LEVEL_WARN, "stale_list", "cause=%s age_s=%lld",
	    result_row(why)->code,
	    (long long)(clock_now_s() - fetch->artists->facts.fetched_s));
	return OK;
}

enum result
artists_get(struct context *context, struct session *session, bool fresh,
    struct str known_tags, struct artists *artists)
{
	struct fetch fetch = { .context = context,
		.session = session,
		.artists = artists,
		.known_tags = known_tags,
		.max_age_s = context->conf->artists_max_age_s,
		.seen_s = -1 };
	enum result result;

	*artists = (struct artists){ .list = BUF(COPY_ROOM) };
	if (fresh && fetch.max_age_s > FRESH_S)
		fetch.max_age_s = FRESH_S;
	if ((result = use_copy(&fetch, IF_YOUNG)) == RESULT_ABSENT) {
		if ((result = ask_spotify(&fetch)) != OK)
			result = fall_back(&fetch, result);
	}
	artists->known = is_known(&fetch);
	return result;
}

void
artists_free(struct artists *artists)
{
	buf_free(&artists->list);
}
