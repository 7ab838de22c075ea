/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "relay/rowvalue.h"
#include "../run.h"

#define ID "0OdUWJ0sBjDrqHygGUXeCF"
#define WORD "wordwordwordword"

/* Print one value; false if the kind has not it. */
static bool
print(const struct row_param *param, const char *value, struct buf *out)
{
	unsigned scopes = 0;

	buf_clear(out);
	return rowvalue_print(param, str_of(value), out, &scopes);
}

static void
words_may_be_as_many_as_there_are_bits_however_long(void)
{
	char words[ROWS_WORDS_MAX * sizeof(WORD) + 256] = "", all[2048] = "";
	struct row_param param = { .name = "x", .kind = ROW_WORDS };
	SCOPED(buf_free) struct buf out = BUF(4096);
	char last[32] = "", twice[64];
	size_t i, n = 0;

	for (i = 0; i < ROWS_WORDS_MAX; i++) {
		snprintf(last, sizeof(last), WORD "%zu", i);
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s",
		    i == 0 ? "" : " ", last);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
		    i == 0 ? "" : ",", last);
	}
	param.words = words;
	assert_true(print(&param, all, &out));
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out), all);
	snprintf(twice, sizeof(twice), "%s,%s", last, last);
	assert_false(print(&param, twice, &out));
	assert_true(print(&param, last, &out));
	param.kind = ROW_WORD;
	snprintf(twice, sizeof(twice), WORD "0,%s", last);
	assert_false(print(&param, twice, &out));
}

static const struct {
	struct row_param param;
	const char *good[3], *bad[8];
} kinds[] = {
	{ { .kind = ROW_URI, .words = "track episode" },
	    { "spotify:track:" ID, "spotify:episode:" ID },
	    { "spotify:album:" ID, "spotify:track:" ID "x",
		"spotify:track:", "", "track", "x:track:" ID,
		"spotify:track:" ID ":x", "Spotify:track:" ID } },
	{ { .kind = ROW_DEVICE },
	    { "5fbb3ba6", "A", "04a02956-eb74-4a98-8bce-e37b21a8aee5_amzn_1" },
	    { "", "a.b", "a b", "a/b", "\xc3\xa9" } },
	{ { .kind = ROW_SNAPSHOT }, { "MTAsZjY=", "a-b_c", "a+b/c==" },
	    { "", "a b", "a\"b", "a\n", "{}", "\xc3\xa9" } },
	{ { .kind = ROW_TEXT, .min = 1, .max = 4 },
	    { "a", "\xc3\xa9!", "a\"<" },
	    { "", "abcde", "a\n", "\x7f", "\xff", "\xc3" } },
	{ { .kind = ROW_TEXT, .max = 4 }, { "", "abcd" }, { "abcde" } },
	{ { .kind = ROW_NUMBER, .min = 1, .max = 50 }, { "1", "50" },
	    { "0", "51", "-1", "", "1.0", "1e1", " 1" } },
	{ { .kind = ROW_BOOL }, { NULL }, { "true", "" } },
	{ { .kind = ROW_LIST }, { NULL }, { "x" } },
	{ { .kind = ROW_OBJECT }, { NULL }, { "x" } },
};

static void
a_value_of_its_kind_is_printed_as_it_is(void)
{
	SCOPED(buf_free) struct buf out = BUF(4096);
	size_t i, j;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (j = 0; j < 3 && kinds[i].good[j] != NULL; j++) {
			assert_true(
			    print(&kinds[i].param, kinds[i].good[j], &out));
			CHECK_OK(buf_result(&out));
			CHECK_TEXT(buf_str(&out), kinds[i].good[j]);
		}
		for (j = 0; j < 8 && kinds[i].bad[j] != NULL; j++)
			assert_false(
			    print(&kinds[i].param, kinds[i].bad[j], &out));
	}
}

UNIT_TESTS(rowvalue) = {
	TEST(words_may_be_as_many_as_there_are_bits_however_long),
	TEST(a_value_of_its_kind_is_printed_as_it_is),
	END_OF_TESTS,
};
