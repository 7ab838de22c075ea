/* SPDX-License-Identifier: ISC */
/*
 * Hides escapes, UTF-16 and UTF-8. A decoded string is never longer than it
 * was, so it is decoded in its place. The grammar is that of RFC 8259:
 *
 *	string    = quote *( character / escape ) quote
 *	character = any in valid UTF-8, but controls, quote and backslash
 *	escape    = backslash ( one of "\/bfnrt / "u" 4 hexdigits )
 */
#include "config.h"

#include <string.h>

#include "json/jsonstring.h"

/* What stands for itself within a string: ASCII but controls, " and \. */
static bool
is_plain(char c)
{
	return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* Whether one of eight bytes may not be plain. It says so of all that are not,
 * and of few that are: a byte becomes negative here by what is taken from it,
 * or by what is borrowed for the byte below. */
static bool
any_special(uint64_t bytes)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t quote = bytes ^ each * '"', backslash = bytes ^ each * '\\';

	return ((bytes | (bytes - each * 0x20) | (quote - each) |
		    (backslash - each)) &
		   each * 0x80) != 0;
}

size_t
jsonstring_plain(const char *p, const char *end)
{
	const char *start = p;
	uint64_t bytes;

	while (end - p >= (ptrdiff_t)sizeof(bytes)) {
		memcpy(&bytes, p, sizeof(bytes));
		if (any_special(bytes))
			break;
		p += sizeof(bytes);
	}
	while (is_plain(*p))
		p++;
	return (size_t)(p - start);
}

/* The table of well-formed sequences in RFC 3629, section 4. Further bytes are
 * 80 to bf. */
size_t
jsonstring_wide(const unsigned char *p, size_t *begun)
{
	static const struct {
		unsigned char first, last, second_min, second_max, length;
	} rows[] = { { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 } };
	size_t row, i;

	*begun = 1;
	for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		if (p[0] >= rows[row].first && p[0] <= rows[row].last)
			break;
	if (row == sizeof(rows) / sizeof(rows[0]) ||
	    p[1] < rows[row].second_min || p[1] > rows[row].second_max)
		return 0;
	for (i = 2; i < rows[row].length; i++)
		if ((p[i] & 0xc0) != 0x80) {
			*begun = i;
			return 0;
		}
	return rows[row].length;
}

int32_t
jsonstring_unit(const char *p)
{
	int32_t unit = 0;
	int i;

	if (p[0] != '\\' || p[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			unit = unit * 16 + p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			unit = unit * 16 + (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

/* Write a character; returns how many bytes. */
static size_t
write_character(char *to, int32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(heads[n] | c);
	return n;
}

/* One such escape, or two of them where UTF-16 takes two. NUL is none of
 * ours. */
static bool
decode_unicode(char **from, char **to)
{
	int32_t c = jsonstring_unit(*from), low;

	if (c <= 0 || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	*from += 6;
	if (c >= 0xd800 && c <= 0xdbff) {
		low = jsonstring_unit(*from);
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		*from += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to += write_character(*to, c);
	return true;
}

static bool
decode_escape(char **from, char **to)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char letter = (*from)[1];
	const char *found;

	if (letter == 'u')
		return decode_unicode(from, to);
	if (letter == '\0' || (found = strchr(letters, letter)) == NULL)
		return false;
	*(*to)++ = meant[found - letters];
	*from += 2;
	return true;
}

bool
jsonstring_decode(char **p, const char *end, const char **text, uint32_t *n)
{
	char *from = *p + 1, *to = from, *run;
	size_t length, begun;

	*text = to;
	for (;;) {
		run = from;
		from += jsonstring_plain(from, end);
		while ((signed char)*from < 0) {
			length = jsonstring_wide((const unsigned char *)from,
			    &begun);
			if (length == 0)
				return false;
			from += length;
		}
		if (to != run)
			memmove(to, run, (size_t)(from - run));
		to += from - run;
		if (*from == '"')
			break;
		if (*from == '\\' ? !decode_escape(&from, &to) :
				    !is_plain(*from))
			return false;
	}
	*to = '\0';
	*n = (uint32_t)(to - *text);
	*p = from + 1;
	return true;
}
