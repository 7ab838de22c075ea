/* SPDX-License-Identifier: ISC */
/*
 * A process has one file mapped, so each test that maps does it in a process
 * of its own.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/sandbox.h"
#include "store/meters.h"
#include "../run.h"

#define NAME "spotify_fcgi_logins_total{outcome=\"ok\"}"
#define CHILDREN 8
#define TIMES 20000
#define TRIES 60
#define END (1 << 14)

static uint64_t
counted(const char *name)
{
	struct meters_copy *copy = NULL;
	uint64_t value = UINT64_MAX;

	if (meters_read(".", &copy) == OK)
		value = meters_value(copy, name);
	free(copy);
	return value;
}

/* So many are in the file, unless an allocation was refused. */
static void
check_counted(const char *name, uint64_t expected)
{
	uint64_t value = counted(name);

	if (!run_refused())
		assert_int_equal(value, expected);
}

/* Count so often in a process of its own, which has opened the file. */
static bool
count(const char *name, int times)
{
	_Atomic uint64_t *place = meters_place(name);

	if (place == NULL)
		return false;
	while (times-- > 0)
		atomic_fetch_add(place, 1);
	return true;
}

/* What a test does in a process of its own; its status. */
static pid_t
begin(bool (*act)(void))
{
	pid_t child = fork();

	if (child == 0)
		run_exit(act() ? 0 : 1);
	assert_true(child > 0);
	return child;
}

static void
end(pid_t child, int expected)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, expected);
}

static bool
open_and_count(void)
{
	int i = 0;

	/* On a busy machine it may be locked for too long. */
	while (i < TRIES && meters_open(".") != OK)
		i++;
	return i < TRIES && count(NAME, TIMES);
}

static void
nothing_is_there_until_somebody_opens_it(void)
{
	struct meters_copy *copy = NULL;

	run_in_scratch();
	CHECK(meters_read(".", &copy), RESULT_ABSENT);
	assert_null(copy);
	assert_int_equal(access(METERS_NAME, F_OK), -1);
	end(begin(open_and_count), 0);
	check_counted(NAME, TIMES);
	CHECK(meters_read("./nowhere", &copy), RESULT_STORE);
	assert_int_equal(truncate(METERS_NAME, 100), 0);
	CHECK(meters_read(".", &copy), RESULT_ABSENT);
	assert_null(copy);
}

/* From the first on, which makes the file, several at once. */
static void
processes_count_together_and_exactly(void)
{
	pid_t children[CHILDREN];
	int i;

	run_in_scratch();
	for (i = 0; i < CHILDREN; i++)
		children[i] = begin(open_and_count);
	for (i = 0; i < CHILDREN; i++)
		end(children[i], 0);
	check_counted(NAME, CHILDREN * TIMES);
	assert_int_equal(run_count("temp-*"), 0);
}

static bool
count_many_names(void)
{
	char name[16];
	int i, j;

	if (meters_open(".") != OK)
		return false;
	for (i = 0; i < METERS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		if (!count(name, 1))
			return false;
		for (j = i; j > 0 && i % 100 == 0; j--)
			count(name, 1);
	}
	/* There is room for no other; those that are there go on. */
	return meters_place("another") == NULL && count("n7", 3);
}

static void
each_name_has_its_own_place(void)
{
	run_in_scratch();
	end(begin(count_many_names), 0);
	check_counted("n7", 4);
	check_counted("n8", 1);
	check_counted("n1000", 1001);
	check_counted("another", 0);
}

/* As a program of a later version, which knows other names besides. */
static bool
count_newer_names(void)
{
	return meters_open(".") == OK && count("newer{a=\"b\"}", 5) &&
	    count(NAME, 1);
}

static void
two_versions_count_in_one_file(void)
{
	run_in_scratch();
	end(begin(open_and_count), 0);
	end(begin(count_newer_names), 0);
	end(begin(open_and_count), 0);
	check_counted(NAME, 2 * TIMES + 1);
	check_counted("newer{a=\"b\"}", 5);
}

static void
who_is_killed_loses_nothing(void)
{
	_Atomic uint64_t *said;
	pid_t child;
	uint64_t i, value;
	void *map;

	run_in_scratch();
	map = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(map != MAP_FAILED);
	said = map;
	for (i = 1; i <= 5; i++) {
		if ((child = fork()) == 0) {
			if (meters_open(".") != OK)
				run_exit(2);
			while (count(NAME, 1))
				atomic_fetch_add(said, 1);
			run_exit(1);
		}
		while (atomic_load(said) < 1000 * i)
			usleep(100);
		kill(child, SIGKILL);
		end(child, SIGKILL);
		value = counted(NAME);
		if (run_refused())
			continue;
		/* Each may not have come to say the last. */
		assert_true(value >= atomic_load(said));
		assert_true(value <= atomic_load(said) + i);
	}
	munmap(map, sizeof(*said));
}

/* ---- files that others have made something of ---- */

