/* SPDX-License-Identifier: ISC */
/* Hides that a session can end unread, and an account's only if somebody has
 * one of them. */
#include "config.h"

#include "base/log.h"
#include "session/events.h"
#include "session/everywhere.h"
#include "session/logout.h"
#include "session/session.h"
#include "session/vouch.h"

static void
log_end(const struct session *session, const char *event, enum result result)
{
	char word[SESSION_WORD_BYTES];

	session_word(session, word);
	log_event(LOG_LEVEL_INFO, event, "session=%s done=%s", word,
	    result == OK ? "yes" : "no");
}

enum result
logout_one(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	enum result result = OK;

	if (session_find(context->conf, cookies, &session) == OK) {
		/* Whose it is only its record tells, while it is there. */
		if (context->conf->events_dir != NULL &&
		    session_load(context, &session) == OK)
			events_tell(context, &session, EVENTS_LOGOUT);
		result = session_remove(context, &session);
		log_end(&session, "logout", result);
	}
	session_free(&session);
	return result;
}

/* The session itself is over already, but its record need not stay. */
enum result
logout_everywhere(struct context *context, struct str cookies)
{
	struct session session = { 0 };
	enum result result = session_open(context, cookies, &session);

	if (result != OK)
		return result;
	result = vouch_known(context, &session.account);
	/* Before, for who tries again afterwards is logged out already. */
	if (result == OK)
		events_tell(context, &session, EVENTS_LOGOUT_EVERYWHERE);
	if (result == OK)
		result = everywhere_set_account(context, &session.account);
	log_end(&session, "logout_everywhere", result);
	if (result == OK)
		result = session_remove(context, &session);
	session_free(&session);
	return result;
}
