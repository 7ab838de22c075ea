/* SPDX-License-Identifier: ISC */
/* What all programs share is a number that any of them may have put there: one
 * that was broken into, too. */
#include "config.h"

#include "app/health.h"
#include "base/clock.h"
#include "base/meter.h"
#include "../run.h"

/* What is said by a time in each place in which one can be noted: that is the
 * same, or health_check() does not look at it. */
static enum result
check_at(uint64_t noted_s)
{
	enum result first = OK, result;
	unsigned at;

	for (at = METER_CLIENT_REFUSED; at < METER__MAX; at++) {
		meter_note(at, noted_s);
		result = health_check(NULL);
		meter_note(at, 0);
		if (at == METER_CLIENT_REFUSED)
			first = result;
		assert_int_equal(result, first);
	}
	return first;
}

static void
what_is_noted_counts_for_ten_minutes(void)
{
	const uint64_t now_s = (uint64_t)clock_now_s();

	CHECK_OK(check_at(0));
	CHECK(check_at(now_s), RESULT_MISCONFIGURED);
	CHECK(check_at(now_s - 540), RESULT_MISCONFIGURED);
	CHECK_OK(check_at(now_s - 601));
}

static void
a_time_that_is_none_counts_as_nothing(void)
{
	const uint64_t now_s = (uint64_t)clock_now_s();

	CHECK_OK(check_at(now_s + 60));
	CHECK_OK(check_at(INT64_MAX));
	CHECK_OK(check_at(UINT64_C(1) << 63));
	CHECK_OK(check_at((UINT64_C(1) << 63) + now_s));
	CHECK_OK(check_at(UINT64_MAX));
}

UNIT_TESTS(health) = {
	TEST(what_is_noted_counts_for_ten_minutes),
	TEST(a_time_that_is_none_counts_as_nothing),
	END_OF_TESTS,
};