static void
overwrite(off_t from, off_t to, int byte)
{
	int fd = open(METERS_NAME, O_WRONLY | O_CLOEXEC);
	char bytes[END];

	memset(bytes, byte, sizeof(bytes));
	(void)!pwrite(fd, bytes, (size_t)(to - from), from);
	close(fd);
}

static void
exchange(int how)
{
	unlink(METERS_NAME);
	if (how == 1)
		run_write(METERS_NAME, 0600, STR("this is none of ours\n"));
	if (how == 2)
		(void)!symlink("elsewhere", METERS_NAME);
	if (how == 3)
		(void)!mkfifo(METERS_NAME, 0600);
}

#define SPOILT 12
static void
spoil(int how)
{
	static const off_t sizes[] = { 0, 100, 1 << 20 };

	if (how < 3)
		(void)!truncate(METERS_NAME, sizes[how]);
	else if (how < 7)
		exchange(how - 3);
	else if (how == 7)
		(void)!chmod(METERS_NAME, 0666);
	else
		overwrite(how == 8 ? 8 : 0, how == 11 ? 8 : END,
		    how == 10 ? 0 : 0xa5);
}

static int how;

/* Who has it mapped goes on, finds out when he looks, and counts in the new
 * one then. */
static bool
go_on_after_it_was_spoilt(void)
{
	_Atomic uint64_t *place;

	if (meters_open(".") != OK || !meters_is_open("."))
		return false;
	place = meters_place(NAME);
	atomic_fetch_add(place, 3);
	spoil(how);
	atomic_fetch_add(place, 3);
	return !meters_is_open(".") && meters_open(".") == OK &&
	    meters_is_open(".") && count(NAME, 5);
}

static bool
come_after_it_was_spoilt(void)
{
	return meters_open(".") == OK && count(NAME, 2);
}

static void
a_file_that_is_spoilt_ends_nobody_and_is_made_anew(void)
{
	struct stat st;

	for (how = 0; how < SPOILT; how++) {
		run_in_scratch();
		run_write("elsewhere", 0600, STR("not to be touched"));
		end(begin(go_on_after_it_was_spoilt), 0);
		check_counted(NAME, 5);
		spoil(how);
		end(begin(come_after_it_was_spoilt), 0);
		check_counted(NAME, 2);
		assert_int_equal(stat("elsewhere", &st), 0);
		assert_int_equal(st.st_size, 17);
		assert_int_equal(run_count("temp-*"), 0);
	}
}

/* What has the right head, and numbers of somebody's own below it. */
static void
whatever_else_is_in_it_is_only_a_number(void)
{
	run_in_scratch();
	end(begin(open_and_count), 0);
	overwrite(16, END, 0xff);
	check_counted(NAME, 0);
	end(begin(open_and_count), 1 << 8); /* there is no place left */
}

/* On a full disk a hole could not be filled when something is counted in it:
 * it is filled before, or nothing is mapped. */
static void
holes_are_filled_before_anybody_counts(void)
{
	struct stat st;
	char head[16];
	int fd;

	run_in_scratch();
	end(begin(open_and_count), 0);
	fd = open(METERS_NAME, O_RDWR | O_CLOEXEC);
	if (fd < 0 && run_refused())
		return;
	assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, 1 << 14), 0);
	assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	close(fd);
	end(begin(open_and_count), 0);
	assert_int_equal(stat(METERS_NAME, &st), 0);
	assert_true(st.st_blocks * 512 >= st.st_size);
}

static bool
cannot_open(void)
{
	return meters_open(".") == RESULT_STORE && meters_place(NAME) == NULL &&
	    !meters_is_open(".") && meters_open("./nowhere") == RESULT_STORE;
}

static void
where_no_file_can_be_nothing_is_mapped(void)
{
	run_in_scratch();
	/* No file can take the place of a directory. */
	assert_int_equal(mkdir(METERS_NAME, 0700), 0);
	end(begin(cannot_open), 0);
	assert_int_equal(run_count("temp-*"), 0);
}

static bool
count_confined(void)
{
	sandbox(".");
	if (meters_open(".") != OK || !count(NAME, 1) ||
	    unlink(METERS_NAME) != 0)
		return false;
	return !meters_is_open(".") && meters_open(".") == OK && count(NAME, 3);
}

static void
a_confined_process_counts(void)
{
	run_in_scratch();
	end(begin(count_confined), 0);
	check_counted(NAME, 3);
}

UNIT_TESTS(meters) = {
	TEST(nothing_is_there_until_somebody_opens_it),
	TEST(processes_count_together_and_exactly),
	TEST(each_name_has_its_own_place),
	TEST(two_versions_count_in_one_file),
	TEST(who_is_killed_loses_nothing),
	TEST(a_file_that_is_spoilt_ends_nobody_and_is_made_anew),
	TEST(whatever_else_is_in_it_is_only_a_number),
	TEST(holes_are_filled_before_anybody_counts),
	TEST(where_no_file_can_be_nothing_is_mapped),
	TEST(a_confined_process_counts),
	END_OF_TESTS,
};
