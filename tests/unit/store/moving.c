/* SPDX-License-Identifier: ISC */
/* What only a store can be that is on its way; the rest is in store.c, lock.c
 * and ../kept.c, for each back end. */
#include "config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "../engines.h"
#include "../movings.h"
#include "../run.h"
#include "../scratch.h"
#include "base/clock.h"
#include "base/meter.h"
#include "store/files.h"
#include "store/lock.h"
#include "store/moving.h"

#define MAX 100
#define FIRST STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")
#define HEX "0100000000000000000000000000000000000000000000000000000000000000"
#define AGO_S 1000

static const unsigned char id[STORE_ID_BYTES] = { 1 };
static const unsigned char other_id[STORE_ID_BYTES] = { 2 };

/* Both places, and the store that moves from one to the other. */
struct site {
	char prefix[MOVINGS_PREFIX_BYTES];
	struct store *files, *engine;
	struct store *from, *to, *moving;
	struct store_version version; /* of the record in the old place */
	struct lock lock;
	struct store_reservation *room;
};

static void
leave(struct site *s)
{
	store_release(s->room);
	lock_release(&s->lock);
	store_close(s->moving);
	store_close(s->files);
	store_close(s->engine);
}

/* With a record in the old place, used a while ago. */
static enum result
begin(struct site *s, bool into_engine)
{
	enum result result;

	*s = (struct site){ .files = NULL };
	if (!engines_are_here())
		skip();
	run_in_scratch();
	movings_prefix(s->prefix);
	result = files_open(".", &s->files);
	if (result == OK)
		result = engines_store(s->prefix, ".", &s->engine);
	if (result == OK)
		result = movings_open(s->prefix, into_engine, &s->moving);
	s->from = into_engine ? s->files : s->engine;
	s->to = into_engine ? s->engine : s->files;
	if (result == OK)
		result = store_create(s->from, id, FIRST, clock_now_s() + 3600,
		    &s->version);
	if (result == OK)
		store_touch(s->from, id, clock_now_s() - AGO_S,
		    clock_now_s() + 3600);
	return result;
}

/* Each test is one of both directions. */
#define BOTH_WAYS(name) \
	static void name(void) \
	{ \
		name##_moving(true); \
		if (!run_refused()) \
			name##_moving(false); \
	}

static enum result
load(struct store *store, struct buf *content, struct store_seen *seen)
{
	buf_clear(content);
	return store_load(store, id, content, seen);
}

/* Whether a store has the record, and which. */
static bool
has(struct store *store, struct str wanted)
{
	struct buf content = BUF(MAX);
	struct store_seen seen;
	bool same = load(store, &content, &seen) == OK &&
	    str_equal(buf_str(&content), wanted);

	buf_free(&content);
	return same || run_refused();
}

static bool
has_none(struct store *store)
{
	struct buf content = BUF(MAX);
	struct store_seen seen;
	enum result result = load(store, &content, &seen);

	buf_free(&content);
	return result == RESULT_ABSENT || run_refused();
}

static enum result
take(struct site *s)
{
	const struct lock_wish wish = { LOCK_REFRESH, id, &s->version };

	return lock_take_unless_done(s->moving, &wish, 0, &s->lock);
}

static enum result
reserve(struct site *s, struct store_reservation **room)
{
	const struct store_wish wish = { .id = id,
		.version = &s->version,
		.n = MAX,
		.hold = lock_hold(&s->lock) };

	return store_reserve(s->moving, &wish, room);
}

static void
what_has_not_moved_is_found_where_it_is_moving(bool into_engine)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, into_engine));
	assert_true(has(s.moving, FIRST));
	assert_true(has_none(s.to));
	store_touch(s.moving, other_id, clock_now_s(), clock_now_s() + 3600);
	assert_true(has(s.from, FIRST));
}
BOTH_WAYS(what_has_not_moved_is_found_where_it_is)

static void
who_replaces_a_record_has_moved_it_moving(bool into_engine)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(take(&s));
	assert_true(has_none(s.from));
	CHECK_OK(reserve(&s, &s.room));
	CHECK_OK(
	    store_replace(s.room, &s.version, SECOND, clock_now_s() + 3600));
	assert_true(has(s.to, SECOND));
	assert_true(has(s.moving, SECOND));
}
BOTH_WAYS(who_replaces_a_record_has_moved_it)

/* Somebody moves the other way, between our move and our lock: nothing is
 * spent. */
