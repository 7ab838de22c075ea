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
#include "json/valid.h"
#include "relay/rowurl.h"

#define FOLLOWED 2u /* the word of scope for who is followed */
#define ID_MARK "{id}"
#define NAME_BYTES 32	 /* the longest name is shorter */
#define VALUE_BYTES 2048 /* so many are 40 URIs at most */
#define URL_BYTES 4096

static bool
is_base62(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z')))
			return false;
	return true;
}

/* Whether a text is exactly one id. */
static bool
is_id(struct str s)
{
	return s.n == ROWS_ID_BYTES && is_base62(s);
}

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
	return is_id(*id);
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

	*rowurl =
	    (struct rowurl){ .path = BUF(URL_BYTES), .query = BUF(URL_BYTES) };
	for (i = 0; i < ROWS_N; i++) {
		if (!is_path(path, rows_table[i].path, &id))
			continue;
		result = RESULT_METHOD;
		if (!(rows_table[i].methods & method))
			continue;
		rowurl->row = &rows_table[i];
		rowurl->scopes =
		    rows_table[i].scope_by_uri ? 0 : ROWS_ALL_SCOPES;
		print_path(rows_table[i].path, id, &rowurl->path);
		return buf_result(&rowurl->path);
	}
	return result;
}

bool
rowurl_follows(const struct rowurl *rowurl)
{
	return rowurl->row->scope_by_uri && (rowurl->scopes & FOLLOWED);
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

static bool
print_number(const struct row_param *param, struct str value, struct buf *out)
{
	uint64_t number;

	if (!str_number(value, (uint64_t)param->max, &number) ||
	    (int64_t)number < param->min)
		return false;
	buf_printf(out, "%llu", (unsigned long long)number);
	return true;
}

/* The word of a list, by blanks, that is equal to a text; p NULL: none is. */
static struct str
find_word(const char *words, struct str text)
{
	struct str rest = str_of(words), word;

	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		if (str_equal(word, text))
			return word;
	}
	return (struct str){ NULL, 0 };
}

static bool
print_words(const struct row_param *param, struct str value, struct buf *out)
{
	struct str word;
	uint64_t seen = 0, bit;

	while (value.p != NULL) {
		word = find_word(param->words, str_cut(&value, ','));
		if (word.p == NULL)
			return false;
		bit = (uint64_t)1 << (word.p - param->words);
		if ((seen & bit) || (seen > 0 && param->kind == ROW_WORD))
			return false;
		seen |= bit;
		if (out->n > 0)
			buf_putc(out, ',');
		buf_add_str(out, word);
	}
	return true;
}

static bool
print_market(struct str value, struct buf *out)
{
	size_t i;

	if (value.n != 2)
		return false;
	for (i = 0; i < 2; i++)
		if (value.p[i] < 'A' || value.p[i] > 'Z')
			return false;
	buf_add_str(out, value);
	return true;
}

static bool
print_text(struct str value, struct buf *out)
{
	size_t i;

	if (value.n > ROWS_TEXT_MAX || !valid_utf8(value))
		return false;
	for (i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return false;
	buf_add_str(out, value);
	return true;
}

/* What a URI may name, and the word of the row's scope that it asks for. Users
 * are left out: their ids have no alphabet. */
static const struct uri_kind {
	const char *prefix;
	unsigned scope;
} uri_kinds[] = {
	{ "spotify:track:", 1 },
	{ "spotify:album:", 1 },
	{ "spotify:episode:", 1 },
	{ "spotify:show:", 1 },
	{ "spotify:audiobook:", 1 },
	{ "spotify:artist:", FOLLOWED },
	{ "spotify:playlist:", 4 },
};

static bool
print_uri(struct str uri, struct buf *out, unsigned *scopes)
{
	struct str prefix;
	size_t i;

	for (i = 0; i < sizeof(uri_kinds) / sizeof(uri_kinds[0]); i++) {
		prefix = str_of(uri_kinds[i].prefix);
		if (!str_starts(uri, prefix))
			continue;
		uri.p += prefix.n;
		uri.n -= prefix.n;
		if (!is_id(uri))
			return false;
		buf_add_str(out, prefix);
		buf_add_str(out, uri);
		*scopes |= uri_kinds[i].scope;
		return true;
	}
	return false;
}

static bool
print_uris(enum row_kind kind, struct str value, struct buf *out,
    unsigned *scopes)
{
	unsigned n;

	for (n = 0; value.p != NULL; n++) {
		if (out->n > 0)
			buf_putc(out, ',');
		if (n == ROWS_URIS_MAX ||
		    !print_uri(str_cut(&value, ','), out, scopes))
			return false;
	}
	return kind == ROW_URIS || n == 1 || !(*scopes & FOLLOWED);
}

static bool
print_played(struct str uri, struct buf *out, unsigned *scopes)
{
	return (str_starts(uri, STR("spotify:track:")) ||
		   str_starts(uri, STR("spotify:episode:"))) &&
	    print_uri(uri, out, scopes);
}

static bool
print_device(struct str value, struct buf *out)
{
	if (value.n > ROWS_DEVICE_MAX || !is_base62(value))
		return false;
	buf_add_str(out, value);
	return true;
}

/* Print the value of a parameter from one that came, decoded and not empty;
 * false if it is not of the parameter's kind. */
static bool
print_value(const struct row_param *param, struct str value, struct buf *out,
    unsigned *scopes)
{
	switch (param->kind) {
	case ROW_NUMBER: return print_number(param, value, out);
	case ROW_WORD:
	case ROW_WORDS: return print_words(param, value, out);
	case ROW_MARKET: return print_market(value, out);
	case ROW_TEXT: return print_text(value, out);
	case ROW_URIS:
	case ROW_CHANGED_URIS:
		return print_uris(param->kind, value, out, scopes);
	case ROW_PLAYED_URI: return print_played(value, out, scopes);
	case ROW_DEVICE: return print_device(value, out);
	}
	return false;
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
	size_t i = 0;

	if (result == OK)
		result = decode(pair, &value);
	if (result == OK) {
		i = find_param(params, buf_str(&name));
		if (params[i].name == NULL || values[i].n > 0 || value.n == 0 ||
		    !print_value(&params[i], buf_str(&value), &values[i],
			&rowurl->scopes))
			result = RESULT_BAD_REQUEST;
		if (buf_result(&values[i]) != OK)
			result = buf_result(&values[i]);
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
}
