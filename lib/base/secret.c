/* SPDX-License-Identifier: ISC */
/*
 * Hides how secrets are kept: in their own allocation, compared in constant
 * time and overwritten when they go.
 */
#include "config.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum result
secret_set(struct secret *secret, const void *p, size_t n)
{
	char *copy;

	if ((copy = malloc(n + 1)) == NULL)
		return RESULT_NO_MEMORY;
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	secret_free(secret);
	secret->p = copy;
	secret->n = n;
	return OK;
}

struct str
secret_str(const struct secret *secret)
{
	return (struct str){ secret->p, secret->n };
}

void
secret_move(struct secret *to, struct secret *from)
{
	secret_free(to);
	*to = *from;
	*from = (struct secret){ NULL, 0 };
}

bool
secret_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void
secret_random(void *p, size_t n)
{
	randombytes_buf(p, n);
}

void
secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

void
secret_free(struct secret *secret)
{
	if (secret->p != NULL)
		sodium_memzero(secret->p, secret->n);
	free(secret->p);
	*secret = (struct secret){ NULL, 0 };
}

void
secret_free_wiped(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}
