/* SPDX-License-Identifier: ISC */
/* The words of a command to an engine: a part of valkey. */
#ifndef WORDS_H
#define WORDS_H

#include "base/str.h"
#include "store/store.h"

#define WORDS_MAX 16
#define WORDS_OWN 8	    /* keys and numbers */
#define WORDS_OWN_BYTES 128 /* of one, with a NUL */
#define WORDS_PREFIX_MAX 32

/* They are put together on a stack, and point into themselves: not to be
 * copied. Zero-initialised there are none. */
struct words {
	struct str at[WORDS_MAX];
	size_t n, own_n;
	char own[WORDS_OWN][WORDS_OWN_BYTES];
};

/* Add a word, which is borrowed. */
void words_add(struct words *words, struct str word);

/* Add the key of one of the things that an id has. All keys of an id have its
 * hexadecimal form in braces, so that a cluster keeps them in one slot. */
void words_key(struct words *words, const char *prefix,
    const unsigned char id[static STORE_ID_BYTES], const char *thing);

/* Add a key that has a name. */
void words_name(struct words *words, const char *prefix, const char *group,
    const char *name);

/* Add a number. */
void words_number(struct words *words, int64_t number);

#endif
