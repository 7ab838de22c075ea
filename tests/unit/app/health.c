/* SPDX-License-Identifier: ISC */
/* What all programs share is a number that any of them may have put there: one
 * that was broken into, too. */
#include "config.h"

#include "app/health.h"
#include "base/clock.h"
#include "base/meter.h"
#include "../run.h"

static enum result
check_at(uint64_t refused_s)
{
	enum result result;

	meter_note(METER_CLIENT_REFUSED, refused_s);
	result = health_check(NULL);
	meter_note(METER_CLIENT_REFUSED, 0);
	return result;
}

static void
a_refusal_counts_for_ten_minutes(void)
{
	const uint64_t now_s = (uint64_t)clock_now_s();

	CHECK_OK(check_at(0));
	CHECK(check_at(now_s), RESULT_MISCONFIGURED);
	CHECK(check_at(now_s - 599), RESULT_MISCONFIGURED);
	CHECK_OK(check_at(now_s - 601));
}

static void
a_time_that_is_none_counts_as_no_refusal(void)
{
	const uint64_t now_s = (uint64_t)clock_now_s();

	CHECK_OK(check_at(now_s + 60));
	CHECK_OK(check_at(INT64_MAX));
	CHECK_OK(check_at(UINT64_C(1) << 63));
	CHECK_OK(check_at((UINT64_C(1) << 63) + now_s));
	CHECK_OK(check_at(UINT64_MAX));
}

UNIT_TESTS(health) = {
	TEST(a_refusal_counts_for_ten_minutes),
	TEST(a_time_that_is_none_counts_as_no_refusal),
	END_OF_TESTS,
};
