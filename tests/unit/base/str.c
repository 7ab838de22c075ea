/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "../run.h"
#include "base/str.h"

static void
slices_are_equal_byte_for_byte(void)
{
	assert_true(str_equal(STR("a\0b"), STR("a\0b")));
	assert_false(str_equal(STR("a\0b"), STR("a\0c")));
	assert_false(str_equal(STR("ab"), STR("abc")));
	assert_true(str_equal(STR(""), str_of(NULL)));
	assert_false(str_equal(STR("A"), STR("a")));
	assert_true(str_equal_nocase(STR("BeArEr"), STR("bearer")));
	assert_false(str_equal_nocase(STR("bearer "), STR("bearer")));
	assert_true(str_equal_nocase(STR(""), str_of(NULL)));
}

static void
a_slice_starts_and_ends_with_what_it_starts_and_ends_with(void)
{
	assert_true(str_starts(STR("prefetch;x"), STR("prefetch")));
	assert_false(str_starts(STR("pre"), STR("prefetch")));
	assert_true(str_starts(str_of(NULL), STR("")));
	assert_true(str_ends(STR("i.scdn.co"), STR(".scdn.co")));
	assert_false(str_ends(STR("scdn.co"), STR(".scdn.co")));
	assert_true(str_ends(str_of(NULL), STR("")));
}

static void
only_blanks_and_tabs_at_the_ends_are_trimmed(void)
{
	CHECK_TEXT(str_trim(STR(" \t a b\t ")), "a b");
	CHECK_TEXT(str_trim(STR(" \t ")), "");
	CHECK_TEXT(str_trim(STR("\r\na")), "\r\na");
	CHECK_TEXT(str_trim(str_of(NULL)), "");
}

static void
a_cut_slice_gives_every_piece_once(void)
{
	struct str rest = STR("a,,b,");

	CHECK_TEXT(str_cut(&rest, ','), "a");
	CHECK_TEXT(str_cut(&rest, ','), "");
	CHECK_TEXT(str_cut(&rest, ','), "b");
	assert_non_null(rest.p);
	CHECK_TEXT(str_cut(&rest, ','), "");
	assert_null(rest.p);
	CHECK_TEXT(str_cut(&rest, ','), "");
}

static void
a_number_is_digits_up_to_its_maximum(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t number;
	} rows[] = {
		{ "0", 0, true, 0 },
		{ "007", 9, true, 7 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999999999999", UINT64_MAX, false, 0 },
		{ "9", 5, false, 0 },
		{ "", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "0x10", 99, false, 0 },
		{ "1e3", 9999, false, 0 },
		{ "1,1", 99, false, 0 },
	};
	uint64_t number;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		number = 4711;
		assert_int_equal(str_number(str_of(rows[i].text), rows[i].max,
				     &number),
		    rows[i].good);
		assert_true(number == (rows[i].good ? rows[i].number : 4711));
	}
}

static void
graphic_bytes_are_printable_and_no_blank(void)
{
	char byte;
	int c;

	for (c = 0; c < 256; c++) {
		byte = (char)c;
		assert_int_equal(str_graphic((struct str){ &byte, 1 }),
		    c > 0x20 && c < 0x7f);
	}
	assert_true(str_graphic(str_of(NULL)));
}

static void
a_list_has_its_words_and_no_parts_of_them(void)
{
	assert_true(str_has_word(STR("b"), STR("b")));
	assert_true(str_has_word(STR("a b c"), STR("a")));
	assert_true(str_has_word(STR("a b c"), STR("c")));
	assert_false(str_has_word(STR("ab bc"), STR("b")));
	assert_false(str_has_word(STR("a b"), STR("a b")));
	assert_false(str_has_word(STR("a b"), STR("B")));
	assert_false(str_has_word(str_of(NULL), STR("b")));
}

static void
a_word_is_near_with_one_mistake_of_the_hand(void)
{
	static const char *const near[] = { "scope", "SCOPE", "scop", "cope",
		"scoope", "scopes", "xscope", "scape", "socpe", "scoep" };
	static const char *const far[] = { "", "sco", "scopess", "scaqe",
		"ocsep", "epocs", "sxoxe", "oscep" };
	size_t i;

	for (i = 0; i < N(near); i++) {
		assert_true(str_is_near(str_of(near[i]), STR("scope")));
		assert_true(str_is_near(STR("scope"), str_of(near[i])));
	}
	for (i = 0; i < N(far); i++) {
		assert_false(str_is_near(str_of(far[i]), STR("scope")));
		assert_false(str_is_near(STR("scope"), str_of(far[i])));
	}
	assert_true(str_is_near(STR("idle-limit"), STR("idle_limit")));
	assert_true(str_is_near(STR("aab"), STR("ab")));
	assert_true(str_is_near(STR("a"), str_of(NULL)));
	assert_false(str_is_near(STR("ab"), str_of(NULL)));
}

UNIT_TESTS(str) = {
	TEST(slices_are_equal_byte_for_byte),
	TEST(a_slice_starts_and_ends_with_what_it_starts_and_ends_with),
	TEST(only_blanks_and_tabs_at_the_ends_are_trimmed),
	TEST(a_cut_slice_gives_every_piece_once),
	TEST(a_number_is_digits_up_to_its_maximum),
	TEST(graphic_bytes_are_printable_and_no_blank),
	TEST(a_list_has_its_words_and_no_parts_of_them),
	TEST(a_word_is_near_with_one_mistake_of_the_hand),
	END_OF_TESTS,
};
