/* SPDX-License-Identifier: ISC */
/* The parameters of a query string. */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>

#include "base/buf.h"

/* One parameter that a program knows. Fill in name and value's maximum, and
 * optional if the request means something without it. */
struct query_field {
	const char *name;
	struct buf value; /* decoded; empty when absent */
	bool optional;	  /* any byte may be in it, and a bad one is absent */
	bool seen;
};

/*
 * Read a query string (the form encoding, "&" only) into the fields it
 * names; other parameters are ignored. Names and values are decoded once. A
 * parameter without value counts as absent (RFC 6749, section 3.1). The
 * caller frees each value whatever comes.
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST: a broken escape, a known
 * parameter given twice, a value longer than its maximum or with a byte that
 * is not printable ASCII. An optional one is empty then, without an error, or
 * has the bytes that are not printable.
 */
enum result query_read(struct str query, struct query_field *fields, size_t n)
    __attribute__((warn_unused_result));

/* Release the values. */
void query_free(struct query_field *fields, size_t n);

#endif
