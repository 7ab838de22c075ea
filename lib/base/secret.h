/* SPDX-License-Identifier: ISC */
/* Bytes that nobody may see. */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/result.h"
#include "base/str.h"

/*
 * A token, key, code or cookie value. It has no printing function, and being
 * a struct it cannot be handed to a format by mistake. Zero-initialised it is
 * empty. The content is terminated, for libraries that want a string.
 */
struct secret {
	char *p;
	size_t n;
};

/*
 * Replace the content by a copy of the n bytes at p; the old content is
 * wiped. RESULT_NO_MEMORY leaves it as it was.
 */
enum result secret_set(struct secret *secret, const void *p, size_t n)
    __attribute__((warn_unused_result));

/* The content as a slice, for encoders and libraries; borrowed. */
struct str secret_str(const struct secret *secret);

/* Move: *to is wiped and takes what *from had, which becomes empty. */
void secret_move(struct secret *to, struct secret *from);

/* Compare in time that depends on the lengths only. */
bool secret_equal(struct str a, struct str b);

/* n bytes from the system's generator. Aborts when it has none (libsodium). */
void secret_random(void *p, size_t n);

/* Overwrite n bytes in a way the compiler keeps. */
void secret_wipe(void *p, size_t n);

/* Wipe and release; empty afterwards. */
void secret_free(struct secret *secret);

/* malloc-compatible free that wipes first, for libraries that take one. */
void secret_free_wiped(void *p);

#endif
