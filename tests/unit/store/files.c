/* SPDX-License-Identifier: ISC */
/* What only files can be: the rest is in store.c, for each back end. */
#include "config.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "../scratch.h"

#define MAX 100
/* The file names of the id below. */
#define HEX "0100000000000000000000000000000000000000000000000000000000000000"
#define SESSION "session-" HEX
#define KEPT "copy-" HEX
#define PART "part-" HEX
#define ALL ((struct store_piece){ STORE_COPY, 0, STORE_REST })
#define RECORD STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")

static const unsigned char id[STORE_ID_BYTES] = { 1 };

/* Files ask for no lock. */
static const struct store_wish wish = { .id = id, .n = MAX };

static enum result
create(struct store *store, const unsigned char *record_id, struct str content)
{
	struct store_version version;

	return store_create(store, record_id, content, INT64_MAX, &version);
}

static enum result
load(struct store *store, struct buf *content)
{
	struct store_seen seen;

	buf_clear(content);
	return store_load(store, id, content, &seen);
}

static void
a_record_and_what_is_kept_are_private_files(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct stat st;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	assert_int_equal(stat(SESSION, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 32);
	CHECK_OK(store_keep(store, id, STORE_COPY, STR("kept")));
	assert_int_equal(stat(KEPT, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 4);
	CHECK_OK(store_keep(store, id, STORE_PARTIAL, STR("a part")));
	assert_int_equal(stat(PART, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(run_count("temp-*"), 0);
	CHECK_OK(store_remove(store, id));
	assert_int_equal(run_count("*-*"), 0);
}

static const struct store_wish page_wish = { .id = id, .n = 8192 };

static void
a_reservation_takes_its_room(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_reservation *reservation;
	glob_t found;
	struct stat st;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(store_reserve(store, &page_wish, &reservation));
	assert_int_equal(glob("temp-*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_equal(strlen(found.gl_pathv[0]), 5 + 16);
	assert_int_equal(stat(found.gl_pathv[0], &st), 0);
	globfree(&found);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 8192);
	assert_true(st.st_blocks * 512 >= 8192);
	store_release(reservation);
	assert_int_equal(run_count("temp-*"), 0);
}

/* Let no file grow beyond a page. */
static void
limit_files(rlim_t bytes, struct rlimit *before)
{
	const struct rlimit small = { bytes, RLIM_INFINITY };

	assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
}

static void
a_disk_that_is_full_is_met_when_reserving(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_reservation *reservation;
	struct rlimit before;
	enum result result;

	CHECK_OK(scratch_open(&store));
	limit_files(4096, &before);
	result = store_reserve(store, &page_wish, &reservation);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	CHECK(result, RESULT_STORE);
	assert_null(reservation);
	assert_int_equal(run_count("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed call=allocate"));
}

static int
next_descriptor(void)
{
	int next = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	close(next);
	return next;
}

static void
a_file_that_cannot_be_written_whole_is_not_created(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	static const char large[8192];
	struct rlimit before;
	enum result result;
	int next;

	CHECK_OK(scratch_open(&store));
	next = next_descriptor();
	limit_files(4096, &before);
	result = create(store, id, (struct str){ large, sizeof(large) });
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_STORE);
	assert_int_equal(run_count("session-*"), 0);
	assert_int_equal(next_descriptor(), next);
	assert_non_null(strstr(run_said(), "event=store_failed call=write"));
}

static void
a_write_that_fails_leaves_what_was_there(void)
{
	static const struct store_wish small = { .id = id, .n = 16 };
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_reservation *reservation;
	struct store_seen seen;
	struct rlimit before;
	enum result result;
	int next;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	CHECK_OK(store_load(store, id, &content, &seen));
	next = next_descriptor();
	CHECK_OK(store_reserve(store, &small, &reservation));
	limit_files(16, &before);
	result = store_replace(reservation, &seen.version, SECOND, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	store_release(reservation);
	assert_int_equal(result, RESULT_STORE);
	assert_int_equal(next_descriptor(), next);
	CHECK_OK(load(store, &content));
	assert_true(str_equal(buf_str(&content), RECORD));
	assert_int_equal(run_count("temp-*"), 0);
}

static void
what_cannot_be_put_in_its_place_is_given_up(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	assert_int_equal(mkdir(KEPT, 0700), 0);
	CHECK(store_keep(store, id, STORE_COPY, STR("x")), RESULT_STORE);
	assert_int_equal(run_count("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed call=rename"));
	CHECK(store_remove(store, id), RESULT_UNCERTAIN);
	assert_int_equal(run_count("session-*"), 0);
}

static void
what_is_shorter_than_a_version_is_no_record(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(scratch_open(&store));
	run_write(SESSION, 0600, STR("fifteen bytes.."));
	CHECK(load(store, &content), RESULT_ABSENT);
	run_write(SESSION, 0600, STR("sixteen bytes..."));
	CHECK_OK(load(store, &content));
}

static void
facts_are_numbers_and_nothing_else(void)
{
	static const char *const bad[] = { "", "x", "-5", "5\n", "5 ", "0x5",
		"99999999999999999999", "111111111111111111111111111111" };
	SCOPED(scratch_close) struct store *store = NULL;
	size_t i;

	CHECK_OK(scratch_open(&store));
	store_set_fact(store, "limit-x", 4711);
	assert_int_equal(run_count("temp-*"), 0);
	for (i = 0; i < N(bad); i++) {
		run_write("limit-y", 0600, str_of(bad[i]));
		assert_int_equal(store_fact(store, "limit-y"), 0);
	}
	assert_int_equal(symlink("limit-x", "limit-z"), 0);
	assert_int_equal(store_fact(store, "limit-z"), 0);
}

static void
a_fact_that_cannot_be_written_is_logged_and_does_no_harm(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(mkdir("limit-x", 0700), 0);
	store_set_fact(store, "limit-x", 4711);
	assert_int_equal(store_fact(store, "limit-x"), 0);
	assert_int_equal(run_count("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed"));
}

static void
without_a_descriptor_nothing_is_done(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_reservation *reservation;
	struct rlimit before, none;
	enum result results[6];
	size_t i;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	results[0] = load(store, &content);
	results[1] = store_load_kept(store, id, ALL, &content);
	results[2] = create(store, id, RECORD);
	results[3] = store_reserve(store, &wish, &reservation);
	results[4] = store_keep(store, id, STORE_COPY, RECORD);
	results[5] = store_claim(store, 600, 600, id);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (i = 0; i < N(results); i++)
		CHECK(results[i], RESULT_STORE);
	CHECK_OK(load(store, &content));
	assert_true(str_equal(buf_str(&content), RECORD));
}

static void
without_a_directory_there_is_no_store(void)
{
	struct store *store;

	CHECK(files_open("/nonexistent/x", &store), RESULT_STORE);
	assert_null(store);
}

/* A replace of the record; the fsync after so many others fails. */
static enum result
replace_with_a_failure(struct store *store, unsigned after)
{
	SCOPED(scratch_release) struct store_reservation *reservation = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;
	enum result result = store_load(store, id, &content, &seen);

	if (result == OK)
		result = store_reserve(store, &wish, &reservation);
	if (result != OK)
		return result;
	run_fail_fsync(after);
	return store_replace(reservation, &seen.version, SECOND, 0);
}

static void
a_record_that_may_not_last_is_uncertain_and_stays_the_newer(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	/* The file's, before it takes the place of the other. */
	CHECK(replace_with_a_failure(store, 0), RESULT_STORE);
	CHECK_OK(load(store, &content));
	assert_true(str_equal(buf_str(&content), RECORD));
	/* The directory's, behind it. */
	CHECK(replace_with_a_failure(store, 1), RESULT_UNCERTAIN);
	CHECK_OK(load(store, &content));
	assert_true(str_equal(buf_str(&content), SECOND));
	assert_int_equal(run_count("temp-*"), 0);
}

static struct store *shared;

static void
replace_meanwhile(void)
{
	(void)!replace_with_a_failure(shared, UINT_MAX - 1);
}

/* As who writes for long may find, whose lock was lost meanwhile. */
static void
what_was_replaced_while_we_wrote_stays(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(scratch_release) struct store_reservation *reservation = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_seen seen;
	enum result result;

	CHECK_OK(scratch_open(&store));
	shared = store;
	CHECK_OK(create(store, id, RECORD));
	CHECK_OK(store_load(store, id, &content, &seen));
	CHECK_OK(store_reserve(store, &wish, &reservation));
	run_during_fsync(replace_meanwhile);
	result = store_replace(reservation, &seen.version,
	    STR("a record ends with its version 3"), 0);
	if (run_refused() && result == OK)
		return; /* The other one had no memory. */
	CHECK(result, RESULT_CHANGED);
	CHECK_OK(load(store, &content));
	assert_true(str_equal(buf_str(&content), SECOND));
}

static void
a_record_whose_making_may_not_last_is_uncertain_and_gone(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(scratch_open(&store));
	run_fail_fsync(0);
	CHECK(create(store, id, RECORD), RESULT_STORE);
	run_fail_fsync(1);
	CHECK(create(store, id, RECORD), RESULT_UNCERTAIN);
	CHECK(load(store, &content), RESULT_ABSENT);
	CHECK_OK(create(store, id, RECORD));
}

static void
a_removal_is_made_to_last_by_who_finds_it_done(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(create(store, id, RECORD));
	run_fail_fsync(0);
	CHECK(store_remove(store, id), RESULT_UNCERTAIN);
	run_fail_fsync(0);
	CHECK(store_remove(store, id), RESULT_UNCERTAIN);
	run_fail_fsync(9);
	CHECK_OK(store_remove(store, id));
	assert_int_equal(run_fsyncs(), 1);
}

UNIT_TESTS(files) = {
	TEST(a_record_and_what_is_kept_are_private_files),
	TEST(a_reservation_takes_its_room),
	TEST(a_disk_that_is_full_is_met_when_reserving),
	TEST(a_file_that_cannot_be_written_whole_is_not_created),
	TEST(a_write_that_fails_leaves_what_was_there),
	TEST(what_cannot_be_put_in_its_place_is_given_up),
	TEST(what_is_shorter_than_a_version_is_no_record),
	TEST(facts_are_numbers_and_nothing_else),
	TEST(a_fact_that_cannot_be_written_is_logged_and_does_no_harm),
	TEST(without_a_descriptor_nothing_is_done),
	TEST(without_a_directory_there_is_no_store),
	TEST(a_record_that_may_not_last_is_uncertain_and_stays_the_newer),
	TEST(what_was_replaced_while_we_wrote_stays),
	TEST(a_record_whose_making_may_not_last_is_uncertain_and_gone),
	TEST(a_removal_is_made_to_last_by_who_finds_it_done),
	END_OF_TESTS,
};
