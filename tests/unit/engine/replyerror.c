/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "engine/replyerror.h"

static const struct row {
	const char *text, *class;
} rows[] = {
	{ "OOM command not allowed when used memory > 'maxmemory'.", "full" },
	{ "MISCONF Errors writing to the AOF file: No space left on device",
	    "full" },
	{ "ERR max number of clients reached", "full" },
	{ "NOREPLICAS Not enough good replicas to write.", "replicas" },
	{ "READONLY You can't write against a read only replica.", "moved" },
	{ "ERR Error running script (call to f_1): @user_script:1: "
	  "@user_script: 1: -READONLY You can't write against a replica.",
	    "moved" },
	{ "ERR Error running script (call to f_1): @user_script:1: "
	  "@user_script: 1: -OOM command not allowed when used memory",
	    "full" },
	{ "LOADING Redis is loading the dataset in memory", "down" },
	{ "MASTERDOWN Link with MASTER is down", "down" },
	{ "BUSY Redis is busy running a script.", "slow" },
	{ "NOAUTH Authentication required.", "misconfigured" },
	{ "WRONGPASS invalid username-password pair", "misconfigured" },
	{ "NOPERM this user has no permissions to run 'get'", "misconfigured" },
	{ "ERR The user executing the script can't run this command or "
	  "subcommand script: 1, on @user_script:1.",
	    "misconfigured" },
	{ "ERR ACL failure in script: User spotify has no permissions",
	    "misconfigured" },
	{ "MOVED 3999 127.0.0.1:6381", "misconfigured" },
	{ "CLUSTERDOWN Hash slot not served", "misconfigured" },
	{ "ERR something new", "misconfigured" },
	{ "OOM", "misconfigured" },
	{ "", "misconfigured" },
};

static void
every_error_has_its_class(void)
{
	struct replyerror error;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		error = replyerror_of(str_of(rows[i].text));
		assert_string_equal(replyerror_word(error.class),
		    rows[i].class);
		assert_true(strlen(error.words) > 0);
	}
	assert_int_equal(replyerror_of((struct str){ 0 }).class,
	    REPLYERROR_MISCONFIGURED);
}

static void
a_cluster_is_called_one(void)
{
	assert_non_null(strstr(replyerror_of(STR("MOVED 1 a:1")).words,
	    "this is a cluster"));
}

UNIT_TESTS(replyerror) = {
	TEST(every_error_has_its_class),
	TEST(a_cluster_is_called_one),
	END_OF_TESTS,
};
