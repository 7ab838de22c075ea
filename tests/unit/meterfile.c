/* SPDX-License-Identifier: ISC */
/* The file of store/meters.c when others make it, or bring it back. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "store/filelock.h"
#include "store/meters.h"

#define NAME "spotify_fcgi_logins_total{outcome=\"ok\"}"
#define ASIDE "aside"
#define BYTES (1 << 14)
#define PATIENCE_US 50000
#define TRIES 60

static bool
count(int times)
{
	_Atomic uint64_t *place = meters_place(NAME);

	if (place == NULL)
		return false;
	while (times-- > 0)
		atomic_fetch_add(place, 1);
	return true;
}

static void
check_counted(uint64_t expected)
{
	struct meters_copy *copy = NULL;
	enum result result = meters_read(".", &copy);
	uint64_t value = result == OK ? meters_value(copy, NAME) : 0;
	uint64_t none = result == OK ? meters_value(copy, "no name") : 0;

	free(copy);
	CHECK_OK(result);
	assert_int_equal(value, expected);
	assert_int_equal(none, 0);
}

static void
check_end(pid_t child, int expected)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, expected);
}

/* Make a file in a process of its own, count once, and put it aside. */
static void
make_aside(void)
{
	pid_t child = fork();

	if (child == 0)
		run_exit(meters_open(".") == OK && count(1) ? 0 : 1);
	check_end(child, 0);
	assert_int_equal(rename(METERS_NAME, ASIDE), 0);
}

/* Whoever comes while another one makes it waits, and counts in that one. He
 * has been given time to make his own, if he did not wait. */
static void
the_file_that_another_process_makes_is_everybodys(void)
{
	int dir, lock, go[2], i;
	char byte;
	pid_t child;

	run_in_scratch();
	make_aside();
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(pipe(go), 0);
	assert_int_equal(filelock_take(dir, FILELOCK_METERS, 0, &lock), OK);
	if ((child = fork()) == 0) {
		close(go[1]);
		close(lock);
		/* On a busy machine it may be locked for too long. */
		for (i = 0; i < TRIES && meters_open(".") != OK; i++)
			;
		if (read(go[0], &byte, 1) != 0)
			run_exit(1);
		run_exit(count(5) ? 0 : 2);
	}
	usleep(PATIENCE_US);
	assert_int_equal(rename(ASIDE, METERS_NAME), 0);
	close(lock);
	close(go[0]);
	close(go[1]);
	check_end(child, 0);
	close(dir);
	check_counted(6);
}

/* Its memory was lost, and what is there again is no longer what it has. */
static bool
lose_and_find_again(void)
{
	static char bytes[BYTES];
	int fd = open(METERS_NAME, O_RDWR | O_CLOEXEC);

	if (meters_open(".") != OK || !count(3) ||
	    pread(fd, bytes, BYTES, 0) != BYTES || ftruncate(fd, 0) != 0 ||
	    !count(3) || pwrite(fd, bytes, BYTES, 0) != BYTES)
		return false;
	close(fd);
	return !meters_is_open(".") && meters_open(".") == OK &&
	    meters_is_open(".") && count(4);
}

static void
who_has_lost_it_counts_in_it_again_when_it_is_back(void)
{
	pid_t child;

	run_in_scratch();
	make_aside();
	assert_int_equal(rename(ASIDE, METERS_NAME), 0);
	if ((child = fork()) == 0)
		run_exit(lose_and_find_again() ? 0 : 1);
	check_end(child, 0);
	check_counted(8);
}

static bool
meet_another(void)
{
	return meters_open(".") == OK && count(1) &&
	    rename(ASIDE, METERS_NAME) == 0 && !meters_is_open(".") &&
	    meters_open(".") == OK && meters_is_open(".") && count(6);
}

static void
who_has_another_one_than_is_there_takes_that(void)
{
	pid_t child;

	run_in_scratch();
	make_aside();
	if ((child = fork()) == 0)
		run_exit(meet_another() ? 0 : 1);
	check_end(child, 0);
	check_counted(7);
}

/* Somebody else could read it by that name, or write there. */
static void
one_with_another_name_is_none_of_ours(void)
{
	pid_t child;

	run_in_scratch();
	if ((child = fork()) == 0)
		run_exit(meters_open(".") == OK && meters_is_open(".") &&
			    link(METERS_NAME, ASIDE) == 0 &&
			    !meters_is_open(".") && meters_open(".") == OK &&
			    meters_is_open(".") && count(2) ?
			0 :
			1);
	check_end(child, 0);
	check_counted(2);
}

/* One that nobody has made yet is nothing to tell of. */
static void
what_is_made_anew_is_told_of(void)
{
	struct meters_copy *copy;

	run_in_scratch();
	make_aside();
	if (run_refused())
		return;
	assert_null(strstr(run_said(), "metrics_damaged"));
	run_write(METERS_NAME, 0600, STR("nonsense"));
	assert_int_equal(truncate(METERS_NAME, BYTES), 0);
	CHECK(meters_read(".", &copy), RESULT_ABSENT);
	make_aside();
	assert_non_null(
	    strstr(run_said(), "event=metrics_damaged bytes=16384"));
}

UNIT_TESTS(meterfile) = {
	TEST(the_file_that_another_process_makes_is_everybodys),
	TEST(who_has_lost_it_counts_in_it_again_when_it_is_back),
	TEST(who_has_another_one_than_is_there_takes_that),
	TEST(one_with_another_name_is_none_of_ours),
	TEST(what_is_made_anew_is_told_of),
	END_OF_TESTS,
};
