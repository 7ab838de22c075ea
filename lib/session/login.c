/* SPDX-License-Identifier: ISC */
/*
 * Hides what may come back from Spotify. The order of the checks is the
 * defence: syntax, state, cookie, age; only then is anything believed, and
 * only after the login is used up is anything sent.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "session/events.h"
#include "session/login.h"
#include "base/clock.h"
#include "base/meter.h"
#include "web/query.h"
#include "base/log.h"
#include "spotify/pause.h"
#include "spotify/refusal.h"
#include "store/store.h"
#include "base/url.h"

#define CODE_MAX 2048 /* 660 were seen */
#define ERROR_MAX 64
#define WAIT_MAX_S 5 /* a thread does not wait longer for somebody's name */
#define ASK_MS 2000  /* without so much left it is not asked again */

#define WORD_LETTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
#define URL_LETTERS WORD_LETTERS "~:/[]"
#define AGAIN_S 120 /* so long may a browser come again */

enum { STATE, CODE, ERROR, ISS, NFIELDS };

static bool
is_among(char c, const char *letters)
{
	return c != '\0' && strchr(letters, c) != NULL;
}

/*
 * Write the word of an error so that a line of the log can hold it. What is no
 * word, or too long for one, is a sentence of whoever made it up.
 */
static void
write_error(struct str error, char *word, size_t room)
{
	size_t i;

	for (i = 0; i < error.n && is_among(error.p[i], WORD_LETTERS); i++)
		continue;
	if (i < error.n || error.n >= room)
		error = STR("unreadable");
	if (error.n > 0)
		memcpy(word, error.p, error.n);
	word[error.n] = '\0';
}

/* Log an issuer: its beginning, with "?" for what no issuer is made of. */
static void
log_issuer(struct str iss)
{
	char text[128];
	size_t i;

	for (i = 0; i < iss.n && i < sizeof(text) - 1; i++)
		text[i] = is_among(iss.p[i], URL_LETTERS) ? iss.p[i] : '?';
	text[i] = '\0';
	log_event(LOG_LEVEL_WARN, "wrong_issuer", "iss=%s", text);
}

/*
 * The issuer, where it is named, is the one we sent the browser to; compared
 * as texts (RFC 9207, section 2.4).
 */
static bool
is_issuer(const struct conf *conf, struct str iss)
{
	struct url url = { .https = false };
	struct str issuer;

	if (iss.n == 0)
		return true;
	if (conf->issuer != NULL)
		issuer = str_of(conf->issuer);
	else
		issuer = url_split(str_of(conf->authorize_url), &url) ?
		    url.origin :
		    STR("");
	if (str_equal(iss, issuer))
		return true;
	log_issuer(iss);
	return false;
}

/* What an error of RFC 6749, section 4.1.2.1, means for who logs in: his own
 * no, trouble that passes, or a mistake of the operator's. */
