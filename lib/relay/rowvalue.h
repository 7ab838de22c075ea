/* SPDX-License-Identifier: ISC */
/* Values of parameters: a part of rowurl and rowbody. */
#ifndef ROWVALUE_H
#define ROWVALUE_H

#include "base/buf.h"
#include "relay/rows.h"

/* The words of a row's scope for what has followers, where URIs decide. */
#define ROWVALUE_ARTIST 2u
#define ROWVALUE_PLAYLIST 4u
#define ROWVALUE_FOLLOWED (ROWVALUE_ARTIST | ROWVALUE_PLAYLIST)

/* Whether a text is exactly one id. */
bool rowvalue_is_id(struct str s);

/*
 * Print a value that came, decoded, if it is of the parameter's kind, which is
 * one that has a text; otherwise false, and what was printed is worth nothing.
 * URIs add the words of scope that they need, as bits.
 */
bool rowvalue_print(const struct row_param *param, struct str value,
    struct buf *out, unsigned *scopes) __attribute__((warn_unused_result));

#endif
