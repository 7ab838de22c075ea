/* SPDX-License-Identifier: ISC */
/* What each back end must pass: the promises of store.h. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "../run.h"
#include "../failing.h"
#include "../scratch.h"

#define MAX 100
/* Records with versions that differ. */
#define FIRST STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")
#define THIRD STR("a record ends with its version 3")

static const unsigned char id[STORE_ID_BYTES] = { 1 };
static const unsigned char other_id[STORE_ID_BYTES] = { 2 };

static enum result
open_failing(struct store **store)
{
	enum result result = scratch_open(store);

	return result == OK ? failing_open(*store, store) : result;
}

static enum result (*const backends[])(
    struct store **store) = { scratch_open, open_failing };

/* Run a test with an empty store of each back end. */
static void
on_each(void (*body)(struct store *store))
{
	struct store *store;
	enum result result;
	size_t i;

	for (i = 0; i < N(backends); i++) {
		result = backends[i](&store);
		if (run_refused() && result == RESULT_NO_MEMORY)
			return;
		assert_int_equal(result, OK);
		body(store);
		store_close(store);
	}
}

/* A test by the name of NAME, of which NAME_on is the body. */
#define ON_EACH(name) \
	static void name(void) \
	{ \
		on_each(name##_on); \
	}

static enum result
create(struct store *store, const unsigned char *record_id, struct str content)
{
	struct store_version version;

	return store_create(store, record_id, content, &version);
}

static enum result
load(struct store *store, struct buf *content, struct store_seen *seen)
{
	buf_clear(content);
	return store_load(store, id, content, seen);
}

static enum result
replace(struct store *store, struct store_version *version, struct str content)
{
	SCOPED(scratch_release) struct store_reservation *reservation = NULL;
	enum result result = store_reserve(store, MAX, &reservation);

	return result == OK ? store_replace(reservation, id, version, content) :
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

	CHECK_OK(store_create(store, id, FIRST, &made));
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

static void
a_reservation_that_is_given_back_changes_nothing_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_reservation *reservation;
	struct store_seen seen;

	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(store_reserve(store, MAX, &reservation));
	store_release(reservation);
	store_release(NULL);
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), FIRST));
}
ON_EACH(a_reservation_that_is_given_back_changes_nothing)

static enum result
load_piece(struct store *store, struct store_piece piece, struct buf *content)
{
	buf_clear(content);
	return store_load_kept(store, id, piece, content);
}

static enum result
load_kept(struct store *store, size_t from, size_t n, struct buf *content)
{
	return load_piece(store, (struct store_piece){ STORE_COPY, from, n },
	    content);
}

static void
what_is_kept_lasts_as_long_as_its_record_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	CHECK_OK(store_keep(store, id, STORE_COPY, STR("kept")));
	CHECK(load_kept(store, 0, STORE_REST, &content), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(create(store, other_id, SECOND));
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("kept")));
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("kept again")));
	CHECK_OK(load_kept(store, 0, STORE_REST, &content));
	CHECK_TEXT(buf_str(&content), "kept again");
	CHECK_OK(load(store, &content, &seen));
	assert_true(str_equal(buf_str(&content), FIRST));
	CHECK(store_load_kept(store, other_id,
		  (struct store_piece){ STORE_COPY, 0, STORE_REST }, &content),
	    RESULT_ABSENT);
	CHECK_OK(store_remove(store, id));
	CHECK(load_kept(store, 0, STORE_REST, &content), RESULT_ABSENT);
	buf_clear(&content);
	CHECK_OK(store_load(store, other_id, &content, &seen));
}
ON_EACH(what_is_kept_lasts_as_long_as_its_record)

static enum result
load_place(struct store *store, enum store_place place, struct buf *content)
{
	return load_piece(store, (struct store_piece){ place, 0, STORE_REST },
	    content);
}

