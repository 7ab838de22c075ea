/* SPDX-License-Identifier: ISC */
/*
 * Hides that JSON can be read without a tree of small allocations: a page of
 * 50 artists costs a quarter of the instructions, from the answer to our list,
 * and of the memory. The grammar is that of RFC 8259, with an object outermost:
 *
 *	value  = object / array / string / number / "true" / "false" / "null"
 *	object = "{" [ string ":" value *( "," string ":" value ) ] "}"
 *	array  = "[" [ value *( "," value ) ] "]"
 *	number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ]
 *	         [ "e" [ "+" / "-" ] 1*digit ]
 *
 * Strings are decoded in their place, by tapestring. The NUL behind the
 * text stops every loop: nothing in the grammar matches it.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json/reader.h"
#include "json/jsonstring.h"

#define BYTES_PER_VALUE 32 /* of text; about so many in what we read */

struct reader {
	char *p; /* where we are */
	struct tape *tape;
	uint32_t open[TAPE_DEPTH_MAX]; /* the containers around us */
	unsigned depth;
	unsigned counted; /* as doc_parse() counts: containers and commas */
	bool begun;	  /* a container, and nothing is in it yet */
	bool no_memory;
};

/* ---- scalars ---- */

/* Skip digits; false when there is none. */
static bool
skip_digits(char **p)
{
	const char *before = *p;

	while (**p >= '0' && **p <= '9')
		++*p;
	return *p > before;
}

/* What is too large for int64_t or double is refused, not rounded. */
static bool
read_number(struct reader *reader, struct tape_value *value)
{
	char *p = reader->p;

	value->kind = TAPE_INTEGER;
	p += *p == '-';
	if (*p == '0')
		p++;
	else if (!skip_digits(&p))
		return false;
	if (*p == '.') {
		value->kind = TAPE_REAL;
		p++;
		if (!skip_digits(&p))
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		value->kind = TAPE_REAL;
		p++;
		p += *p == '+' || *p == '-';
		if (!skip_digits(&p))
			return false;
	}
	value->n = (uint32_t)(p - reader->p);
	reader->p = p;
	if (value->kind == TAPE_REAL)
		return !isinf(strtod(value->p, NULL));
	errno = 0;
	(void)strtoll(value->p, NULL, 10);
	return errno == 0;
}

static bool
read_word(struct reader *reader, struct tape_value *value)
{
	static const struct {
		const char *word;
		uint32_t n;
		enum tape_kind kind;
	} words[] = { { "null", 4, TAPE_NULL }, { "false", 5, TAPE_FALSE },
		{ "true", 4, TAPE_TRUE } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(reader->p, words[i].word, words[i].n) == 0) {
			value->kind = words[i].kind;
			value->n = words[i].n;
			reader->p += words[i].n;
			return true;
		}
	return false;
}

/* ---- containers ---- */

/* The next byte that is no white space. */
static char
look(struct reader *reader)
{
	while (*reader->p == ' ' || *reader->p == '\n' || *reader->p == '\r' ||
	    *reader->p == '\t')
		reader->p++;
	return *reader->p;
}

static struct tape_value *
container(const struct reader *reader)
{
	return &reader->tape->values[reader->open[reader->depth - 1]];
}

/* Begin an object or array; end() sets its span. */
static bool
begin(struct reader *reader, struct tape_value *value, enum tape_kind kind)
{
	value->kind = kind;
	if (reader->depth == TAPE_DEPTH_MAX)
		return false;
	reader->open[reader->depth++] = reader->tape->n - 1;
	reader->begun = true;
	reader->p++;
	return ++reader->counted <= TAPE_NODES_MAX;
}

static void
end(struct reader *reader)
{
	struct tape_value *value = container(reader);

	value->span =
	    (uint32_t)(&reader->tape->values[reader->tape->n] - value);
	reader->depth--;
	reader->begun = false;
	reader->p++;
}

/* Append a value of no kind yet; NULL when memory is out. */
static struct tape_value *
append(struct reader *reader)
{
	struct tape *tape = reader->tape;
	uint32_t size = tape->size == 0 ?
	    (uint32_t)(tape->text.n / BYTES_PER_VALUE) + 16 :
	    tape->size * 2;
	struct tape_value *values;

	if (tape->n == tape->size) {
		values = realloc(tape->values, size * sizeof(*values));
		if (values == NULL) {
			reader->no_memory = true;
			return NULL;
		}
		tape->values = values;
		tape->size = size;
	}
	values = &tape->values[tape->n++];
	*values = (struct tape_value){ .span = 1 };
	return values;
}

