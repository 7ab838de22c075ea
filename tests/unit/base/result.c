/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"

static void
every_result_has_words_and_a_status_with_a_reason(void)
{
	const struct result_row *row;
	int i;

	for (i = 0; i < RESULT__MAX; i++) {
		row = result_row((enum result)i);
		assert_true(row->status >= 200 && row->status < 600);
		assert_string_not_equal(result_reason(row->status), "Unknown");
		assert_true(row->code[strspn(row->code,
				"abcdefghijklmnopqrstuvwxyz_")] == '\0');
		assert_true(row->heading[0] != '\0');
		assert_true(strlen(row->detail) > 4);
	}
}

/* Who asked must look first, so nothing says when to ask again. */
static void
who_is_told_to_wait_is_told_how_long(void)
{
	const struct result_row *row;
	int i;

	for (i = 0; i < RESULT__MAX; i++) {
		row = result_row((enum result)i);
		assert_int_equal(row->retry_after_s > 0,
		    row->status == 429 ||
			(row->status >= 502 && i != RESULT_OUTCOME_UNKNOWN));
	}
}

static void
a_number_that_is_no_result_is_answered_all_the_same(void)
{
	assert_int_equal(result_row(RESULT__MAX)->status, 503);
	assert_int_equal(result_row((enum result) - 1)->status, 503);
	assert_string_equal(result_reason(299), "Unknown");
}

UNIT_TESTS(result) = {
	TEST(every_result_has_words_and_a_status_with_a_reason),
	TEST(who_is_told_to_wait_is_told_how_long),
	TEST(a_number_that_is_no_result_is_answered_all_the_same),
	END_OF_TESTS,
};
