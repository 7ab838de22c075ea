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

#define TURN_MS 2000

static void
log_end(const struct session *session, const char *event, enum result result)
{
	char word[SESSION_WORD_BYTES];

	session_word(session, word);
	log_event(LOG_LEVEL_INFO, event, "session=%s done=%s", word,
	    result == OK ? "yes" : "no");
}

/*
 * With events, who logs out twice at the same moment does so one after the
 * other, and the second one finds no session. Who cannot wait for that goes on
 * all the same: an event that comes twice is better than a logout that fails.
 */
static void
take_turn(const struct context *context, const struct session *session,
    struct lock *lock)
{
	*lock = (struct lock){ .queue = NULL };
	if (context->conf->events_dir != NULL)
		(void)!lock_take(context->store, LOCK_ACCOUNT, session->id,
		    clock_until_ms(context->deadline_ms, TURN_MS), lock);
}

enum result
logout_one(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	enum result result = OK;
	struct lock lock;

	if (session_find(context->conf, cookies, &session) == OK) {
		take_turn(context, &session, &lock);
		/* Whose it is only its record tells, while it is there. */
		if (context->conf->events_dir != NULL &&
		    session_load(context, &session) == OK)
			events_tell(context, &session, EVENTS_LOGOUT);
		result = session_remove(context, &session);
		lock_release(&lock);
		log_end(&session, "logout", result);
	}
	session_free(&session);
	return result;
}

/* The session itself is over already, but its record need not stay. */
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
	return result == OK ? session_remove(context, session) : result;
}

enum result
logout_everywhere(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	enum result result = session_find(context->conf, cookies, &session);
	struct lock lock;

	if (result != OK)
		return result;
	take_turn(context, &session, &lock);
	if ((result = session_load(context, &session)) == OK)
		result = end_account(context, &session);
	lock_release(&lock);
	session_free(&session);
	return result;
}
