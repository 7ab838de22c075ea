/* SPDX-License-Identifier: ISC */
/*
 * Hides where a session is: its record, sealed under the cookie's value and
 * the server key, in a file named by a hash of the cookie's value. So only the
 * browser's own request can find and open it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "web/cookie.h"
#include "session/everywhere.h"
#include "session/record.h"
#include "session/session.h"

#define PLAIN_MAX (SESSION_FILE_MAX - SESSION_PAD_TO - SEAL_OVERHEAD)
#define TOUCH_S 60
#define ACCESS_LIFE_MAX_S 86400

enum result
session_find(const struct conf *conf, struct str cookies,
    struct session *session)
{
	struct str value;

	*session = (struct session){ 0 };
	if (cookie_find(cookies, conf->session_cookie, &value) != OK ||
	    !codec_base64url_exact(value, session->secret,
		sizeof(session->secret)))
		return RESULT_NOT_LOGGED_IN;
	seal_name(session->secret, session->id);
	return OK;
}

/* ---- limits ---- */

int64_t
session_authorization_ends_s(const struct session *session)
{
	return session->authorized_s + SESSION_AUTHORIZATION_S;
}

/* When it would end if it had last been used then. */
static int64_t
ends_if_used_s(const struct conf *conf, const struct session *session,
    int64_t used_s)
{
	int64_t ends_s = used_s + conf->idle_limit_s;
	int64_t absolute_s = session->created_s + conf->absolute_limit_s;
	int64_t authorization_s = session_authorization_ends_s(session);

	if (ends_s > absolute_s)
		ends_s = absolute_s;
	return ends_s < authorization_s ? ends_s : authorization_s;
}

int64_t
session_ends_s(const struct conf *conf, const struct session *session)
{
	return ends_if_used_s(conf, session, session->seen.used_s);
}

/*
 * A time in the future comes from a clock that was wrong, now or then. A
 * small step must not log everybody out, a large one must not make a session
 * immortal: the future may be as far off as the past.
 */
static bool
is_over(const struct conf *conf, const struct session *session)
{
	int64_t now_s = clock_now_s();

	return now_s >= session_ends_s(conf, session) ||
	    session->seen.used_s - now_s > conf->idle_limit_s ||
	    session->created_s - now_s > conf->idle_limit_s;
}

int64_t
session_access_left_s(const struct session *session)
{
	int64_t left_s = session->access_ends_s - clock_now_s();

	return left_s < 0 || left_s > ACCESS_LIFE_MAX_S ? 0 : left_s;
}

void
session_set_life(struct session *session, int64_t life_s)
{
	session->access_ends_s = clock_now_s() + life_s;
	session->access_life_s = life_s < SESSION_LIFE_SHORT_S ? life_s : 0;
}

/* ---- the scope ---- */

void
session_take_scope(struct session *session, struct buf *granted)
{
	if (granted->n > 0)
		buf_move(&session->scope, granted);
}

bool
session_may(const struct session *session, struct str scope)
{
	return session->scope.n == 0 ||
	    str_has_word(buf_str(&session->scope), scope);
}

/* Whether nobody has logged out everywhere since it began, or since it was
 * last found that it was not its account. Of 0 the latter is not known: an
 * engine may have forgotten a date. */
static bool
is_latest(const struct session *session, int64_t latest_s)
{
	return latest_s == session->latest_s ||
	    (latest_s > 0 && latest_s == session->checked_s);
}

/*
 * Whether its account was logged out everywhere since it began, of which the
 * latest date is known. Then it is over whether it can be removed or not.
 */
static enum result
check_everywhere(const struct context *context, const struct session *session,
    int64_t latest_s)
{
	enum result result;

	if (is_latest(session, latest_s))
		return OK;
	result =
	    everywhere_check(context, &session->account, session->latest_s);
	if (result == RESULT_NOT_LOGGED_IN) {
		session_log(session, LOG_LEVEL_INFO, "session_over");
		/* A failure has been logged. */
		(void)!session_remove(context, session);
	}
	return result;
}

