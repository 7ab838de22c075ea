/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "../run.h"
#include "json/writer.h"

static void
release(json_t **document)
{
	json_decref(*document);
}

static void
there_is_a_comma_between_any_two_and_nowhere_else(void)
{
	SCOPED(buf_free) struct buf out = BUF(300);

	writer_object(&out, NULL);
	writer_array(&out, "empty");
	writer_array_end(&out);
	writer_object(&out, "none");
	writer_object_end(&out);
	writer_array(&out, "all");
	writer_integer(&out, NULL, 1);
	writer_text(&out, NULL, STR("{"));
	writer_text(&out, NULL, STR("a:"));
	writer_null(&out, NULL);
	writer_bool(&out, NULL, true);
	writer_array(&out, NULL);
	writer_object(&out, NULL);
	writer_null(&out, "x");
	writer_object_end(&out);
	writer_object(&out, NULL);
	writer_object_end(&out);
	writer_array_end(&out);
	writer_bool(&out, NULL, false);
	writer_array_end(&out);
	writer_name(&out, "named");
	writer_integer(&out, NULL, 2);
	writer_text(&out, "text", STR("["));
	writer_null(&out, "null");
	writer_bool(&out, "yes", true);
	writer_integer(&out, "n", 0);
	writer_object_end(&out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out),
	    "{\"empty\":[],\"none\":{},\"all\":[1,\"{\",\"a:\",null,true,"
	    "[{\"x\":null},{}],false],\"named\":2,\"text\":\"[\",\"null\":null,"
	    "\"yes\":true,\"n\":0}");
}

static void
a_text_that_others_began_is_gone_on_with(void)
{
	SCOPED(buf_free) struct buf out = BUF(300);

	buf_puts(&out, "[{\"id\":1}");
	writer_object(&out, NULL);
	writer_object_end(&out);
	buf_puts(&out, ",");
	writer_integer(&out, NULL, 3);
	writer_array_end(&out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out), "[{\"id\":1},{},3]");
}

static void
text_is_written_so_that_it_reads_back_and_ends_no_script(void)
{
	static const char text[] =
	    "\x01\x1f\n\"\\/</script>&\x7f\xc3\xbc\xe2\x80\xa8";
	SCOPED(release) json_t *object = NULL;
	SCOPED(buf_free) struct buf out = BUF(300);

	writer_object(&out, NULL);
	writer_text(&out, "a", STR(text));
	writer_text(&out, "b", str_of(NULL));
	writer_object_end(&out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out),
	    "{\"a\":\"\\u0001\\u001f\\u000a\\\"\\\\/"
	    "\\u003c/script\\u003e\\u0026\x7f\xc3\xbc\xe2\x80\xa8\","
	    "\"b\":\"\"}");
	CHECK_OK(janssondoc_parse(buf_str(&out), &object));
	CHECK_TEXT(janssondoc_text(object, "a"), text);
}

static void
integers_are_written_from_the_least_to_the_greatest(void)
{
	static const int64_t numbers[] = { 0, 9, 10, -1, -10, 1234567890,
		INT64_MAX, INT64_MIN };
	SCOPED(buf_free) struct buf out = BUF(300);
	size_t i;

	writer_array(&out, NULL);
	for (i = 0; i < N(numbers); i++)
		writer_integer(&out, NULL, numbers[i]);
	writer_array_end(&out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out),
	    "[0,9,10,-1,-10,1234567890,9223372036854775807,"
	    "-9223372036854775808]");
}

static void
what_just_fits_is_written_and_a_byte_more_is_told(void)
{
	static const char whole[] = "{\"a\":[1,true],\"b\":\"x\"}";
	size_t max;

	for (max = 1; max < sizeof(whole); max++) {
		SCOPED(buf_free) struct buf out = BUF(max);

		writer_object(&out, NULL);
		writer_array(&out, "a");
		writer_integer(&out, NULL, 1);
		writer_bool(&out, NULL, true);
		writer_array_end(&out);
		writer_text(&out, "b", STR("x"));
		writer_object_end(&out);
		CHECK(buf_result(&out),
		    max + 1 < sizeof(whole) ? RESULT_TOO_LARGE : OK);
		assert_memory_equal(out.p, whole, out.n);
	}
}

UNIT_TESTS(writer) = {
	TEST(there_is_a_comma_between_any_two_and_nowhere_else),
	TEST(a_text_that_others_began_is_gone_on_with),
	TEST(text_is_written_so_that_it_reads_back_and_ends_no_script),
	TEST(integers_are_written_from_the_least_to_the_greatest),
	TEST(what_just_fits_is_written_and_a_byte_more_is_told),
	END_OF_TESTS,
};
