/* SPDX-License-Identifier: ISC */
/* Hides that a session can be there before its account is known. */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "session/events.h"
#include "session/who.h"
#include "spotify/refusal.h"
#include "spotify/spotify.h"
#include "store/lock.h"

#define FILL_MS 3000

/* Put an account into the record, unless one is there; takes it over. Not while
 * somebody may come back with tokens for this version of the record, which he
 * could not save then. */
static void
save_account(const struct context *context, struct session *session,
    struct account *account)
{
	struct store_reservation *reservation = NULL;
	enum result result;
	struct lock lock;

	if (lock_take(context->store, LOCK_REFRESH, session->id,
		context->deadline_ms, &lock) != OK)
		return;
	if (!lock.doubtful && session_load(context, session) == OK &&
	    !account_is_known(&session->account) &&
	    session_reserve(context, session, &lock, &reservation) == OK) {
		account_free(&session->account);
		session->account = *account;
		*account = (struct account){ 0 };
		result = session_save(context, session, reservation);
		if (result != OK)
			session_log(session, LOG_LEVEL_WARN,
			    "account_not_saved");
		/* Logged out, perhaps everywhere: it is nobody's session. */
		if (result == RESULT_NOT_LOGGED_IN)
			account_free(&session->account);
	}
	store_release(reservation);
	lock_release(&lock);
}

/* Ask Spotify whose the session is, which nobody has found out yet. */
static void
ask(struct context *brief, struct session *session)
{
	struct account account = { 0 };
	enum result result =
	    spotify_me(brief, &api_me, &session->access, &account);

	if (result == OK) {
		/* Before, as a crash in between would lose it. */
		events_meet(brief, &account);
		save_account(brief, session, &account);
	}
	/* Words that a login would have ended with. One without may be of
	 * somebody on the way. */
	if (refusal_is(result) && result != RESULT_SPOTIFY_REFUSED) {
		events_tell(brief, session, EVENTS_AUTHORIZATION_ENDED);
		if (session_remove(brief, session) == OK)
			session_log(session, LOG_LEVEL_WARN, "login_undone");
	}
	account_free(&account);
}

void
who_fill(const struct context *context, struct session *session)
{
	struct context brief = *context;
	struct lock lock;

	if (account_is_known(&session->account) ||
	    lock_take(context->store, LOCK_ACCOUNT, session->id, 0, &lock) !=
		OK)
		return;
	brief.deadline_ms = clock_until_ms(context->deadline_ms, FILL_MS);
	/* Whoever had the lock before us may have done it. */
	if (session_load(context, session) == OK &&
	    !account_is_known(&session->account))
		ask(&brief, session);
	lock_release(&lock);
}
