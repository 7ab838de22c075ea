/* SPDX-License-Identifier: ISC */
/* Taking URLs apart, and which ones may become a Location. */
#ifndef URL_H
#define URL_H

#include <stdbool.h>

#include "base/str.h"

#define URL_RETURN_MAX 512

/* The parts of an absolute http or https URL; slices of the text. */
struct url {
	struct str origin; /* scheme://host[:port] as written */
	struct str host;   /* without port; an IPv6 address in brackets */
	struct str path;   /* from "/" to the end with the query, or empty */
	bool https;
	bool loopback; /* host is exactly 127.0.0.1 or [::1] */
};

/*
 * Split an absolute URL. False: another scheme, user information, an empty or
 * odd host, a port outside 1 to 65535 or spelt with a leading zero, a
 * fragment, a backslash, or a byte that is not graphic ASCII.
 */
bool url_split(struct str text, struct url *url);

/* A Host header without its port. Borrowed. */
struct str url_host_only(struct str host);

/*
 * The one decision about where a login may return to: a path on this site,
 * "/" followed neither by "/" nor by a backslash, at most URL_RETURN_MAX
 * bytes of graphic ASCII without backslash, without dot segments that begin
 * it and without an escaped control byte, slash, backslash or dot up front.
 * What it accepts cannot leave the origin in any browser when it is appended
 * to it.
 */
bool url_is_local(struct str path);

/* Whether the URL lies on Spotify's hosts for pictures and pages, or on the
 * extra origin (empty for none); only such URLs reach a browser. */
bool url_is_spotify(struct str text, struct str extra_origin);

#endif
