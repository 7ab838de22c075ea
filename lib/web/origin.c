/* SPDX-License-Identifier: ISC */
/*
 * Hides the rules about other sites. Cookies alone prove nothing: a sibling
 * host is the same site for SameSite, so the browser's own word on where a
 * request comes from is asked.
 */
#include "config.h"

#include "web/origin.h"

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
	bool allowed = conf_allows_origin(conf, origin);

	if ((str_equal(site, STR("cross-site")) ||
		str_equal(site, STR("same-site"))) &&
	    !allowed)
		return RESULT_CROSS_SITE;
	/* A browser without Sec-Fetch-Site still names a foreign origin. */
	if (site.n == 0 && origin.n > 0 && !allowed && !is_own(conf, origin))
		return RESULT_CROSS_SITE;
	return OK;
}

enum result
origin_check_navigation(const struct request *request)
{
	struct str dest = request->fetch_dest;

	if ((dest.n > 0 && !str_equal(dest, STR("document"))) ||
	    str_starts(request->purpose, STR("prefetch")))
		return RESULT_CROSS_SITE;
	return OK;
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
	    STR("ETag, Retry-After"));
}

enum result
origin_preflight(const struct conf *conf, const struct request *request,
    const char *allow, struct reply *reply)
{
	if (!conf_allows_origin(conf, request->origin) ||
	    request->preflight_method.n == 0)
		return RESULT_CROSS_SITE;
	reply_header(reply, "Access-Control-Allow-Methods", str_of(allow));
	reply_header(reply, "Access-Control-Allow-Headers",
	    STR("X-Requested-With, If-None-Match, Content-Type"));
	reply_header(reply, "Access-Control-Max-Age", STR("600"));
	return OK;
}
