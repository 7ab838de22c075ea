/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/store.h"

static void
check(const char *path, const char *word)
{
	const char *complaint = store_complaint(path);

	if (complaint == NULL || word == NULL)
		assert_ptr_equal(complaint, word);
	else if (strstr(complaint, word) == NULL)
		fail_msg("%s", complaint);
}

static void
a_private_directory_of_ours_is_fine(void)
{
	run_in_scratch();
	check(".", NULL);
	assert_int_equal(mkdir("store", 0700), 0);
	check("store", NULL);
}

static void
any_other_directory_is_complained_about(void)
{
	run_in_scratch();
	check("absent", "does not exist");
	run_write("file", 0600, STR(""));
	check("file", "not a directory");
	assert_int_equal(mkdir("store", 0700), 0);
	assert_int_equal(chmod("store", 0750), 0);
	check("store", "chmod 700");
	assert_int_equal(chmod("store", 0701), 0);
	check("store", "chmod 700");
	if (geteuid() == 0) {
		assert_int_equal(chmod("store", 0700), 0);
		assert_int_equal(chown("store", 4711, 0), 0);
		check("store", "run it as the user");
	}
}

static void
a_directory_below_one_that_others_can_write_to_is_refused(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("shared", 0700), 0);
	assert_int_equal(mkdir("shared/store", 0700), 0);
	check("shared/store", NULL);
	assert_int_equal(chmod("shared", 0777), 0);
	check("shared/store", "others can write");
	assert_int_equal(chmod("shared", 0770), 0);
	check("shared/store", "others can write");
	/* As in /tmp: nobody can exchange what is not his. */
	assert_int_equal(chmod("shared", 01777), 0);
	check("shared/store", NULL);
	assert_int_equal(symlink("shared/store", "link"), 0);
	check("link", NULL);
	assert_int_equal(chmod("shared", 0777), 0);
	check("link", "others can write");
}

static void
a_store_does_not_open_in_a_bad_directory(void)
{
	struct store store;

	run_in_scratch();
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(store_open(".", &store), RESULT_STORE);
	assert_int_equal(store.dir, -1);
	assert_non_null(strstr(run_said(), "event=store_refused"));
	assert_int_not_equal(access("lock", F_OK), 0);
}

/* A number as an id. */
static const unsigned char *
id_of(unsigned n)
{
	static unsigned char id[STORE_ID_BYTES];

	memcpy(id, &n, sizeof(n));
	return id;
}

static void
a_login_is_used_once(void)
{
	SCOPED(store_close) struct store store;

	run_in_scratch();
	CHECK_OK(store_open(".", &store));
	assert_int_equal(store_claim(&store, 6000, 6010, id_of(1)), OK);
	assert_int_equal(store_claim(&store, 6000, 6010, id_of(1)),
	    RESULT_EXISTS);
	assert_int_equal(store_claim(&store, 6000, 6590, id_of(1)),
	    RESULT_EXISTS);
	assert_int_equal(store_claim(&store, 6000, 6010, id_of(2)), OK);
	assert_int_equal(access("used/10", F_OK), 0);
}

/* Only one claim in 16 looks for old marks, by chance. */
static void
claim_until_gone(const struct store *store, int64_t now_s, const char *window)
{
	unsigned n;

	for (n = 1000; n < 5000 && access(window, F_OK) == 0; n++)
		assert_int_equal(store_claim(store, now_s, now_s, id_of(n)),
		    OK);
}

static void
marks_of_old_windows_are_removed_and_younger_ones_stay(void)
{
	SCOPED(store_close) struct store store;
	unsigned n;

	run_in_scratch();
	CHECK_OK(store_open(".", &store));
	for (n = 0; n < 5; n++)
		assert_int_equal(store_claim(&store, 6000 + n * 600, 6000,
				     id_of(n)),
		    OK);
	assert_int_equal(mkdir("used/strange", 0700), 0);
	claim_until_gone(&store, 8400, "used/10");
	assert_int_not_equal(access("used/10", F_OK), 0);
	assert_int_not_equal(access("used/11", F_OK), 0);
	assert_int_equal(access("used/12", F_OK), 0);
	assert_int_equal(access("used/13", F_OK), 0);
	assert_int_equal(access("used/14", F_OK), 0);
	assert_int_equal(access("used/strange", F_OK), 0);
	assert_int_equal(store_claim(&store, 7200, 8400, id_of(2)),
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
	SCOPED(store_close) struct store store;
	unsigned n, left, before;

	run_in_scratch();
	CHECK_OK(store_open(".", &store));
	for (n = 0; n < 600; n++)
		assert_int_equal(store_claim(&store, 600, 600, id_of(n)), OK);
	before = left = count_marks("used/1");
	assert_int_equal(before, 601);
	for (n = 0; left > 0 && n < 5000; n++, before = left) {
		assert_int_equal(store_claim(&store, 9000, 9000, id_of(n)), OK);
		left = count_marks("used/1");
		assert_true(before - left <= 256);
	}
	assert_int_not_equal(access("used/1", F_OK), 0);
}

static void
marks_are_links_and_files_where_that_does_not_work(void)
{
	SCOPED(store_close) struct store store;
	struct stat st;
	unsigned n;

	run_in_scratch();
	CHECK_OK(store_open(".", &store));
	for (n = 0; n < 5; n++)
		assert_int_equal(store_claim(&store, 600, 600, id_of(n)), OK);
	assert_int_equal(stat("used/1/mark", &st), 0);
	assert_int_equal(st.st_nlink, 6);
	/* The first, which is the file, and one that is a link. */
	assert_int_equal(store_claim(&store, 600, 600, id_of(0)),
	    RESULT_EXISTS);
	assert_int_equal(store_claim(&store, 600, 600, id_of(4)),
	    RESULT_EXISTS);
	/* As where links are not to be had, or too many are there. */
	assert_int_equal(mkdir("used/2", 0700), 0);
	assert_int_equal(mkdir("used/2/mark", 0700), 0);
	for (n = 0; n < 5; n++)
		assert_int_equal(store_claim(&store, 1200, 1200, id_of(n)), OK);
	for (n = 0; n < 5; n++)
		assert_int_equal(store_claim(&store, 1200, 1200, id_of(n)),
		    RESULT_EXISTS);
}

static void
what_cannot_be_marked_is_no_login(void)
{
	SCOPED(store_close) struct store store;

	run_in_scratch();
	CHECK_OK(store_open(".", &store));
	run_write("used", 0600, STR(""));
	assert_int_equal(store_claim(&store, 600, 600, id_of(1)), RESULT_STORE);
	assert_int_equal(unlink("used"), 0);
	assert_int_equal(symlink("/tmp", "used"), 0);
	assert_int_equal(store_claim(&store, 600, 600, id_of(1)), RESULT_STORE);
	assert_non_null(strstr(run_said(), "call=mark"));
}

const struct test storedir_tests[] = { TEST(
					   a_private_directory_of_ours_is_fine),
	TEST(any_other_directory_is_complained_about),
	TEST(a_directory_below_one_that_others_can_write_to_is_refused),
	TEST(a_store_does_not_open_in_a_bad_directory),
	TEST(a_login_is_used_once),
	TEST(marks_are_links_and_files_where_that_does_not_work),
	TEST(marks_of_old_windows_are_removed_and_younger_ones_stay),
	TEST(many_old_marks_are_removed_a_few_at_a_time),
	TEST(what_cannot_be_marked_is_no_login), { NULL, NULL } };
