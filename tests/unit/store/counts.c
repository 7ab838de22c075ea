/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/sandbox.h"
#include "store/counts.h"
#include "store/filelock.h"
#include "../run.h"
#include "../scratch.h"

#define NAME "a count"
#define CHILDREN 4
#define TIMES 1000
#define HOUR 3600
#define DAY 86400

static int64_t
counted(struct store *store, const char *name)
{
	struct store_tally tally;

	store_tally(store, name, &tally);
	return tally.counted;
}

/* Try so often; how often it was counted. */
static int
try(struct store *store, int64_t limit, int times)
{
	struct store_tally tally;
	int done = 0;

	while (times-- > 0)
		if (store_count(store, NAME, limit, &tally) == OK)
			done++;
	return done;
}

/* A process of its own; it ends with 0 if as many were counted as wanted, or
 * if that is -1. */
static pid_t
fork_to_count(int64_t limit, int times, int wanted)
{
	struct store *store = NULL;
	pid_t child = fork();
	int done;

	if (child != 0)
		return child;
	if (files_open(".", &store) != OK)
		run_exit(2);
	done = try(store, limit, times);
	run_exit(wanted < 0 || done == wanted ? 0 : 1);
}

static void
check_end(pid_t child, int expected)
{
	int status = -1;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, expected);
}

static void
nothing_is_there_until_something_is_counted(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(counted(store, NAME), 0);
	assert_int_equal(access(COUNTS_NAME, F_OK), -1);
	CHECK_OK(store_count(store, NAME, 1, &tally));
	assert_int_equal(access(COUNTS_NAME, F_OK), 0);
	assert_int_equal(tally.counted, 1);
	CHECK(store_count(store, NAME, 1, &tally), RESULT_QUOTA_EXCEEDED);
	assert_true(tally.room_s > 0);
}

static void
each_name_has_its_own(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;
	char name[8];
	int i, j;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < STORE_COUNTS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		for (j = 0; j < i; j++)
			CHECK_OK(store_count(store, name, 99, &tally));
	}
	for (i = 0; i < STORE_COUNTS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(counted(store, name), i);
	}
}

static void
processes_count_together_and_exactly(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	pid_t children[CHILDREN];
	int i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < CHILDREN; i++)
		children[i] = fork_to_count(INT32_MAX, TIMES, TIMES);
	for (i = 0; i < CHILDREN; i++)
		check_end(children[i], 0);
	assert_int_equal(counted(store, NAME), CHILDREN * TIMES);
}

static void
all_processes_together_do_not_exceed_the_limit(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	pid_t children[CHILDREN];
	int i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < CHILDREN; i++)
		children[i] = fork_to_count(600, TIMES, -1);
	for (i = 0; i < CHILDREN; i++)
		check_end(children[i], 0);
	assert_int_equal(counted(store, NAME), 600);
}

/* As a CGI program, which lives for one request. */
static void
what_a_process_has_counted_stays_after_it(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	int i;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < 20; i++)
		check_end(fork_to_count(15, 1, i < 15), 0);
	assert_int_equal(counted(store, NAME), 15);
}

/* Killed at any moment while it counts and says what it has. */
static void
who_is_killed_has_counted_what_he_did(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;
	int pipes[2], i;
	int64_t said, all = 0;
	pid_t child;

	CHECK_OK(scratch_open(&store));
	for (i = 0; i < 20; i++) {
		assert_int_equal(pipe(pipes), 0);
		if ((child = fork()) == 0) {
			struct store *own = NULL;

			if (files_open(".", &own) != OK)
				run_exit(2);
			for (;;)
				if (store_count(own, NAME, INT32_MAX, &tally) !=
					OK ||
				    write(pipes[1], "x", 1) != 1)
					run_exit(1);
		}
		close(pipes[1]);
		for (said = 0; said < 50 + i; said++)
			assert_int_equal(read(pipes[0], (char[1]){ 0 }, 1), 1);
		kill(child, SIGKILL);
		check_end(child, SIGKILL);
		while (read(pipes[0], (char[1]){ 0 }, 1) == 1)
			said++;
		close(pipes[0]);
		all += said;
		/* Each may have counted one that it did not come to do. */
		assert_true(counted(store, NAME) >= all);
		assert_true(counted(store, NAME) <= all + i + 1);
	}
	CHECK_OK(store_count(store, NAME, INT32_MAX, &tally));
}

/* Overwrite the file with a byte from an offset on. */
static void
overwrite(off_t from, int byte)
{
	int fd = open(COUNTS_NAME, O_WRONLY | O_CLOEXEC);
	char bytes[1 << 16];
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size < (off_t)sizeof(bytes));
	memset(bytes, byte, sizeof(bytes));
	assert_true(pwrite(fd, bytes, (size_t)(st.st_size - from), from) > 0);
	close(fd);
}

/* Put something else in the place of the file, or nothing. */
static void
exchange(int how)
{
	assert_int_equal(unlink(COUNTS_NAME), 0);
	if (how == 1)
		run_write(COUNTS_NAME, 0600, STR("this is none of ours\n"));
	if (how == 2)
		assert_int_equal(symlink("elsewhere", COUNTS_NAME), 0);
	if (how == 3)
		assert_int_equal(mkfifo(COUNTS_NAME, 0600), 0);
}

