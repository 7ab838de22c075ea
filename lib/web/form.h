/* SPDX-License-Identifier: ISC */
/* Parameters of a query string, cookies, entity tags. */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>

#include "base/buf.h"

/* One parameter that a program knows. Fill in name and value's maximum. */
struct form_field {
	const char *name;
	struct buf value; /* decoded; empty when absent */
	bool seen;
};

/*
 * Read a query string (the form encoding, "&" only) into the fields it
 * names; other parameters are ignored. Names and values are decoded once. A
 * parameter without value counts as absent (RFC 6749, section 3.1). The
 * caller frees each value whatever comes.
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST: a broken escape, a known
 * parameter given twice, a value longer than its maximum or with a byte that
 * is not printable ASCII.
 */
enum result form_query(struct str query, struct form_field *fields, size_t n)
    __attribute__((warn_unused_result));

/* Release the values. */
void form_free(struct form_field *fields, size_t n);

/*
 * Take the next cookie off a Cookie header (RFC 6265bis, section 4.2.1).
 * Slices of the header. False at the end; pieces without "=" are skipped.
 */
bool form_cookie_next(struct str *rest, struct str *name, struct str *value);

/*
 * The value of one cookie; names are compared exactly.
 * OK, RESULT_ABSENT, or RESULT_BAD_REQUEST when it is there twice.
 */
enum result form_cookie(struct str header, const char *wanted,
    struct str *value) __attribute__((warn_unused_result));

/* Whether If-None-Match names the tag, which is without its quotes; by weak
 * comparison (RFC 9110, section 13.1.2). */
bool form_has_tag(struct str header, struct str tag);

#endif
