/* SPDX-License-Identifier: ISC */
/* What is kept and told of one account has names that do not lead to each
 * other. */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "renewal.h"
#include "run.h"
#include "session/events.h"
#include "session/everywhere.h"

/* The 32 digits behind a prefix that one file has; "" if there is none. */
static void
read_digits(const char *prefix, char digits[static 33])
{
	char pattern[48];
	glob_t found;

	digits[0] = '\0';
	snprintf(pattern, sizeof(pattern), "%s[0-9a-f][0-9a-f]*", prefix);
	if (glob(pattern, 0, NULL, &found) == 0) {
		snprintf(digits, 33, "%s", found.gl_pathv[0] + strlen(prefix));
		globfree(&found);
	}
}

/* The file of an event names the account and is for others to read, who are
 * not to find out which files of the store are about it. */
static void
a_file_does_not_tell_which_marks_are_of_its_account(void)
{
	static char out[] = "out";
	static char id[] = "us", account_id[] = "our-account";
	const struct account ours = { .id = id, .account_id = account_id };
	SCOPED(renewal_leave) struct renewal_site s;
	char first[33], known[33], since[33];

	CHECK_OK(renewal_begin(&s, 0));
	s.conf.events_dir = out;
	assert_int_equal(mkdir(out, 0750), 0);
	events_meet(&s.context, &ours);
	CHECK_OK(everywhere_set(&s.context, STR("our-account")));
	read_digits("out/event-0-first-", first);
	read_digits("known-", known);
	read_digits("since-", since);
	if (run_refused())
		return;
	assert_int_equal(strlen(first) + strlen(known) + strlen(since), 96);
	assert_string_not_equal(first, known);
	assert_string_not_equal(first, since);
	assert_string_not_equal(known, since);
}

UNIT_TESTS(hidden) = {
	TEST(a_file_does_not_tell_which_marks_are_of_its_account),
	END_OF_TESTS,
};
