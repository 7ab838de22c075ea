/* SPDX-License-Identifier: ISC */
/* Slices, for reading. Nothing here allocates. */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes; p may be NULL when n is 0. Not terminated. */
struct str {
	const char *p;
	size_t n;
};

/* A slice of a literal. */
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* The slice of a terminated string; NULL gives an empty slice. */
struct str str_of(const char *s);

/* Whether both are the same bytes. Not for secrets: secret_equal(). */
bool str_equal(struct str a, struct str b);

/* The same for ASCII letters of either case. */
bool str_equal_nocase(struct str a, struct str b);

/* Whether s begins (ends) with the other slice. */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Without spaces and tabs at both ends. */
struct str str_trim(struct str s);

/*
 * Cut at the first separator: returns what lies before it and moves *rest
 * behind it; without one returns everything and empties *rest with p NULL.
 */
struct str str_cut(struct str *rest, char separator);

/* Whether a list whose words are separated by a blank has that one. */
bool str_has_word(struct str list, struct str word);

/* Whether two letters are the same but for their case, or "-" for "_". */
bool str_letter_is_near(char a, char b);

/* Whether somebody who wrote s may have meant the other word: letters of
 * either case and "-" for "_" are the same, and one may be missing, too many,
 * another, or in its neighbour's place. */
bool str_is_near(struct str s, struct str word);

/*
 * Read the whole slice as a decimal number without sign, at most max.
 * False, *number untouched: empty, another character, or too large.
 */
bool str_number(struct str s, uint64_t max, uint64_t *number);

/* Whether every byte is printable ASCII without blank (0x21 to 0x7e). */
bool str_graphic(struct str s);

#endif
