/* SPDX-License-Identifier: ISC */
/*
 * Hides what can be wrong with a value, apart from how the file is read. Each
 * sentence here is what an operator sees on the first day.
 */
#include "config.h"

#include <string.h>

#include "conf/values.h"
#include "base/url.h"

static bool
has_upper(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
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
		"/session", "/logout" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ends(path, str_of(names[i])))
			return true;
	return false;
}

const char *
values_redirect_uri(struct str value)
{
	struct url url;

	if (!url_split(value, &url) && has_odd_letter(value))
		return "write the host as registered: letters of ASCII, digits "
		       "and hyphens, a name in another script as xn--...";
	if (!url_split(value, &url))
		return "not an absolute http(s) URL; write it exactly as "
		       "registered at Spotify, for example "
		       "https://example.com/callback";
	if (!url.https && !url.loopback)
		return "http is for 127.0.0.1 and [::1] only (Spotify refuses "
		       "localhost too); use https";
	if (has_upper(url.origin))
		return "write scheme and host in lower case, here and at "
		       "Spotify";
	if (has_default_port(&url))
		return "leave the default port out, here and at Spotify";
	if (url.path.n < 2 || memchr(url.path.p, '?', url.path.n) != NULL ||
	    str_ends(url.path, STR("/")))
		return "must end in the path of callback, without a query, "
		       "for example /callback";
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
		return "not an absolute http(s) URL";
	if (!url.https && !url.loopback)
		return "http is for 127.0.0.1 and [::1] only; use https";
	return NULL;
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

	if (!url_split(value, &url) ||
	    !(url.path.n == 0 || str_equal(url.path, STR("/"))))
		return "not a proxy; write scheme, host and port only, for "
		       "example http://proxy.example:3128";
	return NULL;
}

const char *
values_origin(struct str value, bool dev)
{
	struct url url;

	if (!url_split(value, &url) || url.path.n > 0)
		return "not an origin; write scheme and host only, for "
		       "example https://app.example.com";
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
values_path(struct str value)
{
	if (value.n == 0 || value.p[0] != '/')
		return "must be an absolute path";
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
		return "not a duration; write a number and s, m, h or d, for "
		       "example 7d";
	*seconds = (int64_t)number * factor;
	return NULL;
}
