/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <time.h>

#include "base/clock.h"
#include "../run.h"

static void
the_clock_shows_seconds_since_1970(void)
{
	int64_t apart = clock_now_s() - (int64_t)time(NULL);

	assert_true(apart >= -1 && apart <= 1);
}

static void
the_other_clock_never_goes_back(void)
{
	int64_t before = clock_mono_ms(), now;
	int i;

	for (i = 0; i < 1000; i++) {
		now = clock_mono_ms();
		assert_true(now >= before);
		before = now;
	}
}

static void
what_is_left_is_never_negative_and_never_above_the_cap(void)
{
	int64_t now = clock_mono_ms(), left;

	assert_int_equal(clock_left_ms(now - 1, 100), 0);
	assert_int_equal(clock_left_ms(0, 100), 0);
	assert_int_equal(clock_left_ms(now + 60000, 100), 100);
	left = clock_left_ms(now + 60000, 3600000);
	assert_true(left > 50000 && left <= 60000);
}

static void
a_nearer_deadline_is_never_later_than_the_one_it_is_made_of(void)
{
	int64_t now = clock_mono_ms(), until;

	until = clock_until_ms(now + 60000, 100);
	assert_true(until >= now + 100 && until < now + 60000);
	until = clock_until_ms(now + 60000, 3600000);
	assert_true(until >= now + 50000 && until <= now + 60000);
	assert_true(clock_until_ms(now - 1, 100) <= clock_mono_ms());
}

UNIT_TESTS(clock) = {
	TEST(the_clock_shows_seconds_since_1970),
	TEST(the_other_clock_never_goes_back),
	TEST(what_is_left_is_never_negative_and_never_above_the_cap),
	TEST(a_nearer_deadline_is_never_later_than_the_one_it_is_made_of),
	END_OF_TESTS,
};
