/* SPDX-License-Identifier: ISC */
/*
 * Hides what differs between web servers: which parameters are absent, empty
 * or repeated. libfcgi keeps duplicates and hands out the first, and nginx
 * before 1.23 sends two Cookie lines as two parameters, so the list is walked
 * here instead of asking libfcgi for names.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "web/request.h"

struct param {
	const char *name;
	size_t n;
	size_t offset; /* of a struct str in struct request */
};

#define PARAM(name, member) \
	{ \
		name, sizeof(name) - 1, offsetof(struct request, member) \
	}

static const struct param params[] = {
	PARAM("REQUEST_METHOD", method_name),
	PARAM("QUERY_STRING", query),
	PARAM("CONTENT_LENGTH", content_length_text),
	PARAM("SCRIPT_NAME", script_name),
	PARAM("PATH_INFO", path_info),
	PARAM("HTTP_HOST", host),
	PARAM("HTTP_ORIGIN", origin),
	PARAM("HTTP_IF_NONE_MATCH", if_none_match),
	PARAM("HTTP_X_REQUESTED_WITH", requested_with),
	PARAM("HTTP_SEC_FETCH_SITE", fetch_site),
	PARAM("HTTP_SEC_FETCH_MODE", fetch_mode),
	PARAM("HTTP_SEC_FETCH_DEST", fetch_dest),
	PARAM("HTTP_SEC_PURPOSE", purpose),
	PARAM("HTTP_ACCEPT", accept),
	PARAM("HTTP_ACCESS_CONTROL_REQUEST_METHOD", preflight_method),
	PARAM("REQUEST_ID", request_id),
	PARAM("UNIQUE_ID", unique_id),
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

static struct str *
find_param(struct request *request, struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (name.n == params[i].n &&
		    memcmp(name.p, params[i].name, name.n) == 0)
			return (struct str *)(void *)((char *)request +
			    params[i].offset);
	return NULL;
}

static void
add_cookies(struct request *request, struct str value)
{
	if (request->cookies.n > 0)
		buf_puts(&request->cookies, "; ");
	buf_add_str(&request->cookies, value);
}

static enum result
read_param(struct request *request, const char *pair)
{
	struct str value = str_of(pair), name = str_cut(&value, '='), *slot;
	bool cookie = str_equal(name, STR("HTTP_COOKIE"));

	slot = cookie ? NULL : find_param(request, name);
	if (value.p == NULL || (!cookie && slot == NULL))
		return OK;
	if (has_control(value))
		return RESULT_BAD_REQUEST;
	if (slot == NULL) {
		add_cookies(request, value);
		return OK;
	}
	if (slot->p != NULL)
		return RESULT_BAD_REQUEST;
	*slot = value;
	return OK;
}

static const struct {
	const char *name;
	enum method method;
} method_names[] = {
	{ "GET", METHOD_GET },
	{ "HEAD", METHOD_HEAD },
	{ "POST", METHOD_POST },
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
request_read(char *const *envp, struct request *request)
{
	struct str length;
	enum result result = OK;

	*request = (struct request){ .cookies = BUF(REQUEST_COOKIES_MAX) };
	for (; result == OK && *envp != NULL; envp++)
		result = read_param(request, *envp);
	if (result == OK)
		result = buf_result(&request->cookies);
	if (result == RESULT_TOO_LARGE)
		result = RESULT_BAD_REQUEST;
	request->method = read_method(request->method_name);
	length = request->content_length_text;
	if (result == OK && length.n > 0 &&
	    !str_number(length, INT64_MAX, &request->content_length))
		result = RESULT_BAD_REQUEST;
	return result;
}

bool
request_is_for(const struct request *request, struct str name)
{
	struct str path = request->script_name;

	if (path.n == 0)
		path = request->path_info;
	else if (request->path_info.n > 0)
		return false;
	if (path.n == 0)
		return true;
	return path.n > name.n && str_ends(path, name) &&
	    path.p[path.n - name.n - 1] == '/';
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
