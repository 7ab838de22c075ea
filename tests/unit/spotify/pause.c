/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "spotify/pause.h"
#include "../run.h"
#include "../scratch.h"

/* The pause of a group is about this long; 0: there is none. */
static void
check(struct store *store, enum pause_group group, enum result expected,
    int64_t seconds)
{
	int64_t left = -1;

	assert_int_equal(pause_check(store, group, &left), expected);
	assert_true(left >= (seconds > 2 ? seconds - 2 : seconds > 0) &&
	    left <= seconds);
}

static void
nobody_pauses_until_spotify_asks_for_it(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	check(store, PAUSE_TOKEN, OK, 0);
	check(store, PAUSE_ME, OK, 0);
	check(store, PAUSE_FOLLOWING, OK, 0);
}

static void
a_limit_holds_for_its_group(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(pause_note(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED,
			     100),
	    100);
	check(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED, 100);
	check(store, PAUSE_ME, OK, 0);
	check(store, PAUSE_TOKEN, OK, 0);
	pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 50);
	pause_note(store, PAUSE_ME, RESULT_QUOTA_EXCEEDED, 70);
	check(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 50);
	check(store, PAUSE_ME, RESULT_QUOTA_EXCEEDED, 70);
	check(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED, 100);
}

static void
a_quota_goes_before_a_rate(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_FOLLOWING, RESULT_QUOTA_EXCEEDED, -1);
	pause_note(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED, -1);
	check(store, PAUSE_FOLLOWING, RESULT_QUOTA_EXCEEDED, 3600);
	run_later(3601);
	check(store, PAUSE_FOLLOWING, OK, 0);
}

static void
a_pause_is_a_second_at_least_and_a_day_at_most(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	/* A second may be over before one can look. */
	assert_int_equal(pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 0),
	    1);
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, INT64_MAX);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, PAUSE_MAX_S);
}

/* Without tokens nothing goes at all. */
static void
a_pause_of_tokens_is_ten_minutes_at_most(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED,
			     86400),
	    PAUSE_TOKEN_MAX_S);
	check(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, PAUSE_TOKEN_MAX_S);
	/* Whoever wrote more than that. */
	store_set_fact(store, "limit-token-rate",
	    clock_now_s() * 100000 + 86400);
	check(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, PAUSE_TOKEN_MAX_S);
}

static void
a_shorter_pause_does_not_end_a_longer_one(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	assert_true(pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 5) > 90);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
}

static void
what_is_no_pause_of_ours_is_none(void)
{
	const int64_t numbers[] = { 0, 1, 99999, INT64_MAX,
		/* As the first version wrote them. */
		clock_now_s() - 5, clock_now_s() + 5, clock_now_s() + 86400,
		/* Past, empty, and two days ahead. */
		(clock_now_s() - 50) * 100000 + 49, clock_now_s() * 100000,
		(clock_now_s() + 2 * 86400) * 100000 + 86400 };
	SCOPED(scratch_close) struct store *store = NULL;
	size_t i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < N(numbers); i++) {
		store_set_fact(store, "limit-me-rate", numbers[i]);
		check(store, PAUSE_ME, OK, 0);
	}
	/* And it does not keep a real one away. */
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 10);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 10);
}

static void
a_clock_that_goes_back_neither_ends_a_pause_nor_makes_it_longer(void)
{
	static const int64_t ahead_s[] = { 1, 2, 60, 43200, 86399 };
	SCOPED(scratch_close) struct store *store = NULL;
	size_t i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < N(ahead_s); i++) {
		run_later(ahead_s[i]);
		pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 86400);
		run_later(0);
		check(store, PAUSE_ME, RESULT_RATE_LIMITED, 86400);
		store_set_fact(store, "limit-me-rate", 0);
		run_later(ahead_s[i]);
		pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
		run_later(0);
		check(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
		run_later(101);
		check(store, PAUSE_ME, OK, 0);
		run_later(0);
		store_set_fact(store, "limit-me-rate", 0);
	}
}

/* As somebody who looks while his own clock is behind. */
static void
who_only_looks_changes_nothing(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(pause_left_s(store, PAUSE_ME), 0);
	run_later(60);
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	run_later(0);
	assert_int_equal(pause_left_s(store, PAUSE_ME), 100);
	run_later(110);
	assert_true(pause_left_s(store, PAUSE_ME) > 40);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 50);
	run_later(161);
	assert_int_equal(pause_left_s(store, PAUSE_ME), 0);
}

static void
a_pause_ends(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	run_later(90);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 10);
	run_later(101);
	check(store, PAUSE_ME, OK, 0);
}

UNIT_TESTS(pause) = {
	TEST(nobody_pauses_until_spotify_asks_for_it),
	TEST(a_limit_holds_for_its_group),
	TEST(a_quota_goes_before_a_rate),
	TEST(a_pause_is_a_second_at_least_and_a_day_at_most),
	TEST(a_shorter_pause_does_not_end_a_longer_one),
	TEST(who_only_looks_changes_nothing),
	TEST(a_pause_ends),
	TEST(a_pause_of_tokens_is_ten_minutes_at_most),
	TEST(what_is_no_pause_of_ours_is_none),
	TEST(a_clock_that_goes_back_neither_ends_a_pause_nor_makes_it_longer),
	END_OF_TESTS,
};
