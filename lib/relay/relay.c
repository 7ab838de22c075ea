/* SPDX-License-Identifier: ISC */
/*
 * Hides how a page's request becomes a call. Of the request nothing travels
 * but a row, an id and typed values; of Spotify's answer nothing comes back
 * but JSON that was looked at, and the kind of its refusal.
 */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "json/valid.h"
#include "relay/answers.h"
#include "relay/flight.h"
#include "relay/follow.h"
#include "relay/pace.h"
#include "relay/relay.h"
#include "relay/rowbody.h"
#include "session/call.h"
#include "session/change.h"
#include "session/token.h"

#define NAME "api"
#define PATH_MAX_BYTES 256 /* the longest path of a row is far shorter */
#define TRIES 3

/* What the site's base path, our name and a slash are before. */
static enum result
find_path(const struct conf *conf, const struct request *request,
    struct buf *path)
{
	struct str base = conf->base;

	base.p += conf->redirect.origin.n;
	base.n -= conf->redirect.origin.n;
	return request_path_below(request, base, STR(NAME), path);
}

/* One that has a type, was not announced, and has not come in time: to do what
 * an empty one means would be something else than was asked for. */
static bool
lacks_body(const struct request *request, const struct row *row)
{
	return row->body != NULL && request->body.n == 0 &&
	    request->content_length_text.n == 0 && request->content_type.n > 0;
}

enum result
relay_read(const struct conf *conf, const struct request *request,
    struct relay *relay)
{
	struct buf path = BUF(PATH_MAX_BYTES);
	enum result result = OK;

	*relay = (struct relay){ .body = BUF(RELAY_BODY_MAX), .kept_s = -1 };
	if (conf->api_allow == NULL)
		result = RESULT_NOT_ENABLED;
	if (result == OK)
		result = find_path(conf, request, &path);
	if (result == OK)
		result = rowurl_find(buf_str(&path), request->method,
		    &relay->rowurl);
	if (result == OK && !rows_allow(conf->api_allow, relay->rowurl.row))
		result = RESULT_NOT_ENABLED;
	if (result == OK)
		result = rowurl_query(request->query, &relay->rowurl);
	if (result == OK && lacks_body(request, relay->rowurl.row))
		result = RESULT_BAD_REQUEST;
	if (result == OK)
		result = rowbody_read(request->content_type, request->body,
		    &relay->rowurl);
	buf_free(&path);
	return result;
}

unsigned
relay_methods(const struct conf *conf, const struct request *request)
{
	struct buf path = BUF(PATH_MAX_BYTES);
	unsigned methods = 0;

	if (find_path(conf, request, &path) == OK)
		methods = rowurl_methods(buf_str(&path));
	buf_free(&path);
	return methods != 0 ? methods : METHOD_GET | METHOD_HEAD;
}

/* Whether what Spotify says to it is for the page. */
static bool
has_answer(const struct row *row)
{
	return !row_writes(row) || (row->body != NULL && row->body->answers);
}

/* Make the call. */
static enum result
ask(struct context *context, struct session *session,
    const struct rowurl *rowurl, struct buf *body)
{
	const struct row *row = rowurl->row;
	struct api_endpoint endpoint = { .name = row->name,
		.path = rowurl->path.p,
		.method = row_writes(row) ? row_method(row) : NULL,
		.json = buf_str(&rowurl->body),
		.is_final = (row->methods & METHOD_POST) != 0,
		.group = row->group,
		.bucket = row->bucket,
		.is_relayed = true,
		.body_max = RELAY_BODY_MAX };
	struct call call = { .context = context,
		.session = session,
		.endpoint = &endpoint };
	enum result result;

	result = call_start(&call, rowurl->query.n > 0 ? rowurl->query.p : "");
	if (result == OK)
		result = call_finish(&call, body);
	/* To a command Spotify has answered words that are no JSON. */
	if (result != OK || context->api_status == 204 || !has_answer(row)) {
		buf_free(body);
		return result;
	}
	if (body->n > 0 && valid_json(buf_str(body), RELAY_DEPTH_MAX))
		return OK;
	log_event(LOG_LEVEL_WARN, "answer_not_json", "call=%s bytes=%zu",
	    row->name, body->n);
	buf_free(body);
	/* What was changed is changed, whatever was said to that. */
	return row_writes(row) ? OK : RESULT_UPSTREAM_FAILED;
}

/* Be the one who asks Spotify. */
static void
lead(struct context *context, struct session *session,
    const struct rowurl *rowurl, struct flight_outcome *outcome)
{
	*outcome = (struct flight_outcome){ .body = BUF(RELAY_BODY_MAX) };
	outcome->result = pace_take(context, PACE_CALL, session->id);
	if (outcome->result == OK && row_writes(rowurl->row) &&
	    rowurl_has_followers(rowurl))
		outcome->result = pace_take(context, PACE_FOLLOW, session->id);
	if (outcome->result == OK)
		outcome->result = token_get(context, session, TOKEN_USE);
	context->api_sent = false;
	if (outcome->result == OK)
		outcome->result =
		    (row_is_ours(rowurl->row) ? follow_do : ask)(context,
			session, rowurl, &outcome->body);
	outcome->wait = context->wait;
	outcome->status = context->api_status;
}

