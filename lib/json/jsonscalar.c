/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of numbers, and what they must fit into. That of RFC 8259:
 *
 *	number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ]
 *	         [ "e" [ "+" / "-" ] 1*digit ]
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json/jsonscalar.h"

/* Skip digits; false when there is none. */
static bool
skip_digits(const char **p)
{
	const char *before = *p;

	while (**p >= '0' && **p <= '9')
		++*p;
	return *p > before;
}

static bool
fits(const char *number, bool real)
{
	if (real)
		return !isinf(strtod(number, NULL));
	errno = 0;
	(void)strtoll(number, NULL, 10);
	return errno == 0;
}

uint32_t
jsonscalar_number(const char *p, bool *real)
{
	const char *first = p;

	*real = false;
	p += *p == '-';
	if (*p == '0')
		p++;
	else if (!skip_digits(&p))
		return 0;
	if (*p == '.') {
		*real = true;
		p++;
		if (!skip_digits(&p))
			return 0;
	}
	if (*p == 'e' || *p == 'E') {
		*real = true;
		p++;
		p += *p == '+' || *p == '-';
		if (!skip_digits(&p))
			return 0;
	}
	return fits(first, *real) ? (uint32_t)(p - first) : 0;
}

uint32_t
jsonscalar_word(const char *p)
{
	static const struct {
		const char *word;
		uint32_t n;
	} words[] = { { "null", 4 }, { "false", 5 }, { "true", 4 } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(p, words[i].word, words[i].n) == 0)
			return words[i].n;
	return 0;
}
