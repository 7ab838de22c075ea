/* SPDX-License-Identifier: ISC */
/*
 * Hides the refresh. A refresh token may be good for one use only, so it is
 * spent under the session's lock, after the file has been read again, after
 * room on the disk has been taken for the answer, and with enough time left
 * to save it. What fails along the way leaves the session as it was; only
 * "invalid_grant" ends it.
 */
#include "config.h"

#include "session/events.h"
#include "session/token.h"
#include "base/clock.h"
#include "base/meter.h"
#include "spotify/pause.h"
#include "store/lock.h"
#include "base/log.h"

#define LOCK_WAIT_MS 12000
#define SPEND_LEFT_MS 9000 /* below that no refresh token is spent */
#define EARLY_S 120
#define SOON_S 20		  /* a token with less may die on its way */
#define PASS_S (TOKEN_PASS_S + 2) /* a moment passes until it is passed on */
#define RENEW_S 300
#define FORCED_EVERY_S 60 /* an API that refuses every token spends no more */

/* Whether Spotify has refused, less than a minute after it gave it, a token
 * that a refusal had asked for. */
static bool
was_forced_lately(const struct session *session)
{
	int64_t ago_s = clock_now_s() - session->forced_s;

	return ago_s >= 0 && ago_s < FORCED_EVERY_S;
}

/* The lock was lost, and who held it after us has saved, or may have. What is
 * there now may serve while it lives; else the next request sees to it. */
static enum result
use_others(const struct context *context, struct session *session)
{
	enum result result = session_load(context, session);

	return result == OK ? RESULT_BUSY : result;
}

/* Spotify has ended the authorization: so do we, but for one that is newer. */
static enum result
end_session(const struct context *context, struct session *session)
{
	/* Before, for afterwards nobody would know any more. */
	struct events_file told =
	    events_tell(context, session, EVENTS_AUTHORIZATION_ENDED);
	enum result result = session_remove_loaded(context, session);

	if (result == RESULT_CHANGED) {
		events_take_back(context, &told);
		return use_others(context, session);
	}
	if (result != OK)
		return RESULT_STORE;
	session_log(session, LOG_LEVEL_INFO, "authorization_ended");
	return RESULT_LOGIN_EXPIRED;
}

/*
 * The refresh token is good no more. If that may be because somebody who lost
 * the lock has spent it, he may still come back with the next one: the session
 * stays, and whoever comes after that finds out.
 */
static enum result
is_refused(const struct context *context, struct session *session,
    const struct lock *lock)
{
	if (!lock->doubtful)
		return end_session(context, session);
	session_log(session, LOG_LEVEL_WARN, "refresh_in_doubt");
	return RESULT_REFRESH_FAILED;
}

/* What a failed token request means for whoever needed the token. */
static enum result
translate(struct context *context, enum result result)
{
	switch (result) {
	case RESULT_RATE_LIMITED:
	case RESULT_QUOTA_EXCEEDED:
	case RESULT_UPSTREAM_FAILED:
		if (context->wait.after == result)
			context->wait.after = RESULT_REFRESH_FAILED;
		return RESULT_REFRESH_FAILED;
	default: return result;
	}
}

static void
take_tokens(struct session *session, struct oauth_tokens *tokens)
{
	secret_move(&session->access, &tokens->access);
	/* None, or an empty one: the old stays good. */
	if (tokens->refresh.n > 0)
		secret_move(&session->refresh, &tokens->refresh);
	session_take_scope(session, &tokens->scope);
	session_set_life(session, tokens->expires_in_s);
}

/* What is not in the store, for certain, must not be used. */
static enum result
save_tokens(const struct context *context, struct session *session,
    struct store_reservation *reservation)
{
	enum result result = session_save(context, session, reservation);

