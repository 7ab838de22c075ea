/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "spotify/retryafter.h"
#include "../run.h"

static void
a_delay_is_its_seconds_and_at_most_a_day(void)
{
	assert_int_equal(retry_after_read(STR("0")), 0);
	assert_int_equal(retry_after_read(STR("120")), 120);
	assert_int_equal(retry_after_read(STR("86400")), 86400);
	assert_int_equal(retry_after_read(STR("86401")), 86400);
	assert_int_equal(retry_after_read(STR("99999999999999999999999999")),
	    86400);
}

/* The HTTP date that lies so far ahead. */
static int64_t
read_date(int64_t ahead_s)
{
	char text[64];
	time_t at = (time_t)(clock_now_s() + ahead_s);
	struct tm parts;
	size_t n;

	gmtime_r(&at, &parts);
	n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	return retry_after_read((struct str){ text, n });
}

static void
a_date_is_what_is_left_until_then(void)
{
	int64_t left = read_date(1000);

	assert_true(left >= 990 && left <= 1000);
	assert_int_equal(read_date(-1000), 0);
	assert_int_equal(read_date(1000000), 86400);
	assert_int_equal(retry_after_read(STR("Fri, 01 Jan 1960 00:00:00 GMT")),
	    0);
}

static void
what_is_neither_is_not_guessed_at(void)
{
	static const char *const texts[] = { "", "-1", "1.5", "1 2", "soon",
		"12:00", "1 Jan 2030", "Mon, 99 Foo 2026 25:61:61 GMT",
		"a text of many words that is longer than any date could be, "
		"whatever its form" };
	size_t i;

	for (i = 0; i < N(texts); i++)
		assert_int_equal(retry_after_read(str_of(texts[i])), -1);
}

UNIT_TESTS(retryafter) = {
	TEST(a_delay_is_its_seconds_and_at_most_a_day),
	TEST(a_date_is_what_is_left_until_then),
	TEST(what_is_neither_is_not_guessed_at),
	END_OF_TESTS,
};
