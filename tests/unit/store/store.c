/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/store.h"

#define MAX 100
/* The file names of the id below. */
#define HEX "0100000000000000000000000000000000000000000000000000000000000000"
#define SESSION "session-" HEX

static const unsigned char id[STORE_ID_BYTES] = { 1 };

/* A store in a directory of its own. */
static enum result
open_store(struct store *store)
{
	run_in_scratch();
	return store_open(".", store);
}

static enum result
put(const struct store *store, enum store_way way, struct str content)
{
	struct store_file file;
	enum result result = store_prepare(store, MAX, &file);

	if (result != OK)
		return result;
	return store_commit(store, &file, way, STORE_SESSION, id, content);
}

static enum result
load(const struct store *store, struct buf *content)
{
	int64_t used_at;

	buf_clear(content);
	return store_load(store, STORE_SESSION, id, MAX, content, &used_at);
}

static void
a_file_is_created_loaded_replaced_and_removed(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct stat st;

	CHECK_OK(open_store(&store));
	CHECK(load(&store, &content), RESULT_ABSENT);
	assert_false(store_has(&store, STORE_SESSION, id));
	CHECK_OK(store_create(&store, STORE_SESSION, id, STR("first")));
	assert_true(store_has(&store, STORE_SESSION, id));
	assert_false(store_has(&store, STORE_COPY, id));
	CHECK_OK(load(&store, &content));
	CHECK_TEXT(buf_str(&content), "first");
	assert_int_equal(stat(SESSION, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 5);
	CHECK_OK(put(&store, STORE_REPLACE, STR("second")));
	CHECK_OK(load(&store, &content));
	CHECK_TEXT(buf_str(&content), "second");
	CHECK_OK(store_remove(&store, STORE_SESSION, id));
	CHECK(load(&store, &content), RESULT_ABSENT);
	CHECK_OK(store_remove(&store, STORE_SESSION, id));
}

static size_t
count_files(const char *pattern)
{
	glob_t found;
	size_t n = 0;

	if (glob(pattern, 0, NULL, &found) == 0) {
		n = found.gl_pathc;
		globfree(&found);
	}
	return n;
}

static void
what_is_there_is_not_created_and_what_is_gone_not_replaced(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(MAX);

	CHECK_OK(open_store(&store));
	CHECK(put(&store, STORE_REPLACE, STR("x")), RESULT_ABSENT);
	CHECK(load(&store, &content), RESULT_ABSENT);
	CHECK_OK(store_create(&store, STORE_SESSION, id, STR("first")));
	CHECK(store_create(&store, STORE_SESSION, id, STR("second")),
	    RESULT_EXISTS);
	CHECK_OK(load(&store, &content));
	CHECK_TEXT(buf_str(&content), "first");
	CHECK_OK(put(&store, STORE_OVERWRITE, STR("third")));
	CHECK_OK(load(&store, &content));
	CHECK_TEXT(buf_str(&content), "third");
	assert_int_equal(count_files("temp-*"), 0);
}

static void
a_prepared_file_takes_its_room_and_can_be_given_up(void)
{
	SCOPED(store_close) struct store store;
	struct store_file file;
	struct stat st;

	CHECK_OK(open_store(&store));
	CHECK_OK(store_prepare(&store, 8192, &file));
	assert_int_equal(strncmp(file.name, "temp-", 5), 0);
	assert_int_equal(strlen(file.name), 5 + 16);
	assert_int_equal(stat(file.name, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 8192);
	assert_true(st.st_blocks * 512 >= 8192);
	store_abandon(&store, &file);
	assert_int_equal(count_files("temp-*"), 0);
	store_abandon(&store, &file);
}

static void
a_disk_that_is_full_is_met_when_preparing(void)
{
	const struct rlimit small = { 4096, RLIM_INFINITY };
	SCOPED(store_close) struct store store;
	struct store_file file;
	struct rlimit before;
	enum result result;

	CHECK_OK(open_store(&store));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	result = store_prepare(&store, 8192, &file);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_STORE);
	assert_int_equal(file.fd, -1);
	assert_int_equal(count_files("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed call=allocate"));
}

static void
a_file_that_cannot_be_written_whole_is_not_created(void)
{
	const struct rlimit small = { 4096, RLIM_INFINITY };
	SCOPED(store_close) struct store store;
	static const char large[8192];
	struct rlimit before;
	enum result result;
	int next;

	CHECK_OK(open_store(&store));
	next = dup(store.dir);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	result = store_create(&store, STORE_SESSION, id,
	    (struct str){ large, sizeof(large) });
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_STORE);
	assert_int_equal(count_files("session-*"), 0);
	assert_int_equal(dup(store.dir), next);
	close(next);
	assert_non_null(strstr(run_said(), "event=store_failed call=write"));
}

