/* SPDX-License-Identifier: ISC */
/*
 * Hides what can be wrong with a value, apart from how the file is read. Each
 * sentence here is what an operator sees on the first day.
 */
#include "config.h"

#include <string.h>

#include "conf/storeurl.h"
#include "conf/values.h"
#include "base/url.h"

static bool
has_upper(struct str s)
{
	size_t i;

	for (i = 0; s.p != NULL && i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* A browser leaves the default port out, so an origin with it never matches. */
static bool
has_default_port(const struct url *url)
{
	return str_ends(url->origin, url->https ? STR(":443") : STR(":80"));
}

/* Whether a host's name has what belongs to no host's name in a certificate:
 * an underscore, or a letter outside ASCII. */
static bool
has_odd_letter(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '_' || (unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

/* The programs that the last part of a path would be routed to. */
static bool
is_other_program(struct str path)
{
	static const char *const names[] = { "/login", "/artists", "/refresh",
		"/session", "/logout", "/api" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ends(path, str_of(names[i])))
			return true;
	return false;
}

static bool
has_one_of(struct str s, const char *bytes)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && strchr(bytes, s.p[i]) != NULL)
			return true;
	return false;
}

/* What url_split() did not like about a value. */
static const char *
no_url(struct str value)
{
	if (!str_starts(value, STR("https://")) &&
	    !str_starts(value, STR("http://")))
		return "not an absolute http(s) URL: let it begin with "
		       "https:// in lower case";
	if (has_one_of(value, "#"))
		return "has a fragment (#): leave it out";
	if (has_one_of(value, " \t"))
		return "has a blank in it: leave it out";
	if (has_one_of(value, "@"))
		return "has a user in it (@): leave it out";
	return "not an absolute http(s) URL: host, perhaps a colon and a port "
	       "from 1 to 65535, and a path, as in "
	       "https://example.com/callback";
}

const char *
values_form(struct str value)
{
	if (value.n == 0 || value.p[0] == '#')
		return "has no value";
	if (memchr(value.p, '"', value.n) != NULL || value.p[0] == '\'')
		return "quotes are not needed; leave them out";
	if (value.p[value.n - 1] == ';' || value.p[value.n - 1] == ',')
		return "leave the sign at its end out";
	return NULL;
}

const char *
values_redirect_uri(struct str value)
{
	struct url url;

	if (!url_split(value, &url) && has_odd_letter(value))
		return "write the host as registered: letters of ASCII, digits "
		       "and hyphens, a name in another script as xn--...";
	if (!url_split(value, &url))
		return no_url(value);
	if (str_equal_nocase(url.host, STR("localhost")))
		return "Spotify refuses localhost; use http://127.0.0.1 or "
		       "http://[::1], in the browser, too";
	if (str_ends(url.host, STR(".")))
		return "leave the dot at the end of the host out";
	if (!url.https && !url.loopback)
		return "http is for 127.0.0.1 and [::1] only; use https";
	if (has_upper(url.origin))
		return "write scheme and host in lower case, here and at "
		       "Spotify";
	if (has_default_port(&url))
		return "leave the default port out, here and at Spotify";
	if (url.path.n < 2 || memchr(url.path.p, '?', url.path.n) != NULL ||
	    str_ends(url.path, STR("/")))
		return "must end in the path of callback, without a query, "
		       "for example /callback";
	if (has_one_of(url.path, "*"))
		return "Spotify knows no wildcards; write it as registered";
	if (!url_is_local(url.path))
		return "write its path as browsers do: one slash in front, no "
		       "dots up front, 512 characters at most";
	if (is_other_program(url.path))
		return "ends in the name of another program; callback answers "
		       "there, for example at /callback";
	return NULL;
}

const char *
values_endpoint(struct str value)
{
	struct url url;

	if (!url_split(value, &url))
		return no_url(value);
	if (!url.https && !url.loopback)
		return "http is for 127.0.0.1 and [::1] only; use https";
	return NULL;
}

const char *
values_api_url(struct str value)
{
	const char *complaint = values_endpoint(value);

	if (complaint == NULL && has_one_of(value, "?"))
		return "has a query: leave it out";
	if (complaint == NULL && str_ends(value, STR("/")))
		return "leave the slash at the end out";
	return complaint;
}

const char *
values_issuer(struct str value)
{
	if (value.p != NULL && memchr(value.p, '?', value.n) != NULL)
		return "an issuer has no query (RFC 8414, section 2)";
	return values_endpoint(value);
}

const char *
values_proxy(struct str value)
{
	struct url url;

	/* Without a port libcurl takes 1080. */
	if (!url_split(value, &url) ||
	    (!url.https &&
		url.origin.n == sizeof("http://") - 1 + url.host.n) ||
	    !(url.path.n == 0 || str_equal(url.path, STR("/"))))
		return "not a proxy; write scheme, host and port only, for "
		       "example http://proxy.example:3128, and to have none "
		       "leave the line out";
	return NULL;
}

const char *
values_origin(struct str value, bool dev)
{
	struct url url;

	if (!url_split(value, &url) || url.path.n > 0)
		return "not an origin; write scheme and host only, for "
		       "example https://app.example.com, and blanks between "
		       "several";
	if (has_upper(value) || has_default_port(&url))
		return "write the origin as browsers do: lower case, without "
		       "the default port";
	if (!url.https && !(url.loopback && dev))
		return "http is for loopback addresses, and only while "
		       "redirect_uri is on one; use https";
	return NULL;
}

const char *
values_scope(struct str value)
{
	bool follow = false;
	struct str rest = value, word;
	size_t i;

	if (has_one_of(value, ",;+%\t"))
		return "separate scopes by one blank, and by nothing else";
	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		if (word.n == 0)
			return "separate scopes by one blank";
		for (i = 0; i < word.n; i++)
			if (word.p[i] < 0x21 || word.p[i] > 0x7e ||
			    word.p[i] == '"' || word.p[i] == '\\')
				return "not a scope: only printable ASCII "
				       "without quotes and backslash";
		if (str_equal(word, STR("user-follow-read")))
			follow = true;
	}
	if (!follow && (has_upper(value) || has_one_of(value, "_")))
		return "Spotify's scopes are in lower case, with hyphens: "
		       "user-follow-read";
	return follow ?
	    NULL :
	    "user-follow-read is needed to see the followed artists";
}

const char *
values_client_id(struct str value)
{
	if (value.n == 0 || value.n > 255 || !str_graphic(value) ||
	    memchr(value.p, ':', value.n) != NULL)
		return "not a client id; copy it from Spotify's dashboard";
	return NULL;
}

const char *
values_store(struct str value)
{
	struct storeurl url;

	return storeurl_read(value, &url);
}

const char *
values_path(struct str value)
{
	const char *complaint = values_file(value);

	if (complaint == NULL && (value.n == 0 || value.p[0] != '/'))
		return "must be an absolute path";
	return complaint;
}

const char *
values_file(struct str value)
{
	if (has_one_of(value, "$") || str_starts(value, STR("~")))
		return "~ and $ are not replaced by anything; write the whole "
		       "path";
	return NULL;
}

const char *
values_duration(struct str value, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t factor;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint64_t number;
	int64_t factor = 1;
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (value.n > 0 && value.p[value.n - 1] == units[i].unit) {
			factor = units[i].factor;
			value.n--;
			break;
		}
	if (!str_number(value, 1000000000, &number))
		return "not a duration; write a number and one letter of s, "
		       "m, h and d, without a blank, for example 7d";
	*seconds = (int64_t)number * factor;
	return NULL;
}
