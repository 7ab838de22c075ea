/* SPDX-License-Identifier: ISC */
/*
 * Hides what may come back from Spotify. The order of the checks is the
 * defence: syntax, state, cookie, age; only then is anything believed, and
 * only after the login is used up is anything sent.
 */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "session/login.h"
#include "base/clock.h"
#include "web/query.h"
#include "base/log.h"
#include "spotify/refusal.h"
#include "store/store.h"
#include "base/url.h"

#define CODE_MAX 2048 /* 660 were seen */
#define ERROR_MAX 64
#define SAVE_MS 2000 /* kept back for the session's file */
#define WAIT_MAX_S 5 /* a thread does not wait longer for somebody's name */
#define ASK_MS 2000  /* without so much left it is not asked again */

enum { STATE, CODE, ERROR, ISS, NFIELDS };

/* The issuer, where it is named, is the one we sent the browser to. */
static bool
is_issuer(const struct conf *conf, struct str iss)
{
	struct url url;

	return iss.n == 0 ||
	    (url_split(str_of(conf->authorize_url), &url) &&
		str_equal(iss, url.origin));
}

static enum result
read_fields(const struct conf *conf, const struct query_field *fields,
    struct login *login)
{
	struct str code = buf_str(&fields[CODE].value);
	struct str error = buf_str(&fields[ERROR].value);

	if ((code.n > 0) == (error.n > 0) || !str_graphic(code) ||
	    !is_issuer(conf, buf_str(&fields[ISS].value)))
		return RESULT_BAD_REQUEST;
	login->denied = str_equal(error, STR("access_denied"));
	return secret_set(&login->code, code.p, code.n);
}

enum result
login_read(const struct context *context, const struct request *request,
    struct reply *reply, struct login *login)
{
	struct query_field fields[NFIELDS] = {
		[STATE] = { .name = "state", .value = BUF(CODE_MAX) },
		[CODE] = { .name = "code", .value = BUF(CODE_MAX) },
		[ERROR] = { .name = "error", .value = BUF(ERROR_MAX) },
		[ISS] = { .name = "iss", .value = BUF(256) },
	};
	enum result result;

	*login = (struct login){ .denied = false };
	result = query_read(request->query, fields, NFIELDS);
	if (result == OK)
		result = pending_find(context->conf, buf_str(&request->cookies),
		    buf_str(&fields[STATE].value), reply, &login->pending);
	if (result == OK)
		result = read_fields(context->conf, fields, login);
	query_free(fields, NFIELDS);
	return result;
}

enum result
login_claim(const struct context *context, const struct login *login)
{
	enum result result = store_claim(context->store, login->pending.began_s,
	    clock_now_s(), login->pending.id);

	if (result == RESULT_EXISTS)
		return RESULT_LOGIN_REPLAYED;
	if (result != OK || login->code.n > 0)
		return result;
	return login->denied ? RESULT_LOGIN_DENIED : RESULT_LOGIN_REFUSED;
}

static bool
has_word(struct str list, struct str word)
{
	while (list.p != NULL)
		if (str_equal(str_cut(&list, ' '), word))
			return true;
	return false;
}

enum result
login_exchange(struct context *context, const struct login *login,
    struct oauth_tokens *tokens)
{
	enum result result = oauth_exchange(context, secret_str(&login->code),
	    secret_str(&login->pending.verifier), tokens);

	if (result == RESULT_INVALID_GRANT)
		return RESULT_LOGIN_REFUSED;
	/* No scope in the answer: it is what was asked for (RFC 6749, 5.1). */
	if (result == OK && tokens->scope.p != NULL &&
	    !has_word(buf_str(&tokens->scope), STR("user-follow-read")))
		return RESULT_SCOPE_MISSING;
	return result;
}

/* Wait out a pause that is short enough; whether there is time to ask then. */
static bool
wait_out(const struct context *context)
{
	struct timespec length = { .tv_sec = (time_t)context->wait.s };

	if (context->wait.s > WAIT_MAX_S ||
	    clock_left_ms(context->deadline_ms, WAIT_MAX_S * 1000 + ASK_MS) <
		context->wait.s * 1000 + ASK_MS)
		return false;
	while (nanosleep(&length, &length) != 0 && errno == EINTR)
		continue;
	return true;
}

enum result
login_ask_who(struct context *context, const struct oauth_tokens *tokens,
    struct account *account)
{
	struct context brief = *context;
	enum result result;

	brief.deadline_ms -= SAVE_MS;
	result = spotify_me(&brief, &api_me_at_login, &tokens->access, account);
	if (result == RESULT_RATE_LIMITED && wait_out(&brief))
		result = spotify_me(&brief, &api_me_at_login, &tokens->access,
		    account);
	if (result == OK || refusal_is(result))
		return result;
	log_event(LOG_LEVEL_WARN, "account_unknown", "cause=%s",
	    result_row(result)->code);
	return OK;
}

void
login_free(struct login *login)
{
	pending_free(&login->pending);
	secret_free(&login->code);
}
