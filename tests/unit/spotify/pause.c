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
a_rate_limit_holds_for_all_of_the_api(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	check(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED, 100);
	check(store, PAUSE_TOKEN, OK, 0);
	pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 50);
	check(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 50);
}

static void
a_quota_holds_for_its_group_and_goes_before_a_rate(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_FOLLOWING, RESULT_QUOTA_EXCEEDED, -1);
	pause_note(store, PAUSE_FOLLOWING, RESULT_RATE_LIMITED, -1);
	check(store, PAUSE_FOLLOWING, RESULT_QUOTA_EXCEEDED, 3600);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 5);
}

static void
a_pause_is_a_second_at_least_and_a_day_at_most(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 0);
	check(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 1);
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, INT64_MAX);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, PAUSE_MAX_S);
}

static void
a_shorter_pause_does_not_end_a_longer_one(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 5);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
}

static void
a_time_that_is_past_or_absurd_is_no_pause(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	store_set_fact(store, "limit-api-rate", clock_now_s() - 5);
	check(store, PAUSE_ME, OK, 0);
	store_set_fact(store, "limit-api-rate",
	    clock_now_s() + PAUSE_MAX_S + 60);
	check(store, PAUSE_ME, OK, 0);
	/* And it does not keep a real one away. */
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 10);
	check(store, PAUSE_ME, RESULT_RATE_LIMITED, 10);
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
	TEST(a_rate_limit_holds_for_all_of_the_api),
	TEST(a_quota_holds_for_its_group_and_goes_before_a_rate),
	TEST(a_pause_is_a_second_at_least_and_a_day_at_most),
	TEST(a_shorter_pause_does_not_end_a_longer_one),
	TEST(a_pause_ends),
	TEST(a_time_that_is_past_or_absurd_is_no_pause),
	END_OF_TESTS,
};
