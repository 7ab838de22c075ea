/* SPDX-License-Identifier: ISC */
/* JSON's strings, for units of this room only. */
#ifndef JSONSTRING_H
#define JSONSTRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode the string whose first quote is at *p in its place, terminate it,
 * and move *p behind it. *text is borrowed from there, without NUL, valid
 * UTF-8, *n bytes long. False when it is no string; its bytes have become
 * useless then. A NUL stands at end.
 */
bool jsonstring_decode(char **p, const char *end, const char **text,
    uint32_t *n) __attribute__((warn_unused_result));

/* How many bytes from p on stand for themselves within a string: ASCII, but
 * controls, quote and backslash. A NUL stands at end. */
size_t jsonstring_plain(const char *p, const char *end);

/*
 * The length of the character beyond ASCII at p; 0 when there is none, and
 * then so many bytes are the longest beginning of one, at least 1. A NUL
 * stands behind the last byte that may be read.
 */
size_t jsonstring_wide(const unsigned char *p, size_t *begun);

/* The 16 bits that "\u" and four digits at p stand for; -1 when they are not
 * there. */
int32_t jsonstring_unit(const char *p);

#endif
