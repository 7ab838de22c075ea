/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/outbox.h"

static void
begin(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("out", 0750), 0);
}

static size_t
read_all(const char *name, char *room, size_t n)
{
	FILE *file = fopen(name, "r");
	size_t got = 0;

	if (file != NULL) {
		got = fread(room, 1, n, file);
		fclose(file);
	}
	return got;
}

static void
a_file_is_whole_and_for_the_group(void)
{
	char room[16];
	struct stat st;
	mode_t before;

	begin();
	before = umask(0077);
	assert_null(outbox_put("out", "event-1.json", STR("whole")));
	umask(before);
	assert_int_equal(stat("out/event-1.json", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_nlink, 1);
	if (run_refused())
		return; /* libc's own, of which the test reads nothing */
	assert_int_equal(read_all("out/event-1.json", room, sizeof(room)), 5);
	assert_memory_equal(room, "whole", 5);
	assert_int_equal(run_count("out/.temp-*"), 0);
}

static void
what_is_there_by_that_name_stays(void)
{
	char room[16];

	begin();
	assert_null(outbox_put("out", "event-1.json", STR("first")));
	assert_null(outbox_put("out", "event-1.json", STR("again")));
	assert_int_equal(run_count("out/.temp-*"), 0);
	if (read_all("out/event-1.json", room, sizeof(room)) == 5)
		assert_memory_equal(room, "first", 5);
	outbox_take_back("out", "event-1.json");
	outbox_take_back("out", "event-1.json");
	assert_int_equal(run_count("out/event-*"), 0);
	assert_null(outbox_put("out", "event-1.json", STR("again")));
	assert_int_equal(run_count("out/event-*"), 1);
}

static void
file_and_name_are_durable(void)
{
	begin();
	run_fail_fsync(100);
	assert_null(outbox_put("out", "event-1.json", STR("x")));
	assert_int_equal(run_fsyncs(), 2);
}

/* The name is of whoever tells it what has failed. */
static void
a_disk_that_fails_leaves_no_part_of_a_file(void)
{
	begin();
	run_fail_fsync(0);
	assert_string_equal(outbox_put("out", "event-1.json", STR("x")),
	    "fsync");
	assert_int_equal(run_count("out/event-*"), 0);
	assert_int_equal(run_count("out/.temp-*"), 0);
	run_fail_fsync(1);
	assert_string_equal(outbox_put("out", "event-1.json", STR("x")),
	    "fsync_dir");
	assert_int_equal(errno, EIO);
	assert_int_equal(run_count("out/event-*"), 1);
}

/* So many descriptors more, or bytes of a file. */
static const char *
put_within(int resource, rlim_t most)
{
	struct rlimit before, narrow;
	const char *failed;
	int error;

	assert_int_equal(getrlimit(resource, &before), 0);
	narrow = (struct rlimit){ most, before.rlim_max };
	assert_int_equal(setrlimit(resource, &narrow), 0);
	failed = outbox_put("out", "event-1.json", STR("longer"));
	error = errno;
	assert_int_equal(setrlimit(resource, &before), 0);
	errno = error;
	return failed;
}

static void
what_has_failed_is_told_and_leaves_nothing(void)
{
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	int next;

	begin();
	next = dup(STDERR_FILENO);
	close(next);
	assert_string_equal(put_within(RLIMIT_NOFILE, (rlim_t)next),
	    "open_dir");
	assert_string_equal(put_within(RLIMIT_NOFILE, (rlim_t)next + 1),
	    "create");
	assert_int_equal(errno, EMFILE);
	assert_string_equal(put_within(RLIMIT_FSIZE, 3), "write");
	assert_int_equal(errno, EFBIG);
	signal(SIGXFSZ, before);
	assert_string_equal(outbox_put("out", "none/event-1.json", STR("x")),
	    "link");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(run_count("out/*") + run_count("out/.temp-*"), 0);
}

static void
a_place_that_is_no_directory_is_none(void)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = { { "missing", ENOENT }, { "file", ENOTDIR },
		{ "link", ENOTDIR }, { "", ENOENT } };
	const char *failed;
	size_t i;

	begin();
	run_write("file", 0600, STR("x"));
	assert_int_equal(symlink("out", "link"), 0);
	for (i = 0; i < N(rows); i++) {
		failed = outbox_put(rows[i].path, "event-1.json", STR("x"));
		assert_non_null(failed);
		assert_string_equal(failed, "open_dir");
		assert_int_equal(errno, rows[i].error);
		outbox_take_back(rows[i].path, "event-1.json");
	}
	assert_int_equal(run_count("out/*"), 0);
}

/* Somebody with the group may have made it: nothing is written through it. */
static void
a_link_by_that_name_leads_nowhere(void)
{
	begin();
	assert_int_equal(symlink("../victim", "out/event-1.json"), 0);
	assert_null(outbox_put("out", "event-1.json", STR("x")));
	assert_int_equal(run_count("victim"), 0);
}

static void
a_disk_that_fails_is_no_mistake_of_the_configuration(void)
{
	char path[PATH_MAX], out[PATH_MAX + 8], sessions[PATH_MAX + 16];

	begin();
	assert_non_null(getcwd(path, sizeof(path)));
	snprintf(out, sizeof(out), "%s/out", path);
	snprintf(sessions, sizeof(sessions), "%s/sessions", path);
	assert_int_equal(mkdir("sessions", 0700), 0);
	run_fail_fsync(0);
	assert_true(outbox_complaint(out, sessions) == NULL || run_refused());
	assert_int_equal(run_count("out/.t*"), 0);
}

UNIT_TESTS(outbox) = {
	TEST(a_disk_that_fails_is_no_mistake_of_the_configuration),
	TEST(a_file_is_whole_and_for_the_group),
	TEST(what_is_there_by_that_name_stays),
	TEST(file_and_name_are_durable),
	TEST(a_disk_that_fails_leaves_no_part_of_a_file),
	TEST(what_has_failed_is_told_and_leaves_nothing),
	TEST(a_place_that_is_no_directory_is_none),
	TEST(a_link_by_that_name_leads_nowhere),
	END_OF_TESTS,
};
