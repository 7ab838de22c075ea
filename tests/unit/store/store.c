/* SPDX-License-Identifier: ISC */
/* What each back end must pass: the promises of store.h. Those of what is kept
 * beside a record are in ../kept.c. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../backends.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"
#include "base/clock.h"
#include "store/lock.h"

#define MAX 100
/* Records with versions that differ. */
#define FIRST STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")
#define THIRD STR("a record ends with its version 3")

static const unsigned char id[STORE_ID_BYTES] = { 1 };
static const unsigned char other_id[STORE_ID_BYTES] = { 2 };

/* For records that outlive the test. */
static int64_t
later_s(void)
{
	return clock_now_s() + 3600;
}

static enum result
create(struct store *store, const unsigned char *record_id, struct str content)
{
	struct store_version version;

	return store_create(store, record_id, content, later_s(), &version);
}

static enum result
load(struct store *store, struct buf *content, struct store_seen *seen)
{
	buf_clear(content);
	return store_load(store, id, content, seen);
}

/* Take the lock and room; the caller gives back both, room first. */
static enum result
reserve(struct store *store, const struct store_version *version,
    struct lock *lock, struct store_reservation **reservation)
{
	struct store_wish wish = { .id = id, .version = version, .n = MAX };
	enum result result = lock_take(store, LOCK_REFRESH, id, 0, lock);

	if (result != OK)
		return result;
	wish.hold = lock_hold(lock);
	return store_reserve(store, &wish, reservation);
}

static enum result
replace(struct store *store, struct store_version *version, struct str content)
{
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	SCOPED(scratch_release) struct store_reservation *reservation = NULL;
	enum result result = reserve(store, version, &lock, &reservation);

	return result == OK ?
	    store_replace(reservation, version, content, later_s()) :
	    result;
}

static void
a_record_is_made_loaded_replaced_and_removed_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), FIRST));
	CHECK_OK(replace(store, &seen.version, SECOND));
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), SECOND));
	CHECK_OK(store_remove(store, id));
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(store_remove(store, id));
}
ON_EACH(a_record_is_made_loaded_replaced_and_removed)

static void
what_is_there_is_not_made_and_what_is_gone_not_replaced_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen = { 0 };

	CHECK(replace(store, &seen.version, FIRST), RESULT_ABSENT);
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	CHECK(create(store, id, SECOND), RESULT_EXISTS);
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), FIRST));
	CHECK_OK(store_remove(store, id));
	CHECK(replace(store, &seen.version, SECOND), RESULT_ABSENT);
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
}
ON_EACH(what_is_there_is_not_made_and_what_is_gone_not_replaced)

static void
only_the_version_that_was_loaded_is_replaced_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen mine, theirs;
	struct store_version made;

	CHECK_OK(store_create(store, id, FIRST, later_s(), &made));
	CHECK_OK(load(store, &content, &mine));
	assert_memory_equal(&made, &mine.version, sizeof(made));
	CHECK_OK(load(store, &content, &theirs));
	CHECK_OK(replace(store, &theirs.version, SECOND));
	CHECK(replace(store, &mine.version, THIRD), RESULT_CHANGED);
	CHECK_OK(load(store, &content, &mine));
	assert_true(str_equal(buf_str(&content), SECOND));
	/* Who has replaced one knows the version that it has now. */
	assert_memory_equal(&mine.version, &theirs.version,
	    sizeof(mine.version));
	CHECK_OK(replace(store, &theirs.version, THIRD));
	CHECK_OK(replace(store, &theirs.version, FIRST));
}
ON_EACH(only_the_version_that_was_loaded_is_replaced)

/* As after "invalid_grant" for a token that somebody has replaced. */
static void
only_the_version_that_was_loaded_is_removed_on(struct store *store)
{
	const struct store_piece copy = { STORE_COPY, 0, STORE_REST };
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_version mine, theirs;
	struct store_seen seen;

	CHECK_OK(store_create(store, id, FIRST, later_s(), &mine));
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("kept")));
	theirs = mine;
	CHECK_OK(replace(store, &theirs, SECOND));
	CHECK(store_remove_if(store, id, &mine), RESULT_CHANGED);
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), SECOND));
	buf_clear(&content);
	CHECK_OK(store_load_kept(store, id, copy, &content));
	CHECK_OK(store_remove_if(store, id, &theirs));
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK(store_load_kept(store, id, copy, &content), RESULT_ABSENT);
	CHECK_OK(store_remove_if(store, id, &theirs));
}
ON_EACH(only_the_version_that_was_loaded_is_removed)

