/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/mapped.h"
#include "../run.h"

#define BYTES 20000

/* A new file of so many bytes, and the only one of the test. */
static int
make_file(off_t bytes)
{
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	return fd;
}

static void
what_one_writes_the_file_has(void)
{
	char byte = 0;
	char *map;
	int fd;

	run_in_scratch();
	fd = make_file(BYTES);
	map = mapped_new(fd, BYTES, NULL);
	assert_non_null(map);
	map[BYTES - 1] = 'x';
	assert_int_equal(pread(fd, &byte, 1, BYTES - 1), 1);
	assert_int_equal(byte, 'x');
	assert_false(mapped_is_lost(map));
	mapped_free(map);
	assert_true(mapped_is_lost(map));
	mapped_free(NULL);
	close(fd);
}

/* Whoever counts in a file that has gone counts alone. */
static void
it_is_the_file_of_that_name_or_not(void)
{
	char *map;
	int fd;

	run_in_scratch();
	fd = make_file(BYTES);
	map = mapped_new(fd, BYTES, NULL);
	assert_non_null(map);
	assert_true(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_false(mapped_is_file(map, AT_FDCWD, "other"));
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_false(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(link("mapped", "other"), 0);
	assert_false(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_int_equal(unlink("other"), 0);
	assert_int_equal(ftruncate(fd, BYTES + 1), 0);
	assert_false(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_int_equal(ftruncate(fd, BYTES), 0);
	assert_true(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_int_equal(rename("mapped", "other"), 0);
	close(make_file(BYTES));
	assert_false(mapped_is_file(map, AT_FDCWD, "mapped"));
	assert_true(mapped_is_file(map, AT_FDCWD, "other"));
	mapped_free(map);
	assert_false(mapped_is_file(map, AT_FDCWD, "other"));
	close(fd);
}

/* Reading and writing, at its beginning and at its end. */
static void
memory_of_a_file_that_was_cut_becomes_ones_own(void)
{
	char *map, *other;
	int fd, how;

	for (how = 0; how < 4; how++) {
		run_in_scratch();
		fd = make_file(BYTES);
		map = mapped_new(fd, BYTES, NULL);
		other = mapped_new(fd, BYTES / 2, NULL);
		assert_true(map != NULL && other != NULL);
		memset(map, 'x', BYTES);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_false(mapped_is_lost(map));
		if (how < 2)
			map[how == 0 ? 0 : BYTES - 1] = 'y';
		assert_int_equal(map[how == 2 ? 0 : BYTES - 1],
		    how == 1 ? 'y' : 0);
		assert_true(mapped_is_lost(map));
		assert_false(mapped_is_lost(other));
		/* The file has nothing of what comes then. */
		assert_int_equal(ftruncate(fd, BYTES), 0);
		memset(map, 'z', BYTES);
		assert_int_equal(other[0], 0);
		mapped_free(other);
		mapped_free(map);
		close(fd);
	}
}

static void
another_file_takes_the_place_of_one_that_was_lost(void)
{
	char *map;
	int fd;

	run_in_scratch();
	fd = make_file(BYTES);
	map = mapped_new(fd, BYTES, NULL);
	assert_non_null(map);
	assert_int_equal(ftruncate(fd, 0), 0);
	map[0] = 'x';
	assert_true(mapped_is_lost(map));
	close(fd);
	fd = make_file(BYTES);
	assert_ptr_equal(mapped_new(fd, BYTES, map), map);
	assert_false(mapped_is_lost(map));
	assert_int_equal(map[0], 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	map[0] = 'x';
	assert_true(mapped_is_lost(map));
	mapped_free(map);
	close(fd);
}

/* Until there are too many, and then there is room again. */
static void
there_are_so_many_at_a_time(void)
{
	char *maps[MAPPED_MAX];
	int fd, i;

	run_in_scratch();
	fd = make_file(BYTES);
	for (i = 0; i < MAPPED_MAX; i++) {
		maps[i] = mapped_new(fd, BYTES, NULL);
		if (maps[i] == NULL)
			break;
	}
	/* Places that were others' before are of other sizes. */
	assert_true(i > 0);
	assert_null(mapped_new(fd, BYTES, NULL));
	mapped_free(maps[--i]);
	maps[i] = mapped_new(fd, BYTES, NULL);
	assert_non_null(maps[i]);
	for (; i >= 0; i--)
		mapped_free(maps[i]);
	close(fd);
}

/* The mistake of somebody else is not hidden. */
static void
memory_that_is_none_of_ours_ends_the_process(void)
{
	volatile char *map;
	int status = 0, fd;
	pid_t child;

	run_in_scratch();
	fd = make_file(BYTES);
	if ((child = fork()) == 0) {
		if (mapped_new(fd, BYTES, NULL) == NULL)
			run_exit(2);
		map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
		if (ftruncate(fd, 0) == 0 && map[0] == 'x')
			run_exit(1);
		run_exit(0);
	}
	close(fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

UNIT_TESTS(mapped) = {
	TEST(what_one_writes_the_file_has),
	TEST(it_is_the_file_of_that_name_or_not),
	TEST(memory_of_a_file_that_was_cut_becomes_ones_own),
	TEST(another_file_takes_the_place_of_one_that_was_lost),
	TEST(there_are_so_many_at_a_time),
	TEST(memory_that_is_none_of_ours_ends_the_process),
	END_OF_TESTS,
};
