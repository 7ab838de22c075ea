/* SPDX-License-Identifier: ISC */
/* What each back end must pass, of what is kept beside a record, and of ids
 * that are known. */
#include "config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "backends.h"
#include "engines.h"
#include "movings.h"
#include "run.h"
#include "scratch.h"
#include "base/clock.h"
#include "store/files.h"
#include "store/moving.h"

#define MAX 100
/* The file of the id below, where it is known. */
#define KNOWN_FILE \
	"known-01000000000000000000000000000000000000000000000000000000000000" \
	"00"
/* Records with versions that differ. */
#define FIRST STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")

static const unsigned char id[STORE_ID_BYTES] = { 1 };
static const unsigned char other_id[STORE_ID_BYTES] = { 2 };

static enum result
create(struct store *store, const unsigned char *record_id, struct str content)
{
	struct store_version version;

	return store_create(store, record_id, content, clock_now_s() + 3600,
	    &version);
}

static enum result
load(struct store *store, struct buf *content, struct store_seen *seen)
{
	buf_clear(content);
	return store_load(store, id, content, seen);
}

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
	CHECK_OK(store_keep(store, id, STORE_CHANGE, STR("a change")));
	CHECK_OK(load_place(store, STORE_CHANGE, &content));
	CHECK_TEXT(buf_str(&content), "a change");
	CHECK_OK(store_remove(store, id));
	CHECK(load_place(store, STORE_PARTIAL, &content), RESULT_ABSENT);
	CHECK(load_place(store, STORE_CHANGE, &content), RESULT_ABSENT);
}
ON_EACH(a_copy_and_a_part_are_kept_apart)

static void
a_removal_of_a_version_takes_all_places_on(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_version version;
	enum store_place place;

	CHECK_OK(
	    store_create(store, id, FIRST, clock_now_s() + 3600, &version));
	for (place = STORE_COPY; place < STORE_PLACE__MAX; place++)
		CHECK_OK(store_keep(store, id, place, STR("kept")));
	CHECK_OK(store_remove_if(store, id, &version));
	for (place = STORE_COPY; place < STORE_PLACE__MAX; place++)
		CHECK(load_place(store, place, &content), RESULT_ABSENT);
}
ON_EACH(a_removal_of_a_version_takes_all_places)

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

/* The number that goes with it; 0: it is unknown. */
static int64_t
known(struct store *store, const unsigned char *which)
{
	int64_t number;

	return store_known(store, which, &number) == OK ? number : 0;
}

static void
an_id_is_known_from_when_it_was_told_on(struct store *store)
{
	int64_t number = 7;

	CHECK_OK(store_known(store, id, &number));
	assert_int_equal(number, 0);
	store_know(store, id, 6000);
	assert_int_equal(known(store, other_id), 0);
	assert_true(known(store, id) == 6000 || run_refused());
	store_know(store, id, INT64_MAX);
	assert_true(known(store, id) == INT64_MAX || run_refused());
	store_know(store, other_id, 6010);
	assert_true(store_forget(store, id) == OK || run_refused());
	assert_true(known(store, id) == 0 || run_refused());
	assert_true(known(store, other_id) == 6010 || run_refused());
	assert_true(store_forget(store, id) == OK || run_refused());
}
ON_EACH(an_id_is_known_from_when_it_was_told)

/* Of a file that is gone already nobody knows whether that lasts. */
static void
an_id_is_forgotten_for_certain_or_not_said_to_be(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	int64_t number = 7;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(mkdir(KNOWN_FILE, 0700), 0);
	CHECK(store_forget(store, id), RESULT_STORE);
	CHECK(store_known(store, id, &number), RESULT_STORE);
	assert_int_equal(number, 0);
	assert_int_equal(rmdir(KNOWN_FILE), 0);
	store_know(store, id, 6000);
	run_fail_fsync(0);
	CHECK(store_forget(store, id), RESULT_UNCERTAIN);
	run_fail_fsync(0);
	CHECK(store_forget(store, id), RESULT_UNCERTAIN);
	CHECK_OK(store_forget(store, id));
	assert_int_equal(run_count(KNOWN_FILE), 0);
}

/* What moves, from one place to the other. */
struct places {
	struct store *from, *to, *moving;
};

static void
places_close(struct places *places)
{
	store_close(places->moving);
	store_close(places->from);
	store_close(places->to);
}

static void
check_known_moves(bool into_engine)
{
	SCOPED(places_close) struct places p = { NULL };
	char prefix[MOVINGS_PREFIX_BYTES];

	if (!engines_are_here())
		skip();
	run_in_scratch();
	movings_prefix(prefix);
	CHECK_OK(files_open(".", into_engine ? &p.from : &p.to));
	CHECK_OK(engines_store(prefix, ".", into_engine ? &p.to : &p.from));
	CHECK_OK(movings_open(prefix, into_engine, &p.moving));
	store_know(p.from, id, 6000);
	assert_true(known(p.moving, id) == 6000 || run_refused());
	assert_true(known(p.to, id) == 6000 || run_refused());
	assert_int_equal(known(p.moving, other_id), 0);
	assert_int_equal(known(p.to, other_id), 0);
}

/* So who comes while the store moves is known when it has moved. */
static void
who_was_known_before_a_move_is_known_after_it(void)
{
	check_known_moves(true);
	if (!run_refused())
		check_known_moves(false);
}

/* What was asked for before a change differs from it in either place, though
 * nobody knows of whom the mark is. */
static void
check_change_moves(bool into_engine)
{
	SCOPED(places_close) struct places p = { NULL };
	SCOPED(buf_free) struct buf content = BUF(MAX);
	char prefix[MOVINGS_PREFIX_BYTES];
	struct moving_tally tally;

	if (!engines_are_here())
		skip();
	run_in_scratch();
	movings_prefix(prefix);
	CHECK_OK(files_open(".", into_engine ? &p.from : &p.to));
	CHECK_OK(engines_store(prefix, ".", into_engine ? &p.to : &p.from));
	CHECK_OK(movings_open(prefix, into_engine, &p.moving));
	CHECK_OK(create(p.from, id, FIRST));
	CHECK_OK(store_keep(p.from, id, STORE_COPY, STR("a copy")));
	CHECK_OK(store_keep(p.from, id, STORE_CHANGE, STR("a change")));
	CHECK_OK(moving_run(p.moving, &tally));
	assert_int_equal(tally.moved, 1);
	CHECK_OK(load_place(p.to, STORE_CHANGE, &content));
	assert_int_equal(content.n, 8);
	assert_false(str_equal(buf_str(&content), STR("a change")));
	CHECK(load_place(p.to, STORE_COMMAND, &content), RESULT_ABSENT);
	CHECK(load_place(p.to, STORE_COPY, &content), RESULT_ABSENT);
}

static void
that_there_was_a_change_is_known_after_a_move(void)
{
	check_change_moves(true);
	if (!run_refused())
		check_change_moves(false);
}

UNIT_TESTS(kept) = {
	TEST(that_there_was_a_change_is_known_after_a_move),
	TEST(who_was_known_before_a_move_is_known_after_it),
	TEST(what_is_kept_lasts_as_long_as_its_record),
	TEST(a_copy_and_a_part_are_kept_apart),
	TEST(a_removal_of_a_version_takes_all_places),
	TEST(what_is_kept_is_read_in_parts),
	TEST(what_has_no_place_is_absent),
	TEST(an_id_is_known_from_when_it_was_told),
	TEST(an_id_is_forgotten_for_certain_or_not_said_to_be),
	END_OF_TESTS,
};
