/* SPDX-License-Identifier: ISC */
/*
 * Hides commas, quotes and escapes. Nothing here goes through printf: of what
 * an answer costs, most is what is written.
 */
#include "config.h"

#include <string.h>

#include "json/writer.h"

#define DIGITS_MAX 20 /* of an int64_t, with its sign */

/* Not before the first of a container, and not between a name and its value.
 * A string ends in a quote, so no byte of it is taken for a bracket. */
static bool
is_comma_due(const struct buf *out)
{
	char last = out->n == 0 ? ',' : out->p[out->n - 1];

	return last != '{' && last != '[' && last != ':' && last != ',';
}

/* The comma and the name that a value needs before it. */
static void
begin(struct buf *out, const char *name)
{
	size_t comma_n = is_comma_due(out) ? 1 : 0;
	size_t name_n = name == NULL ? 0 : strlen(name);
	size_t n = comma_n + (name == NULL ? 0 : name_n + sizeof("\"\":") - 1);
	char *p = buf_room(out, n);

	if (p == NULL)
		return;
	if (comma_n > 0)
		*p++ = ',';
	if (name != NULL) {
		*p++ = '"';
		memcpy(p, name, name_n);
		memcpy(p + name_n, "\":", 2);
	}
	buf_grown(out, n);
}

void
writer_object(struct buf *out, const char *name)
{
	begin(out, name);
	buf_putc(out, '{');
}

void
writer_object_end(struct buf *out)
{
	buf_putc(out, '}');
}

void
writer_array(struct buf *out, const char *name)
{
	begin(out, name);
	buf_putc(out, '[');
}

void
writer_array_end(struct buf *out)
{
	buf_putc(out, ']');
}

void
writer_name(struct buf *out, const char *name)
{
	begin(out, name);
}

/* Most bytes are lower-case letters: they are known by the first test. */
static bool
is_plain(unsigned char c)
{
	return c > '\\' ||
	    (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' &&
		c != '&');
}

void
writer_text(struct buf *out, const char *name, struct str text)
{
	size_t from = 0, i;
	unsigned char c;

	begin(out, name);
	buf_putc(out, '"');
	for (i = 0; i < text.n; i++) {
		c = (unsigned char)text.p[i];
		if (is_plain(c))
			continue;
		buf_add(out, text.p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_printf(out, "\\u%04x", c);
	}
	if (text.n > from)
		buf_add(out, text.p + from, text.n - from);
	buf_putc(out, '"');
}

void
writer_integer(struct buf *out, const char *name, int64_t n)
{
	char digits[DIGITS_MAX];
	/* The least has no positive counterpart in int64_t. */
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (n < 0)
		digits[--at] = '-';
	begin(out, name);
	buf_add(out, digits + at, sizeof(digits) - at);
}

void
writer_bool(struct buf *out, const char *name, bool yes)
{
	begin(out, name);
	buf_puts(out, yes ? "true" : "false");
}

void
writer_null(struct buf *out, const char *name)
{
	begin(out, name);
	buf_puts(out, "null");
}
