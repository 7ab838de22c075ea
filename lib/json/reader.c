/* SPDX-License-Identifier: ISC */
/*
 * Hides that JSON can be read without a tree of small allocations. The grammar
 * is that of RFC 8259, with an object outermost:
 *
 *	value  = object / array / string / number / "true" / "false" / "null"
 *	object = "{" [ string ":" value *( "," string ":" value ) ] "}"
 *	array  = "[" [ value *( "," value ) ] "]"
 *
 * Strings are decoded in their place, by jsonstring; numbers and words are
 * jsonscalar's. The NUL behind the
 * text stops every loop: nothing in the grammar matches it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "json/jsonscalar.h"
#include "json/jsonstring.h"
#include "json/mend.h"
#include "json/reader.h"

#define BYTES_PER_VALUE 32 /* of text; about so many in what we read */

struct parser {
	char *p;	 /* where we are */
	const char *end; /* of the text: a NUL */
	struct reader *reader;
	uint32_t open[READER_DEPTH_MAX]; /* the containers around us */
	unsigned depth;
	unsigned counted; /* containers and commas */
	bool begun;	  /* a container, and nothing is in it yet */
	bool strict;	  /* no name twice in an object */
	bool no_memory;
};

/* ---- scalars ---- */

static bool
read_number(struct parser *parser, struct reader_value *value)
{
	bool real;

	value->n = jsonscalar_number(parser->p, &real);
	value->kind = real ? READER_REAL : READER_INTEGER;
	parser->p += value->n;
	return value->n > 0;
}

static bool
read_word(struct parser *parser, struct reader_value *value,
    enum reader_kind kind)
{
	value->n = jsonscalar_word(parser->p);
	value->kind = kind;
	parser->p += value->n;
	return value->n > 0;
}

/* ---- containers ---- */

/* The next byte that is no white space. */
static char
look(struct parser *parser)
{
	while (*parser->p == ' ' || *parser->p == '\n' || *parser->p == '\r' ||
	    *parser->p == '\t')
		parser->p++;
	return *parser->p;
}

static struct reader_value *
container(const struct parser *parser)
{
	return &parser->reader->values[parser->open[parser->depth - 1]];
}

/* Begin an object or array; end() sets its span. */
static bool
begin(struct parser *parser, struct reader_value *value, enum reader_kind kind)
{
	value->kind = kind;
	if (parser->depth == READER_DEPTH_MAX)
		return false;
	parser->open[parser->depth++] = parser->reader->n - 1;
	parser->begun = true;
	parser->p++;
	return ++parser->counted <= READER_NODES_MAX;
}

static void
end(struct parser *parser)
{
	struct reader_value *value = container(parser);

	value->span =
	    (uint32_t)(&parser->reader->values[parser->reader->n] - value);
	parser->depth--;
	parser->begun = false;
	parser->p++;
}

/* Append a value of no kind yet; NULL when memory is out. */
static struct reader_value *
append(struct parser *parser)
{
	struct reader *reader = parser->reader;
	uint32_t size = reader->size == 0 ?
	    (uint32_t)(reader->text.n / BYTES_PER_VALUE) + 16 :
	    reader->size * 2;
	struct reader_value *values;

	if (reader->n == reader->size) {
		values = realloc(reader->values, size * sizeof(*values));
		if (values == NULL) {
			parser->no_memory = true;
			return NULL;
		}
		reader->values = values;
		reader->size = size;
	}
	values = &reader->values[reader->n++];
	*values = (struct reader_value){ .span = 1 };
	return values;
}

/* Whether an object has no member yet with the name of its newest. */
static bool
is_new(const struct reader_value *object, const struct reader_value *value)
{
	const struct reader_value *other;

	if (object->n > READER_MEMBERS_MAX)
		return false;
	for (other = object + 1; other < value; other += other->span)
		if (other->name_n == value->name_n &&
		    memcmp(other->name, value->name, value->name_n) == 0)
			return false;
	return true;
}

/* The name of a member, and the colon. */
static bool
read_name(struct parser *parser, const struct reader_value *object,
    struct reader_value *value)
{
	if (look(parser) != '"' ||
	    !jsonstring_decode(&parser->p, parser->end, &value->name,
		&value->name_n) ||
	    (parser->strict && !is_new(object, value)) || look(parser) != ':')
		return false;
	parser->p++;
	return true;
}

