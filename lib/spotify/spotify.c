/* SPDX-License-Identifier: ISC */
/*
 * Hides the Web API as it really is: errors in plain text, two kinds of 429,
 * and an account with fields that come and go.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "json/doc.h"
#include "spotify/limit.h"
#include "base/log.h"
#include "spotify/spotify.h"

#define ME_MAX 65536
#define PAGE_MAX (1u << 20)
#define PAGE_LIMIT 50

/* ---- calls ---- */

static enum result
call_start(struct context *context, enum limit_group group, const char *url,
    const struct secret *access)
{
	struct buf bearer = BUF(8192);
	enum result result;

	buf_puts(&bearer, "Bearer ");
	buf_add_str(&bearer, secret_str(access));
	result = limit_check(context->store, group, &context->retry_after_s);
	if (result == OK)
		result = buf_result(&bearer);
	if (result == OK)
		result = http_start(context->http,
		    &(struct http_request){
			.what = group == LIMIT_ME ? "me" : "following",
			.url = url,
			.authorization = bearer.p,
			.body_max = group == LIMIT_ME ? ME_MAX : PAGE_MAX,
			.deadline_ms = context->deadline_ms });
	buf_free(&bearer);
	return result;
}

/* Whether a body, JSON or not, contains a word, in any case. */
static bool
mentions(const struct buf *body, const char *word)
{
	return body->p != NULL && strcasestr(body->p, word) != NULL;
}

static enum result
read_429(struct context *context, enum limit_group group,
    const struct http_answer *answer)
{
	enum result why = mentions(&answer->body, "QUOTA_EXCEEDED") ?
	    RESULT_QUOTA_EXCEEDED :
	    RESULT_RATE_LIMITED;

	limit_note(context->store, group, why, answer->retry_after_s);
	if (answer->retry_after_s > 0)
		context->retry_after_s = answer->retry_after_s;
	return why;
}

/* The causes of a 403 differ in their text only, which may be JSON or not. */
static enum result
read_403(const struct http_answer *answer)
{
	if (mentions(&answer->body, "not registered"))
		return RESULT_NOT_ON_ALLOWLIST;
	if (mentions(&answer->body, "premium"))
		return RESULT_OWNER_NOT_PREMIUM;
	if (mentions(&answer->body, "scope"))
		return RESULT_SCOPE_MISSING;
	return RESULT_UPSTREAM_FAILED;
}

static enum result
read_status(struct context *context, enum limit_group group,
    const struct http_answer *answer)
{
	enum result result = RESULT_UPSTREAM_FAILED;

	if (answer->status == 200)
		return OK;
	if (answer->status == 401)
		result = RESULT_UNAUTHORIZED;
	else if (answer->status == 403)
		result = read_403(answer);
	else if (answer->status == 429)
		result = read_429(context, group, answer);
	log_event(LOG_LEVEL_WARN, "api_refused", "call=%s status=%d code=%s",
	    group == LIMIT_ME ? "me" : "following", answer->status,
	    result_row(result)->code);
	return result;
}

/* Wait for the answer; the caller releases *body, whatever comes of it. */
static enum result
call_finish(struct context *context, enum limit_group group, struct buf *body)
{
	struct http_answer answer;
	enum result result = http_finish(context->http, &answer);

	if (result == OK)
		result = read_status(context, group, &answer);
	*body = answer.body;
	return result;
}

/* ---- the account ---- */

/* A copy of the text, or NULL for none and for what is far too long; clears
 * *good when memory is out. */
static char *
copy_text(struct str text, bool *good)
{
	char *copy;

	if (text.n == 0 || text.n > SPOTIFY_ACCOUNT_TEXT_MAX)
		return NULL;
	if ((copy = strndup(text.p, text.n)) == NULL)
		*good = false;
	return copy;
}

static enum result
read_account(const json_t *me, const struct conf *conf, struct account *account)
{
	struct str image =
	    spotify_url(doc_text(json_array_get(json_object_get(me, "images"),
				     0),
			    "url"),
		conf);
	bool good = true;

	account->id = copy_text(doc_text(me, "id"), &good);
	account->account_id = copy_text(doc_text(me, "account_id"), &good);
	account->display_name = copy_text(doc_text(me, "display_name"), &good);
	account->email = copy_text(doc_text(me, "email"), &good);
	account->image = copy_text(image, &good);
	if (good && account->id != NULL)
		return OK;
	account_free(account);
	return good ? RESULT_UPSTREAM_FAILED : RESULT_NO_MEMORY;
}

static enum result
read_document(const struct buf *body, json_t **me)
{
	enum result result = doc_parse(buf_str(body), me);

	if (result == RESULT_UPSTREAM_FAILED)
		log_event(LOG_LEVEL_WARN, "answer_unreadable",
		    "call=me bytes=%zu", body->n);
	return result;
}

enum result
spotify_me(struct context *context, const struct secret *access,
    struct account *account)
{
	struct buf url = BUF(4096), body = BUF(ME_MAX);
	enum result result;
	json_t *me = NULL;

	*account = (struct account){ 0 };
	buf_printf(&url, "%s/me", context->conf->api_url);
	if ((result = buf_result(&url)) == OK)
		result = call_start(context, LIMIT_ME, url.p, access);
	if (result == OK)
		result = call_finish(context, LIMIT_ME, &body);
	if (result == OK)
		result = read_document(&body, &me);
	if (result == OK)
		result = read_account(me, context->conf, account);
	json_decref(me);
	buf_free(&body);
	buf_free(&url);
	return result;
}

/* ---- pages of artists ---- */

enum result
spotify_page_start(struct context *context, const struct secret *access,
    const char *after)
{
	struct buf url = BUF(4096);
	enum result result;

	buf_printf(&url, "%s/me/following?type=artist&limit=%d%s%s",
	    context->conf->api_url, PAGE_LIMIT,
	    after[0] == '\0' ? "" : "&after=", after);
	if ((result = buf_result(&url)) == OK)
		result = call_start(context, LIMIT_FOLLOWING, url.p, access);
	buf_free(&url);
	return result;
}

enum result
spotify_page(struct context *context, struct page *page)
{
	struct buf body;
	enum result result = call_finish(context, LIMIT_FOLLOWING, &body);

	*page = (struct page){ 0 };
	if (result == OK)
		result = spotify_page_read(&body, page);
	buf_free(&body);
	return result;
}
