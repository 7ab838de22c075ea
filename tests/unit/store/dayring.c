/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "store/dayring.h"
#include "../run.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define NOON (500000 * (int64_t)HOUR)
#define LIMIT 600

/* Try so often; how often it was counted. */
static int64_t
try(struct dayring *ring, int64_t now_s, int64_t times)
{
	struct store_tally tally;
	int64_t counted = 0;

	while (times-- > 0)
		if (dayring_count(ring, now_s, LIMIT, &tally) == OK)
			counted++;
	return counted;
}

static int64_t
counted(const struct dayring *ring, int64_t now_s)
{
	struct store_tally tally;

	dayring_tally(ring, now_s, &tally);
	return tally.counted;
}

static void
so_many_are_counted_and_not_one_more(void)
{
	struct dayring ring = { 0 };
	struct store_tally tally;

	assert_int_equal(counted(&ring, NOON), 0);
	assert_int_equal(dayring_count(&ring, NOON, LIMIT, &tally), OK);
	assert_int_equal(tally.counted, 1);
	assert_int_equal(tally.room_s, 0);
	assert_int_equal(try(&ring, NOON, 2 * LIMIT), LIMIT - 1);
	assert_int_equal(dayring_count(&ring, NOON, LIMIT, &tally),
	    RESULT_QUOTA_EXCEEDED);
	assert_int_equal(tally.counted, LIMIT);
	assert_int_equal(dayring_count(&ring, NOON, LIMIT + 1, &tally), OK);
	assert_int_equal(tally.counted, LIMIT + 1);
}

/* Minute by minute, for a week: in no day, whichever minute it begins with, are
 * there more than the limit. */
static void
in_no_day_are_there_more(void)
{
	static int64_t at[7 * 24 * 60];
	struct dayring ring = { 0 };
	int64_t minute, sum = 0, all = 0;

	for (minute = 0; minute < (int64_t)N(at); minute++) {
		at[minute] = try(&ring, NOON + minute * 60, minute % 7);
		sum += at[minute];
		all += at[minute];
		if (minute >= 24 * 60)
			sum -= at[minute - 24 * 60];
		assert_true(sum <= LIMIT);
	}
	/* What stays a little longer than a day costs little. */
	assert_true(all >= LIMIT * 7 * 24 / 25);
}

static void
room_comes_when_it_was_said(void)
{
	static const int64_t since[] = { 0, 1, 1799, 3599 };
	struct store_tally tally;
	int64_t now;
	size_t i;

	for (i = 0; i < N(since); i++) {
		struct dayring ring = { 0 };

		now = NOON + since[i];
		try(&ring, now, 100);
		try(&ring, now + 5 * HOUR, 500);
		now += 6 * HOUR;
		assert_int_equal(dayring_count(&ring, now, LIMIT, &tally),
		    RESULT_QUOTA_EXCEEDED);
		assert_int_equal(tally.room_s, NOON + DAY + HOUR - now);
		now += tally.room_s;
		assert_int_equal(try(&ring, now - 1, 1), 0);
		assert_int_equal(try(&ring, now, 200), 100);
		/* With less than has been counted, it takes longer. */
		assert_int_equal(dayring_count(&ring, now, 500, &tally),
		    RESULT_QUOTA_EXCEEDED);
		assert_int_equal(tally.room_s, 5 * HOUR);
	}
}

static void
where_nothing_may_be_counted_a_day_is_waited(void)
{
	struct dayring ring = { 0 };
	struct store_tally tally;

	assert_int_equal(dayring_count(&ring, NOON, 0, &tally),
	    RESULT_QUOTA_EXCEEDED);
	assert_true(tally.room_s >= 1 && tally.room_s <= DAY + 2 * HOUR);
}

