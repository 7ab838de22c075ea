/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "../scratch.h"

/* A number as an id. */
static const unsigned char *
id_of(unsigned n)
{
	static unsigned char id[STORE_ID_BYTES];

	memcpy(id, &n, sizeof(n));
	return id;
}

/* Only one claim in 16 looks for old marks, by chance. */
static void
claim_until_gone(struct store *store, int64_t now_s, const char *window)
{
	unsigned n;

	for (n = 1000; n < 5000 && access(window, F_OK) == 0; n++)
		assert_int_equal(store_claim(store, now_s, now_s, id_of(n)),
		    OK);
}

static void
marks_of_old_windows_are_removed_and_younger_ones_stay(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	unsigned n;

	CHECK_OK(scratch_open(&store));
	for (n = 0; n < 5; n++)
		assert_int_equal(store_claim(store, 6000 + n * 600, 6000,
				     id_of(n)),
		    OK);
	assert_int_equal(mkdir("used/strange", 0700), 0);
	claim_until_gone(store, 8400, "used/10");
	assert_int_not_equal(access("used/10", F_OK), 0);
	assert_int_not_equal(access("used/11", F_OK), 0);
	assert_int_equal(access("used/12", F_OK), 0);
	assert_int_equal(access("used/13", F_OK), 0);
	assert_int_equal(access("used/14", F_OK), 0);
	assert_int_equal(access("used/strange", F_OK), 0);
	assert_int_equal(store_claim(store, 7200, 8400, id_of(2)),
	    RESULT_EXISTS);
}

static unsigned
count_marks(const char *window)
{
	DIR *dir = opendir(window);
	unsigned n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n < 2 ? 0 : n - 2;
}

static void
many_old_marks_are_removed_a_few_at_a_time(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	unsigned n, left, before;

	CHECK_OK(scratch_open(&store));
	for (n = 0; n < 600; n++)
		assert_int_equal(store_claim(store, 600, 600, id_of(n)), OK);
	before = left = count_marks("used/1");
	assert_int_equal(before, 600);
	for (n = 0; left > 0 && n < 5000; n++, before = left) {
		assert_int_equal(store_claim(store, 9000, 9000, id_of(n)), OK);
		left = count_marks("used/1");
		assert_true(before - left <= 256);
	}
	assert_int_not_equal(access("used/1", F_OK), 0);
}

static void
what_cannot_be_marked_is_no_login(void)
{
	SCOPED(scratch_close) struct store *store = NULL;

	CHECK_OK(scratch_open(&store));
	run_write("used", 0600, STR(""));
	assert_int_equal(store_claim(store, 600, 600, id_of(1)), RESULT_STORE);
	assert_int_equal(unlink("used"), 0);
	assert_int_equal(symlink("/tmp", "used"), 0);
	assert_int_equal(store_claim(store, 600, 600, id_of(1)), RESULT_STORE);
	assert_non_null(strstr(run_said(), "call=mark"));
}

UNIT_TESTS(marks) = {
	TEST(marks_of_old_windows_are_removed_and_younger_ones_stay),
	TEST(many_old_marks_are_removed_a_few_at_a_time),
	TEST(what_cannot_be_marked_is_no_login),
	END_OF_TESTS,
};
