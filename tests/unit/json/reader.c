/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "../run.h"
#include "json/reader.h"

/* The result for a text, which goes over to the reader. */
static enum result
read_text(struct str text, struct reader *reader)
{
	SCOPED(buf_free) struct buf copy = BUF(1 << 20);
	enum result result;

	*reader = (struct reader){ 0 };
	buf_add_str(&copy, text);
	if ((result = buf_result(&copy)) == OK) {
		result = reader_parse(&copy, reader);
		assert_null(copy.p);
	}
	assert_true((result == OK) == (reader->values != NULL));
	return result;
}

static void
members_are_read_by_their_kind(void)
{
	SCOPED(reader_free) struct reader reader = { 0 };
	const struct reader_value *all;

	CHECK_OK(read_text(STR(" {\"a\":\"x\", \"n\":7 ,\"null\":null,"
			       "\"r\":3600.0,\"t\":true,\"f\":false,\"e\":\"\","
			       "\"big\":9223372036854775807,\r\n\t\"neg\":"
			       "-9223372036854775808,\"s\":\"12\",\"\":-0}\n"),
	    &reader));
	all = reader.values;
	CHECK_TEXT(reader_text(reader_member(all, "a")), "x");
	CHECK_TEXT(reader_text(reader_member(all, "e")), "");
	assert_non_null(reader_text(reader_member(all, "e")).p);
	assert_null(reader_text(reader_member(all, "n")).p);
	assert_null(reader_text(reader_member(all, "absent")).p);
	assert_null(reader_member(NULL, "a"));
	assert_null(reader_member(reader_member(all, "a"), "a"));
	assert_true(reader_is(reader_member(all, "null"), READER_NULL));
	assert_true(reader_is(reader_member(all, "t"), READER_TRUE));
	assert_true(reader_is(reader_member(all, "f"), READER_FALSE));
	assert_true(reader_is(reader_member(all, "r"), READER_REAL));
	assert_false(reader_is(reader_member(all, "absent"), READER_NULL));
	assert_int_equal(reader_integer(reader_member(all, "n"), 0, 9, -5), 7);
	assert_int_equal(reader_integer(reader_member(all, "n"), 0, 6, -5), -5);
	assert_int_equal(reader_integer(reader_member(all, "n"), 8, 9, -5), -5);
	assert_int_equal(reader_integer(reader_member(all, "r"), 0, 9999, -5),
	    -5);
	assert_int_equal(reader_integer(reader_member(all, "s"), 0, 99, -5),
	    -5);
	assert_int_equal(reader_integer(reader_member(all, "x"), 0, 99, -5),
	    -5);
	assert_int_equal(reader_integer(reader_member(all, ""), 0, 9, -5), 0);
	assert_true(reader_integer(reader_member(all, "big"), 0, INT64_MAX,
			-5) == INT64_MAX);
	assert_true(reader_integer(reader_member(all, "neg"), INT64_MIN, 0,
			-5) == INT64_MIN);
}

static void
elements_are_found_behind_containers_of_any_size(void)
{
	SCOPED(reader_free) struct reader reader = { 0 };
	const struct reader_value *list, *at;

	CHECK_OK(read_text(STR("{\"l\":[[1,[2,{}]],{\"a\":[3],\"b\":4},[],"
			       "\"x\"],\"z\":5}"),
	    &reader));
	list = reader_member(reader.values, "l");
	assert_int_equal(list->n, 4);
	at = reader_next(list, NULL);
	assert_int_equal(at->n, 2);
	at = reader_next(list, at);
	assert_int_equal(reader_integer(reader_member(at, "b"), 0, 9, -5), 4);
	assert_null(reader_member(at, "z"));
	at = reader_next(list, at);
	assert_null(reader_next(at, NULL));
	at = reader_next(list, at);
	CHECK_TEXT(reader_text(at), "x");
	assert_null(reader_next(list, at));
	assert_null(reader_next(at, NULL));
	assert_null(reader_next(NULL, NULL));
	assert_int_equal(reader_integer(reader_member(reader.values, "z"), 0, 9,
			     -5),
	    5);
}

