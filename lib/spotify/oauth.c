/* SPDX-License-Identifier: ISC */
/*
 * Hides the token endpoint's ways. Only the "error" member decides what an
 * error means, because Spotify answers 400 to everything; its description is
 * for people and is not even logged.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "json/janssondoc.h"
#include "spotify/pause.h"
#include "base/log.h"
#include "base/meter.h"
#include "spotify/oauth.h"

#define FORM_MAX 16384
#define ANSWER_MAX 65536
/* As long as the deadline allows: whoever gives up an answer that is on its way
 * may have spent a code or a refresh token for nothing. */
#define CALL_MS INT32_MAX
#define LIFE_DEFAULT_S 3600
#define LIFE_MAX_S 86400

/* "Basic" with both parts form-encoded first (RFC 6749, section 2.3.1). */
static enum result
add_basic(const struct conf *conf, struct buf *header)
{
	struct buf pair = BUF(4096);
	enum result result;

	codec_percent(&pair, str_of(conf->client_id));
	buf_putc(&pair, ':');
	codec_percent(&pair, secret_str(&conf->client_secret));
	buf_puts(header, "Basic ");
	codec_base64(header, pair.p, pair.n);
	result = buf_result(&pair);
	buf_free(&pair);
	return result != OK ? result : buf_result(header);
}

/* A token is graphic ASCII (RFC 6749, appendix A.12) of a length that fits
 * everywhere; anything else would end up in a header line. */
static enum result
take_token(const json_t *answer, const char *member, struct secret *token)
{
	struct str text = janssondoc_text(answer, member);

	if (text.n == 0)
		return OK;
	if (text.n > OAUTH_TOKEN_MAX || !str_graphic(text))
		return RESULT_UPSTREAM_FAILED;
	return secret_set(token, text.p, text.n);
}

/* RFC 6749, section 3.3. */
static bool
is_scope_token(struct str word)
{
	return word.n > 0 && str_graphic(word) &&
	    memchr(word.p, '"', word.n) == NULL &&
	    memchr(word.p, '\\', word.n) == NULL;
}

/* What is no scope is left out: it grants nothing, and a header line will
 * repeat the others. */
static enum result
take_scope(const json_t *answer, struct buf *scope)
{
	struct str rest = janssondoc_text(answer, "scope"), word;

	*scope = BUF(OAUTH_SCOPE_MAX);
	if (rest.p != NULL)
		buf_puts(scope, ""); /* it was said, whatever is left */
	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		if (!is_scope_token(word))
			continue;
		if (scope->n > 0)
			buf_putc(scope, ' ');
		buf_add_str(scope, word);
	}
	if (buf_result(scope) != RESULT_TOO_LARGE)
		return buf_result(scope);
	/* Tokens are not lost for that; but a part of it would look as if the
	 * rest had not been granted. */
	buf_free(scope);
	return OK;
}

static enum result
read_tokens(const struct http_answer *http, struct oauth_tokens *tokens)
{
	enum result result;
	json_t *answer;

	if (!http->json)
		return RESULT_UPSTREAM_FAILED;
	if ((result = janssondoc_parse_foreign(&http->body, &answer)) != OK)
		return result == RESULT_BAD_TEXT ? RESULT_UPSTREAM_FAILED :
						   result;
	if (!str_equal_nocase(janssondoc_text(answer, "token_type"),
		STR("bearer")))
		result = RESULT_UPSTREAM_FAILED;
	if (result == OK)
		result = take_token(answer, "access_token", &tokens->access);
	if (result == OK)
		result = take_token(answer, "refresh_token", &tokens->refresh);
	if (result == OK)
		result = take_scope(answer, &tokens->scope);
	if (result == OK && tokens->access.n == 0)
		result = RESULT_UPSTREAM_FAILED;
	/* A life that makes no sense is taken for Spotify's usual hour; if it
	 * is shorter, the API's 401 leads to a refresh. */
	tokens->expires_in_s = janssondoc_integer(answer, "expires_in", 1,
	    LIFE_MAX_S, LIFE_DEFAULT_S);
	json_decref(answer);
	return result;
}

/* Note whether Spotify refuses the client, which no request of a visitor can
 * bring about; its other refusals may be for what he sent. */
static void
note_client(bool refused)
{
	if (refused)
		meter_note(METER_CLIENT_REFUSED, (uint64_t)clock_now_s());
	else if (meter_value(METER_CLIENT_REFUSED) != 0)
		meter_note(METER_CLIENT_REFUSED, 0);
}