/* The name of a member, which none before it has, and the colon. */
static bool
read_name(struct reader *reader, const struct tape_value *object,
    struct tape_value *value)
{
	const struct tape_value *other;

	if (look(reader) != '"' || object->n > TAPE_MEMBERS_MAX ||
	    !tape_string(&reader->p, &value->name, &value->name_n))
		return false;
	for (other = object + 1; other < value; other += other->span)
		if (other->name_n == value->name_n &&
		    memcmp(other->name, value->name, value->name_n) == 0)
			return false;
	if (look(reader) != ':')
		return false;
	reader->p++;
	return true;
}

/* A value, with its name in an object; of a container only its beginning. */
static bool
read_value(struct reader *reader)
{
	struct tape_value *value = append(reader), *around;

	if (value == NULL)
		return false;
	if (reader->depth > 0) {
		around = container(reader);
		around->n++;
		if (around->kind == TAPE_OBJECT &&
		    !read_name(reader, around, value))
			return false;
	}
	reader->begun = false;
	look(reader);
	value->p = reader->p;
	switch (*reader->p) {
	case '{': return begin(reader, value, TAPE_OBJECT);
	case '[': return begin(reader, value, TAPE_ARRAY);
	case '"':
		value->kind = TAPE_STRING;
		return tape_string(&reader->p, &value->p, &value->n);
	case 't':
	case 'f':
	case 'n': return read_word(reader, value);
	default: return read_number(reader, value);
	}
}

/* After a value, or the beginning of a container: what goes on with it. */
static bool
read_on(struct reader *reader)
{
	char c = look(reader);

	if (c == (container(reader)->kind == TAPE_OBJECT ? '}' : ']')) {
		end(reader);
		return true;
	}
	if (!reader->begun) {
		if (c != ',' || ++reader->counted > TAPE_NODES_MAX)
			return false;
		reader->p++;
	}
	return read_value(reader);
}

enum result
tape_read(struct buf *text, struct tape *tape)
{
	struct reader reader = { .p = text->p, .tape = tape };
	bool good = text->n > 0 && text->n <= UINT32_MAX;

	*tape = (struct tape){ .text = *text };
	*text = BUF(text->max);
	good = good && look(&reader) == '{' && read_value(&reader);
	while (good && reader.depth > 0)
		good = read_on(&reader);
	if (good && look(&reader) == '\0' &&
	    reader.p == tape->text.p + tape->text.n)
		return OK;
	tape_free(tape);
	return reader.no_memory ? RESULT_NO_MEMORY : RESULT_BAD_TEXT;
}

void
tape_free(struct tape *tape)
{
	buf_free(&tape->text);
	free(tape->values);
	*tape = (struct tape){ 0 };
}

/* ---- values ---- */

bool
tape_is(const struct tape_value *value, enum tape_kind kind)
{
	return value != NULL && value->kind == kind;
}

const struct tape_value *
tape_next(const struct tape_value *parent, const struct tape_value *element)
{
	const struct tape_value *next;

	if (!tape_is(parent, TAPE_ARRAY) && !tape_is(parent, TAPE_OBJECT))
		return NULL;
	next = element == NULL ? parent + 1 : element + element->span;
	return next < parent + parent->span ? next : NULL;
}

const struct tape_value *
tape_member(const struct tape_value *object, const char *name)
{
	const struct tape_value *member = NULL;
	size_t n = strlen(name);

	if (!tape_is(object, TAPE_OBJECT))
		return NULL;
	while ((member = tape_next(object, member)) != NULL)
		if (member->name_n == n && memcmp(member->name, name, n) == 0)
			break;
	return member;
}

struct str
tape_text(const struct tape_value *value)
{
	return tape_is(value, TAPE_STRING) ?
	    (struct str){ value->p, value->n } :
	    (struct str){ NULL, 0 };
}

int64_t
tape_integer(const struct tape_value *value, int64_t min, int64_t max,
    int64_t fallback)
{
	int64_t n;

	if (!tape_is(value, TAPE_INTEGER))
		return fallback;
	n = strtoll(value->p, NULL, 10);
	return n >= min && n <= max ? n : fallback;
}
