/* SPDX-License-Identifier: ISC */
/*
 * Hides what is the same for every endpoint of the Web API as it really is:
 * errors in plain text, and two kinds of 429.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "spotify/api.h"
#include "spotify/refusal.h"

#define ME_MAX 65536

const struct api_endpoint api_me = {
	.name = "me",
	.path = "/me",
	.group = PAUSE_ME,
	.bucket = QUOTA_ME,
	.body_max = ME_MAX,
};
const struct api_endpoint api_me_at_login = {
	.name = "me",
	.path = "/me",
	.group = PAUSE_ME,
	.bucket = QUOTA_ME,
	.in_pauses = true,
	.body_max = ME_MAX,
};
const struct api_endpoint api_following = {
	.name = "following",
	.path = "/me/following",
	.group = PAUSE_FOLLOWING,
	.bucket = QUOTA_FOLLOWING,
	.body_max = 1u << 20,
};

/* Append "Bearer" and the token (RFC 6750, section 2.1). */
static enum result
write_bearer(const struct secret *access, struct buf *bearer)
{
	buf_puts(bearer, "Bearer ");
	buf_add_str(bearer, secret_str(access));
	return buf_result(bearer);
}

/* Whether Spotify has asked that this be not asked now. */
static enum result
check_pause(struct context *context, const struct api_endpoint *endpoint)
{
	int64_t left_s;
	enum result result;

	if (endpoint->in_pauses)
		return OK;
	result = pause_check(context->store, endpoint->group, &left_s);
	if (result != OK)
		context->wait = (struct wait){ result, left_s };
	return result;
}

/* What is counted is sent: the call under way is, or is once more. */
static enum result
count_call(void *own)
{
	struct context *context = own;
	const struct api_endpoint *endpoint = context->calling;

	return quota_take(context, endpoint->bucket,
	    endpoint->in_pauses ? QUOTA_LOGIN : QUOTA_OTHER);
}

enum result
api_start(struct context *context, const struct api_endpoint *endpoint,
    const char *query, const struct secret *access)
{
	struct buf bearer = BUF(8192), url = BUF(4096);
	enum result result;

	buf_printf(&url, "%s%s%s", context->conf->api_url, endpoint->path,
	    query);
	result = check_pause(context, endpoint);
	if (result == OK)
		result = buf_result(&url);
	if (result == OK)
		result = write_bearer(access, &bearer);
	context->calling = endpoint;
	if (result == OK)
		result = count_call(context);
	if (result == OK)
		result = http_start(context->http,
		    &(struct http_request){ .what = endpoint->name,
			.url = url.p,
			.method = endpoint->method,
			.json = endpoint->json,
			.authorization = bearer.p,
			.body_max = endpoint->body_max,
			.deadline_ms = context->deadline_ms,
			.again = count_call,
			.own = context });
	if (result == OK)
		context->api_sent = true;
	buf_free(&bearer);
	buf_free(&url);
	return result;
}

/* Whether a body, JSON or not, contains a word, in any case. */
static bool
mentions(const struct buf *body, const char *word)
{
	return body->p != NULL && strcasestr(body->p, word) != NULL;
}

static enum result
read_429(struct context *context, const struct api_endpoint *endpoint,
    const struct http_answer *answer)
{
	enum result why = mentions(&answer->body, "QUOTA_EXCEEDED") ?
	    RESULT_QUOTA_EXCEEDED :
	    RESULT_RATE_LIMITED;
	int64_t left_s = pause_note(context->store, endpoint->group, why,
	    answer->retry_after_s);

	if (why == RESULT_QUOTA_EXCEEDED)
		quota_refused(context, endpoint->bucket);
	/* Who does not keep the pauses of others waits for its own. */
	if (endpoint->in_pauses && answer->retry_after_s >= 0)
		left_s = answer->retry_after_s;
	context->wait = (struct wait){ why, left_s };
	return why;
}

static bool
is_good(const struct api_endpoint *endpoint, int status)
{
	if (endpoint->method != NULL)
		return status >= 200 && status <= 204;
	return status == 200 || (status == 204 && endpoint->is_relayed);
}

static enum result
read_status(struct context *context, const struct api_endpoint *endpoint,
    const struct http_answer *answer)
{
	enum result result = RESULT_UPSTREAM_FAILED;

	if (is_good(endpoint, answer->status))
		return OK;
	if (answer->status == 401)
		result = RESULT_UNAUTHORIZED;
	else if (endpoint->is_final && answer->status >= 500)
		result = RESULT_OUTCOME_UNKNOWN;
	else if (endpoint->is_relayed && answer->status != 429)
		result = refusal_of(answer->status, buf_str(&answer->body));
	else if (answer->status == 403)
		result = refusal_read(buf_str(&answer->body));
	else if (answer->status == 429)
		result = read_429(context, endpoint, answer);
	log_event(LOG_LEVEL_WARN, "api_refused",
	    "call=%s status=%d code=%s body=%s bytes=%zu", endpoint->name,
	    answer->status, result_row(result)->code,
	    refusal_form(buf_str(&answer->body)), answer->body.n);
	return result;
}

enum result
api_finish(struct context *context, const struct api_endpoint *endpoint,
    struct buf *body)
{
	struct http_answer answer;
	enum result result = http_finish(context->http, &answer);

	pause_count_call(endpoint->group, result == OK ? answer.status : 0);
	context->api_status = answer.status;
	if (result == OK)
		result = read_status(context, endpoint, &answer);
	else if (endpoint->is_final && answer.sent)
		result = RESULT_OUTCOME_UNKNOWN;
	*body = answer.body;
	return result;
}
