/* SPDX-License-Identifier: ISC */
/* JSON's numbers and words, for units of this room only. */
#ifndef JSONSCALAR_H
#define JSONSCALAR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Both give the bytes of what stands at p, 0 when it is not there. A NUL
 * stands behind the last byte that may be read.
 */

/* A number that int64_t can hold or, where it is real, with a fraction or an
 * exponent, double. What is too large is none: it is not rounded. */
uint32_t jsonscalar_number(const char *p, bool *real);

/* "null", "false" or "true". */
uint32_t jsonscalar_word(const char *p);

#endif
