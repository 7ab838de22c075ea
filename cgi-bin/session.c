/* SPDX-License-Identifier: ISC */
/*
 * Tells who is logged in: a page as JSON, the web server (auth_request) by a
 * status and a header. Asking does not prolong the session.
 */
#include "config.h"

#include "app.h"
#include "clock.h"
#include "codec.h"
#include "crosssite.h"
#include "doc.h"
#include "form.h"
#include "session.h"

#define RENEW_SOON_S (14 * 86400)

static void
write_text(struct buf *body, const char *member, const char *text)
{
	buf_printf(body, ",\"%s\":", member);
	if (text == NULL)
		buf_puts(body, "null");
	else
		doc_write_text(body, str_of(text));
}

static void
write_account(const struct account *account, struct buf *body)
{
	buf_puts(body, "{\"logged_in\":true,\"account\":{\"id\":");
	if (account->id == NULL)
		buf_puts(body, "null");
	else
		doc_write_text(body, str_of(account->id));
	write_text(body, "account_id", account->account_id);
	write_text(body, "display_name", account->display_name);
	write_text(body, "image", account->image);
	if (account->email != NULL)
		write_text(body, "email", account->email);
	buf_putc(body, '}');
}

static void
describe(const struct conf *conf, const struct session *session,
    struct reply *reply)
{
	int64_t ends_s = session_authorization_ends_s(session);

	reply_json(reply);
	write_account(&session->account, &reply->body);
	buf_printf(&reply->body, ",\"expires_in\":%lld,"
	    "\"session_expires_at\":%lld,\"authorization_expires_at\":%lld,"
	    "\"renew_soon\":%s}\n",
	    (long long)session_access_left_s(session),
	    (long long)session_ends_s(conf, session), (long long)ends_s,
	    ends_s - clock_now_s() < RENEW_SOON_S ? "true" : "false");
}

/*
 * For the web server: 204 with an id that an application may store. It is
 * percent-encoded, as old account names are not ASCII; the name stands in,
 * marked as such, while Spotify sends no account_id.
 */
static enum result
vouch(const struct account *account, struct reply *reply)
{
	struct buf id = BUF(2048);
	enum result result;

	if (account->account_id != NULL) {
		codec_percent(&id, str_of(account->account_id));
	} else if (account->id != NULL) {
		buf_puts(&id, "user:");
		codec_percent(&id, str_of(account->id));
	} else {
		/* Not 401: the site would send the visitor round in circles. */
		return RESULT_REFRESH_FAILED;
	}
	if ((result = buf_result(&id)) == OK)
		reply_header(reply, "X-Spotify-Account-Id", buf_str(&id));
	buf_free(&id);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct form_field require = { .name = "require", .value = BUF(8) };
	struct session session = { 0 };
	enum result result = form_query(request->query, &require, 1);
	bool vouching = str_equal(buf_str(&require.value), STR("1"));

	if (result == OK && !vouching)
		result = crosssite_check_read(context->conf, request);
	if (result == OK)
		result = session_open(context, buf_str(&request->cookies),
		    &session);
	if (result == OK && vouching) {
		result = vouch(&session.account, reply);
	} else if (result == OK) {
		describe(context->conf, &session, reply);
	} else if (result == RESULT_NOT_LOGGED_IN && !vouching) {
		reply_json(reply);
		buf_puts(&reply->body, "{\"logged_in\":false}\n");
		result = OK;
	}
	session_free(&session);
	form_free(&require, 1);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv, &(struct app){ .name = "session",
	    .methods = METHOD_GET | METHOD_HEAD,
	    .opens = CONF_SERVER_KEY | CONF_STORE, .threads = 2,
	    .shares = true, .handle = handle });
}
