/* SPDX-License-Identifier: ISC */
/* Hides how keys are named. A name tells who is logged in to nobody: an id is
 * a hash, and leads to no cookie. */
#include "config.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#include "store/words.h"

void
words_add(struct words *words, struct str word)
{
	assert(words->n < WORDS_MAX);
	words->at[words->n++] = word;
}

/* Room for a word of its own. */
static char *
own(struct words *words)
{
	assert(words->own_n < WORDS_OWN);
	return words->own[words->own_n++];
}

/* Add what snprintf() has written to own room. */
static void
add_own(struct words *words, const char *text, int n)
{
	assert(n > 0 && n < WORDS_OWN_BYTES);
	words_add(words, (struct str){ text, (size_t)n });
}

void
words_key(struct words *words, const char *prefix,
    const unsigned char id[static STORE_ID_BYTES], const char *thing)
{
	char hex[2 * STORE_ID_BYTES + 1], *text = own(words);

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	add_own(words, text,
	    snprintf(text, WORDS_OWN_BYTES, "%s{%s}:%s", prefix, hex, thing));
}

void
words_name(struct words *words, const char *prefix, const char *group,
    const char *name)
{
	char *text = own(words);

	add_own(words, text,
	    snprintf(text, WORDS_OWN_BYTES, "%s%s:%s", prefix, group, name));
}

void
words_number(struct words *words, int64_t number)
{
	char *text = own(words);

	add_own(words, text,
	    snprintf(text, WORDS_OWN_BYTES, "%lld", (long long)number));
}
