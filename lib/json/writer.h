/* SPDX-License-Identifier: ISC */
/* Writing JSON. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Each call appends what comes next to a buffer, and the comma before it where
 * one is due. The last byte of the buffer tells whether it is: a text may be
 * begun by one function and gone on with by another, as long as it stays in
 * one buffer. What does not fit, and memory that is out, is told by
 * buf_result().
 *
 * The name is that of a member, written by us: it has nothing to be escaped.
 * It is NULL for an element of an array, for the whole, and for the value of
 * a member whose name writer_name() has written.
 */

void writer_object(struct buf *out, const char *name);
void writer_object_end(struct buf *out);
void writer_array(struct buf *out, const char *name);
void writer_array_end(struct buf *out);

/* A member's name, with the colon; another function writes its value. */
void writer_name(struct buf *out, const char *name);

/* A string; text is valid UTF-8. "<", ">" and "&" are escaped, so that JSON
 * inside HTML cannot end a script. */
void writer_text(struct buf *out, const char *name, struct str text);

void writer_integer(struct buf *out, const char *name, int64_t n);
void writer_bool(struct buf *out, const char *name, bool yes);
void writer_null(struct buf *out, const char *name);

#endif
