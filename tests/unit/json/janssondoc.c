/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "json/janssondoc.h"
#include "../run.h"

static void
release(json_t **document)
{
	json_decref(*document);
}

/* Parse what is good JSON; NULL only when memory was refused. */
static json_t *
parse(const char *text)
{
	json_t *object;
	enum result result = janssondoc_parse(str_of(text), &object);

	if (!run_refused())
		assert_int_equal(result, OK);
	return object;
}

static void
members_are_read_by_their_type(void)
{
	SCOPED(release)
	json_t *object =
	    parse("{\"a\":\"x\",\"n\":7,"
		  "\"null\":null,\"r\":3600.0,\"t\":true,\"e\":\"\","
		  "\"big\":9223372036854775807,\"neg\":-1,\"s\":\"12\"}");

	if (object == NULL)
		return;
	CHECK_TEXT(janssondoc_text(object, "a"), "x");
	CHECK_TEXT(janssondoc_text(object, "e"), "");
	assert_non_null(janssondoc_text(object, "e").p);
	assert_null(janssondoc_text(object, "n").p);
	assert_null(janssondoc_text(object, "null").p);
	assert_null(janssondoc_text(object, "absent").p);
	assert_null(janssondoc_text(NULL, "a").p);
	assert_int_equal(janssondoc_integer(object, "n", 0, 9, -5), 7);
	assert_int_equal(janssondoc_integer(object, "n", 0, 6, -5), -5);
	assert_int_equal(janssondoc_integer(object, "n", 8, 9, -5), -5);
	assert_int_equal(janssondoc_integer(object, "r", 0, 9999, -5), -5);
	assert_int_equal(janssondoc_integer(object, "s", 0, 99, -5), -5);
	assert_int_equal(janssondoc_integer(object, "t", 0, 99, -5), -5);
	assert_int_equal(janssondoc_integer(object, "absent", 0, 99, -5), -5);
	assert_int_equal(janssondoc_integer(object, "neg", -1, 99, -5), -1);
	assert_true(
	    janssondoc_integer(object, "big", 0, INT64_MAX, -5) == INT64_MAX);
}

static void
what_is_no_single_sound_object_is_refused(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"null",
		"true",
		"1",
		"\"a\"",
		"[]",
		"[{}]",
		"{",
		"}",
		"{}{}",
		"{} x",
		"{\"a\":1,\"a\":2}",
		"{\"access_token\":1,\"\\u0061ccess_token\":2}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"\xef\xbb\xbf{}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc0\xaf\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":1e999}",
		"{\"a\":01}",
		"{\"a\":99999999999999999999}",
		"{\"a\":NaN}",
		"{\"a\":\"\n\"}",
		"{\"\\u0000a\":1}",
		"{\"a\":\"\\",
		"{\"a\":\"\\\"}",
		"<html></html>",
	};
	json_t *object;
	size_t i;

	for (i = 0; i < N(bad); i++) {
		CHECK(janssondoc_parse(str_of(bad[i]), &object),
		    RESULT_BAD_TEXT);
		assert_null(object);
	}
	CHECK(janssondoc_parse((struct str){ "{}\0", 3 }, &object),
	    RESULT_BAD_TEXT);
	CHECK(janssondoc_parse((struct str){ "{\"a\":3\0}", 8 }, &object),
	    RESULT_BAD_TEXT);
	CHECK(janssondoc_parse((struct str){ "{\"a\":[true\0,1]}", 15 },
		  &object),
	    RESULT_BAD_TEXT);
	CHECK(janssondoc_parse(str_of(NULL), &object), RESULT_BAD_TEXT);
}

static void
no_prefix_of_a_document_is_a_document(void)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"\\u00fc\\\"\"}]}";
	json_t *object;
	size_t n;

	for (n = 0; n + 1 < sizeof(text); n++)
		CHECK(janssondoc_parse((struct str){ text, n }, &object),
		    RESULT_BAD_TEXT);
}

/* The result for unit repeated n times between head and tail. */
static enum result
parse_repeated(const char *head, const char *unit, size_t n, const char *tail,
    struct buf *text)
{
	enum result result;
	json_t *object;

	buf_clear(text);
	buf_puts(text, head);
	while (n-- > 0)
		buf_puts(text, unit);
	buf_puts(text, tail);
	if ((result = buf_result(text)) == OK)
		result = janssondoc_parse(buf_str(text), &object);
	if (result == OK)
		json_decref(object);
	return result;
}

