/* SPDX-License-Identifier: ISC */
/*
 * Hides Jansson's traps: the last duplicate wins, the depth limit is 2,048, a
 * small hostile document takes 79 times its size in memory, and a wrong type
 * reads as zero. When memory runs out within a string or number, its parser
 * goes on without the byte that did not fit, or aborts the process; so it
 * never sees that happen: the allocator leaves the parser and takes back what
 * it had.
 */
#include "config.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json/doc.h"
#include "base/secret.h"

/* What stands before each piece of memory that Jansson has. */
struct block {
	_Alignas(max_align_t) struct block *older;
	struct block **at; /* what points to this block */
};

/* This thread's blocks, and where to go when there are no more. */
static _Thread_local struct block *newest;
static _Thread_local bool parsing;
static _Thread_local jmp_buf no_memory;

static void *
take(size_t n)
{
	struct block *block = NULL;

	if (n <= SIZE_MAX - sizeof(*block))
		block = malloc(sizeof(*block) + n);
	if (block == NULL) {
		if (parsing)
			longjmp(no_memory, 1);
		return NULL;
	}
	*block = (struct block){ newest, &newest };
	if (newest != NULL)
		newest->at = &block->older;
	newest = block;
	return block + 1;
}

static void
give_back(void *p)
{
	struct block *block = p;

	if (block-- == NULL)
		return;
	*block->at = block->older;
	if (block->older != NULL)
		block->older->at = block->at;
	secret_free_wiped(block);
}

void
doc_init(void)
{
	json_set_alloc_funcs(take, give_back);
}

/*
 * Whether nesting and number of values stay within their limits. Strings are
 * skipped; everything else about the grammar is left to the parser, except
 * NUL: it overlooks one behind a number or a word.
 */
static bool
is_modest(struct str text)
{
	bool in_string = false;
	unsigned depth = 0, nodes = 0;
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (in_string) {
			if (text.p[i] == '\\')
				i++;
			else if (text.p[i] == '"')
				in_string = false;
			continue;
		}
		switch (text.p[i]) {
		case '"': in_string = true; break;
		case '[':
		case '{':
			depth++;
			nodes++;
			break;
		case ']':
		case '}': depth -= depth > 0; break;
		case ',': nodes++; break;
		case '\0': return false;
		default: break;
		}
		if (depth > DOC_DEPTH_MAX || nodes > DOC_NODES_MAX)
			return false;
	}
	return true;
}

enum result
doc_parse(struct str text, json_t **object)
{
	struct block *before = newest;

	*object = NULL;
	if (text.n == 0 || !is_modest(text))
		return RESULT_UPSTREAM_FAILED;
	if (setjmp(no_memory) != 0) {
		parsing = false;
		while (newest != before)
			give_back(newest + 1);
		return RESULT_NO_MEMORY;
	}
	parsing = true;
	*object = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	parsing = false;
	if (json_is_object(*object))
		return OK;
	json_decref(*object);
	*object = NULL;
	return RESULT_UPSTREAM_FAILED;
}

struct str
doc_text(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return (
	    struct str){ json_string_value(value), json_string_length(value) };
}

int64_t
doc_integer(const json_t *object, const char *member, int64_t min, int64_t max,
    int64_t fallback)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return fallback;
	return json_integer_value(value);
}

void
doc_write_text(struct buf *buf, struct str text)
{
	size_t from = 0, i;
	unsigned char c;

	buf_putc(buf, '"');
	for (i = 0; i < text.n; i++) {
		c = (unsigned char)text.p[i];
		if (c >= 0x20 && c != '"' && c != '\\' && c != '<' &&
		    c != '>' && c != '&')
			continue;
		buf_add(buf, text.p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_printf(buf, "\\%c", c);
		else
			buf_printf(buf, "\\u%04x", c);
	}
	if (text.n > from)
		buf_add(buf, text.p + from, text.n - from);
	buf_putc(buf, '"');
}
