/* SPDX-License-Identifier: ISC */
/*
 * Hides pointer arithmetic. Everything that comes from outside is read
 * through these slices, so no parser can run past the end of its input.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

struct str
str_of(const char *s)
{
	return (struct str){ s, s == NULL ? 0 : strlen(s) };
}

bool
str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_equal_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n &&
	    str_equal((struct str){ s.p, prefix.n }, prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    (suffix.n == 0 ||
		memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct str
str_cut(struct str *rest, char separator)
{
	struct str head = *rest;
	const char *at;

	at = rest->n == 0 ? NULL : memchr(rest->p, separator, rest->n);
	if (at == NULL) {
		*rest = (struct str){ NULL, 0 };
		return head;
	}
	head.n = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->n -= head.n + 1;
	return head;
}

bool
str_has_word(struct str list, struct str word)
{
	while (list.p != NULL)
		if (str_equal(str_cut(&list, ' '), word))
			return true;
	return false;
}

bool
str_letter_is_near(char a, char b)
{
	if (a >= 'A' && a <= 'Z')
		a = (char)(a - 'A' + 'a');
	if (b >= 'A' && b <= 'Z')
		b = (char)(b - 'A' + 'a');
	return (a == '_' ? '-' : a) == (b == '_' ? '-' : b);
}

bool
str_is_near(struct str s, struct str word)
{
	while (s.n > 0 && word.n > 0 && str_letter_is_near(s.p[0], word.p[0])) {
		s = (struct str){ s.p + 1, s.n - 1 };
		word = (struct str){ word.p + 1, word.n - 1 };
	}
	while (s.n > 0 && word.n > 0 &&
	    str_letter_is_near(s.p[s.n - 1], word.p[word.n - 1])) {
		s.n--;
		word.n--;
	}
	if (s.n == 2 && word.n == 2)
		return str_letter_is_near(s.p[0], word.p[1]) &&
		    str_letter_is_near(s.p[1], word.p[0]);
	return s.n <= 1 && word.n <= 1;
}

bool
str_number(struct str s, uint64_t max, uint64_t *number)
{
	uint64_t value = 0, digit;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

bool
str_graphic(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return true;
}