static void
what_has_moved_back_is_not_spent_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	struct store_reservation *room = NULL;
	struct store_version version;
	enum result result;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(take(&s));
	CHECK_OK(
	    store_create(s.from, id, FIRST, clock_now_s() + 3600, &version));
	CHECK_OK(store_remove(s.to, id));
	result = reserve(&s, &room);
	store_release(room);
	CHECK(result, RESULT_CHANGED);
	assert_true(has(s.moving, FIRST));
}
BOTH_WAYS(what_has_moved_back_is_not_spent)

static void
who_is_replaced_where_he_is_does_not_move_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	struct moving_tally tally;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(lock_take(s.from, LOCK_REFRESH, id, 0, &s.lock));
	CHECK(moving_run(s.moving, &tally), RESULT_BUSY);
	assert_int_equal(tally.left, 1);
	assert_true(has_none(s.to));
	lock_release(&s.lock);
	CHECK_OK(moving_run(s.moving, &tally));
	assert_int_equal(tally.moved, 1);
	assert_true(has(s.to, FIRST));
}
BOTH_WAYS(who_is_replaced_where_he_is_does_not_move)

static void
all_move_with_their_last_use_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct moving_tally tally;
	struct store_seen seen;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(moving_run(s.moving, &tally));
	assert_int_equal(tally.moved, 1);
	assert_int_equal(tally.left, 0);
	assert_true(has_none(s.from));
	CHECK_OK(load(s.to, &content, &seen));
	CHECK_TEXT(buf_str(&content), "a record ends with its version 1");
	assert_true(clock_now_s() - seen.used_s >= AGO_S || run_refused());
	CHECK_OK(moving_run(s.moving, &tally));
	assert_int_equal(tally.moved, 0);
}
BOTH_WAYS(all_move_with_their_last_use)

/* Who died between the two steps has left the same in both places. */
static void
a_crash_in_between_does_no_harm_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	struct store_version version;
	struct moving_tally tally;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(store_create(s.to, id, FIRST, clock_now_s() + 3600, &version));
	CHECK_OK(moving_run(s.moving, &tally));
	assert_true(has_none(s.from));
	assert_true(has(s.to, FIRST));
}
BOTH_WAYS(a_crash_in_between_does_no_harm)

static void
a_logout_is_one_in_both_places_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	struct store_version version;
	struct moving_tally tally;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(store_create(s.to, id, FIRST, clock_now_s() + 3600, &version));
	CHECK_OK(store_remove(s.moving, id));
	assert_true(has_none(s.moving));
	CHECK_OK(moving_run(s.moving, &tally));
	assert_int_equal(tally.moved, 0);
	assert_true(has_none(s.to));
}
BOTH_WAYS(a_logout_is_one_in_both_places)

static void
what_is_over_stays_for_the_clean_up_moving(bool into_engine)
{
	SCOPED(leave) struct site s;
	struct moving_tally tally;

	CHECK_OK(begin(&s, into_engine));
	store_touch(s.from, id, clock_now_s() - 4000, clock_now_s() + 3600);
	CHECK_OK(moving_run(s.moving, &tally));
	if (run_refused()) /* the touch, perhaps */
		return;
	assert_int_equal(tally.over, 1);
	assert_int_equal(tally.moved, 0);
	assert_true(has_none(s.to));
}
BOTH_WAYS(what_is_over_stays_for_the_clean_up)

/* When each fails, what is left is not looked at. */
static void
a_place_that_fails_ends_the_move(void)
{
	SCOPED(leave) struct site s;
	struct store_version version;
	struct moving_tally tally;
	unsigned char one[STORE_ID_BYTES] = { 0 };

	CHECK_OK(begin(&s, true));
	for (one[0] = 2; one[0] < 9; one[0]++)
		CHECK_OK(store_create(s.files, one, FIRST, clock_now_s() + 3600,
		    &version));
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(mkdir("lock", 0700), 0);
	CHECK(moving_run(s.moving, &tally), RESULT_STORE);
	assert_int_equal(tally.moved, 0);
	assert_int_equal(tally.left, 3);
	assert_true(has(s.files, FIRST));
}

