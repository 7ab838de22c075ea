/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run.h"
#include "store/directory.h"
#include "store/files.h"

static void
check(const char *path, const char *word)
{
	const char *complaint = directory_complaint(path);

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

/* Whoever can exchange the link leads us to a store of his own making, or to an
 * old one of ours. */
static void
a_link_lies_where_nobody_else_can_exchange_it(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("store", 0700), 0);
	assert_int_equal(mkdir("shared", 0700), 0);
	assert_int_equal(symlink("../store", "shared/link"), 0);
	assert_int_equal(symlink("shared/link", "chain"), 0);
	assert_int_equal(symlink("shared", "way"), 0);
	check("shared/link", NULL);
	check("chain", NULL);
	check("way/link", NULL);
	check("./way/../chain", NULL);
	assert_int_equal(chmod("shared", 01777), 0);
	check("shared/link", NULL);
	check("chain", NULL);
	if (geteuid() == 0) {
		assert_int_equal(lchown("shared/link", 4711, 0), 0);
		check("shared/link", "others can write");
		check("chain", "others can write");
		assert_int_equal(chmod("shared", 0755), 0);
		check("chain", NULL);
		assert_int_equal(lchown("shared/link", 0, 0), 0);
	}
	assert_int_equal(chmod("shared", 0777), 0);
	check("shared/link", "others can write");
	check("chain", "others can write");
	check("way/link", "others can write");
	check("store", NULL);
}

/* Who can exchange a directory by a link decides where its ".." leads. */
static void
a_way_back_does_not_lead_through_what_others_can_exchange(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("store", 0700), 0);
	assert_int_equal(mkdir("store/x", 0700), 0);
	assert_int_equal(mkdir("shared", 0700), 0);
	assert_int_equal(mkdir("shared/x", 0700), 0);
	assert_int_equal(symlink("shared/x/../../store", "link"), 0);
	assert_int_equal(symlink("shared", "way"), 0);
	check("shared/x/../../store", NULL);
	check("link", NULL);
	assert_int_equal(chmod("shared", 0777), 0);
	check("shared/x/../../store", "others can write");
	check("./shared/../shared/x/../../store", "others can write");
	check("way/x/../../store", "others can write");
	check("link", "others can write");
	check("store/x/../../store/./", NULL);
	/* As in /tmp, but for what is somebody else's. */
	assert_int_equal(chmod("shared", 01777), 0);
	check("shared/x/../../store", NULL);
	check("way/x/../../store", NULL);
	if (geteuid() == 0) {
		assert_int_equal(chown("shared/x", 4711, 0), 0);
		check("shared/x/../../store", "others can write");
		check("link", "others can write");
	}
}

/* The directory of events is for its group, too. */
static void
what_a_path_ends_with_is_not_on_the_way(void)
{
	run_in_scratch();
	assert_int_equal(mkdir("out", 0700), 0);
	assert_int_equal(chmod("out", 0770), 0);
	assert_false(directory_is_exposed("out"));
	assert_false(directory_is_exposed("out/"));
	assert_false(directory_is_exposed("./out/.//"));
}

static void
a_volume_of_roots_may_belong_to_our_group_and_no_other(void)
{
	/* Only root can make something that belongs to root. */
	if (geteuid() != 0)
		skip();
	run_in_scratch();
	assert_int_equal(mkdir("volume", 0700), 0);
	assert_int_equal(mkdir("volume/store", 0700), 0);
	assert_int_equal(chmod("volume", 02770), 0);
	check("volume/store", NULL);
	assert_int_equal(chmod("volume", 02775), 0);
	check("volume/store", NULL);
	assert_int_equal(chmod("volume", 02777), 0);
	check("volume/store", "others can write");
	assert_int_equal(chmod("volume", 0770), 0);
	check("volume/store", "others can write");
	assert_int_equal(chown("volume", 0, getegid() + 1), 0);
	assert_int_equal(chmod("volume", 02770), 0);
	check("volume/store", "others can write");
	assert_int_equal(chown("volume", 4711, getegid()), 0);
	assert_int_equal(chmod("volume", 02770), 0);
	check("volume/store", "others can write");
	/* The store itself belongs to the user alone. */
	assert_int_equal(chown("volume", 0, getegid()), 0);
	assert_int_equal(chmod("volume", 02770), 0);
	check("volume", "chmod 700");
	assert_int_equal(chmod("volume/store", 02770), 0);
	check("volume/store", "chmod 700");
}

static void
a_store_does_not_open_in_a_bad_directory(void)
{
	struct store *store;

	run_in_scratch();
	assert_int_equal(chmod(".", 0755), 0);
	CHECK(files_open(".", &store), RESULT_STORE);
	assert_null(store);
	assert_non_null(strstr(run_said(), "event=store_refused"));
	assert_int_not_equal(access("lock", F_OK), 0);
}

UNIT_TESTS(directory) = {
	TEST(a_private_directory_of_ours_is_fine),
	TEST(any_other_directory_is_complained_about),
	TEST(a_directory_below_one_that_others_can_write_to_is_refused),
	TEST(a_link_lies_where_nobody_else_can_exchange_it),
	TEST(a_way_back_does_not_lead_through_what_others_can_exchange),
	TEST(what_a_path_ends_with_is_not_on_the_way),
	TEST(a_volume_of_roots_may_belong_to_our_group_and_no_other),
	TEST(a_store_does_not_open_in_a_bad_directory),
	END_OF_TESTS,
};
