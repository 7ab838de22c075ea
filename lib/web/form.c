/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammars of query and Cookie header:
 *
 *	query  = [ pair ] *( "&" [ pair ] )
 *	pair   = component [ "=" component ]
 *	cookie = [ name "=" value ] *( ";" *SP [ name "=" value ] )
 *
 * What browsers and proxies do to these is handled by refusing: whatever is
 * there twice is nobody's.
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "web/form.h"

/* The longest name we know is far shorter; longer ones are somebody else's. */
#define NAME_MAX_BYTES 64

static struct form_field *
find_field(struct str name, struct form_field *fields, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_equal(name, str_of(fields[i].name)))
			return &fields[i];
	return NULL;
}

static bool
is_printable(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static enum result
read_value(struct form_field *field, struct str encoded)
{
	enum result result;

	if (field->seen)
		return RESULT_BAD_REQUEST;
	field->seen = true;
	if (encoded.n == 0)
		return OK;
	result = codec_percent_decode(encoded, &field->value);
	if (result == RESULT_TOO_LARGE ||
	    (result == OK && !is_printable(buf_str(&field->value))))
		return RESULT_BAD_REQUEST;
	return result;
}

static enum result
read_pair(struct str pair, struct form_field *fields, size_t n)
{
	struct buf name = BUF(NAME_MAX_BYTES);
	struct form_field *field;
	enum result result;
	struct str encoded;

	encoded = str_cut(&pair, '=');
	result = codec_percent_decode(encoded, &name);
	if (result == RESULT_TOO_LARGE) {
		result = OK;
	} else if (result == OK) {
		field = find_field(buf_str(&name), fields, n);
		if (field != NULL)
			result = read_value(field, pair);
	}
	buf_free(&name);
	return result;
}

enum result
form_query(struct str query, struct form_field *fields, size_t n)
{
	enum result result = OK;

	while (query.p != NULL && result == OK)
		result = read_pair(str_cut(&query, '&'), fields, n);
	return result;
}

void
form_free(struct form_field *fields, size_t n)
{
	while (n > 0)
		buf_free(&fields[--n].value);
}

bool
form_cookie_next(struct str *rest, struct str *name, struct str *value)
{
	while (rest->p != NULL) {
		*value = str_trim(str_cut(rest, ';'));
		*name = str_cut(value, '=');
		if (value->p != NULL)
			return true;
	}
	return false;
}

enum result
form_cookie(struct str header, const char *wanted, struct str *value)
{
	struct str name, found, rest = header;
	bool seen = false;

	while (form_cookie_next(&rest, &name, &found)) {
		if (!str_equal(name, str_of(wanted)))
			continue;
		if (seen)
			return RESULT_BAD_REQUEST;
		seen = true;
		*value = found;
	}
	return seen ? OK : RESULT_ABSENT;
}

bool
form_has_tag(struct str header, struct str tag)
{
	struct str word;

	while (header.p != NULL) {
		word = str_trim(str_cut(&header, ','));
		if (str_equal(word, STR("*")))
			return true;
		if (str_starts(word, STR("W/")))
			word = (struct str){ word.p + 2, word.n - 2 };
		if (word.n == tag.n + 2 && word.p[0] == '"' &&
		    word.p[word.n - 1] == '"' &&
		    str_equal((struct str){ word.p + 1, tag.n }, tag))
			return true;
	}
	return false;
}