static void
a_write_that_fails_leaves_what_was_there(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_file file;
	int readable;

	CHECK_OK(open_store(&store));
	CHECK_OK(store_create(&store, STORE_SESSION, id, STR("first")));
	CHECK_OK(store_prepare(&store, MAX, &file));
	/* Nothing can be written to this one. */
	readable = open("lock", O_RDONLY | O_CLOEXEC);
	assert_true(readable >= 0);
	assert_int_equal(dup2(readable, file.fd), file.fd);
	close(readable);
	CHECK(store_commit(&store, &file, STORE_REPLACE, STORE_SESSION, id,
		  STR("second")),
	    RESULT_STORE);
	assert_int_equal(file.fd, -1);
	CHECK_OK(load(&store, &content));
	CHECK_TEXT(buf_str(&content), "first");
	assert_int_equal(count_files("temp-*"), 0);
}

static void
what_cannot_be_put_in_its_place_is_given_up(void)
{
	SCOPED(store_close) struct store store;

	CHECK_OK(open_store(&store));
	assert_int_equal(mkdir(SESSION, 0700), 0);
	CHECK(put(&store, STORE_OVERWRITE, STR("x")), RESULT_STORE);
	assert_int_equal(count_files("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed call=rename"));
}

static void
sessions_and_copies_of_one_id_are_two_files(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct store_file file;
	int64_t used_at;

	CHECK_OK(open_store(&store));
	CHECK_OK(store_prepare(&store, MAX, &file));
	CHECK_OK(store_commit(&store, &file, STORE_OVERWRITE, STORE_COPY, id,
	    STR("copy")));
	CHECK(load(&store, &content), RESULT_ABSENT);
	CHECK_OK(store_load(&store, STORE_COPY, id, MAX, &content, &used_at));
	CHECK_TEXT(buf_str(&content), "copy");
	assert_int_equal(access("copy-" HEX, F_OK), 0);
	CHECK_OK(store_remove(&store, STORE_COPY, id));
	assert_int_not_equal(access("copy-" HEX, F_OK), 0);
}

static void
what_is_no_plain_file_of_ours_is_absent(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(1000);
	char large[MAX + 1] = { 0 };

	CHECK_OK(open_store(&store));
	run_write("target", 0600, STR("content"));
	assert_int_equal(symlink("target", SESSION), 0);
	CHECK(load(&store, &content), RESULT_ABSENT);
	assert_int_equal(unlink(SESSION), 0);
	assert_int_equal(link("target", SESSION), 0);
	CHECK(load(&store, &content), RESULT_ABSENT);
	assert_int_equal(unlink(SESSION), 0);
	assert_int_equal(mkfifo(SESSION, 0600), 0);
	CHECK(load(&store, &content), RESULT_ABSENT);
	assert_int_equal(unlink(SESSION), 0);
	assert_int_equal(mkdir(SESSION, 0700), 0);
	CHECK(load(&store, &content), RESULT_ABSENT);
	assert_int_equal(rmdir(SESSION), 0);
	run_write(SESSION, 0640, STR("content"));
	CHECK(load(&store, &content), RESULT_ABSENT);
	run_write(SESSION, 0604, STR("content"));
	CHECK(load(&store, &content), RESULT_ABSENT);
	run_write(SESSION, 0600, (struct str){ large, MAX + 1 });
	CHECK(load(&store, &content), RESULT_ABSENT);
	run_write(SESSION, 0600, (struct str){ large, MAX });
	CHECK_OK(load(&store, &content));
	assert_int_equal(content.n, MAX);
	if (geteuid() == 0) {
		assert_int_equal(chown(SESSION, 4711, 0), 0);
		CHECK(load(&store, &content), RESULT_ABSENT);
	}
}

