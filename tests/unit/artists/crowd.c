/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "artists/crowd.h"
#include "base/clock.h"
#include "../run.h"

#define MOST 64

static const unsigned char ids[][STORE_ID_BYTES] = { { 1 }, { 2 } };

/* A process with so many threads. */
struct crowd {
	struct context context;
	struct crowd_place places[MOST];
	unsigned n;
};

static struct crowd
crowd_of(unsigned threads)
{
	return (struct crowd){ .context = { .threads = threads,
				   .deadline_ms = clock_mono_ms() + 18000 } };
}

static void
leave(struct crowd *crowd)
{
	while (crowd->n > 0)
		crowd_leave(&crowd->places[--crowd->n]);
}

/* How many of a session get in. */
static unsigned
enter(struct crowd *crowd, unsigned session)
{
	unsigned n = crowd->n;

	while (crowd->n < MOST &&
	    crowd_enter(&crowd->context, ids[session],
		&crowd->places[crowd->n]) == OK)
		crowd->n++;
	return crowd->n - n;
}

static void
a_session_leaves_places_and_all_leave_threads(void)
{
	static const struct {
		unsigned threads, one, other;
	} table[] = { { 0, 1, 0 }, { 1, 1, 0 }, { 2, 1, 0 }, { 4, 2, 1 },
		{ 8, 6, 1 }, { 16, 13, 1 }, { 64, 52, 4 } };
	size_t i;

	for (i = 0; i < N(table); i++) {
		SCOPED(leave) struct crowd c = crowd_of(table[i].threads);

		assert_int_equal(enter(&c, 0), table[i].one);
		assert_int_equal(enter(&c, 1), table[i].other);
		/* Who leaves makes room for one. */
		crowd_leave(&c.places[--c.n]);
		assert_int_equal(enter(&c, c.n < table[i].one ? 0 : 1), 1);
	}
}

static void
three_of_a_session_may_wait_long(void)
{
	SCOPED(leave) struct crowd c = crowd_of(64);
	int64_t now_ms = clock_mono_ms();
	unsigned i;

	assert_int_equal(enter(&c, 0), 52);
	assert_int_equal(enter(&c, 1), 4);
	for (i = 0; i < c.n; i++)
		assert_int_equal(crowd_until_ms(&c.context, &c.places[i]) -
			    now_ms >
			10000,
		    i < 3 || (i >= 52 && i < 55));
	c.context.deadline_ms = now_ms;
	assert_true(
	    crowd_until_ms(&c.context, &c.places[0]) <= clock_mono_ms());
}

static void
half_of_the_threads_may_fetch(void)
{
	SCOPED(leave) struct crowd c = crowd_of(8);
	unsigned i;

	assert_int_equal(enter(&c, 0), 6);
	for (i = 0; i < 4; i++)
		CHECK_OK(crowd_fetch(&c.context, 0, &c.places[i]));
	CHECK(crowd_fetch(&c.context, 0, &c.places[4]), RESULT_BUSY);
	CHECK(crowd_fetch(&c.context, clock_mono_ms() + 20, &c.places[4]),
	    RESULT_BUSY);
	/* The last of those who entered has not fetched. */
	crowd_leave(&c.places[5]);
	CHECK(crowd_fetch(&c.context, 0, &c.places[4]), RESULT_BUSY);
	crowd_leave(&c.places[0]);
	CHECK_OK(crowd_fetch(&c.context, 0, &c.places[4]));
	crowd_leave(&c.places[0]);
}

static void
one_thread_may_fetch_too(void)
{
	SCOPED(leave) struct crowd c = crowd_of(1);

	assert_int_equal(enter(&c, 0), 1);
	CHECK_OK(crowd_fetch(&c.context, 0, &c.places[0]));
}

UNIT_TESTS(crowd) = {
	TEST(a_session_leaves_places_and_all_leave_threads),
	TEST(three_of_a_session_may_wait_long),
	TEST(half_of_the_threads_may_fetch),
	TEST(one_thread_may_fetch_too),
	END_OF_TESTS,
};