	if (result == OK) {
		session_log(session, LOG_LEVEL_INFO, "refreshed");
		return OK;
	}
	if (result == RESULT_NOT_LOGGED_IN)
		session_log(session, LOG_LEVEL_INFO, "refreshed_after_logout");
	else
		session_log(session, LOG_LEVEL_ERROR, "refresh_not_saved");
	session->access_ends_s = 0;
	if (result == RESULT_CHANGED)
		return use_others(context, session);
	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

/* Spend the refresh token; the session's lock is held, its file was read. */
static enum result
spend(struct context *context, struct session *session, const struct lock *lock)
{
	struct context brief = *context;
	struct oauth_tokens tokens = { .expires_in_s = 0 };
	struct store_reservation *reservation;
	enum result result;

	if (session->refresh.n == 0)
		return end_session(context, session);
	if (clock_left_ms(context->deadline_ms, SPEND_LEFT_MS) < SPEND_LEFT_MS)
		return RESULT_BUSY;
	if (context_is_abandoned(context))
		return RESULT_BUSY;
	result = session_reserve(context, session, lock, &reservation);
	if (result == RESULT_CHANGED || result == RESULT_BUSY)
		return use_others(context, session);
	if (result != OK)
		return result;
	brief.deadline_ms -= STORE_SAVE_MS;
	result = oauth_refresh(&brief, &session->refresh, &tokens);
	context->wait = brief.wait;
	if (result == OK) {
		take_tokens(session, &tokens);
		result = save_tokens(context, session, reservation);
	}
	meter_count(METER_REFRESHES + (unsigned)result);
	if (result == RESULT_INVALID_GRANT && lock->doubtful)
		store_refuse(reservation);
	store_release(reservation);
	oauth_tokens_free(&tokens);
	if (result == RESULT_INVALID_GRANT)
		return is_refused(context, session, lock);
	return translate(context, result);
}

/*
 * Refresh under a lock that is held, unless the file holds another token than
 * the one that we had: somebody has got it since we read the file, so there is
 * none that is newer, however short it lives. forced: Spotify has refused ours.
 */
static enum result
refresh_locked(struct context *context, struct session *session, struct str had,
    bool forced, const struct lock *lock)
{
	enum result result = session_load(context, session);
	int64_t left_s;

	if (result != OK)
		return result;
	if (!secret_equal(secret_str(&session->access), had)) {
		lock_pass(lock);
		return OK;
	}
	/* Who had the lock before us has just tried. */
	if (lock->found != OK) {
		result = pause_check(context->store, PAUSE_TOKEN, &left_s);
		if (result == OK)
			return lock->found;
		context->wait = (struct wait){ result, left_s };
		return translate(context, result);
	}
	if (forced) {
		if (was_forced_lately(session))
			return RESULT_UPSTREAM_FAILED;
		session->forced_s = clock_now_s();
	}
	result = spend(context, session, lock);
	if (result == OK)
		lock_pass(lock);
	/* Out of time or memory were we alone. */
	if (result != OK && result != RESULT_BUSY && result != RESULT_NO_MEMORY)
		lock_fail(lock, result);
	return result;
}

/* For a call, a token is good for half of its life at least: one that lives
 * two minutes or less would be replaced at each request. */
static int64_t
need_s(const struct session *session, enum token_need need)
{
	int64_t half_s = session->access_life_s / 2;

	if (need == TOKEN_RENEW)
		return RENEW_S;
	/* Nothing can be done about one that never lives so long. */
	if (need == TOKEN_PASS && half_s < PASS_S &&
	    session->access_life_s > PASS_S)
		half_s = PASS_S;
	return session->access_life_s > 0 && half_s < EARLY_S ? half_s :
								EARLY_S;
}

/*
 * Take the lock, unless the record holds another token than the one that we
 * had. When it is another for a different reason, the lock is asked for once
 * more, whatever the record is by then. OK (also when none is held),
 * and the results of lock_take() and session_load().
 */
static enum result
take_lock(struct context *context, struct session *session, struct str had,
    int64_t until_ms, struct lock *lock)
{
	const struct lock_wish wish = { LOCK_REFRESH, session->id,
		&session->seen.version };
	enum result result =
	    lock_take_unless_done(context->store, &wish, until_ms, lock);

	if (result != RESULT_EXISTS)
		return result;
	result = session_load(context, session);
	if (result != OK || !secret_equal(secret_str(&session->access), had))
		return result;
	return lock_take(context->store, LOCK_REFRESH, session->id, until_ms,
	    lock);
}

/*
 * Whether a token that lives was got while the request waited for others of
 * its session: then there is none that is newer, however short it lives. Its
 * time is known to a second.
 */
static bool
was_got_meanwhile(const struct context *context, const struct session *session)
{
	int64_t got_s = session->access_ends_s - session->access_life_s;
	int64_t ago_s = clock_now_s() - got_s;

	return context->waited_ms > 0 && session->access_life_s > 0 &&
	    ago_s >= 0 && ago_s <= context->waited_ms / 1000 + 1;
}

/* Take the lock and refresh, waiting for who has it until then. */
static enum result
refresh(struct context *context, struct session *session, bool forced,
    int64_t until_ms)
{
	struct str text = secret_str(&session->access);
	struct secret had = { NULL, 0 };
	struct lock lock = { .queue = NULL };
	enum result result = secret_set(&had, text.p, text.n);

	if (result == OK)
		result = take_lock(context, session, secret_str(&had), until_ms,
		    &lock);
	if (result == OK && lock.queue != NULL)
		result = refresh_locked(context, session, secret_str(&had),
		    forced, &lock);
	/* Refused was ours, and not what others have got meanwhile. */
	if (forced && result == RESULT_BUSY &&
	    session_access_left_s(session) > 0 &&
	    !secret_equal(secret_str(&session->access), secret_str(&had)))
		result = OK;
	lock_release(&lock);
	secret_free(&had);
	return result;
}

enum result
token_get(struct context *context, struct session *session,
    enum token_need need)
{
	int64_t left_s = session_access_left_s(session), until_ms = 0;
	int64_t soon_s = need == TOKEN_PASS ? PASS_S : SOON_S;
	int64_t least_s = need == TOKEN_PASS ? TOKEN_PASS_S : 1;
	enum result result;

	if (left_s > need_s(session, need))
		return OK;
	if (left_s >= least_s && was_got_meanwhile(context, session))
		return OK;
	if (left_s > 0 && session->refresh.n == 0)
		return left_s >= least_s ? OK : RESULT_LOGIN_EXPIRED;
	if (left_s < soon_s || need == TOKEN_RENEW)
		until_ms = clock_until_ms(context->deadline_ms, LOCK_WAIT_MS);
	result = refresh(context, session, false, until_ms);
	/* The old token serves while it lives, unless the session is over. */
	if (result != OK && result != RESULT_NOT_LOGGED_IN &&
	    result != RESULT_LOGIN_EXPIRED &&
	    session_access_left_s(session) >= least_s)
		return OK;
	return result;
}

enum result
token_replace(struct context *context, struct session *session)
{
	return refresh(context, session, true,
	    clock_until_ms(context->deadline_ms, LOCK_WAIT_MS));
}
