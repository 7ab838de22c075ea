/* SPDX-License-Identifier: ISC */
/* Reading JSON, with Jansson. */
#ifndef DOC_H
#define DOC_H

#include <jansson.h>
#include <stdint.h>

#include "base/result.h"
#include "base/str.h"
#include "json/reader.h"

/*
 * Once per process, before the first document: memory that Jansson gives
 * back is wiped, because token answers pass through it, and doc_parse() can
 * tell when there is none left. A document stays in the thread that parsed it.
 */
void doc_init(void);

/*
 * Parse one whole JSON object: nothing after it, no duplicate members, valid
 * UTF-8, no NUL, at most TAPE_DEPTH_MAX deep, and at most TAPE_NODES_MAX
 * values, counted before the parser, which takes up to 79 times the size of
 * a document in memory, sees it. The caller releases *object with
 * json_decref().
 * OK, RESULT_BAD_TEXT or RESULT_NO_MEMORY.
 */
enum result doc_parse(struct str text, json_t **object)
    __attribute__((warn_unused_result));

/* The member as text; an empty slice with p NULL when it is absent or no
 * string. Borrowed from the object. */
struct str doc_text(const json_t *object, const char *member);

/*
 * The member as an integer from min to max, otherwise fallback. A real such
 * as 3600.0 is no integer.
 */
int64_t doc_integer(const json_t *object, const char *member, int64_t min,
    int64_t max, int64_t fallback);

#endif
