/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "relay/rows.h"
#include "spotify/scopes.h"
#include "../run.h"

/* What is printed of a scope, is this. */
static void
check_print(const char *scope, const char *expected)
{
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	CHECK_OK(out == NULL ? RESULT_NO_MEMORY : OK);
	scopes_print_unknown(str_of(scope), out);
	fclose(out);
	assert_string_equal(text, expected);
}

static void
a_scope_is_known_whole_and_in_its_own_spelling(void)
{
	assert_true(scopes_know(STR("user-follow-read")));
	assert_true(scopes_know(STR("streaming")));
	assert_false(scopes_know(STR("user-follow")));
	assert_false(scopes_know(STR("User-Follow-Read")));
	assert_false(scopes_know(STR("")));
}

static void
an_unknown_scope_is_printed_with_the_one_that_may_be_meant(void)
{
	check_print("user-follow-read user-read-email", "");
	check_print("user-follow-read user-read-emial all",
	    "# scope: user-read-emial is none that Spotify documents; perhaps "
	    "it is meant to be user-read-email.\n"
	    "# scope: all is none that Spotify documents.\n");
}

static void
what_calls_of_pages_need_is_known(void)
{
	struct str rest, word;
	size_t i;

	for (i = 0; i < ROWS_N; i++) {
		rest = str_of(rows_table[i].scope);
		while (rest.n > 0) {
			word = str_cut(&rest, ' ');
			assert_true(scopes_know(word));
		}
	}
}

UNIT_TESTS(scopes) = {
	TEST(a_scope_is_known_whole_and_in_its_own_spelling),
	TEST(an_unknown_scope_is_printed_with_the_one_that_may_be_meant),
	TEST(what_calls_of_pages_need_is_known),
	END_OF_TESTS,
};
