/* SPDX-License-Identifier: ISC */
/*
 * Answers with what Spotify's Web API answers to one of the calls that
 * api_allow opens to the pages of the site. The path behind "api" is Spotify's
 * own; the token stays here.
 */
#include "config.h"

#include <stdio.h>

#include "app/app.h"
#include "relay/relay.h"
#include "web/etag.h"
#include "web/origin.h"

#define READING (METHOD_GET | METHOD_HEAD)

/* The browser keeps an answer, too, and asks whether it still is the one. */
static void
offer_tag(const struct request *request, const struct relay *relay,
    struct reply *reply)
{
	struct buf tag = BUF(ETAG_BYTES + 1);

	etag_of(buf_str(&relay->body), &tag);
	if (buf_result(&tag) == OK) {
		reply_cached(reply, buf_str(&tag));
		if (etag_has(request->if_none_match, buf_str(&tag)))
			reply->status = 304;
	}
	buf_free(&tag);
}

/* With what Spotify has said, and its word for what was made. */
static void
answer(const struct request *request, struct relay *relay, int status,
    struct reply *reply)
{
	int64_t age_s = relay->kept_s >= 0 ? relay->kept_s : 0;
	char age[24];

	if (relay->body.n > 0 && relay->may_be_kept)
		offer_tag(request, relay, reply);
	/* Also of one of now: a browser would keep that of an older one. */
	snprintf(age, sizeof(age), "%lld", (long long)age_s);
	if (relay->may_be_kept)
		reply_header(reply, "Age", str_of(age));
	if (relay->body.n > 0 && reply->status != 304) {
		reply_json(reply);
		if (status == 201)
			reply->status = status;
		buf_move(&reply->body, &relay->body);
	}
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
		reply->scope = relay.lacks;
	}
	if (result == OK)
		answer(request, &relay, context->api_status, reply);
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
		/* Fifty tabs that ask the same are one call. */
		.divides = 4,
		.shares = true,
		.handle = handle });
}
