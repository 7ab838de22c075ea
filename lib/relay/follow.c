/* SPDX-License-Identifier: ISC */
/*
 * Hides that nobody knows how an artist is followed. Spotify's description says
 * that the library takes tracks, albums and users, and not artists; it calls
 * the older way deprecated, and takes it away from new applications. Projects
 * that have tried contradict each other. So both are tried, and a success is
 * not believed before it was seen once: the artist was not followed, the call
 * was made, and then he was, or the other way round. Whoever followed him
 * before would be followed after a call that does nothing, too.
 */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "json/valid.h"
#include "json/writer.h"
#include "relay/follow.h"
#include "session/call.h"

#define ANSWER_MAX 65536
#define QUERY_BYTES 128
#define GLANCE_MS 3000 /* what a look for the proof may take */

/* Facts that all processes share. */
#define FACT_WAY "follow-way"	    /* 1 + the way that has worked last */
#define FACT_PROVEN "follow-proven" /* 1 + the way that was seen to work */

static const struct way {
	const char *name; /* in the log */
	const char *path;
	const char *contains; /* the same, to look */
	const char *query;
	enum pause_group group;
	enum quota_bucket bucket;
} ways[] = {
	{ "library", "/me/library", "/me/library/contains",
	    "?uris=spotify%3Aartist%3A", PAUSE_CONTAINS, QUOTA_CONTAINS },
	{ "following", "/me/following", "/me/following/contains",
	    "?type=artist&ids=", PAUSE_FOLLOWING, QUOTA_FOLLOWING },
};
#define WAYS_N (sizeof(ways) / sizeof(ways[0]))

/* What was seen of an artist. */
enum sight {
	UNSEEN, /* nobody knows */
	AS_WANTED,
	OTHERWISE
};

/* One question. */
struct follow {
	struct context *context;
	struct session *session;
	struct str id;
	const char *method; /* NULL: only to look */
	bool wanted;	    /* what it is to be: followed, or not */
	int64_t facts[2];   /* of FACT_WAY and FACT_PROVEN, when it began */
};

/* Ask by one way; *body is released by the caller, whatever comes. */
static enum result
ask(const struct follow *follow, const struct way *way, const char *method,
    struct buf *body)
{
	struct api_endpoint endpoint = { .name = "follow",
		.path = method == NULL ? way->contains : way->path,
		.method = method,
		.group = way->group,
		.bucket = way->bucket,
		.is_relayed = true,
		.body_max = ANSWER_MAX };
	struct call call = { .context = follow->context,
		.session = follow->session,
		.endpoint = &endpoint };
	struct buf query = BUF(QUERY_BYTES);
	enum result result;

	follow->context->api_status = 0;
	buf_puts(&query, way->query);
	buf_add_str(&query, follow->id);
	result = buf_result(&query);
	if (result == OK)
		result = call_start(&call, query.p);
	if (result == OK)
		result = call_finish(&call, body);
	buf_free(&query);
	return result;
}

/* Whether a way may be closed to this application, and the other open. */
static bool
is_closed(const struct context *context, enum result result)
{
	int status = context->api_status;

	return (status == 400 || status == 403 || status == 404) &&
	    result != OK && result != RESULT_NO_MEMORY &&
	    result != RESULT_NOT_ON_ALLOWLIST &&
	    result != RESULT_OWNER_NOT_PREMIUM;
}

/* Ask by the way that has worked, then by the other; *at is the last one. */
static enum result
ask_both(const struct follow *follow, size_t *at, struct buf *body)
{
	struct context *context = follow->context;
	enum result result = ask(follow, &ways[*at], follow->method, body),
		    other;

	if (!is_closed(context, result))
		return result;
	log_event(LOG_LEVEL_INFO, "follow_way_closed", "way=%s code=%s",
	    ways[*at].name, result_row(result)->code);
	buf_free(body);
	*at = (*at + 1) % WAYS_N;
	other = ask(follow, &ways[*at], follow->method, body);
	return other != OK && is_closed(context, other) ? result : other;
}

/* Read "[true]" or "[false]". */
static bool
read_bool(struct str text, bool *yes)
{
	struct str rest = str_trim(text);

	if (!valid_json(text, 1) || !str_starts(rest, STR("[")) ||
	    !str_ends(rest, STR("]")))
		return false;
	rest = str_trim((struct str){ rest.p + 1, rest.n - 2 });
	*yes = str_equal(rest, STR("true"));
	return *yes || str_equal(rest, STR("false"));
}

