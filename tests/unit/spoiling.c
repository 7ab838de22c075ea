/* SPDX-License-Identifier: ISC */
/* What another program of the same user can do to the file of the counts while
 * it is in use: one that has been broken into, say. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/counts.h"
#include "run.h"
#include "scratch.h"

#define NAME "a count"
#define TIMES 5000
#define BYTES ((STORE_COUNTS_MAX + 1) * 512)

static enum result
count(struct store *store)
{
	struct store_tally tally;

	return store_count(store, NAME, INT32_MAX, &tally);
}

static int64_t
counted(struct store *store)
{
	struct store_tally tally;

	store_tally(store, NAME, &tally);
	return tally.counted;
}

/* In a process of its own. */
static pid_t
fork_to_count(void)
{
	struct store *store = NULL;
	pid_t child = fork();
	int i;

	if (child != 0)
		return child;
	if (files_open(".", &store) != OK)
		run_exit(2);
	for (i = 0; i < TIMES; i++)
		(void)!count(store);
	run_exit(0);
}

/* Cut the file, and put it back as it was. */
static void
cut(void)
{
	char bytes[BYTES];
	int fd = open(COUNTS_NAME, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (pread(fd, bytes, sizeof(bytes), 0) == sizeof(bytes)) {
		(void)!ftruncate(fd, 0);
		(void)!pwrite(fd, bytes, sizeof(bytes), 0);
	}
	close(fd);
}

/* Between a look at the file and what is done there then, too. */
static void
a_file_that_is_cut_at_any_moment_ends_nobody(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	int status = -1;
	pid_t child;

	CHECK_OK(scratch_open(&store));
	child = fork_to_count();
	assert_true(child > 0);
	while (waitpid(child, &status, WNOHANG) == 0)
		cut();
	assert_int_equal(status, 0);
	CHECK_OK(count(store));
	assert_true(counted(store) > 0);
}

/* Moved aside, which is no other file to who has it open; and then back. */
static void
who_counts_in_a_file_that_was_moved_does_not_count_alone(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(scratch_close) struct store *later = NULL;

	CHECK_OK(scratch_open(&store));
	CHECK_OK(count(store));
	CHECK_OK(count(store));
	assert_int_equal(rename(COUNTS_NAME, "aside"), 0);
	CHECK_OK(files_open(".", &later));
	CHECK_OK(count(later));
	assert_int_equal(counted(store), 1);
	CHECK_OK(count(store));
	assert_int_equal(counted(later), 2);
	assert_int_equal(rename("aside", COUNTS_NAME), 0);
	CHECK_OK(count(later));
	CHECK_OK(count(store));
	assert_int_equal(counted(later), 4);
	assert_int_equal(counted(store), 4);
}

UNIT_TESTS(spoiling) = {
	TEST(a_file_that_is_cut_at_any_moment_ends_nobody),
	TEST(who_counts_in_a_file_that_was_moved_does_not_count_alone),
	END_OF_TESTS,
};