static enum result
read_error(struct str error)
{
	static const struct {
		const char *error;
		enum result result;
	} errors[] = {
		{ "access_denied", RESULT_LOGIN_DENIED },
		{ "server_error", RESULT_UPSTREAM_FAILED },
		{ "temporarily_unavailable", RESULT_UPSTREAM_FAILED },
		{ "invalid_request", RESULT_MISCONFIGURED },
		{ "invalid_scope", RESULT_MISCONFIGURED },
		{ "unauthorized_client", RESULT_MISCONFIGURED },
		{ "unsupported_response_type", RESULT_MISCONFIGURED },
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (str_equal(error, str_of(errors[i].error)))
			return errors[i].result;
	return RESULT_LOGIN_REFUSED;
}

static enum result
read_fields(const struct conf *conf, const struct query_field *fields,
    struct login *login)
{
	struct str code = buf_str(&fields[CODE].value);
	struct str error = buf_str(&fields[ERROR].value);

	if (!is_issuer(conf, buf_str(&fields[ISS].value)))
		return RESULT_LOGIN_WRONG_ISSUER;
	if ((code.n > 0) == (error.n > 0) || !str_graphic(code))
		return RESULT_BAD_REQUEST;
	if (error.n > 0)
		login->refused = read_error(error);
	write_error(error, login->error, sizeof(login->error));
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

	*login = (struct login){ .refused = OK };
	result = query_read(request->query, fields, NFIELDS);
	if (result == OK)
		result = pending_find(context->conf, buf_str(&request->cookies),
		    buf_str(&fields[STATE].value), reply, &login->pending);
	if (result == OK &&
	    (result = read_fields(context->conf, fields, login)) != OK)
		pending_end(context->conf, &login->pending, reply);
	query_free(fields, NFIELDS);
	return result;
}

/* Mark what has happened to the login beside its use; as store_claim(). */
static enum result
mark(const struct context *context, const struct login *login, const char *what)
{
	unsigned char id[PENDING_ID_BYTES];
	struct buf text = BUF(64);
	enum result result;

	buf_add(&text, login->pending.id, sizeof(login->pending.id));
	buf_puts(&text, what);
	seal_digest(buf_str(&text), id, sizeof(id));
	if ((result = buf_result(&text)) == OK)
		result = store_claim(context->store, login->pending.began_s,
		    clock_now_s(), id);
	buf_free(&text);
	return result;
}

enum result
login_claim(const struct context *context, struct login *login,
    struct reply *reply)
{
	const bool abandoned = context_is_abandoned(context);
	const char *facts[2];
	const struct lock_claim claim = { .task = LOCK_LOGIN,
		.id = login->pending.id,
		.began_s = login->pending.began_s,
		.now_s = clock_now_s(),
		.facts = facts,
		.numbers = login->token_pause,
		.latest_s = &login->latest_s };
	enum result result;

	pause_facts(PAUSE_TOKEN, facts);
	/* A login works without its lock, too; only whoever asks for it again
	 * meanwhile is not told that it is under way. */
	if (abandoned)
		result = lock_take(context->store, LOCK_LOGIN,
		    login->pending.id, 0, &login->lock);
	else
		result = lock_claim(context->store, &claim, &login->lock);
	if (result == RESULT_BUSY) {
		result = mark(context, login, "asked again");
		return result == OK || result == RESULT_EXISTS ?
		    RESULT_LOGIN_UNDER_WAY :
		    result;
	}
	/* Who comes back can still finish it. */
	if (abandoned)
		return RESULT_BUSY;
	/* The cookie stays to tell that, should the page be reloaded. */
	if (result == RESULT_EXISTS)
		return RESULT_LOGIN_REPLAYED;
	/* Nor does a store that is away end it. */
	if (result != OK)
		return result;
	pending_end(context->conf, &login->pending, reply);
	if (login->refused == OK)
		return OK;
	/* That the user said no is logged as the end of the login. */
	if (login->refused != RESULT_LOGIN_DENIED)
		log_event(login->refused == RESULT_MISCONFIGURED ?
			LOG_LEVEL_ERROR :
			LOG_LEVEL_WARN,
		    "authorize_refused", "error=%s", login->error);
	return login->refused;
}

enum result
login_secret(const struct conf *conf, const struct login *login,
    unsigned char secret[static SESSION_SECRET_BYTES])
{
	struct buf text = BUF(CODE_MAX + 64);
	enum result result;

	/* The verifier is in the browser's cookie, the code in the address:
	 * who has planted the cookie does not know the code. */
	buf_add_str(&text, secret_str(&login->pending.verifier));
	buf_add_str(&text, secret_str(&login->code));
	if ((result = buf_result(&text)) == OK)
		seal_secret(&conf->ring, buf_str(&text), secret);
	buf_free(&text);
	return result;
}

enum result
login_resume(const struct context *context, const struct login *login,
    struct reply *reply)
{
	struct session session = { .created_s = 0 };
	enum result result = mark(context, login, "given again");

	/* Whoever comes first after the login is over uses that up. So the
	 * other mark, which they may set here, does not help them. */
	if (result != OK)
		return result == RESULT_EXISTS ? RESULT_LOGIN_REPLAYED : result;
	result = mark(context, login, "asked again");
	if (result != RESULT_EXISTS)
		return result == OK ? RESULT_LOGIN_REPLAYED : result;
	result = login_secret(context->conf, login, session.secret);
	if (result == OK)
		result = session_resume(context, AGAIN_S, reply, &session);
	if (result == OK) {
		/* Who finished it may have died before he told so. */
		events_login(context, &session);
		pending_end(context->conf, &login->pending, reply);
	}
	session_free(&session);
	return result == RESULT_NOT_LOGGED_IN ? RESULT_LOGIN_REPLAYED : result;
}

enum result
login_exchange(struct context *context, const struct login *login,
    struct oauth_tokens *tokens)
{
	struct context brief = *context;
	enum result result;

	brief.deadline_ms -= STORE_SAVE_MS;
	brief.token_pause = login->token_pause;
	result = oauth_exchange(&brief, secret_str(&login->code),
	    secret_str(&login->pending.verifier), tokens);
	context->wait = brief.wait;
	if (result == RESULT_INVALID_GRANT)
		return RESULT_LOGIN_REFUSED;
	/* No scope in the answer: it is what was asked for (RFC 6749, 5.1). */
	if (result == OK && tokens->scope.p == NULL)
		buf_puts(&tokens->scope, context->conf->scope);
	else if (result == OK &&
	    !str_has_word(buf_str(&tokens->scope), STR("user-follow-read")))
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

	brief.deadline_ms -= STORE_SAVE_MS;
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

/* What visitors do by themselves is no warning: a no at Spotify, a reload, the
 * way back. */
static enum log_level
level_of(enum result result)
{
	switch (result) {
	case OK:
	case RESULT_LOGIN_DENIED:
	case RESULT_LOGIN_REPLAYED:
	case RESULT_LOGIN_UNDER_WAY:
	case RESULT_LOGIN_NO_COOKIE: return LOG_LEVEL_INFO;
	default: return LOG_LEVEL_WARN;
	}
}

void
login_log(enum result result)
{
	meter_count(METER_LOGINS + (unsigned)result);
	log_event(level_of(result), "login", "outcome=%s",
	    result_row(result)->code);
}

void
login_free(struct login *login)
{
	lock_release(&login->lock);
	pending_free(&login->pending);
	secret_free(&login->code);
}