static void
a_reservation_that_is_given_back_changes_nothing_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	struct store_reservation *reservation;
	struct store_version version;
	struct store_seen seen;

	CHECK_OK(store_create(store, id, FIRST, later_s(), &version));
	CHECK_OK(reserve(store, &version, &lock, &reservation));
	store_release(reservation);
	store_release(NULL);
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), FIRST));
}
ON_EACH(a_reservation_that_is_given_back_changes_nothing)

static void
the_last_use_is_what_was_said_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	store_touch(store, id, 1000, later_s());
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	store_touch(store, id, 1234567, later_s());
	CHECK_OK(load(store, &content, &seen));
	if (run_refused() && seen.used_s != 1234567)
		return; /* that did no harm */
	assert_int_equal(seen.used_s, 1234567);
	assert_string_equal(run_said(), "");
}
ON_EACH(the_last_use_is_what_was_said)

static void
a_mark_is_made_once_on(struct store *store)
{
	CHECK_OK(store_claim(store, 6000, 6010, id));
	CHECK(store_claim(store, 6000, 6010, id), RESULT_EXISTS);
	CHECK(store_claim(store, 6000, 6590, id), RESULT_EXISTS);
	CHECK_OK(store_claim(store, 6000, 6010, other_id));
}
ON_EACH(a_mark_is_made_once)

/* A failure to set or read one does no harm. */
static void
check_fact(struct store *store, const char *name, int64_t number)
{
	int64_t found = store_fact(store, name);

	assert_true(found == number || run_refused());
}

static void
a_fact_is_a_number_that_was_set_on(struct store *store)
{
	assert_int_equal(store_fact(store, "limit-x"), 0);
	store_set_fact(store, "limit-x", 4711);
	store_set_fact(store, "limit-y", INT64_MAX);
	check_fact(store, "limit-x", 4711);
	check_fact(store, "limit-y", INT64_MAX);
	store_set_fact(store, "limit-x", 12);
	check_fact(store, "limit-x", 12);
}
ON_EACH(a_fact_is_a_number_that_was_set)

static void
two_facts_are_got_at_once_on(struct store *store)
{
	static const char *const names[] = { "limit-x", "limit-y" };
	int64_t numbers[2] = { 7, 7 };

	store_set_fact(store, "limit-y", 12);
	store_facts(store, names, numbers);
	assert_int_equal(numbers[0], 0);
	assert_true(numbers[1] == 12 || run_refused());
	store_set_fact(store, "limit-x", 11);
	store_facts(store, names, numbers);
	assert_true(numbers[0] == 11 || run_refused());
	assert_true(numbers[1] == 12 || run_refused());
}
ON_EACH(two_facts_are_got_at_once)

/* Two records in turns, and who reads meanwhile. */
static struct store *shared;
static atomic_bool over;

static void *
read_all_the_time(void *strange)
{
	struct buf content = BUF(MAX);
	struct store_seen seen;
	enum result result;

	while (!atomic_load(&over)) {
		buf_clear(&content);
		result = store_load(shared, id, &content, &seen);
		if (result != RESULT_NO_MEMORY &&
		    (result != OK ||
			(!str_equal(buf_str(&content), FIRST) &&
			    !str_equal(buf_str(&content), SECOND))))
			*(bool *)strange = true;
	}
	buf_free(&content);
	return NULL;
}

static enum result
replace_in_turns(struct store *store)
{
	struct store_version version;
	enum result result = OK;
	struct str last = FIRST;
	unsigned n;

	memcpy(version.bytes, last.p + last.n - sizeof(version.bytes),
	    sizeof(version.bytes));
	for (n = 0; n < 8 && result == OK; n++)
		result = replace(store, &version, n % 2 == 0 ? SECOND : FIRST);
	return result;
}

