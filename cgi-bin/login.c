/* SPDX-License-Identifier: ISC */
/*
 * Sends the browser to Spotify to ask its user. What the answer will be
 * compared with goes along in a sealed cookie; nothing is written here.
 */
#include "config.h"

#include "app/app.h"
#include "web/origin.h"
#include "web/query.h"
#include "spotify/oauth.h"
#include "session/pending.h"
#include "base/url.h"

enum { RETURN_TO, SWITCH, MOVED, NFIELDS };

/* Cookies belong to a host: on another one than Spotify will come back to,
 * the login would never find its cookie again. */
static bool
is_elsewhere(const struct conf *conf, struct str host)
{
	return host.n > 0 &&
	    !str_equal_nocase(url_host_only(host), conf->redirect.host);
}

static enum result
move(const struct conf *conf, struct str query, struct reply *reply)
{
	struct buf rest = BUF(2048);
	enum result result;

	if (!str_graphic(query))
		return RESULT_BAD_REQUEST;
	buf_puts(&rest, "login?");
	buf_add_str(&rest, query);
	buf_puts(&rest, query.n > 0 ? "&moved=1" : "moved=1");
	if ((result = buf_result(&rest)) == OK)
		reply_redirect(reply, conf->base, buf_str(&rest));
	buf_free(&rest);
	return result == RESULT_TOO_LARGE ? RESULT_BAD_REQUEST : result;
}

static enum result
send_to_spotify(const struct conf *conf, const struct request *request,
    struct str return_to, bool dialog, struct reply *reply)
{
	struct pending_request pending;
	struct buf url = BUF(8192);
	enum result result;

	if (!url_is_local(return_to))
		return_to = STR("");
	result = pending_begin(conf, buf_str(&request->cookies), return_to,
	    reply, &pending);
	if (result == OK)
		result = oauth_authorize_url(conf, buf_str(&pending.state),
		    buf_str(&pending.challenge), dialog, &url);
	if (result == OK)
		reply_redirect(reply, buf_str(&url), STR(""));
	pending_request_free(&pending);
	buf_free(&url);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	const struct conf *conf = context->conf;
	struct query_field fields[NFIELDS] = {
		[RETURN_TO] = { .name = "return_to", .value = BUF(4096) },
		[SWITCH] = { .name = "switch", .value = BUF(8) },
		[MOVED] = { .name = "moved", .value = BUF(8) },
	};
	enum result result = origin_check_navigation(request);

	if (result == OK)
		result = query_read(request->query, fields, NFIELDS);
	if (result == OK && fields[MOVED].value.n == 0 &&
	    is_elsewhere(conf, request->host))
		result = move(conf, request->query, reply);
	else if (result == OK)
		result = send_to_spotify(conf, request,
		    buf_str(&fields[RETURN_TO].value),
		    str_equal(buf_str(&fields[SWITCH].value), STR("1")), reply);
	query_free(fields, NFIELDS);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "login",
		.methods = METHOD_GET,
		.opens = CONF_SERVER_KEY,
		.threads = 2,
		.shows_pages = true,
		.handle = handle });
}
