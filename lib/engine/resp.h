/* SPDX-License-Identifier: ISC */
/* Commands and replies of Valkey and Redis as bytes: the protocol RESP2. */
#ifndef RESP_H
#define RESP_H

#include <stdint.h>

#include "base/buf.h"

#define RESP_ITEMS_MAX 512 /* of all arrays in a reply together */
#define RESP_DEPTH_MAX 5   /* arrays within arrays */

enum resp_type { RESP_NIL, RESP_INTEGER, RESP_STRING, RESP_ARRAY, RESP_ERROR };

/*
 * A reply, or an item of one. A status, as OK, is a string. Zero-initialised
 * it is nil. It owns what it shows, and ends with resp_free(); an item borrows
 * from the reply that has it.
 */
struct resp {
	enum resp_type type;
	int64_t integer; /* of an integer; else 0 */
	struct str text; /* of a string or an error; terminated; else empty */
	size_t n;	 /* items of an array; else 0 */
	void *own;	 /* hiredis's */
};

/*
 * Append a command, which consists of n words of any bytes.
 * OK; RESULT_NO_MEMORY and RESULT_TOO_LARGE, which also stick to the buffer.
 */
enum result resp_command(struct buf *to, const struct str *words, size_t n)
    __attribute__((warn_unused_result));

/*
 * How many bytes the first reply in a text has; 0 if its end has not come yet.
 * RESULT_BAD_TEXT: no reply begins like that, or it has more items or
 * more depth than we take, or would have more than max bytes. A reply is
 * refused as soon as that can be seen, and before anything is allocated.
 */
enum result resp_length(struct str text, size_t max, size_t *n)
    __attribute__((warn_unused_result));

/*
 * Read a whole reply, of the length that resp_length() gave.
 * OK: the caller calls resp_free(). RESULT_BAD_TEXT (hiredis does not
 * take it), RESULT_NO_MEMORY: *reply is nil.
 */
enum result resp_read(struct str text, struct resp *reply)
    __attribute__((warn_unused_result));

/* An item of an array; nil where there is none. */
struct resp resp_item(const struct resp *reply, size_t i);

/* Release; nil afterwards. Not for items. */
void resp_free(struct resp *reply);

#endif
