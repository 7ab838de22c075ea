/* SPDX-License-Identifier: ISC */
/*
 * Hides what differs between web servers: which parameters are absent, empty
 * or repeated. libfcgi keeps duplicates and hands out the first, and nginx
 * before 1.23 sends two Cookie lines as two parameters, so the list is walked
 * here instead of asking libfcgi for names.
 *
 * And what differs between visitors: other software of the host sets cookies,
 * proxies and extensions add headers, and none of that may lock anybody out.
 * So only our own cookies are looked at, and of a header no more is demanded
 * than its use needs.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "web/cookie.h"
#include "web/request.h"

/* What a parameter must be like, or the request is refused. Of one for which
 * neither is demanded, the first that can be used counts. */
#define ONCE 1u	 /* it decides: nobody may have two */
#define CLEAN 2u /* without control bytes; the web server writes it itself */

/* Name and value of a cookie of ours: of a login with the longest return_to
 * they are less. */
#define PAIR_MAX 1024

struct param {
	const char *name;
	size_t n;
	size_t offset; /* of a struct str in struct request */
	unsigned must_be;
};

#define PARAM(name, member, must_be) \
	{ \
		name, sizeof(name) - 1, offsetof(struct request, member), \
		    must_be \
	}

static const struct param params[] = {
	PARAM("REQUEST_METHOD", method_name, ONCE | CLEAN),
	PARAM("QUERY_STRING", query, ONCE | CLEAN),
	PARAM("CONTENT_LENGTH", content_length_text, ONCE | CLEAN),
	PARAM("CONTENT_TYPE", content_type, ONCE),
	PARAM("SCRIPT_NAME", script_name, ONCE | CLEAN),
	PARAM("PATH_INFO", path_info, ONCE | CLEAN),
	PARAM("HTTP_HOST", host, ONCE | CLEAN),
	PARAM("HTTP_ORIGIN", origin, ONCE),
	PARAM("HTTP_IF_NONE_MATCH", if_none_match, 0),
	PARAM("HTTP_X_REQUESTED_WITH", requested_with, 0),
	PARAM("HTTP_SEC_FETCH_SITE", fetch_site, ONCE),
	PARAM("HTTP_SEC_FETCH_MODE", fetch_mode, ONCE),
	PARAM("HTTP_SEC_FETCH_DEST", fetch_dest, ONCE),
	PARAM("HTTP_SEC_PURPOSE", purpose, ONCE),
	PARAM("HTTP_ACCEPT", accept, 0),
	PARAM("HTTP_ACCESS_CONTROL_REQUEST_METHOD", preflight_method, ONCE),
	PARAM("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", preflight_headers, 0),
	PARAM("SPOTIFY_FCGI_REQUIRE", require, ONCE | CLEAN),
	PARAM("SPOTIFY_FCGI_INTERNAL", internal, ONCE | CLEAN),
	PARAM("REQUEST_ID", request_id, 0),
	PARAM("UNIQUE_ID", unique_id, 0),
};

