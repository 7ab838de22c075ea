/* SPDX-License-Identifier: ISC */
/*
 * Receives the browser when it comes back from Spotify: finds the login that
 * it began, exchanges the code for tokens, asks whose they are, and begins a
 * session. Every way in which that can fail ends on a page of its own.
 */
#include "config.h"

#include "app/app.h"
#include "session/events.h"
#include "session/login.h"
#include "session/session.h"
#include "web/origin.h"

/* Back and reload bring the browser here again, logged in already. A script of
 * a sibling host would see whether it is led home: only who goes here is. */
static enum result
come_again(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct session session;

	if (origin_check_navigation(request) != OK ||
	    session_open(context, buf_str(&request->cookies), &session) != OK)
		return RESULT_LOGIN_NO_COOKIE;
	session_free(&session);
	reply_go(reply, context->conf, STR(""));
	return OK;
}

/* The login is ours, and now used up: get tokens and begin the session. */
static enum result
log_in(struct context *context, const struct request *request,
    const struct login *login, struct reply *reply)
{
	struct oauth_tokens tokens = { .expires_in_s = 0 };
	struct session session = { .lock = &login->lock,
		.latest_s = login->latest_s };
	enum result result;

	result = login_exchange(context, login, &tokens);
	if (result == OK)
		result = login_ask_who(context, &tokens, &session.account);
	if (result == OK)
		result = login_secret(context->conf, login, session.secret);
	if (result == OK)
		result = session_create(context, buf_str(&request->cookies),
		    &tokens, reply, &session);
	if (result == OK)
		events_login(context, &session);
	oauth_tokens_free(&tokens);
	session_free(&session);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct login login;
	enum result result;

	result = login_read(context, request, reply, &login);
	if (result == OK)
		result = login_claim(context, &login, reply);
	if (result == OK)
		result = log_in(context, request, &login, reply);
	else if (result == RESULT_LOGIN_REPLAYED)
		result = login_resume(context, &login, reply);
	if (result == OK)
		reply_go(reply, context->conf,
		    buf_str(&login.pending.return_to));
	login_free(&login);
	login_log(result);
	return result == RESULT_LOGIN_NO_COOKIE ?
	    come_again(context, request, reply) :
	    result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "callback",
		.is_redirect_uri = true,
		.methods = METHOD_GET,
		.opens = CONF_ALL,
		.storage = &storage_configured,
		.threads = 64,
		.upstream = &upstream_spotify,
		.shows_pages = true,
		.handle = handle });
}