static void
a_copy_and_a_part_are_kept_apart_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(store_keep(store, id, STORE_PARTIAL, STR("a part")));
	CHECK(load_place(store, STORE_COPY, &content), RESULT_ABSENT);
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("a copy")));
	CHECK_OK(load_place(store, STORE_PARTIAL, &content));
	CHECK_TEXT(buf_str(&content), "a part");
	/* What is empty takes away what was kept, and only that. */
	CHECK_OK(store_keep(store, id, STORE_PARTIAL, STR("")));
	CHECK(load_place(store, STORE_PARTIAL, &content), RESULT_ABSENT);
	CHECK_OK(load_place(store, STORE_COPY, &content));
	CHECK_TEXT(buf_str(&content), "a copy");
	CHECK_OK(store_keep(store, id, STORE_PARTIAL, STR("a part")));
	CHECK_OK(store_remove(store, id));
	CHECK(load_place(store, STORE_PARTIAL, &content), RESULT_ABSENT);
}
ON_EACH(a_copy_and_a_part_are_kept_apart)

static void
what_is_kept_is_read_in_parts_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("head and the rest")));
	CHECK_OK(load_kept(store, 0, 4, &content));
	CHECK_TEXT(buf_str(&content), "head");
	CHECK_OK(load_kept(store, 9, STORE_REST, &content));
	CHECK_TEXT(buf_str(&content), "the rest");
	CHECK_OK(load_kept(store, 17, STORE_REST, &content));
	CHECK_TEXT(buf_str(&content), "");
	CHECK(load_kept(store, 18, STORE_REST, &content), RESULT_ABSENT);
	CHECK(load_kept(store, 0, 18, &content), RESULT_ABSENT);
	CHECK(load_kept(store, 17, 1, &content), RESULT_ABSENT);
}
ON_EACH(what_is_kept_is_read_in_parts)

static void
what_has_no_place_is_absent_on(struct store *store)
{
	SCOPED(buf_free) struct buf exact = BUF(32);
	SCOPED(buf_free) struct buf small = BUF(31);
	struct store_seen seen;

	CHECK_OK(create(store, id, FIRST));
	CHECK_OK(store_keep(store, id, STORE_COPY, FIRST));
	CHECK(load(store, &small, &seen), RESULT_ABSENT);
	CHECK(load_kept(store, 0, STORE_REST, &small), RESULT_ABSENT);
	CHECK_OK(load(store, &exact, &seen));
	CHECK_OK(load_kept(store, 0, STORE_REST, &exact));
}
ON_EACH(what_has_no_place_is_absent)

static void
the_last_use_is_what_was_said_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;

	store_touch(store, id, 1000);
	CHECK(load(store, &content, &seen), RESULT_ABSENT);
	CHECK_OK(create(store, id, FIRST));
	store_touch(store, id, 1234567);
	CHECK_OK(load(store, &content, &seen));
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

static void
a_fact_is_a_number_that_was_set_on(struct store *store)
{
	assert_int_equal(store_fact(store, "limit-x"), 0);
	store_set_fact(store, "limit-x", 4711);
	store_set_fact(store, "limit-y", INT64_MAX);
	assert_int_equal(store_fact(store, "limit-x"), 4711);
	assert_int_equal(store_fact(store, "limit-y"), INT64_MAX);
	store_set_fact(store, "limit-x", 12);
	assert_int_equal(store_fact(store, "limit-x"), 12);
}
ON_EACH(a_fact_is_a_number_that_was_set)

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
	for (n = 0; n < 20 && result == OK; n++)
		result = replace(store, &version, n % 2 == 0 ? SECOND : FIRST);
	return result;
}

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
	TEST(a_reservation_that_is_given_back_changes_nothing),
	TEST(what_is_kept_lasts_as_long_as_its_record),
	TEST(a_copy_and_a_part_are_kept_apart),
	TEST(what_is_kept_is_read_in_parts),
	TEST(what_has_no_place_is_absent),
	TEST(the_last_use_is_what_was_said),
	TEST(a_mark_is_made_once),
	TEST(a_fact_is_a_number_that_was_set),
	TEST(a_reader_sees_one_record_or_the_other),
	TEST(the_next_call_fails_and_no_other),
	END_OF_TESTS,
};
