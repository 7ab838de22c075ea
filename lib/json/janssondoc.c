/* SPDX-License-Identifier: ISC */
/*
 * Hides Jansson's traps: the depth limit is 2,048, a small hostile document
 * takes 79 times its size in memory, and a wrong type reads as zero. When
 * memory runs out within a string or number, its parser goes on without the
 * byte that did not fit, and so past the end of a string or into an assertion.
 * So the first allocation that fails within a parse gets memory that was put
 * aside before, and the text ends there.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "json/janssondoc.h"
#include "json/mend.h"
#include "base/secret.h"

/*
 * What the parser keeps of a string or number grows to twice its size, so
 * what is put aside is enough for it, and then for the few bytes of the
 * character that is being read.
 */
#define ASIDE_BYTES(text_bytes) (2 * (text_bytes) + 32)

/* The parse under way in this thread; none has anything put aside. */
static _Thread_local struct {
	void *aside;
	size_t aside_n;
	bool no_memory; /* for an allocation of this parse */
} parse;

static void *
take(size_t n)
{
	void *p = malloc(n);

	if (p == NULL) {
		parse.no_memory = true;
		if (n <= parse.aside_n) {
			p = parse.aside;
			parse.aside = NULL;
			parse.aside_n = 0;
		}
	}
	return p;
}

/* Hand out the text byte by byte, so that it can end at any of them, and that
 * no more than one is left in Jansson's buffer. */
static size_t
feed(void *to, size_t room, void *data)
{
	struct str *rest = data;

	if (parse.no_memory || rest->n == 0 || room == 0)
		return 0;
	*(char *)to = *rest->p++;
	rest->n--;
	return 1;
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
		if (depth > READER_DEPTH_MAX || nodes > READER_NODES_MAX)
			return false;
	}
	return true;
}

static enum result
parse_text(struct str text, size_t flags, json_t **object)
{
	enum result result = OK;

	*object = NULL;
	if (text.n == 0 || !is_modest(text))
		return RESULT_BAD_TEXT;
	parse.aside_n = ASIDE_BYTES(text.n);
	if ((parse.aside = malloc(parse.aside_n)) == NULL)
		return RESULT_NO_MEMORY;
	parse.no_memory = false;
	*object = json_load_callback(feed, &text, flags, NULL);
	free(parse.aside);
	parse.aside = NULL;
	parse.aside_n = 0;
	if (parse.no_memory)
		result = RESULT_NO_MEMORY;
	else if (!json_is_object(*object))
		result = RESULT_BAD_TEXT;
	if (result != OK) {
		json_decref(*object);
		*object = NULL;
	}
	return result;
}

enum result
janssondoc_parse(struct str text, json_t **object)
{
	return parse_text(text, JSON_REJECT_DUPLICATES, object);
}

enum result
janssondoc_parse_foreign(const struct buf *text, json_t **object)
{
	struct buf mended = BUF(MEND_MAX(text->n));
	enum result result = parse_text(buf_str(text), 0, object);

	if (result == RESULT_BAD_TEXT && text->n > 0 &&
	    (result = mend_text(text, READER_DEPTH_MAX, &mended)) == OK)
		result = parse_text(buf_str(&mended), 0, object);
	buf_free(&mended);
	return result;
}

/*
 * Debian's libjansson looks a function of libc up when it first calls it, and
 * the dynamic linker saves the registers on the stack before: with 16 bytes of
 * a token, if one was copied last. So each is called once when there is none.
 */
static void
call_what_parsing_calls(void)
{
	json_t *object;

	if (janssondoc_parse(STR("{\"a\":\"an \\u00e9 of more than 16 bytes\","
				 "\"b\":[-1,2.5e3,true,false,null],\"c\":{}}"),
		&object) == OK)
		(void)janssondoc_text(object, "a");
	json_decref(object);
}

void
janssondoc_init(void)
{
	json_set_alloc_funcs(take, secret_free_wiped);
	call_what_parsing_calls();
}

struct str
janssondoc_text(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return (
	    struct str){ json_string_value(value), json_string_length(value) };
}

int64_t
janssondoc_integer(const json_t *object, const char *member, int64_t min,
    int64_t max, int64_t fallback)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return fallback;
	return json_integer_value(value);
}