static void
strings_are_decoded(void)
{
	SCOPED(reader_free) struct reader reader = { 0 };

	CHECK_OK(read_text(
	    STR("{\"\\u0061\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\\u0041\\u00FC"
		"\\u20ac\\ud83d\\ude00|\xc3\xbc\xed\x9f\xbf\xef\xbf\xbf"
		"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\\u007f\x7f\"}"),
	    &reader));
	CHECK_TEXT(reader_text(reader_member(reader.values, "a")),
	    "\"\\/\b\f\n\r\t|A\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80|"
	    "\xc3\xbc\xed\x9f\xbf\xef\xbf\xbf\xf0\x9f\x98\x80"
	    "\xf4\x8f\xbf\xbf\x7f\x7f");
}

static void
what_is_no_single_sound_object_is_refused(void)
{
	static const char *const bad[] = { "", " ", "null", "1", "\"a\"", "[]",
		"[{}]", "{", "}", "{}{}", "{} x", "{]", "{\"a\":[}", "{,}",
		"{\"a\":[,]}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[1",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{'a':1}",
		"{1:1}", "\xef\xbb\xbf{}", "{\"a\":\"\\u0000\"}",
		"{\"\\u0000a\":1}", "{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}",
		"{\"a\":\"\\u12g4\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\",
		"{\"a\":\"\\\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}",
		"{\"a\":\"\x80\"}", "{\"a\":\"\xc0\xaf\"}",
		"{\"a\":\"\xe0\x9f\xbf\"}", "{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\xf0\x8f\xbf\xbf\"}", "{\"a\":\"\xf4\x90\x80\x80\"}",
		"{\"a\":\"\xe2\x82\"}", "{\"a\":\"\xe2", "{\"a\":1e999}",
		"{\"a\":-1e999}", "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}",
		"{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":1e+}",
		"{\"a\":9223372036854775808}", "{\"a\":-9223372036854775809}",
		"{\"a\":0x10}", "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":True}",
		"{\"a\":truex}", "<html></html>" };
	SCOPED(reader_free) struct reader reader = { 0 };
	size_t i;

	for (i = 0; i < N(bad); i++)
		CHECK(read_text(str_of(bad[i]), &reader), RESULT_BAD_TEXT);
	CHECK(read_text((struct str){ "{}\0", 3 }, &reader), RESULT_BAD_TEXT);
	CHECK(read_text((struct str){ "{\"a\":3\0}", 8 }, &reader),
	    RESULT_BAD_TEXT);
	CHECK(read_text((struct str){ "{\"a\0\":1}", 8 }, &reader),
	    RESULT_BAD_TEXT);
}

static void
no_prefix_of_a_document_is_a_document(void)
{
	static const char text[] =
	    "{\"a\":[1.5e3,{\"b\":\"\\u00fc\\\"\xc3\xbc\"},true]}";
	SCOPED(reader_free) struct reader reader = { 0 };
	size_t n;

	for (n = 0; n + 1 < sizeof(text); n++)
		CHECK(read_text((struct str){ text, n }, &reader),
		    RESULT_BAD_TEXT);
	CHECK_OK(read_text(STR(text), &reader));
}

/* The result for unit repeated n times between head and tail; "%" in a unit
 * is its number. */
static enum result
read_repeated(const char *head, const char *unit, unsigned n, const char *tail)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	SCOPED(reader_free) struct reader reader = { 0 };
	const char *number = strchr(unit, '%');
	unsigned i;

	buf_puts(&text, head);
	for (i = 0; i < n; i++) {
		if (number == NULL)
			buf_puts(&text, unit);
		else
			buf_printf(&text, "%.*s%u%s", (int)(number - unit),
			    unit, i, number + 1);
	}
	buf_puts(&text, tail);
	if (buf_result(&text) != OK)
		return buf_result(&text);
	return read_text(buf_str(&text), &reader);
}

static void
depth_is_limited(void)
{
	CHECK(read_repeated("{\"a\":", "[", 100000, ""), RESULT_BAD_TEXT);
	CHECK(read_repeated("", "{\"a\":", 100000, ""), RESULT_BAD_TEXT);
	CHECK_OK(read_repeated("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]",
	    31, "}"));
	CHECK(read_repeated("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]", 32,
		  "}"),
	    RESULT_BAD_TEXT);
}

