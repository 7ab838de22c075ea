/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of what may be asked. Web servers decode paths and squash
 * them before we see them, and libcurl and Spotify each have ideas of their own
 * about dots and escapes. So nothing that came is sent on: a path is equal to a
 * template or unknown, and what is sent is written from the template, an id of
 * letters and digits, and values of known kinds. The grammar of a query is
 *
 *	query  = [ pair ] *( "&" [ pair ] )
 *	pair   = name "=" value
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "relay/rowurl.h"
#include "relay/rowvalue.h"

#define ID_MARK "{id}"
#define NAME_BYTES 32	 /* the longest name is shorter */
#define VALUE_BYTES 2048 /* so many are 40 URIs at most */
#define URL_BYTES 4096

/* Whether a path is that of a template; *id is the id in it, if it has one. */
static bool
is_path(struct str path, const char *template, struct str *id)
{
	struct str literal = str_of(template), behind;
	const char *mark = strstr(template, ID_MARK);

	*id = (struct str){ NULL, 0 };
	if (mark == NULL)
		return str_equal(path, literal);
	behind = str_of(mark + sizeof(ID_MARK) - 1);
	literal.n = (size_t)(mark - template);
	if (!str_starts(path, literal) || !str_ends(path, behind) ||
	    path.n != literal.n + ROWS_ID_BYTES + behind.n)
		return false;
	*id = (struct str){ path.p + literal.n, ROWS_ID_BYTES };
	return rowvalue_is_id(*id);
}

static void
print_path(const char *template, struct str id, struct buf *out)
{
	const char *mark = strstr(template, ID_MARK);

	if (mark == NULL) {
		buf_puts(out, template);
		return;
	}
	buf_add(out, template, (size_t)(mark - template));
	buf_add_str(out, id);
	buf_puts(out, mark + sizeof(ID_MARK) - 1);
}

enum result
rowurl_find(struct str path, enum method method, struct rowurl *rowurl)
{
	enum result result = RESULT_NOT_FOUND;
	struct str id;
	size_t i;

	*rowurl = (struct rowurl){ .path = BUF(URL_BYTES),
		.query = BUF(URL_BYTES),
		.body = BUF(ROWURL_BODY_MAX) };
	for (i = 0; i < ROWS_N; i++) {
		if (!is_path(path, rows_table[i].path, &id))
			continue;
		result = RESULT_METHOD;
		if (!(rows_table[i].methods & method))
			continue;
		rowurl->row = &rows_table[i];
		rowurl->scopes =
		    rows_table[i].scopes == ROW_BY_URI ? 0 : ROWS_ALL_SCOPES;
		print_path(rows_table[i].path, id, &rowurl->path);
		return buf_result(&rowurl->path);
	}
	return result;
}

static bool
is_about(const struct rowurl *rowurl, unsigned kinds)
{
	return row_is_ours(rowurl->row) ||
	    (rowurl->row->scopes == ROW_BY_URI && (rowurl->scopes & kinds));
}

bool
rowurl_follows(const struct rowurl *rowurl)
{
	return is_about(rowurl, ROWVALUE_ARTIST);
}

bool
rowurl_has_followers(const struct rowurl *rowurl)
{
	return is_about(rowurl, ROWVALUE_FOLLOWED);
}

unsigned
rowurl_methods(struct str path)
{
	unsigned methods = 0;
	struct str id;
	size_t i;

	for (i = 0; i < ROWS_N; i++)
		if (is_path(path, rows_table[i].path, &id))
			methods |= rows_table[i].methods;
	return methods;
}

static enum result
decode(struct str encoded, struct buf *out)
{
	enum result result = codec_percent_decode(encoded, out);

	return result == RESULT_TOO_LARGE ? RESULT_BAD_REQUEST : result;
}

/* The number of the parameter with a name; that of the last, which has none,
 * when there is no such parameter. */
static size_t
find_param(const struct row_param *params, struct str name)
{
	size_t i = 0;

	while (
	    params[i].name != NULL && !str_equal(name, str_of(params[i].name)))
		i++;
	return i;
}

/* Read one pair into the values of the row, in the order of its parameters. */
static enum result
read_pair(struct str pair, struct rowurl *rowurl, struct buf *values)
{
	const struct row_param *params = rowurl->row->params;
	struct buf name = BUF(NAME_BYTES), value = BUF(VALUE_BYTES);
	enum result result = decode(str_cut(&pair, '='), &name);
	unsigned scopes = 0;
	size_t i = 0;

	if (result == OK)
		result = decode(pair, &value);
	if (result == OK) {
		i = find_param(params, buf_str(&name));
		if (params[i].name == NULL || values[i].n > 0 || value.n == 0 ||
		    !rowvalue_print(&params[i], buf_str(&value), &values[i],
			&scopes))
			result = RESULT_BAD_REQUEST;
		if (buf_result(&values[i]) != OK)
			result = buf_result(&values[i]);
		rowurl->scopes |= scopes;
	}
	buf_free(&name);
	buf_free(&value);
	return result;
}

/* Print the values, of which all that must be there are. */
static enum result
print_query(const struct row_param *params, const struct buf *values,
    struct buf *out)
{
	size_t i, other;

	for (i = 0; params[i].name != NULL; i++) {
		if (values[i].n == 0 && params[i].required)
			return RESULT_BAD_REQUEST;
		if (values[i].n == 0)
			continue;
		other = find_param(params, str_of(params[i].not_beside));
		if (params[other].name != NULL && values[other].n > 0)
			return RESULT_BAD_REQUEST;
		buf_putc(out, out->n == 0 ? '?' : '&');
		codec_arg(out, params[i].name, buf_str(&values[i]));
	}
	return buf_result(out);
}

enum result
rowurl_query(struct str query, struct rowurl *rowurl)
{
	struct buf values[ROWS_PARAMS_MAX + 1];
	enum result result = OK;
	struct str pair;
	size_t i;

	for (i = 0; i <= ROWS_PARAMS_MAX; i++)
		values[i] = BUF(VALUE_BYTES);
	while (query.p != NULL && result == OK) {
		pair = str_cut(&query, '&');
		if (pair.n > 0)
			result = read_pair(pair, rowurl, values);
	}
	if (result == OK)
		result =
		    print_query(rowurl->row->params, values, &rowurl->query);
	for (i = 0; i <= ROWS_PARAMS_MAX; i++)
		buf_free(&values[i]);
	return result;
}

void
rowurl_free(struct rowurl *rowurl)
{
	buf_free(&rowurl->path);
	buf_free(&rowurl->query);
	buf_free(&rowurl->body);
}
