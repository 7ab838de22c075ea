/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of URLs. What is accepted, a strict part of RFC 3986:
 *
 *	url    = ( "http" / "https" ) "://" host [ ":" port ] [ "/" rest ]
 *	host   = 1*( ALPHA / DIGIT / "-" / "." ) / "[" 1*( HEX / ":" ) "]"
 *	port   = 1 to 65535
 *	rest   = graphic ASCII without "#" and backslash
 *
 * libcurl has a URL parser, but a browser reads odd URLs in yet another way:
 * here odd ones are refused.
 */
#include "config.h"

#include <string.h>

#include "base/url.h"

static bool
is_host_char(char c, bool in_brackets)
{
	bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');

	if (in_brackets)
		return hex || c == ':';
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

/* Take the host off the front of *rest. */
static bool
take_host(struct str *rest, struct str *host)
{
	bool brackets = rest->n > 0 && rest->p[0] == '[';
	size_t n = brackets ? 1 : 0;

	while (n < rest->n && is_host_char(rest->p[n], brackets))
		n++;
	if (brackets) {
		if (n == rest->n || rest->p[n] != ']' || n == 1)
			return false;
		n++;
	}
	*host = (struct str){ rest->p, n };
	rest->p += n;
	rest->n -= n;
	return n > 0 && host->p[0] != '.' && host->p[0] != '-';
}

static bool
take_port(struct str *rest)
{
	uint64_t port = 0;
	size_t n = 1;

	if (rest->n == 0 || rest->p[0] != ':')
		return true;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (!str_number((struct str){ rest->p + 1, n - 1 }, 65535, &port) ||
	    port == 0 || rest->p[1] == '0')
		return false;
	rest->p += n;
	rest->n -= n;
	return true;
}

bool
url_split(struct str text, struct url *url)
{
	struct str rest = text;

	*url = (struct url){ .https = str_starts(text, STR("https://")) };
	if (!url->https && !str_starts(text, STR("http://")))
		return false;
	if (!str_graphic(text) || memchr(text.p, '#', text.n) != NULL ||
	    memchr(text.p, '\\', text.n) != NULL)
		return false;
	rest.p += url->https ? 8 : 7;
	rest.n -= url->https ? 8 : 7;
	if (!take_host(&rest, &url->host) || !take_port(&rest))
		return false;
	url->origin = (struct str){ text.p, text.n - rest.n };
	url->path = rest;
	url->loopback = str_equal(url->host, STR("127.0.0.1")) ||
	    str_equal(url->host, STR("[::1]"));
	return rest.n == 0 || rest.p[0] == '/';
}

struct str
url_host_only(struct str host)
{
	size_t n = host.n;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	/* A colon inside brackets belongs to an IPv6 address. */
	if (n > 0 && host.p[n - 1] == ':' &&
	    (host.p[0] != '[' || (n > 1 && host.p[n - 2] == ']')))
		host.n = n - 1;
	return host;
}

/* Whether the text begins with an escape that some reader takes for a slash,
 * a backslash, a control byte, or a dot (browsers resolve "/%2e/" away). */
static bool
starts_with_bad_escape(struct str s)
{
	return str_starts(s, STR("%0")) || str_starts(s, STR("%1")) ||
	    str_starts(s, STR("%2f")) || str_starts(s, STR("%2F")) ||
	    str_starts(s, STR("%5c")) || str_starts(s, STR("%5C")) ||
	    str_starts(s, STR("%2e")) || str_starts(s, STR("%2E"));
}

bool
url_is_local(struct str path)
{
	struct str behind;

	if (path.n == 0 || path.n > URL_RETURN_MAX || path.p[0] != '/' ||
	    !str_graphic(path) || memchr(path.p, '\\', path.n) != NULL)
		return false;
	behind = (struct str){ path.p + 1, path.n - 1 };
	/* "/./" and "/../" are resolved away and may leave "//" behind. */
	return !str_starts(behind, STR("/")) && !str_starts(behind, STR(".")) &&
	    !starts_with_bad_escape(behind);
}

bool
url_is_spotify(struct str text, struct str extra_origin)
{
	struct url url;

	if (!url_split(text, &url))
		return false;
	if (extra_origin.n > 0 && str_equal(url.origin, extra_origin))
		return true;
	/* An origin as long as the host has no port: 8 is "https://". */
	if (!url.https || url.origin.n != url.host.n + 8)
		return false;
	return str_ends(url.host, STR(".scdn.co")) ||
	    str_ends(url.host, STR(".spotifycdn.com")) ||
	    str_equal(url.host, STR("open.spotify.com"));
}