/* What an error answer means for the grant. */
static enum result
read_error(const struct http_answer *http)
{
	static const struct {
		const char *error;
		enum result result;
	} errors[] = {
		{ "invalid_grant", RESULT_INVALID_GRANT },
		{ "invalid_client", RESULT_MISCONFIGURED },
		{ "unauthorized_client", RESULT_MISCONFIGURED },
		{ "unsupported_grant_type", RESULT_MISCONFIGURED },
		{ "invalid_request", RESULT_MISCONFIGURED },
		{ "invalid_scope", RESULT_MISCONFIGURED },
	};
	enum result result = RESULT_UPSTREAM_FAILED;
	const char *word = "unknown";
	json_t *answer = NULL;
	struct str error;
	size_t i;

	if ((http->status == 400 || http->status == 401) &&
	    janssondoc_parse_foreign(&http->body, &answer) == OK) {
		error = janssondoc_text(answer, "error");
		if (str_equal(error, STR("invalid_client")))
			note_client(true);
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (str_equal(error, str_of(errors[i].error))) {
				result = errors[i].result;
				word = errors[i].error;
			}
	}
	json_decref(answer);
	log_event(result == RESULT_MISCONFIGURED ? LOG_LEVEL_ERROR :
						   LOG_LEVEL_WARN,
	    "token_refused", "status=%d error=%s", http->status, word);
	return result;
}

static enum result
read_answer(struct context *context, const struct http_answer *http,
    struct oauth_tokens *tokens)
{
	enum result result;

	if (http->status == 200) {
		result = read_tokens(http, tokens);
		if (result == OK) {
			note_client(false);
		} else {
			oauth_tokens_free(tokens);
			log_event(LOG_LEVEL_WARN, "token_unreadable",
			    "bytes=%zu", http->body.n);
		}
		return result;
	}
	if (http->status != 429)
		return read_error(http);
	context->wait = (struct wait){ RESULT_RATE_LIMITED,
		pause_note(context->store, PAUSE_TOKEN, RESULT_RATE_LIMITED,
		    http->retry_after_s) };
	return RESULT_RATE_LIMITED;
}

static enum result
request_tokens(struct context *context, struct buf *form,
    struct oauth_tokens *tokens)
{
	struct http_answer answer = { 0 };
	struct buf basic = BUF(8192);
	int64_t left_s;
	enum result result;

	*tokens = (struct oauth_tokens){ .scope = BUF(0) };
	result = context->token_pause == NULL ?
	    pause_check(context->store, PAUSE_TOKEN, &left_s) :
	    pause_read(context->store, PAUSE_TOKEN, context->token_pause,
		&left_s);
	if (result != OK)
		context->wait = (struct wait){ result, left_s };
	if (result == OK)
		result = add_basic(context->conf, &basic);
	if (result == OK)
		result = buf_result(form);
	if (result == OK) {
		result = http_call(context->http,
		    &(struct http_request){ .what = "token",
			.url = context->conf->token_url,
			.authorization = basic.p,
			.form = buf_str(form),
			.body_max = ANSWER_MAX,
			.deadline_ms = context->deadline_ms,
			.limit_ms = CALL_MS },
		    &answer);
		pause_count_call(PAUSE_TOKEN, result == OK ? answer.status : 0);
	}
	if (result == OK)
		result = read_answer(context, &answer, tokens);
	buf_free(&answer.body);
	buf_free(&basic);
	buf_free(form);
	return result == RESULT_TOO_LARGE ? RESULT_UPSTREAM_FAILED : result;
}

enum result
oauth_exchange(struct context *context, struct str code, struct str verifier,
    struct oauth_tokens *tokens)
{
	struct buf form = BUF(FORM_MAX);

	codec_arg(&form, "grant_type", STR("authorization_code"));
	codec_arg(&form, "&code", code);
	codec_arg(&form, "&redirect_uri", str_of(context->conf->redirect_uri));
	codec_arg(&form, "&code_verifier", verifier);
	return request_tokens(context, &form, tokens);
}

enum result
oauth_refresh(struct context *context, const struct secret *refresh,
    struct oauth_tokens *tokens)
{
	struct buf form = BUF(FORM_MAX);

	codec_arg(&form, "grant_type", STR("refresh_token"));
	codec_arg(&form, "&refresh_token", secret_str(refresh));
	return request_tokens(context, &form, tokens);
}

void
oauth_tokens_free(struct oauth_tokens *tokens)
{
	secret_free(&tokens->access);
	secret_free(&tokens->refresh);
	buf_free(&tokens->scope);
}
