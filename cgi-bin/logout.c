/* SPDX-License-Identifier: ISC */
/*
 * Ends a session. It waits for nobody: a refresh under way finds the file
 * gone and does not bring it back.
 */
#include "config.h"

#include "app/app.h"
#include "web/origin.h"
#include "base/log.h"
#include "session/events.h"
#include "session/session.h"

/* Whether a form was sent, whose sender wants to see a page, or a script
 * asked. Old browsers say so only in Accept. */
static bool
is_form(const struct request *request)
{
	if (request->fetch_mode.n > 0)
		return str_equal(request->fetch_mode, STR("navigate"));
	return str_starts(request->accept, STR("text/html"));
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	const struct conf *conf = context->conf;
	char word[SESSION_WORD_BYTES];
	struct session session = { 0 };
	enum result result = origin_check_write(conf, request);

	if (result != OK)
		return result;
	if (session_find(conf, buf_str(&request->cookies), &session) == OK) {
		session_word(&session, word);
		/* Whose it is only its record tells, while it is there. */
		if (conf->events_dir != NULL &&
		    session_load(context, &session) == OK)
			events_tell(context, &session, EVENTS_LOGOUT);
		result = session_remove(context, &session);
		log_event(LOG_LEVEL_INFO, "logout", "session=%s done=%s", word,
		    result == OK ? "yes" : "no");
	}
	if (result == OK) {
		reply_cookie(reply, conf, str_of(conf->session_cookie), STR(""),
		    0);
		if (is_form(request))
			reply_go(reply, conf, STR(""));
	}
	session_free(&session);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "logout",
		.methods = METHOD_POST,
		.opens = CONF_STORE | CONF_EVENTS,
		.storage = &storage_configured,
		.threads = 8,
		.shares = true,
		.handle = handle });
}
