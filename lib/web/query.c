/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of a query, which is that of a form's body:
 *
 *	query  = [ pair ] *( "&" [ pair ] )
 *	pair   = component [ "=" component ]
 *
 * What browsers and proxies do to it is handled by refusing: whatever is
 * there twice is nobody's.
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "web/query.h"

/* The longest name we know is far shorter; longer ones are somebody else's. */
#define NAME_MAX_BYTES 64

static struct query_field *
find_field(struct str name, struct query_field *fields, size_t n)
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
read_value(struct query_field *field, struct str encoded)
{
	enum result result = field->seen ? RESULT_BAD_REQUEST : OK;

	field->seen = true;
	if (result == OK && encoded.n > 0)
		result = codec_percent_decode(encoded, &field->value);
	if (result == RESULT_TOO_LARGE ||
	    (result == OK && !field->optional &&
		!is_printable(buf_str(&field->value))))
		result = RESULT_BAD_REQUEST;
	if (result == RESULT_BAD_REQUEST && field->optional) {
		buf_free(&field->value);
		result = OK;
	}
	return result;
}

static enum result
read_pair(struct str pair, struct query_field *fields, size_t n)
{
	struct buf name = BUF(NAME_MAX_BYTES);
	struct query_field *field;
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
query_read(struct str query, struct query_field *fields, size_t n)
{
	enum result result = OK;

	while (query.p != NULL && result == OK)
		result = read_pair(str_cut(&query, '&'), fields, n);
	return result;
}

void
query_free(struct query_field *fields, size_t n)
{
	while (n > 0)
		buf_free(&fields[--n].value);
}
