/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/meter.h"
#include "../run.h"

#define THREADS 4
#define TIMES 10000

static void
each_count_is_its_own(void)
{
	uint64_t before = meter_value(METER_STALE);
	uint64_t other = meter_value(METER_STORE_ERRORS);

	meter_count(METER_STALE);
	meter_count(METER_STALE);
	assert_int_equal(meter_value(METER_STALE), before + 2);
	assert_int_equal(meter_value(METER_STORE_ERRORS), other);
	meter_count(METER__MAX);
	meter_count(UINT32_MAX);
	meter_note(METER__MAX, 1);
	assert_int_equal(meter_value(METER__MAX), 0);
}

static void *
count_often(void *none)
{
	int i;

	for (i = 0; i < TIMES; i++)
		meter_count(METER_STALE);
	return none;
}

static void
threads_count_together_and_exactly(void)
{
	uint64_t before = meter_value(METER_STALE);
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_often,
				     NULL),
		    0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(meter_value(METER_STALE), before + THREADS * TIMES);
}

static void
a_count_lies_where_it_is_placed(void)
{
	static _Atomic uint64_t place;
	uint64_t before = meter_value(METER_STALE);

	atomic_store(&place, 40);
	meter_place(METER_STALE, &place);
	meter_count(METER_STALE);
	assert_int_equal(meter_value(METER_STALE), 41);
	meter_note(METER_STALE, 7);
	assert_int_equal(atomic_load(&place), 7);
	meter_place(METER_STALE, NULL);
	assert_int_equal(meter_value(METER_STALE), before);
	meter_place(METER__MAX, &place);
}

static void
a_status_is_of_one_class(void)
{
	static const struct {
		int status;
		const char *word;
	} rows[] = { { 0, "none" }, { -1, "none" }, { 100, "none" },
		{ 199, "none" }, { 200, "2xx" }, { 299, "2xx" }, { 303, "3xx" },
		{ 404, "4xx" }, { 500, "5xx" }, { 599, "5xx" }, { 600, "none" },
		{ 999, "none" } };
	size_t i;

	for (i = 0; i < N(rows); i++)
		assert_string_equal(meter_class_word(
					meter_class(rows[i].status)),
		    rows[i].word);
	assert_string_equal(meter_class_word(METER_CLASSES), "none");
}

UNIT_TESTS(meter) = {
	TEST(each_count_is_its_own),
	TEST(threads_count_together_and_exactly),
	TEST(a_count_lies_where_it_is_placed),
	TEST(a_status_is_of_one_class),
	END_OF_TESTS,
};