/*
 * The same for one that was loaded a while ago and will be saved, with what was
 * found. What cannot be known must not keep new tokens from being saved: who
 * loads it next sees to it. A date that is new since it was loaded may be of
 * somebody who dies before his logout is done, and is left for the next save.
 */
static bool
is_over_meanwhile(const struct context *context, struct session *session)
{
	int64_t latest_s;
	enum result result = everywhere_latest(context, &latest_s);

	if (result == OK)
		result = check_everywhere(context, session, latest_s);
	if (result == OK && account_is_known(&session->account) &&
	    !is_latest(session, latest_s) && latest_s == session->seen.latest_s)
		session->checked_s = latest_s;
	return result == RESULT_NOT_LOGGED_IN;
}

/* ---- the file ---- */

enum result
session_load(const struct context *context, struct session *session)
{
	struct buf sealed = BUF(SESSION_FILE_MAX);
	struct buf plain = BUF(SESSION_FILE_MAX);
	struct store_seen seen;
	enum result result;

	result = store_load(context->store, session->id, &sealed, &seen);
	if (result == OK) {
		result = session_unseal(context->conf, session, SEAL_SESSION,
		    buf_str(&sealed), &plain);
		if (result == OK)
			result = record_read(&plain, session);
		if (result == RESULT_ABSENT) {
			session_log(session, LOG_LEVEL_WARN,
			    "session_unreadable");
		}
	}
	if (result == OK)
		session->seen = seen;
	if (result == OK && is_over(context->conf, session)) {
		session_log(session, LOG_LEVEL_INFO, "session_over");
		result = session_remove(context, session) == OK ?
		    RESULT_NOT_LOGGED_IN :
		    RESULT_STORE;
	}
	if (result == OK)
		result = check_everywhere(context, session, seen.latest_s);
	buf_free(&sealed);
	buf_free(&plain);
	return result == RESULT_ABSENT ? RESULT_NOT_LOGGED_IN : result;
}

enum result
session_open(const struct context *context, struct str cookies,
    struct session *session)
{
	enum result result = session_find(context->conf, cookies, session);

	if (result == OK)
		result = session_load(context, session);
	if (result != OK)
		session_free(session);
	return result;
}

/* What is in the file. */
static enum result
seal_session(const struct context *context, const struct session *session,
    struct buf *sealed)
{
	struct buf plain = BUF(PLAIN_MAX);
	enum result result = record_write(session, &plain);

	if (result == OK)
		result = session_seal(context->conf, session, SEAL_SESSION,
		    buf_str(&plain), sealed);
	buf_free(&plain);
	return result;
}

enum result
session_reserve(const struct context *context, const struct session *session,
    const struct lock *lock, struct store_reservation **reservation)
{
	const struct store_wish wish = { .id = session->id,
		.version = &session->seen.version,
		.n = SESSION_FILE_MAX,
		.hold = lock_hold(lock) };
	enum result result = store_reserve(context->store, &wish, reservation);

	return result == RESULT_ABSENT ? RESULT_NOT_LOGGED_IN : result;
}

enum result
session_save(const struct context *context, struct session *session,
    struct store_reservation *reservation)
{
	struct buf sealed = BUF(SESSION_FILE_MAX);
	enum result result = is_over_meanwhile(context, session) ?
	    RESULT_NOT_LOGGED_IN :
	    seal_session(context, session, &sealed);

	if (result == OK)
		result = store_replace(reservation, &session->seen.version,
		    buf_str(&sealed),
		    ends_if_used_s(context->conf, session, clock_now_s()));
	buf_free(&sealed);
	return result == RESULT_ABSENT ? RESULT_NOT_LOGGED_IN :
	    result == RESULT_TOO_LARGE ? RESULT_STORE :
					 result;
}

/* The session that a new one replaces ends: one browser, one login. */
static void
remove_old(const struct context *context, struct str cookies)
{
	struct session old;

	if (session_find(context->conf, cookies, &old) == OK &&
	    session_remove(context, &old) != OK)
		log_event(LOG_LEVEL_ERROR, "old_session_kept", "cause=store");
	session_free(&old);
}