/* Look whether an artist is followed. */
static enum result
look(const struct follow *follow, size_t *at, bool *yes)
{
	struct follow looking = *follow;
	struct buf body = BUF(ANSWER_MAX);
	enum result result;

	looking.method = NULL;
	result = ask_both(&looking, at, &body);
	if (result == OK && (body.n == 0 || !read_bool(buf_str(&body), yes))) {
		log_event(LOG_LEVEL_WARN, "answer_unreadable",
		    "call=follow bytes=%zu", body.n);
		result = RESULT_UPSTREAM_FAILED;
	}
	buf_free(&body);
	return result;
}

/* The same by one way first, with the time that a proof is worth. It changes
 * nothing, whatever becomes of it. */
static enum sight
glance(const struct follow *follow, size_t way)
{
	struct context *context = follow->context;
	int64_t deadline_ms = context->deadline_ms;
	bool sent = context->api_sent, follows;
	enum result result;

	context->deadline_ms = clock_until_ms(deadline_ms, GLANCE_MS);
	result = look(follow, &way, &follows);
	context->deadline_ms = deadline_ms;
	context->api_sent = sent;
	if (result != OK)
		return UNSEEN;
	return follows == follow->wanted ? AS_WANTED : OTHERWISE;
}

/* Wait; false if there is no time for that, and to look then. */
static bool
wait_ms(const struct context *context, int64_t ms)
{
	struct timespec length = { .tv_nsec = (long)ms * 1000000 };

	if (clock_left_ms(context->deadline_ms, ms + GLANCE_MS) <
	    ms + GLANCE_MS)
		return false;
	while (nanosleep(&length, &length) != 0 && errno == EINTR)
		continue;
	return true;
}

/* Look at what was done, more than once: Spotify may see it late. */
static enum sight
look_after(const struct follow *follow, size_t way)
{
	static const int64_t pauses_ms[] = { 250, 750 };
	enum sight sight = glance(follow, way);
	size_t i;

	for (i = 0;
	     i < sizeof(pauses_ms) / sizeof(pauses_ms[0]) && sight == OTHERWISE;
	     i++)
		sight = wait_ms(follow->context, pauses_ms[i]) ?
		    glance(follow, way) :
		    UNSEEN;
	return sight;
}

static bool
is_proven(const struct follow *follow, size_t way)
{
	return follow->facts[1] == (int64_t)(1 + way);
}

/*
 * Whether what Spotify has said to be done, and was not so before, is done; OK
 * as long as nobody knows better. Even a no is not for good: as long as a way
 * was not seen to work, it is tried again when the other one has failed.
 */
static enum result
prove(const struct follow *follow, size_t way)
{
	struct store *store = follow->context->store;

	switch (look_after(follow, way)) {
	case UNSEEN: return OK;
	case AS_WANTED:
		store_set_fact(store, FACT_PROVEN, (int64_t)(1 + way));
		return OK;
	case OTHERWISE: break;
	}
	log_event(LOG_LEVEL_ERROR, "follow_not_done", "way=%s method=%s",
	    ways[way].name, follow->method);
	store_set_fact(store, FACT_WAY, (int64_t)(1 + (way + 1) % WAYS_N));
	return RESULT_NOT_FOR_THIS_APP;
}

static size_t
last_way(const struct follow *follow)
{
	int64_t way = follow->facts[0];

	return way > 0 && way <= (int64_t)WAYS_N ? (size_t)(way - 1) : 0;
}

/* Change something. */
static enum result
change(const struct follow *follow)
{
	size_t first = last_way(follow), at = first;
	struct buf body = BUF(ANSWER_MAX);
	enum sight before = UNSEEN;
	enum result result;

	if (!is_proven(follow, first))
		before = glance(follow, first);
	result = ask_both(follow, &at, &body);
	buf_free(&body);
	if (result == OK && (at != first || follow->facts[0] == 0))
		store_set_fact(follow->context->store, FACT_WAY,
		    (int64_t)(1 + at));
	return result == OK && before == OTHERWISE && !is_proven(follow, at) ?
	    prove(follow, at) :
	    result;
}

enum result
follow_do(struct context *context, struct session *session,
    const struct rowurl *rowurl, struct buf *body)
{
	const struct row *row = rowurl->row;
	struct follow follow = { .context = context,
		.session = session,
		.id = { rowurl->path.p + rowurl->path.n - ROWS_ID_BYTES,
		    ROWS_ID_BYTES } };
	static const char *const names[] = { FACT_WAY, FACT_PROVEN };
	enum result result;
	bool follows = false;
	size_t at;

	store_facts(context->store, names, follow.facts);
	at = last_way(&follow);
	if (row_writes(row)) {
		follow.method = row_method(row);
		follow.wanted = (row->methods & METHOD_PUT) != 0;
		return change(&follow);
	}
	if ((result = look(&follow, &at, &follows)) != OK)
		return result;
	writer_object(body, NULL);
	writer_bool(body, "following", follows);
	writer_object_end(body);
	return buf_result(body);
}
