/* SPDX-License-Identifier: ISC */
/*
 * What a page asks for, a path and behind "?" a query. The oracle is the
 * table: whatever comes in, what is printed is one of its templates, with
 * nothing in it that a server could read in another way.
 */
#include "config.h"

#include <curl/curl.h>
#include <string.h>

#include "fuzz.h"
#include "relay/rowurl.h"

#define ORIGIN "https://e.org"
#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Whether a path is a template with an id in the place of its mark. */
static bool
is_made_of(const char *path, const char *template)
{
	for (; *template != '\0'; template ++) {
		if (*template == '{') {
			if (strspn(path, ALNUM) != 22)
				return false;
			path += 22;
			template += 3;
		} else if (*path++ != *template) {
			return false;
		}
	}
	return *path == '\0';
}

static void
check_path(const char *path, unsigned methods)
{
	size_t i, n = 0;

	MUST(strspn(path, ALNUM "/-") == strlen(path));
	for (i = 0; i < ROWS_N; i++)
		n += (rows_table[i].methods & methods) != 0 &&
		    is_made_of(path, rows_table[i].path);
	MUST(n == 1);
}

/* Names are the row's and in its order; values have no byte of a meaning. */
static void
check_query(const struct row *row, struct str query)
{
	const struct row_param *param = row->params;
	struct str value, name;
	struct buf text = BUF(8192);

	if (query.n == 0)
		return;
	MUST(query.p[0] == '?' && query.n > 1);
	query = (struct str){ query.p + 1, query.n - 1 };
	while (query.p != NULL) {
		value = str_cut(&query, '&');
		name = str_cut(&value, '=');
		while (param->name != NULL &&
		    !str_equal(name, str_of(param->name)))
			param++;
		MUST(param++->name != NULL);
		buf_clear(&text);
		buf_add_str(&text, value);
		MUST(buf_result(&text) == OK && text.n > 0);
		MUST(strspn(text.p, ALNUM "-._~%") == text.n);
	}
	buf_free(&text);
}

/* libcurl, which resolves dots, leaves the path as it is. */
static void
check_with_curl(const struct rowurl *rowurl)
{
	CURLU *url = curl_url();
	struct buf text = BUF(8192);
	char *path = NULL, *host = NULL;

	buf_puts(&text, ORIGIN);
	buf_add_str(&text, buf_str(&rowurl->path));
	buf_add_str(&text, buf_str(&rowurl->query));
	MUST(url != NULL && buf_result(&text) == OK);
	MUST(curl_url_set(url, CURLUPART_URL, text.p, 0) == CURLUE_OK);
	MUST(curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK);
	MUST(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	MUST(strcmp(path, rowurl->path.p) == 0 && strcmp(host, "e.org") == 0);
	curl_free(path);
	curl_free(host);
	curl_url_cleanup(url);
	buf_free(&text);
}

/* What was printed reads as itself. */
static void
check_again(const struct rowurl *rowurl, enum method method)
{
	struct str query = buf_str(&rowurl->query);
	struct rowurl again;

	MUST(rowurl_find(buf_str(&rowurl->path), method, &again) == OK);
	MUST(again.row == rowurl->row);
	if (query.n > 0)
		query = (struct str){ query.p + 1, query.n - 1 };
	MUST(rowurl_query(query, &again) == OK);
	MUST(str_equal(buf_str(&again.query), buf_str(&rowurl->query)));
	MUST(again.scopes == rowurl->scopes);
	rowurl_free(&again);
}

static void
ask(struct str input, enum method method)
{
	struct str query = input, path = str_cut(&query, '?');
	struct rowurl rowurl;
	enum result result = rowurl_find(path, method, &rowurl);

	MUST((result == OK) == ((rowurl_methods(path) & method) != 0));
	MUST(result == OK ||
	    result ==
		(rowurl_methods(path) ? RESULT_METHOD : RESULT_NOT_FOUND));
	if (result == OK) {
		MUST(str_equal(buf_str(&rowurl.path), path));
		check_path(rowurl.path.p, method);
		result = rowurl_query(query, &rowurl);
		MUST(result == OK || result == RESULT_BAD_REQUEST);
	}
	if (result == OK) {
		check_query(rowurl.row, buf_str(&rowurl.query));
		check_with_curl(&rowurl);
		check_again(&rowurl, method);
		MUST(method == METHOD_GET || !rowurl_has_followers(&rowurl) ||
		    rowurl.query.n == 0 ||
		    strstr(rowurl.query.p, "%2C") == NULL);
	}
	rowurl_free(&rowurl);
}

void
fuzz_rowurl(struct str input)
{
	static const enum method methods[] = { METHOD_GET, METHOD_PUT,
		METHOD_POST, METHOD_DELETE };
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		ask(input, methods[i]);
}
