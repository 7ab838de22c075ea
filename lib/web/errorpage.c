/* SPDX-License-Identifier: ISC */
/*
 * Hides HTML. login and callback are seen by people, so their failures are
 * pages; the texts come from the one table of results.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "web/errorpage.h"

static const char style[] =
    ":root{color-scheme:light dark;font:1.05rem/1.6 system-ui,sans-serif}"
    "body{max-width:34rem;margin:12vh auto;padding:0 1.5rem}"
    "h1{font-size:1.5rem;line-height:1.25}"
    "a{display:inline-block;margin:.5rem 1.25rem .5rem 0;color:inherit}"
    "a.do{background:#187a3e;color:#fff;padding:.6rem 1.1rem;"
    "border-radius:.5rem;text-decoration:none}"
    "a:focus-visible{outline:3px solid #4a90d9;outline-offset:3px}"
    "small{opacity:.7}";

/* Let the browser use this one style and no other, and the empty picture that
 * keeps it from asking for /favicon.ico. */
static void
allow_style(struct reply *reply)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)style,
	    sizeof(style) - 1);
	buf_puts(&reply->policy, "style-src 'sha256-");
	codec_base64(&reply->policy, hash, sizeof(hash));
	buf_puts(&reply->policy, "'; img-src data:; ");
}

static void
add_link(struct buf *body, const char *kind, struct str base, const char *rest,
    const char *text)
{
	buf_printf(body, "<a%s href=\"", kind);
	codec_html(body, base);
	codec_html(body, str_of(rest));
	buf_printf(body, "\">%s</a>\n", text);
}

/* Whether Spotify would say the same to this account again. It remembers the
 * consent: a login that does not make it ask would come back here at once. */
static bool
is_of_the_account(enum result result)
{
	return result == RESULT_NOT_ON_ALLOWLIST ||
	    result == RESULT_SPOTIFY_REFUSED ||
	    result == RESULT_PREMIUM_REQUIRED;
}

/* What to do now. */
static void
add_way_on(struct buf *body, struct str base, enum result result)
{
	static const char kind[] = " class=\"do\"";

	if (result == RESULT_LOGIN_UNDER_WAY)
		add_link(body, kind, STR(""), "", "Go on");
	else if (is_of_the_account(result))
		add_link(body, kind, base, "login?switch=1",
		    "Use another account");
	else
		add_link(body, kind, base, "login", "Start again");
}

void
errorpage_write(struct reply *reply, const struct conf *conf,
    enum result result)
{
	const struct result_row *row = result_row(result);
	struct buf *body = &reply->body;
	bool local = conf->after_login[0] == '/';

	reply_start_error(reply, row->status, "text/html");
	allow_style(reply);
	buf_printf(body,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>%s</title>\n<link rel=\"icon\" href=\"data:,\">\n"
	    "<style>%s</style>\n<main>\n<h1>%s</h1>\n<p>",
	    row->heading, style, row->heading);
	codec_html(body, str_of(row->detail));
	buf_puts(body, "</p>\n<p>");
	if (result == RESULT_LOGIN_UNDER_WAY)
		reply_header(reply, "Refresh", STR("2"));
	add_way_on(body, conf->base, result);
	add_link(body, "", local ? conf->redirect.origin : STR(""),
	    conf->after_login, "Back to the site");
	buf_printf(body,
	    "</p>\n<p><small>%s%s%s</small></p>\n</main>\n</html>\n", row->code,
	    log_request_id()[0] != '\0' ? " &middot; " : "", log_request_id());
}