static void
a_clock_that_goes_back_forgets_nothing(void)
{
	static const int64_t back[] = { 1, HOUR / 2, HOUR, 5 * HOUR, DAY,
		31 * HOUR, 32 * HOUR, 40 * DAY };
	struct store_tally tally;
	int64_t now;
	size_t i;

	for (i = 0; i < N(back); i++) {
		struct dayring ring = { 0 };

		now = NOON - back[i];
		assert_int_equal(try(&ring, NOON, 400), 400);
		assert_int_equal(counted(&ring, now), 400);
		assert_int_equal(try(&ring, now, 400), 200);
		assert_int_equal(dayring_count(&ring, now, LIMIT, &tally),
		    RESULT_QUOTA_EXCEEDED);
		assert_true(
		    tally.room_s >= 1 && tally.room_s <= DAY + 2 * HOUR);
		/* And it ends, whatever the clock showed then. */
		assert_int_equal(try(&ring, now + DAY + 2 * HOUR, 700), LIMIT);
	}
}

/* A day ahead it takes a day for past; set right, it knows of both. */
static void
a_clock_that_was_ahead_for_a_while_forgets_nothing(void)
{
	struct dayring ring = { 0 };

	assert_int_equal(try(&ring, NOON, 300), 300);
	assert_int_equal(try(&ring, NOON + DAY + HOUR, 200), 200);
	assert_int_equal(try(&ring, NOON + 60, LIMIT), 100);
}

/* Also if the slot of now is one of those hours. */
static void
all_hours_of_a_clock_that_was_ahead_count(void)
{
	int64_t ahead, hour;

	for (ahead = 2; ahead < 2 * DAYRING_SLOTS; ahead++) {
		struct dayring ring = { 0 };

		for (hour = 0; hour < 24; hour++)
			try(&ring, NOON + (ahead + hour) * HOUR, 10);
		assert_int_equal(counted(&ring, NOON), 240);
		assert_int_equal(try(&ring, NOON, LIMIT), LIMIT - 240);
		assert_int_equal(counted(&ring, NOON), LIMIT);
	}
}

static void
a_clock_that_shows_nonsense_counts_all_the_same(void)
{
	static const int64_t odd[] = { INT64_MIN, -1, 0, 1, DAY, INT64_MAX };
	size_t i;

	for (i = 0; i < N(odd); i++) {
		struct dayring ring = { 0 };

		assert_int_equal(try(&ring, odd[i], LIMIT + 5), LIMIT);
		assert_int_equal(try(&ring, odd[i], 5), 0);
	}
}

/* Whatever was written there, it is empty or it counts, and it heals. */
static void
damage_counts_as_nothing(void)
{
	struct dayring ring;
	struct store_tally tally;
	unsigned seed = 1, byte;
	size_t i;

	for (byte = 1; byte < 256; byte++) {
		memset(&ring, (int)byte, sizeof(ring));
		assert_int_equal(try(&ring, NOON, LIMIT + 1), LIMIT);
	}
	for (byte = 0; byte < 100; byte++) {
		for (i = 0; i < sizeof(ring); i++) {
			seed = seed * 1103515245 + 12345;
			((unsigned char *)&ring)[i] =
			    (unsigned char)(seed >> 16);
		}
		assert_int_equal(try(&ring, NOON, LIMIT + 1), LIMIT);
		dayring_tally(&ring, NOON, &tally);
		assert_int_equal(tally.counted, LIMIT);
	}
}

static void
one_bit_that_has_changed_is_seen(void)
{
	unsigned bit;

	for (bit = 0; bit < 64; bit++) {
		struct dayring ring = { 0 };

		try(&ring, NOON, 400);
		ring.slot[NOON / HOUR % DAYRING_SLOTS] ^= UINT64_C(1) << bit;
		assert_int_equal(counted(&ring, NOON), 0);
	}
}