static bool
has_control(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static const struct param *
find_param(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (name.n == params[i].n &&
		    memcmp(name.p, params[i].name, name.n) == 0)
			return &params[i];
	return NULL;
}

/*
 * Keep a cookie that may be ours. Of the session's two are enough to see that
 * it is not the only one; of logins that have begun as many as fit, for the
 * session must fit as well. Nothing that we set is longer than PAIR_MAX.
 */
static void
keep_cookie(const struct conf *conf, struct str name, struct str pair,
    struct request *request)
{
	struct buf *cookies = &request->cookies;

	if (pair.n > PAIR_MAX)
		return;
	if (str_equal(name, str_of(conf->session_cookie))) {
		if (request->sessions == 2)
			return;
		request->sessions++;
	} else if (!str_starts(name, str_of(conf->pending_prefix)) ||
	    !str_graphic(name) ||
	    cookies->n + pair.n > REQUEST_COOKIES_MAX - 2 * (PAIR_MAX + 2)) {
		return;
	}
	if (cookies->n > 0)
		buf_puts(cookies, "; ");
	buf_add_str(cookies, pair);
}

static void
read_cookies(const struct conf *conf, struct str rest, struct request *request)
{
	struct str name, value;

	while (cookie_next(&rest, &name, &value))
		keep_cookie(conf, name,
		    (struct str){ name.p,
			(size_t)(value.p - name.p) + value.n },
		    request);
}

static enum result
read_param(const struct conf *conf, const char *pair, struct request *request)
{
	struct str value = str_of(pair), name = str_cut(&value, '='), *slot;
	const struct param *param;

	if (value.p == NULL)
		return OK;
	if (str_equal(name, STR("HTTP_COOKIE"))) {
		read_cookies(conf, value, request);
		return OK;
	}
	if ((param = find_param(name)) == NULL)
		return OK;
	if ((param->must_be & CLEAN) && has_control(value))
		return RESULT_BAD_REQUEST;
	slot = (struct str *)(void *)((char *)request + param->offset);
	if (slot->p == NULL)
		*slot = value;
	else if (param->must_be & ONCE)
		return RESULT_BAD_REQUEST;
	return OK;
}

static const struct {
	const char *name;
	enum method method;
} method_names[] = {
	{ "GET", METHOD_GET },
	{ "HEAD", METHOD_HEAD },
	{ "POST", METHOD_POST },
	{ "PUT", METHOD_PUT },
	{ "DELETE", METHOD_DELETE },
	{ "OPTIONS", METHOD_OPTIONS },
};
#define METHODS_N (sizeof(method_names) / sizeof(method_names[0]))

void
request_write_methods(unsigned methods, struct buf *out)
{
	size_t i;

	for (i = 0; i < METHODS_N; i++)
		if (methods & method_names[i].method)
			buf_printf(out, "%s%s", out->n > 0 ? ", " : "",
			    method_names[i].name);
}

static enum method
read_method(struct str name)
{
	size_t i;

	for (i = 0; i < METHODS_N; i++)
		if (str_equal(name, str_of(method_names[i].name)))
			return method_names[i].method;
	return METHOD_OTHER;
}

enum result
request_read(char *const *envp, const struct conf *conf,
    struct request *request)
{
	struct str length;
	enum result result = OK;

	*request = (struct request){ .cookies = BUF(REQUEST_COOKIES_MAX) };
	for (; result == OK && *envp != NULL; envp++)
		result = read_param(conf, *envp, request);
	if (result == OK)
		result = buf_result(&request->cookies);
	request->method = read_method(request->method_name);
	length = request->content_length_text;
	if (result == OK && length.n > 0 &&
	    !str_number(length, INT64_MAX, &request->content_length))
		result = RESULT_BAD_REQUEST;
	return result;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Take the next byte of a part of a URL, of which an escape is one. */
static char
next_byte(struct str *part)
{
	char byte = part->p[0];
	size_t n = 1;

	if (byte == '%' && part->n >= 3 && hex_digit(part->p[1]) >= 0 &&
	    hex_digit(part->p[2]) >= 0) {
		byte =
		    (char)(hex_digit(part->p[1]) << 4 | hex_digit(part->p[2]));
		n = 3;
	}
	part->p += n;
	part->n -= n;
	return byte;
}

/* Take a prefix, as it is in a URL, off the front of two slices that follow
 * each other, in which servers have decoded it. */
static bool
take_prefix(struct str *first, struct str *second, struct str prefix)
{
	struct str *part;

	while (prefix.n > 0) {
		part = first->n > 0 ? first : second;
		if (part->n == 0 || part->p[0] != next_byte(&prefix))
			return false;
		part->p++;
		part->n--;
	}
	return true;
}

bool
request_is_for(const struct request *request, struct str name)
{
	struct str path = request->script_name, none = { NULL, 0 };
	size_t at;

	if (path.n == 0)
		path = request->path_info;
	else if (request->path_info.n > 0)
		return false;
	if (path.n == 0)
		return true;
	for (at = path.n; at > 0 && path.p[at - 1] != '/'; at--)
		continue;
	if (at == 0)
		return false;
	path = (struct str){ path.p + at, path.n - at };
	return take_prefix(&path, &none, name) && path.n == 0;
}

enum result
request_path_below(const struct request *request, struct str base,
    struct str name, struct buf *path)
{
	struct str first = request->script_name, second = request->path_info;
	enum result result;

	if (!take_prefix(&first, &second, base) ||
	    !take_prefix(&first, &second, name))
		return RESULT_NOT_FOUND;
	buf_add_str(path, first);
	buf_add_str(path, second);
	result = buf_result(path);
	if (result == RESULT_TOO_LARGE ||
	    (result == OK && (path->n == 0 || path->p[0] != '/')))
		return RESULT_NOT_FOUND;
	return result;
}

bool
request_requires(const struct request *request)
{
	return str_equal(request->require, STR("1"));
}

bool
request_requires_health(const struct request *request)
{
	return str_equal(request->require, STR(REQUEST_HEALTH));
}

bool
request_requires_life(const struct request *request)
{
	return str_equal(request->require, STR(REQUEST_LIFE));
}

bool
request_is_internal(const struct request *request)
{
	return str_equal(request->internal, STR("1"));
}

struct str
request_id(const struct request *request)
{
	return request->request_id.n > 0 ? request->request_id :
					   request->unique_id;
}

void
request_free(struct request *request)
{
	buf_free(&request->cookies);
}
