/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "relay/rows.h"
#include "../run.h"

static const struct row *
find(const char *name)
{
	size_t i;

	for (i = 0; i < ROWS_N; i++)
		if (strcmp(rows_table[i].name, name) == 0)
			return &rows_table[i];
	fail_msg("there is no row %s", name);
	return NULL;
}

/* A bit for each word. */
static void
check_words(const struct row_param *param)
{
	struct str rest = str_of(param->words);
	size_t n;

	for (n = 0; rest.p != NULL; n++)
		assert_true(str_cut(&rest, ' ').n > 0);
	assert_in_range(n, 1, ROWS_WORDS_MAX);
}

static void
check_params(const struct row_param *params, bool in_body)
{
	size_t i, j;

	for (i = 0; params[i].name != NULL; i++) {
		assert_true(i < ROWS_PARAMS_MAX);
		for (j = 0; j < i; j++)
			assert_string_not_equal(params[i].name, params[j].name);
		if (params[i].kind == ROW_WORD || params[i].kind == ROW_WORDS ||
		    params[i].kind == ROW_URI)
			check_words(&params[i]);
		if (params[i].kind == ROW_NUMBER)
			assert_true(params[i].min >= 0 &&
			    params[i].max > params[i].min);
		assert_true(in_body || params[i].kind < ROW_SNAPSHOT);
		/* Some scope goes by what a query names. */
		assert_true(!in_body || params[i].kind < ROW_URIS ||
		    params[i].kind > ROW_CHANGED_URIS);
		if (params[i].kind == ROW_LIST || params[i].kind == ROW_OBJECT)
			check_params(params[i].inside, true);
		else
			assert_null(params[i].inside);
		if (params[i].kind == ROW_LIST)
			assert_true(params[i].max > 0 && params[i].min >= 0 &&
			    params[i].max >= params[i].min);
	}
}

static void
every_row_has_a_name_and_a_path_of_its_own(void)
{
	size_t i, j;

	for (i = 0; i < ROWS_N; i++) {
		for (j = 0; j < i; j++) {
			assert_true(row_is_ours(&rows_table[i]) ||
			    strcmp(rows_table[i].name, rows_table[j].name) !=
				0);
			assert_true(
			    !(rows_table[i].methods & rows_table[j].methods) ||
			    strcmp(rows_table[i].path, rows_table[j].path) !=
				0);
		}
		assert_string_not_equal(rows_table[i].name, "reading");
		/* None reads and writes, so a method names one row. */
		assert_int_equal(row_writes(&rows_table[i]),
		    !(rows_table[i].methods & METHOD_HEAD));
		assert_true(rows_table[i].bucket > QUOTA_FOLLOWING);
		check_params(rows_table[i].params, false);
		if (rows_table[i].body == NULL)
			continue;
		assert_true(row_writes(&rows_table[i]));
		check_params(rows_table[i].body->members, true);
	}
}

static void
a_template_holds_letters_hyphens_slashes_and_one_id_at_most(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-/";
	const char *at;
	size_t i;

	for (i = 0; i < ROWS_N; i++) {
		at = rows_table[i].path;
		assert_int_equal(at[0], '/');
		assert_null(strstr(at, "//"));
		at += strspn(at, letters);
		if (strncmp(at, "{id}", 4) == 0)
			at += 4;
		assert_true(*at == '\0' || *at == '/');
		at += strspn(at, letters);
		assert_int_equal(*at, '\0');
		assert_int_not_equal(at[-1], '/');
	}
}

static void
rows_are_allowed_by_name_and_no_other_is(void)
{
	const struct row *artist = find("artist"), *top = find("top-artists");

	assert_false(rows_allow(NULL, artist));
	assert_false(rows_allow("", artist));
	assert_true(rows_allow("artist", artist));
	assert_false(rows_allow("artist", top));
	assert_false(rows_allow("artist-albums", artist));
	assert_false(rows_allow("artis", artist));
	assert_false(rows_allow("Artist", artist));
	assert_true(rows_allow("search artist", artist));
	assert_true(rows_allow("artist search", artist));
	assert_true(rows_allow("reading", artist));
	assert_true(rows_allow("search reading", top));
	assert_false(rows_allow("readings", artist));
	assert_false(rows_allow("reading", find("pause")));
	assert_true(rows_allow("reading pause", find("pause")));
}

