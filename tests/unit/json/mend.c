/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "../run.h"
#include "json/mend.h"

#define NO "\xef\xbf\xbd"

static void
check(struct str text, const char *wanted)
{
	SCOPED(buf_free) struct buf from = BUF(1000), mended = BUF(2000);

	buf_add_str(&from, text);
	CHECK_OK(buf_result(&from));
	mended.max = MEND_MAX(from.n);
	CHECK_OK(mend_text(&from, 4, &mended));
	CHECK_TEXT(buf_str(&mended), wanted);
}

static void
what_is_sound_stays_as_it_is(void)
{
	static const char *const sound[] = { "{}",
		" {\"a\" : [1,-0,1.5e+3,true,false,null,{}],\r\n\t\"b\":\"x\"}",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00\"}",
		"{\"\xc3\xbc\":\"\xed\x9f\xbf\xf0\x9f\x98\x80\x7f\"}",
		"{\"a\":[[[]]]}", "{\"a\":\"[[[[[[[\"}", "" };
	size_t i;

	for (i = 0; i < N(sound); i++)
		check(str_of(sound[i]), sound[i]);
}

static void
what_is_no_character_is_replaced(void)
{
	check(STR("{\"\\u0000\":\"a\\u0000b\"}"), "{\"" NO "\":\"a" NO "b\"}");
	check(STR("{\"a\":\"\\ud800\"}"), "{\"a\":\"" NO "\"}");
	check(STR("{\"a\":\"\\ud800\\u0041\"}"), "{\"a\":\"" NO "\\u0041\"}");
	check(STR("{\"a\":\"\\ud83d\\ud83d\\ude00\"}"),
	    "{\"a\":\"" NO "\\ud83d\\ude00\"}");
	check(STR("{\"a\":\"\\ude00\\ud83d\"}"), "{\"a\":\"" NO NO "\"}");
	check(STR("{\"a\":\"\\u12g4\\x\\\n\"}"),
	    "{\"a\":\"" NO "12g4" NO "x" NO "\\u000a\"}");
	check((struct str){ "{\"a\":\"x\0y\"}", 11 }, "{\"a\":\"x" NO "y\"}");
	check(STR("{\"a\":\"Caf\xe9 \xff\xc0\xaf\"}"),
	    "{\"a\":\"Caf" NO " " NO NO NO "\"}");
	/* One for the beginning of a character that is not gone on with, and
	 * for each byte of half a surrogate pair. */
	check(STR("{\"a\":\"\xe2\x82|\xf0\x9f\x98\"}"),
	    "{\"a\":\"" NO "|" NO "\"}");
	check(STR("{\"a\":\"\xed\xa0\x80\"}"), "{\"a\":\"" NO NO NO "\"}");
	check(STR("{\"a\":\"\t\x01\"}"), "{\"a\":\"\\u0009\\u0001\"}");
}

static void
what_is_no_value_becomes_null(void)
{
	check(STR("[9223372036854775807,9223372036854775808]"),
	    "[9223372036854775807,null]");
	check(STR("[1e308,1e400,-1e400,1e-400]"), "[1e308,null,null,1e-400]");
	check(STR("{\"a\":NaN,\"b\":-Infinity,\"c\":True,\"d\":01,\"e\":+1}"),
	    "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null}");
	check(STR("[.5,1.,0x10,truex,tru,-,undefined]"),
	    "[null,null,null,null,null,null,null]");
	check(STR("{\"a\":[[[[[1,\"]\\\"]\",{}]]],7]]}"),
	    "{\"a\":[[[null],7]]}");
}

static void
a_byte_order_mark_is_left_out(void)
{
	check(STR("\xef\xbb\xbf{}"), "{}");
	check(STR("{\"a\":\"\xef\xbb\xbf\"}"), "{\"a\":\"\xef\xbb\xbf\"}");
}

static void
what_is_cut_off_stays_so(void)
{
	static const char *const cut[][2] = { { "{\"a", "{\"a" },
		{ "{\"a\\", "{\"a" NO }, { "{\"a\\u", "{\"a" NO },
		{ "{\"a\xe2", "{\"a" NO }, { "[[[[[[", "[[[[null" },
		{ "[[[[[\"\\", "[[[[null" }, { "{\"a\":tru", "{\"a\":null" } };
	size_t i;

	for (i = 0; i < N(cut); i++)
		check(str_of(cut[i][0]), cut[i][1]);
}

UNIT_TESTS(mend) = {
	TEST(what_is_sound_stays_as_it_is),
	TEST(what_is_no_character_is_replaced),
	TEST(what_is_no_value_becomes_null),
	TEST(a_byte_order_mark_is_left_out),
	TEST(what_is_cut_off_stays_so),
	END_OF_TESTS,
};
