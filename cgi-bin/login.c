/* SPDX-License-Identifier: ISC */
/*
 * Sends the browser to Spotify to ask its user. What the answer will be
 * compared with goes along in a sealed cookie; nothing is written here.
 */
#include "config.h"

#include "app/app.h"
#include "base/codec.h"
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
	struct buf rest = BUF(3800); /* each byte may become three */
	enum result result;

	buf_puts(&rest, "login?");
	/* No return_to that counts is longer. */
	codec_location(&rest, query.n > 1600 ? STR("") : query);
	buf_puts(&rest, query.n > 0 ? "&moved=1" : "moved=1");
	if ((result = buf_result(&rest)) == OK)
		reply_redirect(reply, conf->base, buf_str(&rest));
	buf_free(&rest);
	return result;
}

static enum result
send_to_spotify(const struct conf *conf, const struct request *request,
    const struct query_field *fields, struct reply *reply)
{
	struct buf url = BUF(8192), path = BUF(URL_RETURN_MAX);
	struct pending_request pending;
	enum result result;

	codec_location(&path, buf_str(&fields[RETURN_TO].value));
	if (buf_result(&path) != OK || !url_is_local(buf_str(&path)))
		buf_clear(&path);
	result = pending_begin(conf, buf_str(&request->cookies), buf_str(&path),
	    reply, &pending);
	if (result == OK)
		result = oauth_authorize_url(conf, buf_str(&pending.state),
		    buf_str(&pending.challenge),
		    str_equal(buf_str(&fields[SWITCH].value), STR("1")), &url);
	if (result == OK)
		reply_redirect(reply, buf_str(&url), STR(""));
	pending_request_free(&pending);
	buf_free(&path);
	buf_free(&url);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct query_field fields[NFIELDS] = {
		[RETURN_TO] = { "return_to", BUF(4096), .optional = true },
		[SWITCH] = { .name = "switch", .value = BUF(8) },
		[MOVED] = { .name = "moved", .value = BUF(8) },
	};
	enum result result = origin_check_navigation(request);

	if (result == OK)
		result = query_read(request->query, fields, NFIELDS);
	if (result == OK && fields[MOVED].value.n == 0 &&
	    is_elsewhere(context->conf, request->host))
		result = move(context->conf, request->query, reply);
	else if (result == OK)
		result = send_to_spotify(context->conf, request, fields, reply);
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