/* What others make of the file while it is in use and while it is not. */
#define SPOILT 11
static void
spoil(int how)
{
	static const off_t sizes[] = { 0, 100, 1 << 20 };

	if (how < 3)
		assert_int_equal(truncate(COUNTS_NAME, sizes[how]), 0);
	else if (how < 7)
		exchange(how - 3);
	else if (how == 7)
		assert_int_equal(chmod(COUNTS_NAME, 0666), 0);
	else
		overwrite(how == 10 ? 16 : 0, how == 8 ? 0 : 0xa5);
}

static void
a_file_that_is_damaged_is_made_anew(void)
{
	struct stat st;
	int how;

	for (how = 0; how < SPOILT; how++) {
		SCOPED(scratch_close) struct store *store = NULL;
		SCOPED(scratch_close) struct store *later = NULL;

		CHECK_OK(scratch_open(&store));
		unlink("elsewhere");
		run_write("elsewhere", 0600, STR("not to be touched"));
		assert_int_equal(try(store, 10, 20), 10);
		spoil(how);
		/* Who has it mapped, and who comes. */
		assert_int_equal(counted(store, NAME), 0);
		assert_int_equal(try(store, 10, 20), 10);
		CHECK_OK(files_open(".", &later));
		assert_int_equal(counted(later, NAME), 10);
		assert_int_equal(stat("elsewhere", &st), 0);
		assert_int_equal(st.st_size, 17);
	}
}

static void
what_cannot_be_counted_is_not_done(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;

	CHECK_OK(scratch_open(&store));
	/* No file can take the place of a directory. */
	assert_int_equal(mkdir(COUNTS_NAME, 0700), 0);
	CHECK(store_count(store, NAME, 10, &tally), RESULT_STORE);
	assert_int_equal(counted(store, NAME), 0);
	assert_int_equal(rmdir(COUNTS_NAME), 0);
	CHECK_OK(store_count(store, NAME, 10, &tally));
	assert_int_equal(run_count("temp-*"), 0);
}

/* As on a full disk, where a file system needs room for each change. */
static void
what_cannot_be_written_is_not_counted(void)
{
	const struct rlimit small = { 0, RLIM_INFINITY };
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;
	struct rlimit before;
	enum result result;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(store_count(store, NAME, 10, &tally));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	result = store_count(store, NAME, 10, &tally);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, RESULT_STORE);
	assert_int_equal(counted(store, NAME), 1);
	CHECK_OK(store_count(store, NAME, 10, &tally));
}

/* Stopped while it has what all need who make the file; whose file is there
 * does not need it. */
static void
who_does_not_get_on_with_making_it_holds_up_nobody_else(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;
	int dir, lock = -1;
	enum result before = RESULT_STORE, after = RESULT_STORE;

	CHECK_OK(scratch_open(&store));
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(filelock_take(dir, FILELOCK_COUNTS, 0, &lock), OK);
	before = store_count(store, NAME, 10, &tally);
	close(lock);
	after = store_count(store, NAME, 10, &tally);
	assert_int_equal(filelock_take(dir, FILELOCK_COUNTS, 0, &lock), OK);
	if (after == OK)
		after = store_count(store, NAME, 10, &tally);
	close(lock);
	close(dir);
	CHECK(before, RESULT_STORE);
	assert_non_null(strstr(run_said(), "call=lock cause=timeout"));
	CHECK_OK(after);
}

static void
a_remark_is_shared_and_lasts(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(scratch_close) struct store *later = NULL;
	struct store_tally tally;

	CHECK_OK(scratch_open(&store));
	store_remark(store, NAME, 77);
	CHECK_OK(files_open(".", &later));
	store_tally(later, NAME, &tally);
	if (!run_refused())
		assert_int_equal(tally.remark, 77);
}

/* The clock is the one that tests move. */
static void
a_day_later_there_is_room(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store_tally tally;

	CHECK_OK(scratch_open(&store));
	assert_int_equal(try(store, 10, 20), 10);
	run_later(DAY - 60);
	assert_int_equal(try(store, 10, 20), 0);
	run_later(-HOUR);
	assert_int_equal(try(store, 10, 20), 0);
	run_later(DAY - 60);
	CHECK(store_count(store, NAME, 10, &tally), RESULT_QUOTA_EXCEEDED);
	run_later(DAY - 60 + tally.room_s);
	assert_int_equal(try(store, 10, 20), 10);
}

/* Confined as programs are, before the file is made and after it was lost. */
static void
a_confined_process_counts(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct store *own = NULL;
	pid_t child;

	CHECK_OK(scratch_open(&store));
	if ((child = fork()) == 0) {
		if (files_open(".", &own) != OK)
			run_exit(2);
		sandbox(".");
		if (try(own, 10, 4) != 4 || unlink(COUNTS_NAME) != 0 ||
		    try(own, 10, 3) != 3)
			run_exit(1);
		run_exit(0);
	}
	check_end(child, 0);
	assert_int_equal(counted(store, NAME), 3);
}

UNIT_TESTS(counts) = {
	TEST(nothing_is_there_until_something_is_counted),
	TEST(each_name_has_its_own),
	TEST(processes_count_together_and_exactly),
	TEST(all_processes_together_do_not_exceed_the_limit),
	TEST(what_a_process_has_counted_stays_after_it),
	TEST(who_is_killed_has_counted_what_he_did),
	TEST(a_file_that_is_damaged_is_made_anew),
	TEST(what_cannot_be_counted_is_not_done),
	TEST(what_cannot_be_written_is_not_counted),
	TEST(who_does_not_get_on_with_making_it_holds_up_nobody_else),
	TEST(a_remark_is_shared_and_lasts),
	TEST(a_day_later_there_is_room),
	TEST(a_confined_process_counts),
	END_OF_TESTS,
};
