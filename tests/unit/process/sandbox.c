/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/sandbox.h"
#include "../run.h"

/* It cannot be undone, so a child tries: its exit status says which line of
 * the story was wrong, 0 if none. */
#define MUST(truth) \
	do { \
		if (!(truth)) \
			_exit(__LINE__ % 255 + 1); \
	} while (0)

/* Of Landlock; 0 or less if there is none. */
static long
kernel_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static int
make(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void
run_child(void (*story)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		story();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
live_beneath(void)
{
	int before = make("open-before");

	MUST(before >= 0);
	MUST(sandbox("store"));
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	MUST(make("store/file") >= 0);
	MUST(mkdir("store/used", 0700) == 0);
	MUST(make("store/used/file") >= 0);
	MUST(rename("store/file", "store/other") == 0);
	MUST(unlink("store/other") == 0);
	MUST(write(before, "x", 1) == 1);
	MUST(make("outside") < 0 && errno == EACCES);
	MUST(make("open-before") < 0 && errno == EACCES);
	MUST(mkdir("directory", 0700) < 0 && errno == EACCES);
	MUST(symlink("/", "store/link") < 0 && errno == EACCES);
	MUST(open("open-before", O_RDONLY | O_CLOEXEC) >= 0);
	if (kernel_version() >= 3)
		MUST(truncate("open-before", 0) < 0 && errno == EACCES);
	MUST(truncate("store/used/file", 1) == 0);
	MUST(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
}

static void
live_in_two_places(void)
{
	MUST(sandbox_two("store", "out"));
	MUST(make("store/file") >= 0);
	MUST(make("out/.temp") >= 0);
	MUST(link("out/.temp", "out/event") == 0);
	MUST(link("out/.temp", "event") < 0);
	MUST(unlink("out/.temp") == 0);
	MUST(make("outside") < 0 && errno == EACCES);
}

static void
live_without_the_other(void)
{
	MUST(sandbox_two("store", "nowhere"));
	MUST(make("store/file") >= 0);
	MUST(make("outside") < 0 && errno == EACCES);
}

static void
live_nowhere(void)
{
	MUST(sandbox(NULL));
	MUST(make("store/file") < 0 && errno == EACCES);
	MUST(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
}

static void
live_unconfined(void)
{
	MUST(!sandbox("nowhere"));
	MUST(make("outside") >= 0);
}

static void
nothing_is_written_but_in_the_store(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("store", 0700), 0);
	if (kernel_version() > 0)
		run_child(live_beneath);
}

/* A second place that is missing is no reason to be confined less. */
static void
nor_but_in_a_second_place(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("store", 0700), 0);
	assert_int_equal(mkdir("out", 0750), 0);
	if (kernel_version() <= 0)
		return;
	run_child(live_in_two_places);
	run_child(live_without_the_other);
}

static void
without_a_store_nothing_is_written(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("store", 0700), 0);
	if (kernel_version() > 0)
		run_child(live_nowhere);
}

static void
what_the_kernel_cannot_do_is_no_death(void)
{
	run_in_scratch();
	run_child(live_unconfined);
}

UNIT_TESTS(sandbox) = {
	TEST(nothing_is_written_but_in_the_store),
	TEST(nor_but_in_a_second_place),
	TEST(without_a_store_nothing_is_written),
	TEST(what_the_kernel_cannot_do_is_no_death),
	END_OF_TESTS,
};