static void
drop_lists(const struct context *context, const struct session *session)
{
	/* A failure has been logged. */
	(void)!store_keep(context->store, session->id, STORE_COPY, STR(""));
	(void)!store_keep(context->store, session->id, STORE_PARTIAL, STR(""));
}

/*
 * Forget what was true before. It has perhaps been done even when the answer
 * says no, or there is none; but not if nothing was asked.
 */
static void
forget(const struct context *context, const struct session *session,
    const struct rowurl *rowurl)
{
	enum change_part part = row_part(rowurl->row);
	bool follows = rowurl_follows(rowurl);
	enum result noted;

	flight_close(session->id, part);
	if (follows)
		drop_lists(context, session);
	noted = change_note(context, session->id, part);
	if (follows)
		drop_lists(context, session);
	/* Where there was no room for it there is some to remove a file. */
	if (noted != OK && context->conf->api_max_age_s > 0)
		(void)!store_keep(context->store, session->id, STORE_ANSWERS,
		    STR(""));
}

/*
 * Answer with what was kept, if there is something that is young enough.
 * OK, RESULT_ABSENT; RESULT_NO_MEMORY: to ask would take no less.
 */
static enum result
use_kept(const struct context *context, const struct session *session,
    struct relay *relay, struct answers_since *since,
    struct flight_outcome *outcome)
{
	enum result result;

	relay->may_be_kept =
	    answers_age_s(context->conf, relay->rowurl.row) > 0;
	if (!relay->may_be_kept)
		return RESULT_ABSENT;
	*outcome = (struct flight_outcome){ .result = OK,
		.status = 200,
		.body = BUF(RELAY_BODY_MAX) };
	result = answers_find(context, session, &relay->rowurl, since,
	    &outcome->body);
	if (result == OK)
		relay->kept_s = clock_now_s() - since->asked_s;
	return result;
}

/* Ask Spotify, or wait for who does, unless the answer is there. */
static enum result
fly(struct context *context, struct session *session, struct relay *relay,
    struct flight_outcome *outcome)
{
	struct answers_since since = { .asked_s = clock_now_s() };
	const struct rowurl *rowurl = &relay->rowurl;
	struct flight_seat seat;
	enum result result;

	if (!row_writes(rowurl->row))
		change_read(context, session->id, row_part(rowurl->row),
		    &since.change);
	result = use_kept(context, session, relay, &since, outcome);
	if (result != RESULT_ABSENT)
		return result;
	result = flight_join(session->id, &since.change, rowurl, &seat);
	*outcome = (struct flight_outcome){ .result = result };
	if (result == OK && seat.leads) {
		lead(context, session, rowurl, outcome);
		if (row_writes(rowurl->row) && context->api_sent)
			forget(context, session, rowurl);
		if (!row_writes(rowurl->row) && relay->may_be_kept &&
		    outcome->body.n > 0)
			answers_save(context, session, rowurl, &since,
			    buf_str(&outcome->body));
		flight_land(&seat, outcome);
	} else if (result == OK) {
		log_event(LOG_LEVEL_DEBUG, "call_shared", "call=%s",
		    rowurl->row->name);
		result = flight_wait(context, &seat, outcome);
	}
	flight_leave(&seat);
	return result;
}

/* Of a session from before scopes were kept Spotify alone knows. */
static enum result
check_scope(const struct session *session, struct relay *relay)
{
	const struct rowurl *rowurl = &relay->rowurl;
	struct str scope = buf_str(&session->scope);

	if (scope.n == 0)
		return OK;
	relay->lacks = rows_lacks(rowurl->row, rowurl->scopes, scope);
	if (relay->lacks.n == 0)
		return OK;
	log_event(LOG_LEVEL_INFO, "scope_missing", "call=%s scope=%.*s",
	    rowurl->row->name, (int)relay->lacks.n, relay->lacks.p);
	return RESULT_SCOPE_MISSING;
}

enum result
relay_call(struct context *context, struct session *session,
    struct relay *relay)
{
	struct flight_outcome outcome;
	enum result result = check_scope(session, relay);
	int tries = 0;

	if (result != OK)
		return result;
	/* Who led may have had less time than we, or gone away. */
	do {
		result = fly(context, session, relay, &outcome);
		if (result == OK)
			result = outcome.result;
		if (result == OK)
			buf_move(&relay->body, &outcome.body);
		context->wait = outcome.wait;
		context->api_status = outcome.status;
		flight_outcome_free(&outcome);
	} while (result == RESULT_BUSY && ++tries < TRIES &&
	    clock_left_ms(context->deadline_ms, 1) > 0);
	return result;
}

void
relay_free(struct relay *relay)
{
	rowurl_free(&relay->rowurl);
	buf_free(&relay->body);
}
