/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/secret.h"
#include "relay/pace.h"
#include "../run.h"

static void
a_session_makes_so_many_calls_and_no_more(void)
{
	struct context context = { .deadline_ms = 0 };
	unsigned char id[STORE_ID_BYTES], other[STORE_ID_BYTES];
	unsigned i;

	secret_random(id, sizeof(id));
	memcpy(other, id, sizeof(id));
	other[8] ^= 1; /* another place of the table */
	for (i = 0; i < PACE_CALLS; i++)
		CHECK_OK(pace_take(&context, PACE_CALL, id));
	CHECK(pace_take(&context, PACE_CALL, id), RESULT_RATE_LIMITED);
	assert_int_equal(context.wait.after, RESULT_RATE_LIMITED);
	assert_in_range(context.wait.s, 1, PACE_S);
	CHECK_OK(pace_take(&context, PACE_CALL, other));
	CHECK(pace_take(&context, PACE_CALL, id), RESULT_RATE_LIMITED);
}

static void
who_takes_a_place_begins_anew(void)
{
	struct context context = { .deadline_ms = 0 };
	unsigned char id[STORE_ID_BYTES], other[STORE_ID_BYTES];
	unsigned i;

	secret_random(id, sizeof(id));
	memcpy(other, id, sizeof(id));
	other[0] ^= 1; /* the same place */
	for (i = 0; i < PACE_CALLS; i++)
		CHECK_OK(pace_take(&context, PACE_CALL, id));
	for (i = 0; i < PACE_CALLS; i++)
		CHECK_OK(pace_take(&context, PACE_CALL, other));
	CHECK(pace_take(&context, PACE_CALL, other), RESULT_RATE_LIMITED);
	CHECK_OK(pace_take(&context, PACE_CALL, id));
}

static void
clicks_that_follow_are_counted_by_themselves(void)
{
	struct context context = { .deadline_ms = 0 };
	unsigned char id[STORE_ID_BYTES];
	unsigned i;

	secret_random(id, sizeof(id));
	for (i = 0; i < PACE_FOLLOWS; i++)
		CHECK_OK(pace_take(&context, PACE_FOLLOW, id));
	CHECK(pace_take(&context, PACE_FOLLOW, id), RESULT_RATE_LIMITED);
	assert_in_range(context.wait.s, PACE_FOLLOW_S - 600, PACE_FOLLOW_S);
	CHECK_OK(pace_take(&context, PACE_CALL, id));
}

UNIT_TESTS(pace) = {
	TEST(a_session_makes_so_many_calls_and_no_more),
	TEST(who_takes_a_place_begins_anew),
	TEST(clicks_that_follow_are_counted_by_themselves),
	END_OF_TESTS,
};
