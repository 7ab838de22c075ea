/* SPDX-License-Identifier: ISC */
/* A request as the web server passed it on. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

#define REQUEST_BODY_MAX 16384
#define REQUEST_COOKIES_MAX 16384 /* of our own; others are not kept */

enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_OPTIONS = 8,
	METHOD_PUT = 16,
	METHOD_DELETE = 32,
	METHOD_OTHER = 64
};

/* The parameter of request_requires(), and what else it may say. */
#define REQUEST_REQUIRE "SPOTIFY_FCGI_REQUIRE"
#define REQUEST_HEALTH "health"
#define REQUEST_LIFE "life"

/*
 * Everything that the programs read of a request; slices are borrowed from
 * the parameters, and empty with p NULL when the parameter was absent. A name
 * that is not here is not read (a test compares it with conf/).
 */
struct request {
	enum method method;
	uint64_t content_length;
	struct buf cookies; /* ours, of all Cookie lines, joined by "; " */
	unsigned sessions;  /* how many of them have the session's name */
	struct str method_name;
	struct str query;
	struct str content_length_text;
	struct str content_type;
	struct str body; /* not a parameter: whoever has read it adds it */
	struct str script_name;
	struct str path_info;
	struct str host;
	struct str origin;
	struct str if_none_match;
	struct str requested_with;
	struct str fetch_site;
	struct str fetch_mode;
	struct str fetch_dest;
	struct str purpose;
	struct str accept;
	struct str preflight_method;
	struct str preflight_headers;
	struct str require;  /* of the web server's own; see */
	struct str internal; /* request_requires(), request_is_internal() */
	struct str request_id;
	struct str unique_id;
};

/* Append the names of METHOD_ bits as in Allow (RFC 9110, section 10.2.1). */
void request_write_methods(unsigned methods, struct buf *out);

/*
 * Read the NAME=value strings of envp, which must outlive the request. The
 * caller calls request_free() whatever comes.
 *
 * Cookies that are not ours are not looked at, whatever their number, length
 * and bytes. Of ours at most REQUEST_COOKIES_MAX bytes are kept, two sessions
 * among them in any case, so that two are noticed.
 *
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST: twice something that decides
 * (method, query, path, host, length, origin, the browser's word on where the
 * request comes from), a control byte in what the web server itself writes, a
 * CONTENT_LENGTH that is no number. An odd Origin or Sec-Fetch-Site is kept
 * and equals none; of headers that only help, the first counts.
 */
enum result request_read(char *const *envp, const struct conf *conf,
    struct request *request) __attribute__((warn_unused_result));

/*
 * Whether the path leads to the program of this name: the last segment of
 * SCRIPT_NAME followed by PATH_INFO, one of which must be empty, as servers
 * differ in which they fill. Both absent counts as yes. The name is as it is in
 * a URL, escapes and all; servers decode paths.
 */
bool request_is_for(const struct request *request, struct str name);

/*
 * Append what follows a program's name in the path, from its slash on: of
 * SCRIPT_NAME with PATH_INFO behind it, however a server divides them, which
 * begins with base, a path that ends in a slash, and the name, both as they are
 * in a URL.
 * OK, RESULT_NOT_FOUND (also of a path that the buffer has no room for),
 * RESULT_NO_MEMORY.
 */
enum result request_path_below(const struct request *request, struct str base,
    struct str name, struct buf *path) __attribute__((warn_unused_result));

/*
 * Whether the web server itself asks, on behalf of a request for another part
 * of the site. No client can say so: what it sends is a parameter whose name
 * begins with HTTP_, or a part of the query.
 */
bool request_requires(const struct request *request);

/* The same for a program that only the web server itself may ask. */
bool request_is_internal(const struct request *request);

/* The web server's id for the request, or an empty slice. */
struct str request_id(const struct request *request);

/*
 * Whether nobody asks but who wants to know whether the program can serve:
 * health, with all that requests need here; or life, that this request is
 * served at all.
 */
bool request_requires_health(const struct request *request);
bool request_requires_life(const struct request *request);

void request_free(struct request *request);

#endif
