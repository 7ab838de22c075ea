/* SPDX-License-Identifier: ISC */
/*
 * Tells who is logged in: a page as JSON, the web server (auth_request) by a
 * status and a header. A page that asks does not prolong the session, for it
 * may ask by itself; a visit to what the web server guards is use.
 */
#include "config.h"

#include "app/app.h"
#include "base/clock.h"
#include "json/writer.h"
#include "relay/allow.h"
#include "web/origin.h"
#include "session/session.h"
#include "session/vouch.h"

#define RENEW_SOON_S (14 * 86400)

static void
describe(const struct conf *conf, const struct session *session,
    struct reply *reply)
{
	int64_t ends_s = session_authorization_ends_s(session);
	struct buf *body = &reply->body;

	reply_json(reply);
	writer_object(body, NULL);
	writer_bool(body, "logged_in", true);
	writer_name(body, "account");
	account_write(&session->account, body);
	writer_integer(body, "expires_in", session_access_left_s(session));
	writer_integer(body, "session_expires_at",
	    session_ends_s(conf, session));
	writer_integer(body, "authorization_expires_at", ends_s);
	writer_bool(body, "renew_soon", ends_s - clock_now_s() < RENEW_SOON_S);
	allow_write(conf, buf_str(&session->scope), body);
	writer_object_end(body);
	buf_putc(body, '\n');
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	bool vouching = request_requires(request);
	struct session session = { 0 };
	enum result result = OK;

	if (!vouching)
		result = origin_check_read(context->conf, request);
	if (result == OK)
		result =
		    session_open(context, buf_str(&request->cookies), &session);
	if (result == OK && vouching) {
		session_touch(context, &session);
		result = vouch_account(context, &session.account, reply);
	} else if (result == OK) {
		describe(context->conf, &session, reply);
	} else if (result == RESULT_NOT_LOGGED_IN && !vouching) {
		reply_json(reply);
		buf_puts(&reply->body, "{\"logged_in\":false}\n");
		result = OK;
	}
	session_free(&session);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "session",
		.methods = METHOD_GET | METHOD_HEAD,
		.opens = CONF_SERVER_KEY | CONF_STORE,
		.storage = &storage_configured,
		.threads = 2,
		.shares = true,
		.handle = handle });
}
