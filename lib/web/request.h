/* SPDX-License-Identifier: ISC */
/* A request as the web server passed it on. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>

#include "base/buf.h"

#define REQUEST_BODY_MAX 16384
#define REQUEST_COOKIES_MAX 16384

enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_OPTIONS = 8,
	METHOD_OTHER = 16
};

/*
 * Everything that the programs read of a request; slices are borrowed from
 * the parameters, and empty with p NULL when the parameter was absent. A name
 * that is not here is not read (a test compares it with conf/).
 */
struct request {
	enum method method;
	uint64_t content_length;
	struct buf cookies; /* all Cookie lines, joined by "; " */
	struct str method_name;
	struct str query;
	struct str content_length_text;
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
	struct str request_id;
	struct str unique_id;
};

/* Append the names of METHOD_ bits as in Allow (RFC 9110, section 10.2.1). */
void request_write_methods(unsigned methods, struct buf *out);

/*
 * Read the NAME=value strings of envp, which must outlive the request. The
 * caller calls request_free() whatever comes.
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST: a parameter given twice
 * (cookies are joined), a control byte, a CONTENT_LENGTH that is no number.
 */
enum result request_read(char *const *envp, struct request *request)
    __attribute__((warn_unused_result));

/*
 * Whether the path leads to the program of this name: the last segment of
 * SCRIPT_NAME followed by PATH_INFO, one of which must be empty, as servers
 * differ in which they fill. Both absent counts as yes.
 */
bool request_is_for(const struct request *request, struct str name);

/* The web server's id for the request, or an empty slice. */
struct str request_id(const struct request *request);

void request_free(struct request *request);

#endif
