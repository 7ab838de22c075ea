/* SPDX-License-Identifier: ISC */
/* Reading the Cookie header. */
#ifndef COOKIE_H
#define COOKIE_H

#include <stdbool.h>

#include "base/result.h"
#include "base/str.h"

/*
 * Take the next cookie off a Cookie header (RFC 6265bis, section 4.2.1).
 * Slices of the header. False at the end; pieces without "=" are skipped.
 */
bool cookie_next(struct str *rest, struct str *name, struct str *value);

/*
 * The value of one cookie; names are compared exactly.
 * OK, RESULT_ABSENT, or RESULT_BAD_REQUEST when it is there twice.
 */
enum result cookie_find(struct str header, const char *wanted,
    struct str *value) __attribute__((warn_unused_result));

#endif
