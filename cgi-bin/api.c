/* SPDX-License-Identifier: ISC */
/*
 * Answers with what Spotify's Web API answers to one of the calls that
 * api_allow opens to the pages of the site. The path behind "api" is Spotify's
 * own; the token stays here.
 */
#include "config.h"

#include "app/app.h"
#include "relay/relay.h"
#include "web/origin.h"

#define READING (METHOD_GET | METHOD_HEAD)

/* With what Spotify has said, and its word for what was made. */
static void
answer(struct relay *relay, int status, struct reply *reply)
{
	if (relay->body.n == 0)
		return;
	reply_json(reply);
	if (status == 201)
		reply->status = status;
	buf_move(&reply->body, &relay->body);
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct relay relay = { .rowurl = { .row = NULL } };
	struct session session = { 0 };
	enum result result;

	result = (request->method & READING ?
		origin_check_read :
		origin_check_write)(context->conf, request);
	if (result == OK)
		result = relay_read(context->conf, request, &relay);
	if (result == OK)
		result =
		    session_open(context, buf_str(&request->cookies), &session);
	if (result == OK) {
		session_touch(context, &session);
		result = relay_call(context, &session, &relay);
	}
	if (result == OK)
		answer(&relay, context->api_status, reply);
	session_free(&session);
	relay_free(&relay);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "api",
		.is_tree = true,
		.methods = READING | METHOD_POST | METHOD_PUT | METHOD_DELETE,
		.methods_of = relay_methods,
		.opens = CONF_ALL,
		.storage = &storage_configured,
		.threads = 64,
		.upstream = &upstream_spotify,
		.shares = true,
		.handle = handle });
}
