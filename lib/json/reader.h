/* SPDX-License-Identifier: ISC */
/*
 * Reading JSON in one pass, into one piece of memory: for what is large or
 * read often, pages of artists, sessions' records and copies' facts. To read a
 * page takes a twelfth of the instructions that Jansson takes for it, a record
 * a tenth; tests/bench/README.md has the figures.
 */
#ifndef READER_H
#define READER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define READER_DEPTH_MAX 32
#define READER_NODES_MAX 20000 /* containers and commas */
/* For reader_parse() an object may have so many members: each name is compared
 * with those before it. */
#define READER_MEMBERS_MAX 256

enum reader_kind {
	READER_NULL,
	READER_FALSE,
	READER_TRUE,
	READER_INTEGER,
	READER_REAL,
	READER_STRING,
	READER_ARRAY,
	READER_OBJECT
};

/* Behind a container stand its elements, each with its own behind it. */
struct reader_value {
	const char *name; /* terminated, in an object; otherwise NULL */
	const char *p;	  /* the text; that of a string is terminated */
	uint32_t name_n;  /* bytes */
	uint32_t n;	  /* bytes; of a container, its elements */
	uint32_t span;	  /* so many values further is its next sibling */
	enum reader_kind kind;
};

/* A text that was read; { 0 } is none. */
struct reader {
	struct buf text;	     /* with all strings decoded */
	struct reader_value *values; /* the first is the whole, an object */
	uint32_t n, size;
};

/*
 * Read one whole JSON object: nothing after it, no duplicate members, valid
 * UTF-8, no NUL, no number that int64_t or double cannot hold, and within the
 * limits above. The text goes over to the reader, and *text is left empty,
 * whatever comes of it; the caller calls reader_free() after OK, and may after
 * an error.
 * OK, RESULT_BAD_TEXT or RESULT_NO_MEMORY.
 */
enum result reader_parse(struct buf *text, struct reader *reader)
    __attribute__((warn_unused_result));

/*
 * The same for a text that somebody else wrote. An odd value does not spoil
 * the rest of it: what is no character has become U+FFFD, and null what is no
 * value that we can hold. Of members of the same name the last counts, as for
 * most readers; there may be as many as the limit of containers and commas
 * allows.
 * OK, RESULT_BAD_TEXT or RESULT_NO_MEMORY.
 */
enum result reader_parse_foreign(struct buf *text, struct reader *reader)
    __attribute__((warn_unused_result));

void reader_free(struct reader *reader);

/*
 * What follows is borrowed from the reader. A value may be NULL everywhere: it
 * is of no kind.
 */

bool reader_is(const struct reader_value *value, enum reader_kind kind);

/* The member of that name; NULL when there is none, or no object. */
const struct reader_value *reader_member(const struct reader_value *object,
    const char *name);

/* The element, or member, behind that one, or the first for NULL; NULL at the
 * end, or when there is no container. */
const struct reader_value *reader_next(const struct reader_value *parent,
    const struct reader_value *element);

/* A string's text, terminated; an empty slice with p NULL for another kind. */
struct str reader_text(const struct reader_value *value);

/* An integer from min to max, otherwise fallback. A real such as 3600.0 is no
 * integer. */
int64_t reader_integer(const struct reader_value *value, int64_t min,
    int64_t max, int64_t fallback);

#endif