static void
what_is_no_row_is_named(void)
{
	assert_null(rows_unknown(NULL).p);
	assert_null(rows_unknown("").p);
	assert_null(rows_unknown("reading").p);
	assert_null(rows_unknown("artist top-tracks").p);
	assert_null(rows_unknown("artist  top-tracks").p);
	CHECK_TEXT(rows_unknown("artist top_tracks search"), "top_tracks");
	CHECK_TEXT(rows_unknown("*"), "*");
	CHECK_TEXT(rows_unknown("/me"), "/me");
	CHECK_TEXT(rows_unknown("artist,search"), "artist,search");
}

static void
a_scope_that_is_lacking_is_named(void)
{
	const struct row *queue = find("queue"),
			 *contains = find("library-contains");

	assert_null(rows_lacks(find("artist"), ROWS_ALL_SCOPES, STR("")).p);
	CHECK_TEXT(rows_lacks(queue, ROWS_ALL_SCOPES, STR("")),
	    "user-read-currently-playing");
	CHECK_TEXT(rows_lacks(queue, ROWS_ALL_SCOPES,
		       STR("user-read-currently-playing")),
	    "user-read-playback-state");
	assert_null(rows_lacks(queue, ROWS_ALL_SCOPES,
	    STR("user-read-playback-state a user-read-currently-playing"))
			.p);
	CHECK_TEXT(rows_lacks(contains, 2, STR("user-library-read")),
	    "user-follow-read");
	assert_null(rows_lacks(contains, 1, STR("user-library-read")).p);
	assert_null(rows_lacks(contains, 0, STR("")).p);
	CHECK_TEXT(rows_lacks(contains, 4, STR("playlist-read")),
	    "playlist-read-private");
}

static void
a_row_names_what_it_changes_or_is_about(void)
{
	static const struct {
		const char *row;
		enum change_part part;
	} cases[] = {
		{ "pause", CHANGE_PLAYER },
		{ "transfer", CHANGE_PLAYER },
		{ "queue-add", CHANGE_PLAYER },
		{ "player", CHANGE_PLAYER },
		{ "recently-played", CHANGE_PLAYER },
		{ "library-save", CHANGE_LIBRARY },
		{ "follow", CHANGE_LIBRARY },
		{ "playlist-create", CHANGE_LIBRARY },
		{ "playlist-replace", CHANGE_LIBRARY },
		{ "playlist-remove", CHANGE_LIBRARY },
		{ "saved-albums", CHANGE_LIBRARY },
		{ "playlist-items", CHANGE_LIBRARY },
		{ "library-contains", CHANGE_LIBRARY },
		{ "top-artists", CHANGE_NONE },
		{ "artist", CHANGE_NONE },
		{ "search", CHANGE_NONE },
	};
	size_t i;

	for (i = 0; i < N(cases); i++)
		assert_int_equal(row_part(find(cases[i].row)), cases[i].part);
	for (i = 0; i < ROWS_N; i++)
		if (row_writes(&rows_table[i]))
			assert_int_not_equal(row_part(&rows_table[i]),
			    CHANGE_NONE);
}

UNIT_TESTS(rows) = {
	TEST(every_row_has_a_name_and_a_path_of_its_own),
	TEST(a_template_holds_letters_hyphens_slashes_and_one_id_at_most),
	TEST(rows_are_allowed_by_name_and_no_other_is),
	TEST(what_is_no_row_is_named),
	TEST(a_scope_that_is_lacking_is_named),
	TEST(a_row_names_what_it_changes_or_is_about),
	END_OF_TESTS,
};