static void
depth_is_limited(void)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	json_t *object;

	/* The outermost brace counts; nothing closes, so none is complete. */
	CHECK(parse_repeated("{\"a\":", "[", 100000, "", &text),
	    RESULT_BAD_TEXT);
	CHECK(parse_repeated("{\"a\":", "{\"a\":", 100000, "", &text),
	    RESULT_BAD_TEXT);
	CHECK_OK(janssondoc_parse(STR("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
				      "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
	    &object));
	json_decref(object);
	CHECK(janssondoc_parse(STR("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
				   "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
		  &object),
	    RESULT_BAD_TEXT);
}

static void
a_small_text_of_very_many_values_is_refused_before_it_is_parsed(void)
{
	static const char *const units[] = { "{},", "[],", "0,", "\"\"," };
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	size_t i;

	for (i = 0; i < N(units); i++)
		CHECK(parse_repeated("{\"a\":[", units[i], 100000, "0]}",
			  &text),
		    RESULT_BAD_TEXT);
	/* Within a string nothing counts, whatever is escaped there. */
	CHECK(parse_repeated("{\"a\":\"", "[{,\\\"", 60000, "\\\\", &text),
	    RESULT_BAD_TEXT);
	CHECK_OK(
	    parse_repeated("{\"a\":\"", "[{,\\\"", 60000, "\\\\\"}", &text));
}

/* Jansson's own memory for a string or number grows at 16 bytes, at 32 and so
 * on: here at each byte of each kind. */
static void
a_text_is_read_whole_or_memory_was_out(void)
{
	static const char *const values[] = { "\"\\\"\\u00e4\\ud83d\\ude00\"",
		"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", "[-12,{}]",
		"[1.5e3]" };
	SCOPED(buf_free) struct buf text = BUF(1000);
	SCOPED(release) json_t *object = NULL;
	int zeros;
	size_t i;

	for (i = 0; i < N(values); i++)
		for (zeros = 1; zeros < 18; zeros++) {
			buf_clear(&text);
			buf_printf(&text, "{\"%0*d\":[%s,1%0*d,1%0*d.5e12]}",
			    zeros, 0, values[i], zeros, 0, zeros, 0);
			CHECK_OK(buf_result(&text));
			CHECK_OK(janssondoc_parse(buf_str(&text), &object));
			assert_int_equal(json_object_size(object), 1);
			release(&object);
			object = NULL;
		}
}

static enum result
parse_foreign(const char *text, json_t **object)
{
	SCOPED(buf_free) struct buf copy = BUF(1000);

	*object = NULL;
	buf_puts(&copy, text);
	return buf_result(&copy) == OK ?
	    janssondoc_parse_foreign(&copy, object) :
	    buf_result(&copy);
}

static void
one_odd_value_does_not_spoil_what_another_one_wrote(void)
{
	static const char *const odd[] = {
		"{\"a\":\"\\n\",\"b\":\"\\ud800\\u0000\xff\"}",
		"{\"a\":1,\"b\":[9223372036854775808,1e400,NaN],\"a\":\"\\n\"}",
		"\xef\xbb\xbf{\"a\":\"\n\"}",
		"{\"\\u0000\":7,\"a\":\"\\n\"}",
	};
	struct buf none = BUF(0);
	json_t *object;
	size_t i;

	for (i = 0; i < N(odd); i++) {
		CHECK_OK(parse_foreign(odd[i], &object));
		CHECK_TEXT(janssondoc_text(object, "a"), "\n");
		json_decref(object);
	}
	CHECK(parse_foreign("{\"a\":1", &object), RESULT_BAD_TEXT);
	assert_null(object);
	CHECK(janssondoc_parse_foreign(&none, &object), RESULT_BAD_TEXT);
}

UNIT_TESTS(janssondoc) = {
	TEST(members_are_read_by_their_type),
	TEST(what_is_no_single_sound_object_is_refused),
	TEST(no_prefix_of_a_document_is_a_document),
	TEST(depth_is_limited),
	TEST(a_small_text_of_very_many_values_is_refused_before_it_is_parsed),
	TEST(a_text_is_read_whole_or_memory_was_out),
	TEST(one_odd_value_does_not_spoil_what_another_one_wrote),
	END_OF_TESTS,
};
