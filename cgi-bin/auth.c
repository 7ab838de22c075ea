/* SPDX-License-Identifier: ISC */
/*
 * Tells the web server, which asks before it lets a request through to an
 * application, who its visitor is; and if the operator wants it, gives an
 * access token along that lives for another minute at least.
 */
#include "config.h"

#include "app/app.h"
#include "session/token.h"
#include "session/vouch.h"
#include "session/who.h"
#include "web/query.h"

#define SCOPES_MAX 1024

/* Whether an account is asked for that Spotify could not tell at the login. */
static bool
lacks_account(const struct conf *conf, const struct session *session)
{
	return (conf->auth_pass & ~CONF_PASS_TOKEN) != 0 &&
	    !account_is_known(&session->account);
}

/* See to the token and the account; where both are there, that is nothing. */
static enum result
complete(struct context *context, struct session *session)
{
	const struct conf *conf = context->conf;
	enum result result = OK;

	if (conf->auth_pass & CONF_PASS_TOKEN)
		result = token_get(context, session, TOKEN_PASS);
	else if (lacks_account(conf, session))
		result = token_get(context, session, TOKEN_USE);
	if (result == OK && lacks_account(conf, session))
		who_fill(context, session);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct query_field scope = { .name = "scope",
		.value = BUF(SCOPES_MAX) };
	struct session session = { 0 };
	enum result result = query_read(request->query, &scope, 1);

	if (result == OK)
		result =
		    session_open(context, buf_str(&request->cookies), &session);
	if (result == OK) {
		session_touch(context, &session);
		result = complete(context, &session);
	}
	if (result == OK)
		result = vouch_scope(&session, buf_str(&scope.value));
	if (result == OK)
		result = vouch(context, &session, reply);
	session_free(&session);
	query_free(&scope, 1);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "auth",
		.methods = METHOD_GET | METHOD_HEAD,
		.opens = CONF_ALL,
		.storage = &storage_configured,
		.threads = 64,
		.upstream = &upstream_spotify,
		.divides = 1,
		.internal = true,
		.handle = handle });
}
