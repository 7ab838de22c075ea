/* SPDX-License-Identifier: ISC */
/* The dates of store/store.h, for each back end. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends.h"
#include "base/clock.h"
#include "engines.h"
#include "movings.h"
#include "run.h"
#include "scratch.h"
#include "store/file.h"
#include "store/filelock.h"

#define THREADS 4
#define SETS 10

static const unsigned char id[STORE_ID_BYTES] = { 7 };
static const unsigned char other[STORE_ID_BYTES] = { 8 };

static int64_t
later_s(void)
{
	return clock_now_s() + 3600;
}

static void
a_date_is_what_was_set_on(struct store *store)
{
	const unsigned char *const ids[2] = { id, other };
	int64_t date_s, dates_s[2];

	CHECK_OK(store_date(store, id, &date_s));
	assert_int_equal(date_s, 0);
	CHECK_OK(store_set_date(store, id, 1800000000, later_s()));
	CHECK_OK(store_date(store, id, &date_s));
	assert_int_equal(date_s, 1800000000);
	CHECK_OK(store_dates(store, ids, dates_s));
	assert_int_equal(dates_s[0], 1800000000);
	assert_int_equal(dates_s[1], 0);
	CHECK_OK(store_date(store, NULL, &date_s));
	assert_int_equal(date_s, 0);
}
ON_EACH(a_date_is_what_was_set)

static void
a_date_never_goes_back_on(struct store *store)
{
	const unsigned char *const ids[2] = { id, NULL };
	int64_t date_s;
	size_t i;

	for (i = 0; i < N(ids); i++) {
		CHECK_OK(store_set_date(store, ids[i], 5000, later_s()));
		CHECK_OK(store_set_date(store, ids[i], 4000, later_s()));
		CHECK_OK(store_set_date(store, ids[i], 5000, later_s()));
		CHECK_OK(store_date(store, ids[i], &date_s));
		assert_int_equal(date_s, 5000);
		CHECK_OK(store_set_date(store, ids[i], 5001, later_s()));
		CHECK_OK(store_date(store, ids[i], &date_s));
		assert_int_equal(date_s, 5001);
	}
}
ON_EACH(a_date_never_goes_back)

static void
a_record_comes_with_the_common_date_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(100);
	struct store_version version;
	struct store_seen seen;

	CHECK_OK(store_create(store, id, STR("a record ends with its version"),
	    later_s(), &version));
	CHECK_OK(store_load(store, id, &content, &seen));
	assert_int_equal(seen.latest_s, 0);
	CHECK_OK(store_set_date(store, other, 7000, later_s()));
	CHECK_OK(store_set_date(store, NULL, 6000, later_s()));
	buf_clear(&content);
	CHECK_OK(store_load(store, id, &content, &seen));
	assert_int_equal(seen.latest_s, 6000);
}
ON_EACH(a_record_comes_with_the_common_date)

static void
a_date_outlives_a_record_of_its_id_on(struct store *store)
{
	struct store_version version;
	int64_t date_s;

	CHECK_OK(store_create(store, id, STR("a record ends with its version"),
	    later_s(), &version));
	CHECK_OK(store_set_date(store, id, 6000, later_s()));
	CHECK_OK(store_remove(store, id));
	CHECK_OK(store_date(store, id, &date_s));
	assert_int_equal(date_s, 6000);
}
ON_EACH(a_date_outlives_a_record_of_its_id)

/* ---- several at once ---- */

struct setter {
	struct store *store;
	pthread_t thread;
	int64_t first_s;
	enum result result;
};

/* Each sees what it has set, or something later. */
static void *
set_many(void *data)
{
	struct setter *setter = data;
	int64_t date_s, there_s;

	for (date_s = setter->first_s;
	     date_s < THREADS * SETS && setter->result == OK;
	     date_s += THREADS) {
		setter->result =
		    store_set_date(setter->store, NULL, date_s, later_s());
		if (setter->result == OK)
			setter->result =
			    store_date(setter->store, NULL, &there_s);
		if (setter->result == OK && there_s < date_s)
			setter->result = RESULT_CHANGED;
	}
	return NULL;
}

