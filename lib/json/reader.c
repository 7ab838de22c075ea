/* SPDX-License-Identifier: ISC */
/*
 * Hides that JSON can be read without a tree of small allocations. The grammar
 * is that of RFC 8259, with an object outermost:
 *
 *	value  = object / array / string / number / "true" / "false" / "null"
 *	object = "{" [ string ":" value *( "," string ":" value ) ] "}"
 *	array  = "[" [ value *( "," value ) ] "]"
 *	number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ]
 *	         [ "e" [ "+" / "-" ] 1*digit ]
 *
 * Strings are decoded in their place, by jsonstring. The NUL behind the
 * text stops every loop: nothing in the grammar matches it.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json/jsonstring.h"
#include "json/reader.h"

#define BYTES_PER_VALUE 32 /* of text; about so many in what we read */

struct parser {
	char *p; /* where we are */
	struct reader *reader;
	uint32_t open[READER_DEPTH_MAX]; /* the containers around us */
	unsigned depth;
	unsigned counted; /* containers and commas */
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
read_number(struct parser *parser, struct reader_value *value)
{
	char *p = parser->p;

	value->kind = READER_INTEGER;
	p += *p == '-';
	if (*p == '0')
		p++;
	else if (!skip_digits(&p))
		return false;
	if (*p == '.') {
		value->kind = READER_REAL;
		p++;
		if (!skip_digits(&p))
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		value->kind = READER_REAL;
		p++;
		p += *p == '+' || *p == '-';
		if (!skip_digits(&p))
			return false;
	}
	value->n = (uint32_t)(p - parser->p);
	parser->p = p;
	if (value->kind == READER_REAL)
		return !isinf(strtod(value->p, NULL));
	errno = 0;
	(void)strtoll(value->p, NULL, 10);
	return errno == 0;
}

static bool
read_word(struct parser *parser, struct reader_value *value)
{
	static const struct {
		const char *word;
		uint32_t n;
		enum reader_kind kind;
	} words[] = { { "null", 4, READER_NULL }, { "false", 5, READER_FALSE },
		{ "true", 4, READER_TRUE } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(parser->p, words[i].word, words[i].n) == 0) {
			value->kind = words[i].kind;
			value->n = words[i].n;
			parser->p += words[i].n;
			return true;
		}
	return false;
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

/* The name of a member, which none before it has, and the colon. */
static bool
read_name(struct parser *parser, const struct reader_value *object,
    struct reader_value *value)
{
	const struct reader_value *other;

	if (look(parser) != '"' || object->n > READER_MEMBERS_MAX ||
	    !jsonstring_decode(&parser->p, &value->name, &value->name_n))
		return false;
	for (other = object + 1; other < value; other += other->span)
		if (other->name_n == value->name_n &&
		    memcmp(other->name, value->name, value->name_n) == 0)
			return false;
	if (look(parser) != ':')
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
		return jsonstring_decode(&parser->p, &value->p, &value->n);
	case 't':
	case 'f':
	case 'n': return read_word(parser, value);
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

enum result
reader_parse(struct buf *text, struct reader *reader)
{
	struct parser parser = { .p = text->p, .reader = reader };
	bool good = text->n > 0 && text->n <= UINT32_MAX;

	*reader = (struct reader){ .text = *text };
	*text = BUF(text->max);
	good = good && look(&parser) == '{' && read_value(&parser);
	while (good && parser.depth > 0)
		good = read_on(&parser);
	if (good && look(&parser) == '\0' &&
	    parser.p == reader->text.p + reader->text.n)
		return OK;
	reader_free(reader);
	return parser.no_memory ? RESULT_NO_MEMORY : RESULT_BAD_TEXT;
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
	const struct reader_value *member = NULL;
	size_t n = strlen(name);

	if (!reader_is(object, READER_OBJECT))
		return NULL;
	while ((member = reader_next(object, member)) != NULL)
		if (member->name_n == n && memcmp(member->name, name, n) == 0)
			break;
	return member;
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
