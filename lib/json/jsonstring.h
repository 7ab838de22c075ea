/* SPDX-License-Identifier: ISC */
/* JSON's strings, for reader.c only. */
#ifndef JSONSTRING_H
#define JSONSTRING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Decode the string whose first quote is at *p in its place, terminate it,
 * and move *p behind it. *text is borrowed from there, without NUL, valid
 * UTF-8, *n bytes long. False when it is no string; its bytes have become
 * useless then. A NUL stands behind the last byte that may be read.
 */
bool jsonstring_decode(char **p, const char **text, uint32_t *n)
    __attribute__((warn_unused_result));

#endif
