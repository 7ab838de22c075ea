/* SPDX-License-Identifier: ISC */
/*
 * Hides that what others write is not always as strict as our readers: half a
 * surrogate pair where a name was cut, an escaped NUL, bytes that are no UTF-8,
 * control characters as they are, more digits than 64 bits hold, NaN, a byte
 * order mark. One such value must not cost the whole answer.
 *
 * What is no character becomes U+FFFD as in browsers: one for each longest
 * beginning of a sequence. Two texts that differ may become the same, so a text
 * with U+FFFD in it is nobody's name.
 */
#include "config.h"

#include <string.h>

#include "json/jsonscalar.h"
#include "json/jsonstring.h"
#include "json/mend.h"

#define NO_CHARACTER "\xef\xbf\xbd"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A NUL stands at the end of the text, and nothing is read beyond it. */
struct mending {
	const char *p, *end;
	struct buf *out;
};

static void
pass(struct mending *at, size_t n)
{
	buf_add(at->out, at->p, n);
	at->p += n;
}

static void
replace(struct mending *at, size_t n, const char *by)
{
	buf_puts(at->out, by);
	at->p += n;
}

/* An escape by number: half a pair and NUL are no characters, nor is what has
 * no four digits. */
static void
mend_unicode(struct mending *at)
{
	int32_t unit = jsonstring_unit(at->p), low;

	if (unit < 0) {
		replace(at, 2, NO_CHARACTER);
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		low = jsonstring_unit(at->p + 6);
		if (low >= 0xdc00 && low <= 0xdfff)
			pass(at, 12);
		else
			replace(at, 6, NO_CHARACTER);
	} else if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
		replace(at, 6, NO_CHARACTER);
	} else {
		pass(at, 6);
	}
}

static void
mend_escape(struct mending *at)
{
	if (at->p[1] == 'u')
		mend_unicode(at);
	else if (at->p[1] != '\0' && strchr("\"\\/bfnrt", at->p[1]) != NULL)
		pass(at, 2);
	else
		replace(at, 1, NO_CHARACTER);
}

static void
mend_wide(struct mending *at)
{
	size_t begun, n = jsonstring_wide((const unsigned char *)at->p, &begun);

	if (n > 0)
		pass(at, n);
	else
		replace(at, begun, NO_CHARACTER);
}

/* A string, from its first quote to its last, or to the end of the text. */
static void
mend_string(struct mending *at)
{
	pass(at, 1);
	while (at->p < at->end && *at->p != '"') {
		if (*at->p == '\\')
			mend_escape(at);
		else if ((signed char)*at->p < 0)
			mend_wide(at);
		else if (*at->p == '\0')
			replace(at, 1, NO_CHARACTER);
		else if (*at->p < 0x20)
			buf_printf(at->out, "\\u%04x", *at->p++);
		else
			pass(at, 1);
	}
	if (at->p < at->end)
		pass(at, 1);
}

/* What can stand in a number or a word, also in such as are none of JSON. */
static size_t
bare_length(const char *p)
{
	return strspn(p,
	    "+-._0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* A number or a word; null for what is neither, or cannot be held. */
static void
mend_bare(struct mending *at, size_t n)
{
	bool real;

	if (jsonscalar_word(at->p) == n || jsonscalar_number(at->p, &real) == n)
		pass(at, n);
	else
		replace(at, n, "null");
}

/* The bytes of a container, up to the bracket that closes it. */
static size_t
container_length(const struct mending *at)
{
	const char *p = at->p;
	size_t depth = 0;
	bool in_string = false;

	for (; p < at->end; p++) {
		if (in_string && *p == '\\')
			p++;
		else if (*p == '"')
			in_string = !in_string;
		else if (!in_string && (*p == '[' || *p == '{'))
			depth++;
		else if (!in_string && (*p == ']' || *p == '}') && --depth == 0)
			return (size_t)(p + 1 - at->p);
	}
	return (size_t)(at->end - at->p);
}

enum result
mend_text(const struct buf *text, unsigned depth_max, struct buf *mended)
{
	struct mending at = { text->p, text->p + text->n, mended };
	unsigned depth = 0;
	size_t n;

	if (str_starts(buf_str(text), STR(BYTE_ORDER_MARK)))
		at.p += sizeof(BYTE_ORDER_MARK) - 1;
	while (at.p < at.end) {
		if (*at.p == '"') {
			mend_string(&at);
		} else if ((n = bare_length(at.p)) > 0) {
			mend_bare(&at, n);
		} else if (*at.p != '[' && *at.p != '{') {
			depth -= depth > 0 && (*at.p == ']' || *at.p == '}');
			pass(&at, 1);
		} else if (depth == depth_max) {
			replace(&at, container_length(&at), "null");
		} else {
			depth++;
			pass(&at, 1);
		}
	}
	return buf_result(mended);
}
