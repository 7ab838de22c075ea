/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "../run.h"

static void
additions_follow_each_other(void)
{
	SCOPED(buf_free) struct buf buf = BUF(1000);

	buf_add(&buf, "ab", 2);
	buf_add_str(&buf, STR("\0c"));
	buf_puts(&buf, "d");
	buf_putc(&buf, 'e');
	buf_printf(&buf, "-%d-%s-", 7, "f");
	CHECK_OK(buf_result(&buf));
	assert_true(str_equal(buf_str(&buf), STR("ab\0cde-7-f-")));
	assert_int_equal(buf.p[buf.n], '\0');
}

static void
it_grows_to_its_maximum_and_not_a_byte_further(void)
{
	SCOPED(buf_free) struct buf buf = BUF(100);
	int i;

	for (i = 0; i < 100; i++)
		buf_putc(&buf, (char)('a' + i % 26));
	CHECK_OK(buf_result(&buf));
	assert_int_equal(buf.n, 100);
	assert_true(buf.size <= 101);
	buf_putc(&buf, '!');
	CHECK(buf_result(&buf), RESULT_TOO_LARGE);
	assert_int_equal(buf.n, 100);
	assert_int_equal(buf.p[99], 'v');
}

static void
the_first_failure_sticks(void)
{
	SCOPED(buf_free) struct buf buf = BUF(4);
	char *taken;

	buf_puts(&buf, "abc");
	CHECK_OK(buf_result(&buf));
	buf_puts(&buf, "too long");
	buf_putc(&buf, 'd');
	assert_null(buf_room(&buf, 1));
	buf_printf(&buf, "x");
	assert_int_equal(buf_result(&buf), RESULT_TOO_LARGE);
	CHECK_TEXT(buf_str(&buf), "abc");
	assert_int_equal(buf_take(&buf, &taken), RESULT_TOO_LARGE);
	assert_null(taken);
}

static void
a_formatted_text_that_does_not_fit_changes_nothing(void)
{
	SCOPED(buf_free) struct buf buf = BUF(5);

	buf_printf(&buf, "%s", "12345");
	CHECK_OK(buf_result(&buf));
	buf_printf(&buf, "%d", 6);
	assert_int_equal(buf_result(&buf), RESULT_TOO_LARGE);
	CHECK_TEXT(buf_str(&buf), "12345");
}

static void
an_enormous_addition_is_refused_by_its_size_alone(void)
{
	SCOPED(buf_free) struct buf buf = BUF(1 << 20);

	buf_puts(&buf, "a");
	CHECK_OK(buf_result(&buf));
	assert_null(buf_room(&buf, SIZE_MAX));
	assert_int_equal(buf_result(&buf), RESULT_TOO_LARGE);
}

static void
room_is_used_as_far_as_one_says(void)
{
	SCOPED(buf_free) struct buf buf = BUF(100);
	char *room;

	buf_puts(&buf, "a");
	if ((room = buf_room(&buf, 10)) == NULL) {
		CHECK_OK(buf_result(&buf));
		return;
	}
	memcpy(room, "bcdefghijk", 10);
	buf_grown(&buf, 2);
	CHECK_TEXT(buf_str(&buf), "abc");
	assert_int_equal(buf.p[3], '\0');
}

static void
all_large_ones_have_a_limit_together(void)
{
	struct buf many[3] = { BUF(BUF_ALL_MAX), BUF(BUF_ALL_MAX),
		BUF(BUF_ALL_MAX) };
	char *taken;
	size_t i;

	assert_int_equal(buf_all(), 0);
	if (buf_room(&many[0], BUF_ALL_MAX / 2) != NULL &&
	    buf_room(&many[1], BUF_ALL_MAX / 2 - 2) != NULL) {
		assert_int_equal(buf_all(), BUF_ALL_MAX);
		assert_null(buf_room(&many[2], BUF_LARGE));
		CHECK(buf_result(&many[2]), RESULT_NO_MEMORY);
		buf_free(&many[2]);
		buf_putc(&many[2], 'x');
		assert_int_equal(buf_all(), BUF_ALL_MAX);
		/* What moves is counted once, what is taken no more. */
		buf_move(&many[2], &many[0]);
		assert_int_equal(buf_all(), BUF_ALL_MAX);
		if (buf_take(&many[2], &taken) == OK)
			free(taken);
		assert_true(buf_all() < BUF_ALL_MAX);
	}
	for (i = 0; i < N(many); i++)
		buf_free(&many[i]);
	assert_int_equal(buf_all(), 0);
}