static void
the_last_use_is_what_was_said(void)
{
	SCOPED(store_close) struct store store;
	SCOPED(buf_free) struct buf content = BUF(MAX);
	int64_t used_at = 0;

	CHECK_OK(open_store(&store));
	store_touch(&store, STORE_SESSION, id, 1000);
	assert_string_equal(run_said(), "");
	CHECK_OK(store_create(&store, STORE_SESSION, id, STR("x")));
	store_touch(&store, STORE_SESSION, id, 1234567);
	CHECK_OK(
	    store_load(&store, STORE_SESSION, id, MAX, &content, &used_at));
	assert_int_equal(used_at, 1234567);
}

static void
facts_are_numbers_and_nothing_else(void)
{
	static const char *const bad[] = { "", "x", "-5", "5\n", "5 ", "0x5",
		"99999999999999999999", "111111111111111111111111111111" };
	SCOPED(store_close) struct store store;
	size_t i;

	CHECK_OK(open_store(&store));
	assert_int_equal(store_fact(&store, "limit-x"), 0);
	store_set_fact(&store, "limit-x", 4711);
	assert_int_equal(store_fact(&store, "limit-x"), 4711);
	store_set_fact(&store, "limit-x", 12);
	assert_int_equal(store_fact(&store, "limit-x"), 12);
	assert_int_equal(count_files("temp-*"), 0);
	for (i = 0; i < N(bad); i++) {
		run_write("limit-y", 0600, str_of(bad[i]));
		assert_int_equal(store_fact(&store, "limit-y"), 0);
	}
	assert_int_equal(symlink("limit-x", "limit-z"), 0);
	assert_int_equal(store_fact(&store, "limit-z"), 0);
}

static void
a_fact_that_cannot_be_written_is_logged_and_does_no_harm(void)
{
	SCOPED(store_close) struct store store;

	CHECK_OK(open_store(&store));
	assert_int_equal(mkdir("limit-x", 0700), 0);
	store_set_fact(&store, "limit-x", 4711);
	assert_int_equal(store_fact(&store, "limit-x"), 0);
	assert_int_equal(count_files("temp-*"), 0);
	assert_non_null(strstr(run_said(), "event=store_failed"));
}

static void
a_directory_that_is_gone_is_a_store_failure(void)
{
	SCOPED(store_close) struct store store;
	struct store closed = { -1 };
	SCOPED(buf_free) struct buf content = BUF(MAX);

	assert_int_equal(store_open("/nonexistent/x", &store), RESULT_STORE);
	assert_int_equal(store.dir, -1);
	assert_int_equal(store_create(&closed, STORE_SESSION, id, STR("x")),
	    RESULT_STORE);
	assert_int_equal(load(&closed, &content), RESULT_STORE);
	assert_true(store_has(&closed, STORE_SESSION, id));
	assert_int_equal(store_remove(&closed, STORE_SESSION, id),
	    RESULT_STORE);
}

const struct test store_tests[] = {
	TEST(a_file_is_created_loaded_replaced_and_removed),
	TEST(what_is_there_is_not_created_and_what_is_gone_not_replaced),
	TEST(a_prepared_file_takes_its_room_and_can_be_given_up),
	TEST(a_disk_that_is_full_is_met_when_preparing),
	TEST(a_file_that_cannot_be_written_whole_is_not_created),
	TEST(a_write_that_fails_leaves_what_was_there),
	TEST(what_cannot_be_put_in_its_place_is_given_up),
	TEST(sessions_and_copies_of_one_id_are_two_files),
	TEST(what_is_no_plain_file_of_ours_is_absent),
	TEST(the_last_use_is_what_was_said),
	TEST(facts_are_numbers_and_nothing_else),
	TEST(a_fact_that_cannot_be_written_is_logged_and_does_no_harm),
	TEST(a_directory_that_is_gone_is_a_store_failure), { NULL, NULL }
};