/* By whichever of two programs that move in different directions. */
static void
a_login_is_good_once_in_both_places(void)
{
	SCOPED(leave) struct site s;
	SCOPED(scratch_close) struct store *back = NULL;
	int64_t now_s = clock_now_s();

	CHECK_OK(begin(&s, true));
	CHECK_OK(movings_open(s.prefix, false, &back));
	CHECK_OK(store_claim(s.moving, now_s, now_s, id));
	CHECK(store_claim(back, now_s, now_s, id), RESULT_EXISTS);
	CHECK_OK(store_claim(back, now_s, now_s, other_id));
	CHECK(store_claim(s.moving, now_s, now_s, other_id), RESULT_EXISTS);
	/* And by one that knew files only. */
	CHECK(store_claim(s.files, now_s, now_s, id), RESULT_EXISTS);
}

static void
facts_and_counts_of_either_place_hold(void)
{
	SCOPED(leave) struct site s;
	struct store_tally tally;

	CHECK_OK(begin(&s, true));
	store_set_fact(s.files, "limit", 7);
	assert_true(store_fact(s.moving, "limit") == 7 || run_refused());
	store_set_fact(s.moving, "limit", 9);
	assert_true(store_fact(s.engine, "limit") == 9 || run_refused());
	CHECK_OK(store_count(s.files, "calls", 2, &tally));
	CHECK_OK(store_count(s.moving, "calls", 2, &tally));
	assert_int_equal(tally.counted, 2);
	CHECK(store_count(s.moving, "calls", 2, &tally), RESULT_QUOTA_EXCEEDED);
}

static void
dates_go_along_and_the_later_one_holds_moving(bool into_engine)
{
	const int64_t ends_s = clock_now_s() + 3600;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	SCOPED(leave) struct site s;
	struct moving_tally tally;
	struct store_seen seen;
	int64_t date_s;

	CHECK_OK(begin(&s, into_engine));
	CHECK_OK(store_set_date(s.from, NULL, 50, ends_s));
	CHECK_OK(store_set_date(s.from, id, 40, ends_s));
	CHECK_OK(store_set_date(s.from, other_id, 50, ends_s));
	CHECK_OK(store_set_date(s.to, other_id, 45, ends_s));
	CHECK_OK(load(s.moving, &content, &seen));
	assert_true(seen.latest_s == 50 || run_refused());
	CHECK_OK(store_date(s.moving, other_id, &date_s));
	assert_true(date_s == 50 || run_refused());
	CHECK_OK(moving_run(s.moving, &tally));
	CHECK_OK(load(s.to, &content, &seen));
	assert_int_equal(seen.latest_s, 50);
	CHECK_OK(store_date(s.to, id, &date_s));
	assert_int_equal(date_s, 40);
	CHECK_OK(store_date(s.to, other_id, &date_s));
	assert_int_equal(date_s, 50);
	/* And who still goes the other way knows what is set now. */
	CHECK_OK(store_set_date(s.moving, NULL, 60, ends_s));
	CHECK_OK(store_date(s.from, NULL, &date_s));
	assert_int_equal(date_s, 60);
}
BOTH_WAYS(dates_go_along_and_the_later_one_holds)

/* Once, by the place that has failed. */
static void
what_fails_in_the_new_place_is_counted(void)
{
	SCOPED(leave) struct site s;
	struct store_version version;
	enum result removed;
	uint64_t errors;

	CHECK_OK(begin(&s, false));
	errors = meter_value(METER_STORE_ERRORS);
	run_fail_fsync(0);
	CHECK(store_create(s.moving, other_id, FIRST, INT64_MAX, &version),
	    RESULT_STORE);
	run_fail_fsync(0);
	removed = store_remove(s.moving, id);
	if (run_refused())
		return;
	assert_int_equal(removed, RESULT_UNCERTAIN);
	assert_int_equal(meter_value(METER_STORE_ERRORS), errors + 2);
}

UNIT_TESTS(moving) = {
	TEST(what_fails_in_the_new_place_is_counted),
	TEST(dates_go_along_and_the_later_one_holds),
	TEST(what_has_not_moved_is_found_where_it_is),
	TEST(who_replaces_a_record_has_moved_it),
	TEST(what_has_moved_back_is_not_spent),
	TEST(who_is_replaced_where_he_is_does_not_move),
	TEST(all_move_with_their_last_use),
	TEST(a_crash_in_between_does_no_harm),
	TEST(a_logout_is_one_in_both_places),
	TEST(what_is_over_stays_for_the_clean_up),
	TEST(a_place_that_fails_ends_the_move),
	TEST(a_login_is_good_once_in_both_places),
	TEST(facts_and_counts_of_either_place_hold),
	END_OF_TESTS,
};