static void
since_when_it_counts_is_known(void)
{
	struct dayring ring = { 0 };
	struct store_tally tally;

	dayring_tally(&ring, NOON, &tally);
	assert_int_equal(tally.counting_s, 0);
	try(&ring, NOON + 60, 1);
	dayring_tally(&ring, NOON + 60, &tally);
	assert_int_equal(tally.counting_s, 60);
	try(&ring, NOON + 9 * DAY, 1);
	dayring_tally(&ring, NOON + 9 * DAY, &tally);
	assert_int_equal(tally.counting_s, 9 * DAY);
	/* The clock was ahead: it is not known. */
	try(&ring, NOON - 9 * DAY, 1);
	dayring_tally(&ring, NOON - 9 * DAY + 5, &tally);
	assert_int_equal(tally.counting_s, 5);
}

static void
a_remark_is_kept_until_there_is_another(void)
{
	struct dayring ring = { 0 };
	struct store_tally tally;

	dayring_remark(&ring, NOON, 123);
	try(&ring, NOON, 5);
	dayring_tally(&ring, NOON + 30 * DAY, &tally);
	assert_int_equal(tally.remark, 123);
	assert_int_equal(tally.remarked_s, NOON);
	assert_int_equal(tally.counted, 0);
	dayring_remark(&ring, NOON, INT64_MAX);
	dayring_tally(&ring, NOON, &tally);
	assert_int_equal(tally.remark, DAYRING_MAX);
	dayring_remark(&ring, NOON, 0);
	dayring_tally(&ring, NOON, &tally);
	assert_int_equal(tally.remark, 0);
	assert_int_equal(tally.counted, 5);
}

#define THREADS 4
#define TRIES 20000

static struct dayring shared;

static void *
count_alone(void *done)
{
	struct store_tally tally;
	int i;

	for (i = 0; i < TRIES; i++)
		if (dayring_count(&shared, NOON, THREADS * TRIES / 2, &tally) ==
		    OK)
			++*(int64_t *)done;
	return NULL;
}

static void
those_who_count_together_count_exactly(void)
{
	pthread_t threads[THREADS];
	int64_t done[THREADS] = { 0 }, all = 0;
	int i;

	memset(&shared, 0, sizeof(shared));
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_alone,
				     &done[i]),
		    0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += done[i];
	}
	assert_int_equal(all, THREADS * TRIES / 2);
	assert_int_equal(counted(&shared, NOON), THREADS * TRIES / 2);
}

static void *
count_by_another_clock(void *done)
{
	struct store_tally tally;
	int i;

	for (i = 0; i < TRIES; i++)
		if (dayring_count(&shared, NOON + (i & 1 ? HOUR : 0), LIMIT,
			&tally) == OK)
			++*(int64_t *)done;
	return NULL;
}

/* As at the turn of an hour, all the time. */
static void
those_who_do_not_agree_about_the_hour_do_not_count_more(void)
{
	pthread_t threads[THREADS];
	int64_t done[THREADS] = { 0 }, all = 0;
	int i;

	memset(&shared, 0, sizeof(shared));
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     count_by_another_clock, &done[i]),
		    0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += done[i];
	}
	assert_int_equal(all, LIMIT);
	assert_int_equal(counted(&shared, NOON), LIMIT);
}

UNIT_TESTS(dayring) = {
	TEST(so_many_are_counted_and_not_one_more),
	TEST(in_no_day_are_there_more),
	TEST(room_comes_when_it_was_said),
	TEST(where_nothing_may_be_counted_a_day_is_waited),
	TEST(a_clock_that_goes_back_forgets_nothing),
	TEST(a_clock_that_was_ahead_for_a_while_forgets_nothing),
	TEST(all_hours_of_a_clock_that_was_ahead_count),
	TEST(a_clock_that_shows_nonsense_counts_all_the_same),
	TEST(damage_counts_as_nothing),
	TEST(one_bit_that_has_changed_is_seen),
	TEST(since_when_it_counts_is_known),
	TEST(a_remark_is_kept_until_there_is_another),
	TEST(those_who_count_together_count_exactly),
	TEST(those_who_do_not_agree_about_the_hour_do_not_count_more),
	END_OF_TESTS,
};