/* A value, with its name in an object; of a container only its beginning. */
static bool
read_value(struct parser *parser)
{
	struct reader_value *value = append(parser), *around;

	if (value == NULL)
		return false;
	if (parser->depth > 0) {
		around = container(parser);
		around->n++;
		if (around->kind == READER_OBJECT &&
		    !read_name(parser, around, value))
			return false;
	}
	parser->begun = false;
	look(parser);
	value->p = parser->p;
	switch (*parser->p) {
	case '{': return begin(parser, value, READER_OBJECT);
	case '[': return begin(parser, value, READER_ARRAY);
	case '"':
		value->kind = READER_STRING;
		return jsonstring_decode(&parser->p, parser->end, &value->p,
		    &value->n);
	case 't': return read_word(parser, value, READER_TRUE);
	case 'f': return read_word(parser, value, READER_FALSE);
	case 'n': return read_word(parser, value, READER_NULL);
	default: return read_number(parser, value);
	}
}

/* After a value, or the beginning of a container: what goes on with it. */
static bool
read_on(struct parser *parser)
{
	char c = look(parser);

	if (c == (container(parser)->kind == READER_OBJECT ? '}' : ']')) {
		end(parser);
		return true;
	}
	if (!parser->begun) {
		if (c != ',' || ++parser->counted > READER_NODES_MAX)
			return false;
		parser->p++;
	}
	return read_value(parser);
}

static enum result
parse(struct buf *text, bool strict, struct reader *reader)
{
	struct parser parser = { .p = text->p,
		.reader = reader,
		.strict = strict };
	bool good = text->n > 0 && text->n <= UINT32_MAX;

	*reader = (struct reader){ .text = *text };
	*text = BUF(text->max);
	if (good)
		parser.end = parser.p + reader->text.n;
	good = good && look(&parser) == '{' && read_value(&parser);
	while (good && parser.depth > 0)
		good = read_on(&parser);
	if (good && look(&parser) == '\0' && parser.p == parser.end)
		return OK;
	reader_free(reader);
	return parser.no_memory ? RESULT_NO_MEMORY : RESULT_BAD_TEXT;
}

enum result
reader_parse(struct buf *text, struct reader *reader)
{
	return parse(text, true, reader);
}

enum result
reader_parse_foreign(struct buf *text, struct reader *reader)
{
	struct buf mended = BUF(MEND_MAX(text->n)), kept = BUF(text->n);
	enum result result;

	*reader = (struct reader){ 0 };
	/* Reading changes a text, and so it has to be kept for mending. */
	buf_add_str(&kept, buf_str(text));
	if ((result = buf_result(&kept)) == OK)
		result = parse(text, false, reader);
	if (result == RESULT_BAD_TEXT &&
	    (result = mend_text(&kept, READER_DEPTH_MAX, &mended)) == OK)
		result = parse(&mended, false, reader);
	buf_free(&kept);
	buf_free(&mended);
	buf_free(text);
	return result;
}

void
reader_free(struct reader *reader)
{
	buf_free(&reader->text);
	free(reader->values);
	*reader = (struct reader){ 0 };
}

/* ---- values ---- */

bool
reader_is(const struct reader_value *value, enum reader_kind kind)
{
	return value != NULL && value->kind == kind;
}

const struct reader_value *
reader_next(const struct reader_value *parent,
    const struct reader_value *element)
{
	const struct reader_value *next;

	if (!reader_is(parent, READER_ARRAY) &&
	    !reader_is(parent, READER_OBJECT))
		return NULL;
	next = element == NULL ? parent + 1 : element + element->span;
	return next < parent + parent->span ? next : NULL;
}

const struct reader_value *
reader_member(const struct reader_value *object, const char *name)
{
	const struct reader_value *member = NULL, *last = NULL;
	size_t n = strlen(name);

	if (!reader_is(object, READER_OBJECT))
		return NULL;
	while ((member = reader_next(object, member)) != NULL)
		if (member->name_n == n && memcmp(member->name, name, n) == 0)
			last = member;
	return last;
}

struct str
reader_text(const struct reader_value *value)
{
	return reader_is(value, READER_STRING) ?
	    (struct str){ value->p, value->n } :
	    (struct str){ NULL, 0 };
}

int64_t
reader_integer(const struct reader_value *value, int64_t min, int64_t max,
    int64_t fallback)
{
	int64_t n;

	if (!reader_is(value, READER_INTEGER))
		return fallback;
	n = strtoll(value->p, NULL, 10);
	return n >= min && n <= max ? n : fallback;
}