/* In files; an engine does one thing after the other. */
static void
of_many_at_once_the_latest_stays(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct setter setters[THREADS];
	int64_t date_s;
	int i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < THREADS; i++) {
		setters[i] =
		    (struct setter){ .store = store, .first_s = i + 1 };
		assert_int_equal(pthread_create(&setters[i].thread, NULL,
				     set_many, &setters[i]),
		    0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(setters[i].thread, NULL);
	for (i = 0; i < THREADS; i++)
		CHECK_OK(setters[i].result);
	CHECK_OK(store_date(store, NULL, &date_s));
	assert_int_equal(date_s, THREADS * SETS - 1);
}

/* ---- files ---- */

static int locked; /* so often it was locked when something was made durable */

static void
look_at_the_lock(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock;

	if (filelock_take(dir, FILELOCK_DATES, 0, &lock) == RESULT_BUSY)
		locked++;
	close(lock);
	close(dir);
	if (locked == 1)
		run_during_fsync(look_at_the_lock);
}

/* Or an earlier date might take the place of a later one that came between. */
static void
others_are_kept_out_until_a_date_is_durable(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	locked = 0;
	run_during_fsync(look_at_the_lock);
	CHECK_OK(store_set_date(store, id, 5000, later_s()));
	assert_int_equal(locked, 2);
}

/* Neither the lock can be opened, nor the file afterwards. */
static void
without_descriptors_a_date_stays(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct rlimit before, narrow;
	enum result result;
	int64_t date_s;
	int more, next;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(store_set_date(store, id, 5000, later_s()));
	next = dup(STDERR_FILENO);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (more = 0; more < 2; more++) {
		narrow =
		    (struct rlimit){ (rlim_t)(next + more), before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &narrow), 0);
		result = store_set_date(store, id, 6000, later_s());
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(result, RESULT_STORE);
		CHECK_OK(store_date(store, id, &date_s));
		assert_int_equal(date_s, 5000);
	}
}

static void
what_is_no_file_is_no_date(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	int64_t date_s;

	CHECK_OK(scratch_open(&store));
	run_write("elsewhere", 0600, STR(""));
	assert_int_equal(symlink("elsewhere", "since-latest"), 0);
	assert_int_equal(store_date(store, NULL, &date_s), RESULT_STORE);
	assert_int_equal(store_set_date(store, NULL, INT64_C(1) << 33, 0),
	    RESULT_STORE);
	assert_int_equal(unlink("since-latest"), 0);
	assert_int_equal(mkdir("since-latest", 0700), 0);
	assert_int_equal(store_date(store, NULL, &date_s), RESULT_STORE);
	assert_int_equal(run_count("temp-*"), 0);
}

/* The first fsync() is the file's, the second the directory's. */
static void
a_disk_that_fails_is_said_so(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	int64_t date_s;

	CHECK_OK(scratch_open(&store));
	run_fail_fsync(0);
	assert_int_equal(store_set_date(store, id, 5000, 0), RESULT_STORE);
	CHECK_OK(store_date(store, id, &date_s));
	assert_int_equal(date_s, 0);
	assert_int_equal(run_count("temp-*"), 0);
	run_fail_fsync(1);
	assert_int_equal(store_set_date(store, id, 5000, 0), RESULT_UNCERTAIN);
	run_fail_fsync(0);
	assert_int_equal(store_set_date(store, id, 5000, 0), RESULT_UNCERTAIN);
	CHECK_OK(store_set_date(store, id, 5000, 0));
}

/* Of two places, that is: or who was logged out everywhere is let in, because
 * just then nobody told. */
static void
a_date_that_the_old_place_does_not_tell_is_not_none(void)
{
	const unsigned char *const ids[2] = { id, other };
	SCOPED(scratch_close) struct store *store = NULL;
	char name[FILE_NAME_BYTES];
	int64_t date_s, dates_s[2];
	enum result result;

	if (!engines_are_here())
		skip();
	CHECK_OK(movings_into_engine(&store));
	file_name(name, "since-", id, STORE_ID_BYTES);
	assert_int_equal(mkdir(name, 0700), 0);
	result = store_date(store, id, &date_s);
	assert_true(result == RESULT_STORE || run_refused());
	result = store_dates(store, ids, dates_s);
	assert_true(result == RESULT_STORE || run_refused());
	assert_int_equal(rmdir(name), 0);
	result = store_date(store, id, &date_s);
	assert_true(result == OK || run_refused());
}

UNIT_TESTS(dates) = {
	TEST(a_date_that_the_old_place_does_not_tell_is_not_none),
	TEST(a_date_is_what_was_set),
	TEST(a_date_never_goes_back),
	TEST(a_record_comes_with_the_common_date),
	TEST(a_date_outlives_a_record_of_its_id),
	TEST(of_many_at_once_the_latest_stays),
	TEST(others_are_kept_out_until_a_date_is_durable),
	TEST(without_descriptors_a_date_stays),
	TEST(what_is_no_file_is_no_date),
	TEST(a_disk_that_fails_is_said_so),
	END_OF_TESTS,
};