static void
the_number_of_values_is_limited(void)
{
	static const char *const units[] = { "{},", "[],", "0,", "\"\"," };
	size_t i;

	for (i = 0; i < N(units); i++)
		CHECK(read_repeated("{\"a\":[", units[i], 100000, "0]}"),
		    RESULT_BAD_TEXT);
	/* The object, the array, and a comma each. */
	CHECK_OK(read_repeated("{\"a\":[", "0,", READER_NODES_MAX - 2, "0]}"));
	CHECK(read_repeated("{\"a\":[", "0,", READER_NODES_MAX - 1, "0]}"),
	    RESULT_BAD_TEXT);
	CHECK(read_repeated("{\"a\":[0", ",[]", READER_NODES_MAX / 2, "]}"),
	    RESULT_BAD_TEXT);
}

static void
the_number_of_members_is_limited(void)
{
	CHECK_OK(
	    read_repeated("{", "\"%\":0,", READER_MEMBERS_MAX - 1, "\"a\":0}"));
	CHECK(read_repeated("{", "\"%\":0,", READER_MEMBERS_MAX, "\"a\":0}"),
	    RESULT_BAD_TEXT);
}

/* What another one wrote; the reader is empty unless OK. */
static enum result
read_foreign(struct str text, struct reader *reader)
{
	SCOPED(buf_free) struct buf copy = BUF(1 << 20);
	enum result result;

	*reader = (struct reader){ 0 };
	buf_add_str(&copy, text);
	if ((result = buf_result(&copy)) == OK) {
		result = reader_parse_foreign(&copy, reader);
		assert_null(copy.p);
	}
	assert_true((result == OK) == (reader->values != NULL));
	return result;
}

static void
one_odd_value_does_not_spoil_what_another_one_wrote(void)
{
	static const char *const odd[] = { "\"\\ud800\"", "\"\\u0000\"",
		"\"\xff\"", "\"\n\"", "\"\\x\"", "9223372036854775808", "1e999",
		"-0", "NaN", "01", "{\"a\":1,\"a\":2}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"
		"]]]]]]]]]]]]]]]]" };
	SCOPED(reader_free) struct reader reader = { 0 };
	SCOPED(buf_free) struct buf text = BUF(1000);
	size_t i;

	for (i = 0; i < N(odd); i++) {
		buf_clear(&text);
		buf_printf(&text, "\xef\xbb\xbf{\"b\":[%s],\"a\":\"\\n\"}",
		    odd[i]);
		CHECK_OK(buf_result(&text));
		CHECK_OK(read_foreign(buf_str(&text), &reader));
		CHECK_TEXT(reader_text(reader_member(reader.values, "a")),
		    "\n");
		reader_free(&reader);
	}
	CHECK_OK(read_foreign(STR("{\"a\":\"x\\ud800\\u0041\\t\",\"b\":1e400}"),
	    &reader));
	CHECK_TEXT(reader_text(reader_member(reader.values, "a")),
	    "x\xef\xbf\xbd"
	    "A\t");
	assert_true(reader_is(reader_member(reader.values, "b"), READER_NULL));
}

static void
of_members_of_one_name_the_last_counts(void)
{
	SCOPED(reader_free) struct reader reader = { 0 };

	CHECK_OK(read_foreign(STR("{\"a\":1,\"b\":0,\"\\u0061\":2}"), &reader));
	assert_int_equal(reader_integer(reader_member(reader.values, "a"), 0, 9,
			     -5),
	    2);
}

static void
what_is_no_object_is_refused_from_others_too(void)
{
	static const char *const bad[] = { "", " ", "null", "[]", "{", "{}{}",
		"{}x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
		"{\"a\":\"\\", "{\"a\":\"", "\xff\xfe{}", "<html></html>" };
	SCOPED(reader_free) struct reader reader = { 0 };
	size_t i;

	for (i = 0; i < N(bad); i++)
		CHECK(read_foreign(str_of(bad[i]), &reader), RESULT_BAD_TEXT);
}

UNIT_TESTS(reader) = {
	TEST(members_are_read_by_their_kind),
	TEST(elements_are_found_behind_containers_of_any_size),
	TEST(strings_are_decoded),
	TEST(what_is_no_single_sound_object_is_refused),
	TEST(no_prefix_of_a_document_is_a_document),
	TEST(depth_is_limited),
	TEST(the_number_of_values_is_limited),
	TEST(the_number_of_members_is_limited),
	TEST(one_odd_value_does_not_spoil_what_another_one_wrote),
	TEST(of_members_of_one_name_the_last_counts),
	TEST(what_is_no_object_is_refused_from_others_too),
	END_OF_TESTS,
};
