/* SPDX-License-Identifier: ISC */
/* Making JSON of what is almost JSON, for reader.c and janssondoc.c only. */
#ifndef MEND_H
#define MEND_H

#include "base/buf.h"

/*
 * Append a text that came from elsewhere, as a strict reader takes it: what is
 * no character becomes U+FFFD, and what is no value that we can hold becomes
 * null, a container within depth_max others included. Whether the rest is JSON
 * is for the reader to say.
 * OK, or RESULT_NO_MEMORY.
 */
enum result mend_text(const struct buf *text, unsigned depth_max,
    struct buf *mended) __attribute__((warn_unused_result));

/* The limit of a buffer for what n bytes become. */
#define MEND_MAX(n) (6 * (n) + 1)

#endif