/* Its cookie, in the reply. */
static enum result
give_cookie(const struct context *context, const struct session *session,
    struct reply *reply)
{
	struct buf value = BUF(64);
	enum result result;

	codec_base64url(&value, session->secret, sizeof(session->secret));
	if ((result = buf_result(&value)) == OK)
		reply_cookie(reply, context->conf,
		    str_of(context->conf->session_cookie), buf_str(&value),
		    context->conf->absolute_limit_s);
	buf_free(&value);
	return result;
}

enum result
session_resume(const struct context *context, int64_t age_s,
    struct reply *reply, struct session *session)
{
	int64_t now_s = clock_now_s();
	enum result result;

	seal_name(session->secret, session->id);
	result = session_load(context, session);
	if (result == OK &&
	    (session->created_s > now_s || now_s - session->created_s > age_s))
		result = RESULT_NOT_LOGGED_IN;
	return result == OK ? give_cookie(context, session, reply) : result;
}

enum result
session_create(const struct context *context, struct str cookies,
    struct oauth_tokens *tokens, struct reply *reply, struct session *session)
{
	struct buf sealed = BUF(SESSION_FILE_MAX);
	struct store_record record = { .id = session->id };
	enum result result = OK;

	seal_name(session->secret, session->id);
	session->created_s = clock_now_s();
	session->seen.used_s = session->created_s;
	session->authorized_s = session->created_s;
	session_set_life(session, tokens->expires_in_s);
	secret_move(&session->access, &tokens->access);
	secret_move(&session->refresh, &tokens->refresh);
	session_take_scope(session, &tokens->scope);
	if (session->lock == NULL)
		result = everywhere_latest(context, &session->latest_s);
	if (result == OK)
		result = seal_session(context, session, &sealed);
	if (result == OK) {
		record.content = buf_str(&sealed);
		record.ends_s = session_ends_s(context->conf, session);
		result = lock_create(context->store, session->lock, &record,
		    &session->seen.version);
	}
	if (result == OK) {
		session_log(session, LOG_LEVEL_INFO, "session_begun");
		remove_old(context, cookies);
		result = give_cookie(context, session, reply);
	}
	buf_free(&sealed);
	return result == OK || result == RESULT_NO_MEMORY ? result :
							    RESULT_STORE;
}

enum result
session_remove(const struct context *context, const struct session *session)
{
	return store_remove(context->store, session->id) == OK ? OK :
								 RESULT_STORE;
}

enum result
session_remove_loaded(const struct context *context,
    const struct session *session)
{
	enum result result = store_remove_if(context->store, session->id,
	    &session->seen.version);

	return result == OK || result == RESULT_CHANGED ? result : RESULT_STORE;
}

void
session_touch(const struct context *context, const struct session *session)
{
	int64_t now_s = clock_now_s();

	if (now_s - session->seen.used_s >= TOUCH_S ||
	    session->seen.used_s > now_s)
		store_touch(context->store, session->id, now_s,
		    ends_if_used_s(context->conf, session, now_s));
}

void
session_word(const struct session *session,
    char word[static SESSION_WORD_BYTES])
{
	unsigned char digest[16];

	seal_digest((struct str){ (const char *)session->id,
			sizeof(session->id) },
	    digest, sizeof(digest));
	snprintf(word, SESSION_WORD_BYTES, "%02x%02x%02x%02x", digest[0],
	    digest[1], digest[2], digest[3]);
}

void
session_log(const struct session *session, enum log_level level,
    const char *event)
{
	char word[SESSION_WORD_BYTES];

	session_word(session, word);
	log_event(level, event, "session=%s", word);
}

void
session_free(struct session *session)
{
	secret_free(&session->access);
	secret_free(&session->refresh);
	account_free(&session->account);
	buf_free(&session->scope);
	secret_wipe(session, sizeof(*session));
}