static void
no_more_is_counted_than_may_be_on(struct store *store)
{
	struct store_tally tally;

	CHECK_OK(store_count(store, "a", 1, &tally));
	CHECK(store_count(store, "a", 1, &tally), RESULT_QUOTA_EXCEEDED);
	assert_true(tally.counted == 1 && tally.room_s > 0);
	assert_true(tally.room_s <= 25 * 3600);
	CHECK_OK(store_count(store, "a", 2, &tally));
	assert_int_equal(tally.counted, 2);
	store_tally(store, "b", &tally);
	assert_int_equal(tally.counted, 0);
}
ON_EACH(no_more_is_counted_than_may_be)

static void
what_is_remarked_of_a_count_stays_with_it_on(struct store *store)
{
	struct store_tally tally;

	store_tally(store, "a", &tally);
	assert_true(tally.counted == 0 && tally.remark == 0);
	CHECK_OK(store_count(store, "a", 9, &tally));
	store_remark(store, "a", 570);
	store_tally(store, "a", &tally);
	if (run_refused())
		return;
	assert_true(tally.counted == 1 && tally.remark == 570);
	assert_true(tally.counting_s >= 0 && tally.counting_s < 3700);
	assert_true(tally.remarked_s > clock_now_s() - 3700 &&
	    tally.remarked_s <= clock_now_s());
	store_remark(store, "a", 0);
	store_tally(store, "a", &tally);
	assert_true(run_refused() || (tally.counted == 1 && tally.remark == 0));
}
ON_EACH(what_is_remarked_of_a_count_stays_with_it)

static void
a_trial_leaves_nothing_that_is_seen_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	CHECK_OK(store_try(store));
	CHECK_OK(store_try(store));
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
}
ON_EACH(a_trial_leaves_nothing_that_is_seen)

static void
a_reader_sees_one_record_or_the_other_on(struct store *store)
{
	bool strange = false;
	enum result result;
	pthread_t reader;

	shared = store;
	atomic_store(&over, false);
	CHECK_OK(create(store, id, FIRST));
	assert_int_equal(pthread_create(&reader, NULL, read_all_the_time,
			     &strange),
	    0);
	result = replace_in_turns(store);
	atomic_store(&over, true);
	pthread_join(reader, NULL);
	CHECK_OK(result);
	assert_false(strange);
}
ON_EACH(a_reader_sees_one_record_or_the_other)

/* The back end that fails does so once, and says what it was told to say. */
static void
the_next_call_fails_and_no_other(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(failing_open(store, &store));
	failing_next(store, FAILING_CREATE, RESULT_STORE, false);
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK(create(store, id, FIRST), RESULT_STORE);
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(load(store, &content, &seen));
	failing_next(store, FAILING_RESERVE, RESULT_BUSY, false);
	CHECK(replace(store, &seen.version, SECOND), RESULT_BUSY);
	failing_next(store, FAILING_REPLACE, RESULT_UNCERTAIN, true);
	CHECK(replace(store, &seen.version, SECOND), RESULT_UNCERTAIN);
	CHECK(replace(store, &seen.version, THIRD), RESULT_CHANGED);
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), SECOND));
}

UNIT_TESTS(store) = {
	TEST(a_record_is_made_loaded_replaced_and_removed),
	TEST(what_is_there_is_not_made_and_what_is_gone_not_replaced),
	TEST(only_the_version_that_was_loaded_is_replaced),
	TEST(only_the_version_that_was_loaded_is_removed),
	TEST(a_reservation_that_is_given_back_changes_nothing),
	TEST(the_last_use_is_what_was_said),
	TEST(a_mark_is_made_once),
	TEST(a_fact_is_a_number_that_was_set),
	TEST(two_facts_are_got_at_once),
	TEST(no_more_is_counted_than_may_be),
	TEST(what_is_remarked_of_a_count_stays_with_it),
	TEST(a_trial_leaves_nothing_that_is_seen),
	TEST(a_reader_sees_one_record_or_the_other),
	TEST(the_next_call_fails_and_no_other),
	END_OF_TESTS,
};
