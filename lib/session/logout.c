/* SPDX-License-Identifier: ISC */
/* Hides that a session can end unread, and an account's only if somebody has
 * one of them. */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "session/events.h"
#include "session/everywhere.h"
#include "session/logout.h"
#include "session/session.h"
#include "session/vouch.h"
#include "store/lock.h"

#define TURN_MS 400

static void
log_end(const struct session *session, const char *event, enum result result)
{
	char word[SESSION_WORD_BYTES];

	session_word(session, word);
	log_event(LOG_LEVEL_INFO, event, "session=%s done=%s", word,
	    result == OK ? "yes" : "no");
}

/*
 * Load the session; with events under a lock, which the caller releases anyhow.
 * Who logs out twice at the same moment does so one after the other then, and
 * the second one finds no session. Who cannot wait for that goes on all the
 * same: an event that comes twice is better than a logout that fails. A cookie
 * of no session takes no lock, for anybody can send one.
 */
static enum result
load_in_turn(const struct context *context, struct session *session,
    struct lock *lock)
{
	enum result result = session_load(context, session);

	if (result == RESULT_NOT_LOGGED_IN || context->conf->events_dir == NULL)
		return result;
	(void)!lock_take(context->store, LOCK_ACCOUNT, session->id,
	    clock_until_ms(context->deadline_ms, TURN_MS), lock);
	return session_load(context, session);
}

enum result
logout_one(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	struct lock lock = { .queue = NULL };
	enum result result = OK;

	if (session_find(context->conf, cookies, &session) == OK) {
		/* Whose it is only its record tells, while it is there. */
		if (context->conf->events_dir != NULL &&
		    load_in_turn(context, &session, &lock) == OK)
			events_tell(context, &session, EVENTS_LOGOUT);
		result = session_remove(context, &session);
		lock_release(&lock);
		log_end(&session, "logout", result);
	}
	session_free(&session);
	return result;
}

static enum result
end_account(struct context *context, struct session *session)
{
	enum result result = vouch_known(context, &session->account);

	/* Before, for who tries again afterwards is logged out already. */
	if (result == OK)
		events_tell(context, session, EVENTS_LOGOUT_EVERYWHERE);
	if (result == OK)
		result = everywhere_set_account(context, &session->account);
	log_end(session, "logout_everywhere", result);
	/* It is over already, but its record need not stay. */
	return result == OK ? session_remove(context, session) : result;
}

enum result
logout_everywhere(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	struct lock lock = { .queue = NULL };
	enum result result = session_find(context->conf, cookies, &session);

	if (result == OK)
		result = load_in_turn(context, &session, &lock);
	if (result == OK)
		result = end_account(context, &session);
	lock_release(&lock);
	session_free(&session);
	return result;
}