static void
what_is_cut_off_is_wiped(void)
{
	SCOPED(buf_free) struct buf buf = BUF(100);

	buf_puts(&buf, "public secret");
	CHECK_OK(buf_result(&buf));
	buf_cut(&buf, 20);
	CHECK_TEXT(buf_str(&buf), "public secret");
	buf_cut(&buf, 6);
	CHECK_TEXT(buf_str(&buf), "public");
	assert_memory_equal(buf.p + 6, "\0\0\0\0\0\0\0", 8);
}

static void
who_begins_with_much_gets_no_more(void)
{
	SCOPED(buf_free) struct buf buf = BUF(100000);

	if (buf_room(&buf, 70000) == NULL) {
		CHECK(buf_result(&buf), RESULT_NO_MEMORY);
		return;
	}
	assert_int_equal(buf.size, 70001);
}

static void
what_is_taken_is_gone(void)
{
	SCOPED(buf_free) struct buf buf = BUF(10);
	char *taken;

	buf_puts(&buf, "abc");
	CHECK_OK(buf_take(&buf, &taken));
	assert_string_equal(taken, "abc");
	free(taken);
	assert_null(buf.p);
	assert_int_equal(buf.max, 10);
	CHECK_OK(buf_take(&buf, &taken));
	assert_string_equal(taken, "");
	free(taken);
}

static void
what_is_moved_comes_with_its_limit_and_its_failure(void)
{
	SCOPED(buf_free) struct buf from = BUF(4), to = BUF(9);

	buf_puts(&to, "before");
	buf_puts(&from, "abc");
	CHECK_OK(buf_result(&from));
	buf_move(&to, &from);
	assert_null(from.p);
	assert_int_equal(from.max, 4);
	CHECK_TEXT(buf_str(&to), "abc");
	buf_puts(&to, "de");
	CHECK(buf_result(&to), RESULT_TOO_LARGE);
	buf_move(&from, &to);
	CHECK(buf_result(&from), RESULT_TOO_LARGE);
	CHECK_OK(buf_result(&to));
	CHECK_TEXT(buf_str(&from), "abc");
}

static void
a_cleared_buffer_is_wiped_and_can_be_used_again(void)
{
	SCOPED(buf_free) struct buf buf = BUF(8);

	buf_puts(&buf, "secret");
	CHECK_OK(buf_result(&buf));
	buf_puts(&buf, "too long");
	buf_clear(&buf);
	assert_memory_equal(buf.p, "\0\0\0\0\0\0", 6);
	assert_int_equal(buf_result(&buf), OK);
	buf_puts(&buf, "b");
	CHECK_OK(buf_result(&buf));
	CHECK_TEXT(buf_str(&buf), "b");
	buf_free(&buf);
	buf_free(&buf);
	buf_puts(&buf, "c");
	CHECK_OK(buf_result(&buf));
	CHECK_TEXT(buf_str(&buf), "c");
}

static void
nothing_can_be_added_to_a_buffer_of_nothing(void)
{
	SCOPED(buf_free) struct buf buf = BUF(0);

	buf_add(&buf, NULL, 0);
	CHECK_OK(buf_result(&buf));
	buf_putc(&buf, 'a');
	assert_int_equal(buf_result(&buf), RESULT_TOO_LARGE);
}

UNIT_TESTS(buf) = {
	TEST(additions_follow_each_other),
	TEST(it_grows_to_its_maximum_and_not_a_byte_further),
	TEST(the_first_failure_sticks),
	TEST(a_formatted_text_that_does_not_fit_changes_nothing),
	TEST(an_enormous_addition_is_refused_by_its_size_alone),
	TEST(room_is_used_as_far_as_one_says),
	TEST(all_large_ones_have_a_limit_together),
	TEST(what_is_cut_off_is_wiped),
	TEST(who_begins_with_much_gets_no_more),
	TEST(what_is_taken_is_gone),
	TEST(what_is_moved_comes_with_its_limit_and_its_failure),
	TEST(a_cleared_buffer_is_wiped_and_can_be_used_again),
	TEST(nothing_can_be_added_to_a_buffer_of_nothing),
	END_OF_TESTS,
};
