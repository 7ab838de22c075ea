/* SPDX-License-Identifier: ISC */
/* Reading JSON in one pass, into one piece of memory: what is large or read
 * often. */
#ifndef TAPE_H
#define TAPE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define TAPE_DEPTH_MAX 32
#define TAPE_NODES_MAX 20000 /* containers and commas */
/* An object may have so many members: each name is compared with those before
 * it. It is the only difference from what doc_parse() accepts. */
#define TAPE_MEMBERS_MAX 256

enum tape_kind {
	TAPE_NULL,
	TAPE_FALSE,
	TAPE_TRUE,
	TAPE_INTEGER,
	TAPE_REAL,
	TAPE_STRING,
	TAPE_ARRAY,
	TAPE_OBJECT
};

/* Behind a container stand its elements, each with its own behind it. */
struct tape_value {
	const char *name; /* terminated, in an object; otherwise NULL */
	const char *p;	  /* the text; that of a string is terminated */
	uint32_t name_n;  /* bytes */
	uint32_t n;	  /* bytes; of a container, its elements */
	uint32_t span;	  /* so many values further is its next sibling */
	enum tape_kind kind;
};

/* A document; { 0 } is none. */
struct tape {
	struct buf text;	   /* with all strings decoded */
	struct tape_value *values; /* the first is the whole, an object */
	uint32_t n, size;
};

/*
 * Read one whole JSON object, as doc_parse() does and with its limits. The
 * text goes over to the tape, and *text is left empty, whatever comes of it;
 * the caller calls tape_free() after OK, and may after an error.
 * OK, RESULT_BAD_TEXT or RESULT_NO_MEMORY.
 */
enum result tape_read(struct buf *text, struct tape *tape)
    __attribute__((warn_unused_result));

void tape_free(struct tape *tape);

/*
 * What follows is borrowed from the tape. A value may be NULL everywhere: it
 * is of no kind.
 */

bool tape_is(const struct tape_value *value, enum tape_kind kind);

/* The member of that name; NULL when there is none, or no object. */
const struct tape_value *tape_member(const struct tape_value *object,
    const char *name);

/* The element, or member, behind that one, or the first for NULL; NULL at the
 * end, or when there is no container. */
const struct tape_value *tape_next(const struct tape_value *parent,
    const struct tape_value *element);

/* A string's text, terminated; an empty slice with p NULL for another kind. */
struct str tape_text(const struct tape_value *value);

/* An integer from min to max, otherwise fallback. A real such as 3600.0 is no
 * integer. */
int64_t tape_integer(const struct tape_value *value, int64_t min, int64_t max,
    int64_t fallback);

#endif
