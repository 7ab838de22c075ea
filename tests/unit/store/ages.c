/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/ages.h"
#include "../run.h"
#include "../scratch.h"
#ifdef HAVE_VALKEY
#include "../engines.h"
#endif

#define NOW 1800000000
#define DAY 86400
#define CONTENT STR("what ends with its version 1")

/* Make sessions that were used so long ago. */
static enum result
make(struct store *store, const int64_t *ago_s, size_t n)
{
	unsigned char id[STORE_ID_BYTES] = { 0 };
	struct store_version version;
	enum result result = OK;
	size_t i;

	for (i = 0; result == OK && i < n; i++) {
		id[0] = (unsigned char)i;
		result = store_create(store, id, CONTENT, NOW + DAY, &version);
		store_touch(store, id, NOW - ago_s[i], NOW + DAY);
	}
	return result;
}

static void
each_session_is_of_one_age(void)
{
	static const struct {
		int64_t ago_s;
		enum age age;
	} rows[] = { { -5, AGE_HOUR }, { 0, AGE_HOUR }, { 3600, AGE_HOUR },
		{ 3601, AGE_DAY }, { DAY, AGE_DAY }, { DAY + 1, AGE_WEEK },
		{ 7 * DAY, AGE_WEEK }, { 7 * DAY + 1, AGE_MONTH },
		{ 30 * DAY, AGE_MONTH }, { 30 * DAY + 1, AGE_LONGER },
		{ 59 * DAY, AGE_LONGER }, { 60 * DAY, AGE_OVER },
		{ NOW, AGE_OVER } };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		struct ages ages = { .now_s = NOW, .kept_s = 60 * DAY };

		ages_add(&ages, NOW - rows[i].ago_s);
		assert_int_equal(ages.n[rows[i].age], 1);
	}
}

/* Over is over, however short that is. */
static void
what_is_over_is_nothing_else(void)
{
	struct ages ages = { .now_s = NOW, .kept_s = 600 };

	ages_add(&ages, NOW - 599);
	ages_add(&ages, NOW - 600);
	assert_int_equal(ages.n[AGE_HOUR], 1);
	assert_int_equal(ages.n[AGE_OVER], 1);
}

static void
sessions_in_files_are_counted_and_nothing_else(void)
{
	static const int64_t ago_s[] = { 1, 2, 2 * DAY, 90 * DAY };
	struct ages ages = { .now_s = NOW, .kept_s = 60 * DAY };
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(make(store, ago_s, N(ago_s)));
	run_write("session-12", 0600, STR("no name of ours"));
	run_write("copy-"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "000000",
	    0600, STR("a copy"));
	assert_int_equal(mkdir("session-"
			       "ffffffffffffffffffffffffffffffffffffffffffffff"
			       "ffffffffffffffffff",
			     0700),
	    0);
	CHECK_OK(ages_of_files(&ages, "."));
	assert_int_equal(ages.n[AGE_HOUR], 2);
	assert_int_equal(ages.n[AGE_WEEK], 1);
	assert_int_equal(ages.n[AGE_OVER], 1);
	assert_int_equal(ages.n[AGE_DAY] + ages.n[AGE_MONTH], 0);
	CHECK(ages_of_files(&ages, "./nowhere"), RESULT_STORE);
}

#ifdef HAVE_VALKEY
static void
sessions_in_an_engine_are_counted(void)
{
	/* More than are asked for at once, twice, and one more. */
	static const int64_t ago_s[] = { 1, 2, 2 * DAY, 90 * DAY, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13 };
	struct ages ages = { .now_s = NOW, .kept_s = 60 * DAY };
	SCOPED(scratch_close) struct store *store = NULL;

	if (!engines_are_here())
		return;
	CHECK_OK(engines_scratch(&store));
	run_later(NOW - time(NULL));
	CHECK_OK(make(store, ago_s, N(ago_s)));
	CHECK_OK(ages_of_engine(&ages, store));
	/* Then a last use may not have been noted. */
	if (run_refused())
		return;
	assert_int_equal(ages.n[AGE_HOUR], 13);
	assert_int_equal(ages.n[AGE_WEEK], 1);
	assert_int_equal(ages.n[AGE_OVER], 1);
}
#endif

static void
every_age_has_a_word_of_its_own(void)
{
	unsigned i, j;

	for (i = 0; i < AGES; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(age_word((enum age)i),
			    age_word((enum age)j));
}

UNIT_TESTS(ages) = {
	TEST(each_session_is_of_one_age),
	TEST(what_is_over_is_nothing_else),
	TEST(sessions_in_files_are_counted_and_nothing_else),
#ifdef HAVE_VALKEY
	TEST(sessions_in_an_engine_are_counted),
#endif
	TEST(every_age_has_a_word_of_its_own),
	END_OF_TESTS,
};
