/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/file.h"

#define MAX 100
#define NAME "a-file"

/* All of the file. */
static enum result
load(struct buf *content)
{
	enum result result;
	struct stat st;
	int fd;

	buf_clear(content);
	if ((result = file_open(AT_FDCWD, NAME, &fd, &st)) != OK) {
		assert_int_equal(fd, -1);
		return result;
	}
	result = file_append(fd, &st, 0, STORE_REST, content);
	close(fd);
	return result;
}

static void
what_is_no_plain_file_of_ours_is_absent(void)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	char large[MAX + 1] = { 0 };

	run_in_scratch();
	run_write("target", 0600, STR("content"));
	assert_int_equal(symlink("target", NAME), 0);
	CHECK(load(&content), RESULT_ABSENT);
	assert_int_equal(unlink(NAME), 0);
	assert_int_equal(link("target", NAME), 0);
	CHECK(load(&content), RESULT_ABSENT);
	assert_int_equal(unlink(NAME), 0);
	assert_int_equal(mkfifo(NAME, 0600), 0);
	CHECK(load(&content), RESULT_ABSENT);
	assert_int_equal(unlink(NAME), 0);
	assert_int_equal(mkdir(NAME, 0700), 0);
	CHECK(load(&content), RESULT_ABSENT);
	assert_int_equal(rmdir(NAME), 0);
	run_write(NAME, 0640, STR("content"));
	CHECK(load(&content), RESULT_ABSENT);
	run_write(NAME, 0604, STR("content"));
	CHECK(load(&content), RESULT_ABSENT);
	run_write(NAME, 0600, (struct str){ large, MAX + 1 });
	CHECK(load(&content), RESULT_ABSENT);
	run_write(NAME, 0600, (struct str){ large, MAX });
	CHECK_OK(load(&content));
	assert_int_equal(content.n, MAX);
	if (geteuid() == 0) {
		assert_int_equal(chown(NAME, 4711, 0), 0);
		CHECK(load(&content), RESULT_ABSENT);
	}
}

static void
a_file_is_made_once_and_whole(void)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	int fd, other;

	run_in_scratch();
	CHECK_OK(file_make(AT_FDCWD, NAME, &fd));
	CHECK(file_make(AT_FDCWD, NAME, &other), RESULT_EXISTS);
	assert_int_equal(other, -1);
	CHECK_OK(file_fill(fd, 0, STR("content"), true));
	CHECK_OK(load(&content));
	CHECK_TEXT(buf_str(&content), "content");
	CHECK_OK(file_overwrite(AT_FDCWD, NAME, STR("other")));
	CHECK_OK(load(&content));
	CHECK_TEXT(buf_str(&content), "other");
	assert_int_equal(run_count("*"), 1);
}

static void
room_that_was_taken_and_is_not_needed_is_given_back(void)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	int fd;

	run_in_scratch();
	CHECK_OK(file_make(AT_FDCWD, NAME, &fd));
	assert_int_equal(ftruncate(fd, 50), 0);
	CHECK_OK(file_fill(fd, 50, STR("content"), false));
	CHECK_OK(load(&content));
	CHECK_TEXT(buf_str(&content), "content");
}

static void
without_a_descriptor_there_is_trouble(void)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct rlimit before, none;
	enum result result;

	run_in_scratch();
	run_write(NAME, 0600, STR("content"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	result = load(&content);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK(result, RESULT_STORE);
}

static void
a_file_that_is_open_to_change_can_be_written(void)
{
	SCOPED(buf_free) struct buf content = BUF(MAX);
	struct stat st;
	int fd;

	run_in_scratch();
	CHECK(file_open_to_change(AT_FDCWD, NAME, &fd, &st), RESULT_ABSENT);
	run_write(NAME, 0640, STR("content"));
	CHECK(file_open_to_change(AT_FDCWD, NAME, &fd, &st), RESULT_ABSENT);
	run_write(NAME, 0600, STR("content"));
	CHECK_OK(file_open_to_change(AT_FDCWD, NAME, &fd, &st));
	assert_int_equal(write(fd, "C", 1), 1);
	close(fd);
	CHECK_OK(load(&content));
	CHECK_TEXT(buf_str(&content), "Content");
}

static void
a_directory_that_cannot_be_synced_is_uncertain(void)
{
	int dir;

	run_in_scratch();
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	run_fail_fsync(0);
	assert_int_equal(file_sync_directory(dir), RESULT_UNCERTAIN);
	assert_int_equal(file_sync_directory(dir), OK);
	close(dir);
}

static void
a_record_is_known_by_its_last_bytes(void)
{
	const struct store_version one = { "0123456789abcdef" },
				   other = { "0123456789abcdeF" };

	run_in_scratch();
	CHECK(file_check_version(AT_FDCWD, NAME, &one), RESULT_ABSENT);
	run_write(NAME, 0600, STR("record 0123456789abcdef"));
	CHECK_OK(file_check_version(AT_FDCWD, NAME, &one));
	CHECK(file_check_version(AT_FDCWD, NAME, &other), RESULT_CHANGED);
	run_write(NAME, 0600, STR("123456789abcdef"));
	CHECK(file_check_version(AT_FDCWD, NAME, &one), RESULT_CHANGED);
}

static void
a_time_is_one_that_can_be_reckoned_with(void)
{
	static const struct {
		int64_t set, told;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 1764374400, 1764374400 }, { -1, 0 },
		{ INT64_MIN, 0 }, { FILE_TIME_MAX, FILE_TIME_MAX },
		{ FILE_TIME_MAX + 1, FILE_TIME_MAX },
		{ INT64_MAX, FILE_TIME_MAX } };
	struct stat st = { 0 };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		st.st_mtim.tv_sec = (time_t)rows[i].set;
		if (st.st_mtim.tv_sec == rows[i].set)
			assert_int_equal(file_time_s(&st), rows[i].told);
	}
}

UNIT_TESTS(file) = {
	TEST(a_time_is_one_that_can_be_reckoned_with),
	TEST(a_record_is_known_by_its_last_bytes),
	TEST(a_file_that_is_open_to_change_can_be_written),
	TEST(a_directory_that_cannot_be_synced_is_uncertain),
	TEST(what_is_no_plain_file_of_ours_is_absent),
	TEST(a_file_is_made_once_and_whole),
	TEST(room_that_was_taken_and_is_not_needed_is_given_back),
	TEST(without_a_descriptor_there_is_trouble),
	END_OF_TESTS,
};
