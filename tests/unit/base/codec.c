/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "../run.h"

static void
bytes_are_written_as_the_standards_say(void)
{
	static const struct {
		const char *plain, *base64url, *base64;
	} rows[] = {
		{ "", "", "" },
		{ "f", "Zg", "Zg==" },
		{ "fo", "Zm8", "Zm8=" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "\xfb\xff", "-_8", "+/8=" },
	};
	SCOPED(buf_free) struct buf out = BUF(100);
	size_t i, n;

	for (i = 0; i < N(rows); i++) {
		n = strlen(rows[i].plain);
		buf_clear(&out);
		codec_base64url(&out, rows[i].plain, n);
		CHECK_OK(buf_result(&out));
		CHECK_TEXT(buf_str(&out), rows[i].base64url);
		buf_clear(&out);
		codec_base64(&out, rows[i].plain, n);
		CHECK_OK(buf_result(&out));
		CHECK_TEXT(buf_str(&out), rows[i].base64);
	}
}

#define ZERO42 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
a_cookie_value_has_one_spelling_only(void)
{
	static const char *const bad[] = {
		"",
		"A",
		ZERO42,
		ZERO42 "AA",
		ZERO42 "B",
		ZERO42 "=",
		ZERO42 "+",
		ZERO42 "/",
		ZERO42 "A ",
		" " ZERO42,
		ZERO42 "\n",
		ZERO42 "%",
		ZERO42 "\xff",
		"===========================================",
	};
	unsigned char out[32];
	size_t i, k;

	assert_true(codec_base64url_exact(STR(ZERO42 "A"), out, 32));
	for (i = 0; i < N(bad); i++) {
		memset(out, 7, sizeof(out));
		assert_false(codec_base64url_exact(str_of(bad[i]), out, 32));
		for (k = 0; k < sizeof(out); k++)
			assert_int_equal(out[k], 0);
	}
	assert_false(
	    codec_base64url_exact((struct str){ ZERO42 "\0", 43 }, out, 32));
}

static void
base64url_of_any_length_is_read_back(void)
{
	SCOPED(buf_free) struct buf text = BUF(100), plain = BUF(100);
	unsigned char bytes[20];
	size_t n;

	for (n = 0; n < sizeof(bytes); n++)
		bytes[n] = (unsigned char)(n * 37 + 200);
	for (n = 1; n <= sizeof(bytes); n++) {
		buf_clear(&text);
		buf_clear(&plain);
		codec_base64url(&text, bytes, n);
		CHECK_OK(buf_result(&text));
		CHECK_OK(codec_base64url_decode(buf_str(&text), &plain));
		assert_int_equal(plain.n, n);
		assert_memory_equal(plain.p, bytes, n);
	}
}

static void
what_is_not_canonical_base64url_is_a_bad_request(void)
{
	static const char *const bad[] = {
		"",
		"A",
		"AAAAA",
		"AB",
		"AAB",
		"A=",
		"AA==",
		"AA=",
		"A+AA",
		"A/AA",
		"AA A",
		"AAAA\n",
		"\xff\xff\xff\xff",
	};
	SCOPED(buf_free) struct buf out = BUF(100), small = BUF(2);
	size_t i;

	for (i = 0; i < N(bad); i++) {
		CHECK(codec_base64url_decode(str_of(bad[i]), &out),
		    RESULT_BAD_REQUEST);
		assert_int_equal(out.n, 0);
	}
	assert_int_equal(codec_base64url_decode(STR("AAAAAAAA"), &small),
	    RESULT_TOO_LARGE);
}

static void
hex_is_read_in_either_case_and_at_full_length_only(void)
{
	unsigned char out[2];

	assert_true(codec_unhex(STR("aF09"), out, 2));
	assert_memory_equal(out, "\xaf\x09", 2);
	assert_false(codec_unhex(STR("aF0"), out, 2));
	assert_false(codec_unhex(STR("aF091"), out, 2));
	assert_false(codec_unhex(STR("aF0g"), out, 2));
	assert_false(codec_unhex(STR("af:9"), out, 2));
	assert_false(codec_unhex(STR(" af9"), out, 2));
	assert_false(codec_unhex(STR(""), out, 2));
}

static void
all_but_unreserved_bytes_are_percent_encoded(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000), back = BUF(1000);
	char all[256];
	int i;

	codec_percent(&text, STR("aZ09-._~ &=+%/\xc3\xbc\n"));
	CHECK_OK(buf_result(&text));
	CHECK_TEXT(buf_str(&text), "aZ09-._~%20%26%3D%2B%25%2F%C3%BC%0A");
	buf_clear(&text);
	for (i = 0; i < 256; i++)
		all[i] = (char)i;
	codec_percent(&text, (struct str){ all, sizeof(all) });
	CHECK_OK(buf_result(&text));
	assert_true(str_graphic(buf_str(&text)));
	CHECK_OK(codec_percent_decode(buf_str(&text), &back));
	assert_int_equal(back.n, sizeof(all));
	assert_memory_equal(back.p, all, sizeof(all));
}

static void
a_location_keeps_all_but_blanks_and_what_is_not_ascii(void)
{
	SCOPED(buf_free) struct buf text = BUF(100);

	codec_location(&text, STR("/caf\xc3\xa9 %41/?a=b&c=\"<'~\xff\n"));
	CHECK_OK(buf_result(&text));
	CHECK_TEXT(buf_str(&text), "/caf%C3%A9%20%41/?a=b&c=\"<'~%FF\n");
}

static void
percent_encoding_is_undone_once(void)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{ "", "" },
		{ "a+b", "a b" },
		{ "%2B", "+" },
		{ "%2500", "%00" },
		{ "%41%7a%7A", "Azz" },
		{ "%", NULL },
		{ "%4", NULL },
		{ "a%", NULL },
		{ "%zz", NULL },
		{ "%4z", NULL },
		{ "%%41", NULL },
		{ "%u0041", NULL },
		{ "% 41", NULL },
		{ "%-1", NULL },
		{ "%0x", NULL },
		{ "%C0%AF", "\xc0\xaf" },
		{ "%0d%0aX:%20y", "\r\nX: y" },
	};
	SCOPED(buf_free) struct buf out = BUF(100), small = BUF(2);
	size_t i;

	for (i = 0; i < N(rows); i++) {
		buf_clear(&out);
		CHECK(codec_percent_decode(str_of(rows[i].in), &out),
		    rows[i].out == NULL ? RESULT_BAD_REQUEST : OK);
		if (rows[i].out != NULL)
			CHECK_TEXT(buf_str(&out), rows[i].out);
	}
	CHECK(codec_percent_decode(STR("%41%41%41"), &small), RESULT_TOO_LARGE);
}

static void
html_is_defused_in_text_and_in_attributes(void)
{
	SCOPED(buf_free) struct buf out = BUF(200);

	codec_html(&out, STR("<a href=\"x\">'&amp;\xc3\xbc"));
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out),
	    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;"
	    "\xc3\xbc");
}

UNIT_TESTS(codec) = {
	TEST(bytes_are_written_as_the_standards_say),
	TEST(a_cookie_value_has_one_spelling_only),
	TEST(base64url_of_any_length_is_read_back),
	TEST(what_is_not_canonical_base64url_is_a_bad_request),
	TEST(hex_is_read_in_either_case_and_at_full_length_only),
	TEST(all_but_unreserved_bytes_are_percent_encoded),
	TEST(a_location_keeps_all_but_blanks_and_what_is_not_ascii),
	TEST(percent_encoding_is_undone_once),
	TEST(html_is_defused_in_text_and_in_attributes),
	END_OF_TESTS,
};
