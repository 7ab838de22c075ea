/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/removal.h"

#define NOW_S 1800000000
#define AGE_S 1000
#define DATES_S 3000
#define DAY_S 86400
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define NUMBER "0123456789abcde"

static void
set_age(const char *name, int64_t age_s)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(NOW_S - age_s) } };

	assert_int_equal(utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW),
	    0);
}

static void
write_aged(const char *name, int64_t age_s)
{
	run_write(name, 0600, STR("x"));
	set_age(name, age_s);
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

/* Run it; no allocation of ours is refused in it, only libc's own. */
static bool
run(int64_t now_s, struct removal *removal)
{
	enum result result = removal_run(".", now_s, AGE_S, DATES_S, removal);

	assert_true(result == OK || (run_refused() && result == RESULT_STORE));
	return result == OK;
}

static void
takes_what_was_not_used_for_longer_than_that(void)
{
	static const struct {
		const char *name;
		int64_t age_s;
		bool left;
	} files[] = {
		{ "session-" ID "0", AGE_S + 1, false },
		{ "session-" ID "1", AGE_S, true },
		{ "session-" ID "2", -DAY_S, true },
		{ "copy-" ID "0", AGE_S + 1, false },
		{ "copy-" ID "1", AGE_S, true },
		{ "part-" ID "0", AGE_S + 1, false },
		{ "part-" ID "1", 0, true },
		{ "change-" ID "0", AGE_S + 1, false },
		{ "change-" ID "1", AGE_S, true },
		{ "since-" ID "0", DATES_S + 1, false },
		{ "since-" ID "1", DATES_S, true },
		{ "command-" ID "0", AGE_S + 1, false },
		{ "command-" ID "1", AGE_S, true },
		{ "answers-" ID "0", AGE_S + 1, false },
		{ "answers-" ID "1", AGE_S, true },
		{ "temp-" NUMBER "0", DAY_S + 1, false },
		{ "temp-" NUMBER "1", DAY_S, true },
	};
	struct removal removal;
	size_t i;

	run_in_scratch();
	for (i = 0; i < N(files); i++)
		write_aged(files[i].name, files[i].age_s);
	if (!run(NOW_S, &removal))
		return;
	for (i = 0; i < N(files); i++)
		if (is_there(files[i].name) != files[i].left)
			fail_msg("%s", files[i].name);
	assert_int_equal(removal.removed, 8);
	assert_int_equal(removal.left, 9);
}

static void
leaves_what_is_not_named_as_ours(void)
{
	static const char *const names[] = { "lock", "limit-me-rate",
		"session-", "session-a", "session-" ID, "session-" ID "00",
		"session-" ID "g", "session-" ID "A", "xsession-" ID "0",
		"since-", "since-latest", "since-" ID, "temp-" NUMBER,
		"temp-" NUMBER "00", "other" };
	struct removal removal;
	size_t i;

	run_in_scratch();
	for (i = 0; i < N(names); i++)
		write_aged(names[i], 100 * DAY_S);
	if (!run(NOW_S, &removal))
		return;
	for (i = 0; i < N(names); i++)
		if (!is_there(names[i]))
			fail_msg("%s", names[i]);
	assert_int_equal(removal.removed + removal.left, 0);
}

static void
leaves_what_is_no_plain_file(void)
{
	struct removal removal;

	run_in_scratch();
	write_aged("target", 100 * DAY_S);
	assert_int_equal(symlink("target", "session-" ID "0"), 0);
	set_age("session-" ID "0", 100 * DAY_S);
	assert_int_equal(mkdir("session-" ID "1", 0700), 0);
	set_age("session-" ID "1", 100 * DAY_S);
	assert_int_equal(mkfifo("session-" ID "2", 0600), 0);
	set_age("session-" ID "2", 100 * DAY_S);
	if (!run(NOW_S, &removal))
		return;
	assert_true(is_there("target"));
	assert_true(is_there("session-" ID "0"));
	assert_true(is_there("session-" ID "1"));
	assert_true(is_there("session-" ID "2"));
}

static void
a_clock_at_zero_removes_nothing(void)
{
	struct removal removal;

	run_in_scratch();
	write_aged("session-" ID "0", 0);
	if (!run(0, &removal))
		return;
	assert_true(is_there("session-" ID "0"));
}

static void
a_directory_that_is_unfit_is_left_alone(void)
{
	struct removal removal;

	run_in_scratch();
	write_aged("session-" ID "0", 100 * DAY_S);
	assert_int_equal(chmod(".", 0755), 0);
	CHECK_OR(removal_run(".", NOW_S, AGE_S, DATES_S, &removal),
	    RESULT_STORE, RESULT_STORE);
	assert_true(is_there("session-" ID "0"));
	assert_non_null(strstr(run_said(), "event=store_refused"));
	CHECK_OR(removal_run("nowhere", NOW_S, AGE_S, DATES_S, &removal),
	    RESULT_STORE, RESULT_STORE);
}

UNIT_TESTS(removal) = {
	TEST(takes_what_was_not_used_for_longer_than_that),
	TEST(leaves_what_is_not_named_as_ours),
	TEST(leaves_what_is_no_plain_file),
	TEST(a_clock_at_zero_removes_nothing),
	TEST(a_directory_that_is_unfit_is_left_alone),
	END_OF_TESTS,
};
