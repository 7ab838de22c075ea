/* SPDX-License-Identifier: ISC */
/*
 * Hides the rules about other sites. Cookies alone prove nothing: a sibling
 * host is the same site for SameSite, so the browser's own word on where a
 * request comes from is asked.
 */
#include "config.h"

#include <string.h>

#include "web/origin.h"

#define USUAL_HEADERS "X-Requested-With, If-None-Match, Content-Type"
#define NAME_LIST_MAX 2048 /* of a preflight */

static bool
is_own(const struct conf *conf, struct str origin)
{
	return str_equal(origin, conf->redirect.origin);
}

enum result
origin_check_write(const struct conf *conf, const struct request *request)
{
	struct str origin = request->origin, site = request->fetch_site;
	bool allowed = conf_allows_origin(conf, origin), good;

	if (str_equal(site, STR("same-origin")))
		good = origin.n == 0 || is_own(conf, origin) || allowed ||
		    str_equal(origin, STR("null"));
	else if (site.n > 0)
		good = allowed;
	else if (origin.n > 0)
		good = is_own(conf, origin) || allowed;
	else
		good = request->requested_with.n > 0;
	return good ? OK : RESULT_CROSS_SITE;
}

enum result
origin_check_read(const struct conf *conf, const struct request *request)
{
	struct str origin = request->origin, site = request->fetch_site;
	bool allowed = conf_allows_origin(conf, origin), good;

	if (allowed)
		return OK;
	if (site.n > 0)
		good = str_equal(site, STR("same-origin")) ||
		    str_equal(site, STR("none"));
	else if (origin.n > 0)
		good = is_own(conf, origin);
	else
		/* An old browser does not say that a link or a popup of
		 * another site opens this; only a script of ours is heard. */
		good = !str_starts(request->accept, STR("text/html"));
	return good ? OK : RESULT_CROSS_SITE;
}

enum result
origin_check_navigation(const struct request *request)
{
	struct str dest = request->fetch_dest, mode = request->fetch_mode;
	bool good = dest.n == 0 || str_equal(dest, STR("document"));

	/* A service worker that passes a navigation on: to browsers that is a
	 * request of its own, which is for nothing (Fetch, section 5.4). */
	if (str_equal(dest, STR("empty")))
		good = str_equal(mode, STR("navigate"));
	return good && !str_starts(request->purpose, STR("prefetch")) ?
	    OK :
	    RESULT_CROSS_SITE;
}

void
origin_allow(const struct conf *conf, const struct request *request,
    struct reply *reply)
{
	if (conf->allowed_origins == NULL)
		return;
	reply_header(reply, "Vary", STR("Origin"));
	if (!conf_allows_origin(conf, request->origin))
		return;
	reply_header(reply, "Access-Control-Allow-Origin", request->origin);
	reply_header(reply, "Access-Control-Allow-Credentials", STR("true"));
	reply_header(reply, "Access-Control-Expose-Headers",
	    STR("Age, ETag, Retry-After"));
}

/* Whether it is a list of header names that may be answered as it came:
 * tokens (RFC 9110, section 5.6.2), commas and blanks. */
static bool
is_name_list(struct str s)
{
	static const char others[] = "!#$%&'*+-.^_`|~, ";
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] != '\0' && strchr(others, s.p[i]) != NULL)))
			return false;
	return s.n > 0 && s.n <= NAME_LIST_MAX;
}

enum result
origin_preflight(const struct conf *conf, const struct request *request,
    const char *allow, struct reply *reply)
{
	struct str wanted = request->preflight_headers;

	if (!conf_allows_origin(conf, request->origin) ||
	    request->preflight_method.n == 0)
		return RESULT_CROSS_SITE;
	reply_header(reply, "Access-Control-Allow-Methods", str_of(allow));
	reply_header(reply, "Access-Control-Allow-Headers",
	    is_name_list(wanted) ? wanted : STR(USUAL_HEADERS));
	reply_header(reply, "Vary", STR("Access-Control-Request-Headers"));
	reply_header(reply, "Access-Control-Max-Age", STR("600"));
	return OK;
}
