/* SPDX-License-Identifier: ISC */
/*
 * Renews the access token before it ends, for a page that wants to be sure.
 * With more than five minutes left there is nothing to do.
 */
#include "config.h"

#include "session/token.h"
#include "session/who.h"
#include "app/app.h"
#include "web/origin.h"
#include "json/writer.h"

static void
describe(const struct session *session, bool refreshed, struct reply *reply)
{
	reply_json(reply);
	writer_object(&reply->body, NULL);
	writer_integer(&reply->body, "expires_in",
	    session_access_left_s(session));
	writer_bool(&reply->body, "refreshed", refreshed);
	writer_object_end(&reply->body);
	buf_putc(&reply->body, '\n');
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct session session = { 0 };
	enum result result = origin_check_write(context->conf, request);
	int64_t ended_s = 0;

	if (result == OK)
		result =
		    session_open(context, buf_str(&request->cookies), &session);
	if (result == OK) {
		session_touch(context, &session);
		ended_s = session.access_ends_s;
		result = token_get(context, &session, TOKEN_RENEW);
	}
	if (result == OK) {
		who_fill(context, &session);
		describe(&session, session.access_ends_s != ended_s, reply);
	}
	session_free(&session);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "refresh",
		.methods = METHOD_POST,
		.opens = CONF_ALL,
		.storage = &storage_configured,
		.threads = 64,
		.upstream = &upstream_spotify,
		.divides = 1,
		.shares = true,
		.handle = handle });
}
