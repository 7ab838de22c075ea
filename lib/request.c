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

#include "request.h"

struct param {
	const char *name;
	size_t offset; /* of a struct str in struct request */
};

#define AT(member) offsetof(struct request, member)

static const struct param params[] = {
	{ "REQUEST_METHOD", AT(method_name) },
	{ "QUERY_STRING", AT(query) },
	{ "CONTENT_LENGTH", AT(content_length_text) },
	{ "SCRIPT_NAME", AT(script_name) },
	{ "PATH_INFO", AT(path_info) },
	{ "HTTP_HOST", AT(host) },
	{ "HTTP_ORIGIN", AT(origin) },
	{ "HTTP_IF_NONE_MATCH", AT(if_none_match) },
	{ "HTTP_X_REQUESTED_WITH", AT(requested_with) },
	{ "HTTP_SEC_FETCH_SITE", AT(fetch_site) },
	{ "HTTP_SEC_FETCH_MODE", AT(fetch_mode) },
	{ "HTTP_SEC_FETCH_DEST", AT(fetch_dest) },
	{ "HTTP_SEC_PURPOSE", AT(purpose) },
	{ "HTTP_ACCEPT", AT(accept) },
	{ "HTTP_ACCESS_CONTROL_REQUEST_METHOD", AT(preflight_method) },
	{ "REQUEST_ID", AT(request_id) },
	{ "UNIQUE_ID", AT(unique_id) },
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
		if (str_equal(name, str_of(params[i].name)))
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

static enum method
read_method(struct str name)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = {
		{ "GET", METHOD_GET },
		{ "HEAD", METHOD_HEAD },
		{ "POST", METHOD_POST },
		{ "OPTIONS", METHOD_OPTIONS },
	};
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_equal(name, str_of(methods[i].name)))
			return methods[i].method;
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
