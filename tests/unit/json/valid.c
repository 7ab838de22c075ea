/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "json/valid.h"
#include "../run.h"

static void
one_value_of_any_kind_is_json(void)
{
	static const char *const good[] = { "null", "true", "false", "0", "-1",
		"1.5e3", "\"\"", "\"a\"", "[]", "{}", " [ ] ", "\t{\r\n}\n",
		"[1]", "[1,2]", "[[],[]]", "{\"a\":1}", "{\"a\":{},\"b\":[]}",
		"{ \"a\" : [ true , null ] }", "[true,false]",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\\u0000\"",
		"{\"a\":1,\"a\":2}" };
	size_t i;

	for (i = 0; i < N(good); i++)
		assert_true(valid_json(str_of(good[i]), 32));
}

static void
what_is_cut_or_followed_by_more_is_not(void)
{
	static const char *const bad[] = { "", " ", "\"", "\"a", "\"\\",
		"\"\\u", "\"\\u00", "[", "]", "[1", "[1,", "[1,]", "[,1]",
		"[1 2]", "[1}", "{", "}", "{1}", "{\"a\"}", "{\"a\":}",
		"{\"a\":1", "{\"a\":1,}", "{\"a\":1]", "{a:1}", "{'a':1}",
		"nul", "nulll", "True", "NaN", "Infinity", "01", "+1", "1.",
		".5", "1e", "-", "0x10", "1 2", "{}{}", "[]x", "\"\\x\"",
		"\"\n\"", "\"\x01\"", "\"\x80\"", "\"\xc0\xaf\"",
		"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
		"<html>", "Too many requests", "\xef\xbb\xbf{}", ")]}'\n{}",
		"/**/1", "[1]//", "1e999" };
	size_t i;

	for (i = 0; i < N(bad); i++)
		assert_false(valid_json(str_of(bad[i]), 32));
	assert_false(valid_json(STR("1\0"), 32));
	assert_false(valid_json(STR("[1\0]"), 32));
	assert_false(valid_json(STR("\"a\0b\""), 32));
}

static enum result
nest(struct buf *text, unsigned depth)
{
	unsigned i;

	buf_clear(text);
	for (i = 0; i < depth; i++)
		buf_puts(text, i % 2 ? "[" : "{\"a\":");
	buf_putc(text, '1');
	while (i-- > 0)
		buf_putc(text, i % 2 ? ']' : '}');
	return buf_result(text);
}

static void
containers_nest_as_deep_as_is_allowed(void)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);

	CHECK_OK(nest(&text, 32));
	assert_true(valid_json(buf_str(&text), 32));
	assert_false(valid_json(buf_str(&text), 31));
	CHECK_OK(nest(&text, 33));
	assert_false(valid_json(buf_str(&text), 32));
	CHECK_OK(nest(&text, 64));
	assert_true(valid_json(buf_str(&text), 1000));
	CHECK_OK(nest(&text, 65));
	assert_false(valid_json(buf_str(&text), 1000));
	assert_false(valid_json(STR("[[]]"), 1));
	assert_true(valid_json(STR("[1,2]"), 1));
	assert_false(valid_json(STR("[]"), 0));
	CHECK_OK(nest(&text, 10000));
	assert_false(valid_json(buf_str(&text), 32));
}

static void
utf8_has_one_form_for_each_character(void)
{
	static const char *const good[] = { "", "a", "caf\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f" };
	static const char *const bad[] = { "\x80", "\xff", "\xc3", "a\xc3",
		"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xe2\x82" };
	size_t i;

	for (i = 0; i < N(good); i++)
		assert_true(valid_utf8(str_of(good[i])));
	for (i = 0; i < N(bad); i++)
		assert_false(valid_utf8(str_of(bad[i])));
	assert_true(valid_utf8(STR("a\0b")));
}

/* Eight bytes are looked at at once: none may hide another. */
static void
every_byte_is_seen_wherever_it_stands(void)
{
	static const char text[] = "[\"0123456789012345678\"]";
	char copy[sizeof(text)];
	unsigned byte;
	size_t at;
	bool plain;

	for (at = 2; at < sizeof(text) - 3; at++)
		for (byte = 0; byte < 256; byte++) {
			plain = byte >= ' ' && byte < 0x80 && byte != '"' &&
			    byte != '\\';
			memcpy(copy, text, sizeof(text));
			copy[at] = (char)byte;
			assert_true(plain ==
			    valid_json((struct str){ copy, sizeof(copy) - 1 },
				1));
		}
}

UNIT_TESTS(valid) = {
	TEST(one_value_of_any_kind_is_json),
	TEST(what_is_cut_or_followed_by_more_is_not),
	TEST(containers_nest_as_deep_as_is_allowed),
	TEST(every_byte_is_seen_wherever_it_stands),
	TEST(utf8_has_one_form_for_each_character),
	END_OF_TESTS,
};
