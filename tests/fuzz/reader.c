/* SPDX-License-Identifier: ISC */
/* JSON in one pass: it accepts and reads what Jansson does, and no more, in a
 * text of ours and in one of others. */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "fuzz.h"
#include "json/reader.h"

static void check_value(const struct reader_value *value, json_t *twin);

static void
check_array(const struct reader_value *array, json_t *twin)
{
	const struct reader_value *element = NULL;
	json_t *other;
	size_t i;

	MUST(array->n == json_array_size(twin));
	json_array_foreach(twin, i, other)
	{
		element = reader_next(array, element);
		MUST(element != NULL && element->name == NULL);
		check_value(element, other);
	}
	MUST(element == NULL || reader_next(array, element) == NULL);
	MUST(reader_member(array, "") == NULL);
}

static void
check_object(const struct reader_value *object, json_t *twin)
{
	const struct reader_value *member = NULL;
	json_t *other;
	size_t n = 0;

	while ((member = reader_next(object, member)) != NULL) {
		MUST(strlen(member->name) == member->name_n);
		MUST(reader_member(object, member->name) != NULL);
		/* Another of its name comes later, and counts. */
		if (reader_member(object, member->name) != member)
			continue;
		other = json_object_get(twin, member->name);
		MUST(other != NULL);
		check_value(member, other);
		n++;
	}
	MUST(n == json_object_size(twin) && n <= object->n);
}

static void
check_value(const struct reader_value *value, json_t *twin)
{
	static const json_type types[] = { [READER_NULL] = JSON_NULL,
		[READER_FALSE] = JSON_FALSE,
		[READER_TRUE] = JSON_TRUE,
		[READER_INTEGER] = JSON_INTEGER,
		[READER_REAL] = JSON_REAL,
		[READER_STRING] = JSON_STRING,
		[READER_ARRAY] = JSON_ARRAY,
		[READER_OBJECT] = JSON_OBJECT };
	struct str text = { json_string_value(twin), json_string_length(twin) };

	MUST(types[value->kind] == json_typeof(twin));
	MUST(str_equal(reader_text(value), text));
	MUST((reader_text(value).p == NULL) == (text.p == NULL));
	MUST(text.p == NULL || value->p[value->n] == '\0');
	MUST(reader_integer(value, INT64_MIN, INT64_MAX, 5) ==
	    (json_is_integer(twin) ? json_integer_value(twin) : 5));
	if (json_is_array(twin))
		check_array(value, twin);
	else if (json_is_object(twin))
		check_object(value, twin);
	else
		MUST(value->span == 1 && reader_next(value, NULL) == NULL);
}

/* Whether an object in it has more members than the reader takes. */
static bool
is_crowded(json_t *value)
{
	const char *name;
	json_t *child;
	size_t i;

	if (json_object_size(value) > READER_MEMBERS_MAX)
		return true;
	json_array_foreach(value, i, child) if (is_crowded(child)) return true;
	json_object_foreach(value, name,
	    child) if (is_crowded(child)) return true;
	return false;
}

static void
check_read(enum result result, const struct reader *reader, json_t *twin)
{
	if (result == OK) {
		MUST(reader->values->span == reader->n);
		check_value(reader->values, twin);
	} else {
		MUST(reader->values == NULL && reader->text.p == NULL);
	}
}

/* Of ours: a name stands once, and as many of them as are compared. */
static enum result
check_ours(struct str input)
{
	struct buf text = BUF(input.n + 1);
	enum result result, expected;
	struct reader reader;
	json_t *twin;

	expected = janssondoc_parse(input, &twin);
	if (expected == OK && is_crowded(twin))
		expected = RESULT_BAD_TEXT;
	buf_add_str(&text, input);
	MUST(buf_result(&text) == OK);
	result = reader_parse(&text, &reader);
	MUST(result == expected);
	MUST(text.p == NULL && text.n == 0);
	check_read(result, &reader, twin);
	reader_free(&reader);
	json_decref(twin);
	return result;
}

/* Of others: whatever is good in ours, and more. */
static void
check_foreign(struct str input, enum result ours)
{
	struct buf text = BUF(input.n + 1);
	struct reader reader;
	enum result result;
	json_t *twin;

	buf_add_str(&text, input);
	MUST(buf_result(&text) == OK);
	result = janssondoc_parse_foreign(&text, &twin);
	MUST(result == OK || ours != OK);
	MUST(reader_parse_foreign(&text, &reader) == result);
	MUST(text.p == NULL && text.n == 0);
	check_read(result, &reader, twin);
	reader_free(&reader);
	json_decref(twin);
}

void
fuzz_reader(struct str input)
{
	check_foreign(input, check_ours(input));
}
