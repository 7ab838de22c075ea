/* SPDX-License-Identifier: ISC */
/* Reading JSON with Jansson: answers of the token endpoint and of /v1/me, never
 * lists, and nothing of our own. For those there is reader.h. */
#ifndef JANSSONDOC_H
#define JANSSONDOC_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/result.h"
#include "base/str.h"
#include "json/reader.h"

/*
 * Once per process, before the first document: memory that Jansson gives back
 * is wiped, because token answers pass through it, janssondoc_parse() can tell
 * when there is none left, and the dynamic linker has done with Jansson.
 */
void janssondoc_init(void);

/*
 * Parse one whole JSON object, as reader_parse() does; its limits are looked at
 * before the parser, which takes up to 79 times the size of a document in
 * memory, sees it. The caller releases *object with json_decref().
 * OK, RESULT_BAD_TEXT or RESULT_NO_MEMORY.
 */
enum result janssondoc_parse(struct str text, json_t **object)
    __attribute__((warn_unused_result));

/*
 * The same for a text that somebody else wrote, with what
 * reader_parse_foreign() makes of odd values and of members of one name.
 */
enum result janssondoc_parse_foreign(const struct buf *text, json_t **object)
    __attribute__((warn_unused_result));

/* The member as text; an empty slice with p NULL when it is absent or no
 * string. Borrowed from the object. */
struct str janssondoc_text(const json_t *object, const char *member);

/*
 * The member as an integer from min to max, otherwise fallback. A real such
 * as 3600.0 is no integer.
 */
int64_t janssondoc_integer(const json_t *object, const char *member,
    int64_t min, int64_t max, int64_t fallback);

#endif
