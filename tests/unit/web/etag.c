/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "web/etag.h"
#include "../run.h"

static void
a_tag_is_found_weak_or_strong_among_others(void)
{
	static const char *const headers[] = { "\"tag\"", "W/\"tag\"",
		"\"a\", \"tag\"", "W/\"a\",W/\"tag\" , \"b\"", "*",
		"\"a\", *" };
	size_t i;

	for (i = 0; i < N(headers); i++)
		assert_true(etag_has(str_of(headers[i]), STR("tag")));
}

static void
what_is_not_the_very_tag_is_another(void)
{
	static const char *const headers[] = { "", "tag", "\"tag", "tag\"",
		"\"Tag\"", "\"tag \"", "w/\"tag\"", "W\"tag\"", "\"tagtag\"",
		"\"\"", "\"", "W/", "**", ",,," };
	size_t i;

	for (i = 0; i < N(headers); i++)
		assert_false(etag_has(str_of(headers[i]), STR("tag")));
	assert_false(etag_has((struct str){ NULL, 0 }, STR("tag")));
}

UNIT_TESTS(etag) = {
	TEST(a_tag_is_found_weak_or_strong_among_others),
	TEST(what_is_not_the_very_tag_is_another),
	END_OF_TESTS,
};
