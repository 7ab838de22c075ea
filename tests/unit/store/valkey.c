/* SPDX-License-Identifier: ISC */
/* What only an engine can be: what ends by itself there, and what is too large.
 * The rest is in store.c, lock.c, lease.c and ../kept.c. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "../run.h"
#include "../site.h"
#include "base/clock.h"
#include "store/beside.h"

static void
everything_ends_by_itself(void)
{
	SCOPED(site_leave) struct site s;
	int64_t now_s = clock_now_s();

	CHECK_OK(site_begin(&s));
	assert_in_range(site_say(&s, "PTTL", "s", ""), 7190000, 7201000);
	store_touch(s.one, site_id, now_s, now_s + 7200);
	if (!run_refused())
		assert_in_range(site_say(&s, "PTTL", "s", ""), 10790000,
		    10801000);
	CHECK_OK(store_keep(s.one, site_id, STORE_COPY, STR("kept")));
	assert_in_range(site_say(&s, "PTTL", "c", ""), 3590000, 3600000);
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	assert_in_range(site_say(&s, "PTTL", "l", ""), 1, 3000);
	CHECK_OK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_in_range(site_say(&s, "PTTL", "l", ""), 13001, 19000);
	assert_in_range(site_say(&s, "PTTL", "r", ""), 3001, 60000);
}

/* It would hold up the engine's other clients. */
static void
what_is_too_large_is_not_kept(void)
{
	SCOPED(site_leave) struct site s;
	SCOPED(buf_free) struct buf large = BUF(BESIDE_MAX + 2);
	char *room = buf_room(&large, BESIDE_MAX + 1);

	CHECK_OK(site_begin(&s));
	if (room == NULL)
		return;
	memset(room, 'x', BESIDE_MAX + 1);
	buf_grown(&large, BESIDE_MAX);
	CHECK_OK(store_keep(s.one, site_id, STORE_COPY, buf_str(&large)));
	assert_int_equal(site_say(&s, "STRLEN", "c", ""), BESIDE_MAX);
	buf_grown(&large, 1);
	CHECK(store_keep(s.one, site_id, STORE_COPY, buf_str(&large)),
	    RESULT_STORE);
	assert_int_equal(site_say(&s, "EXISTS", "c", ""), 0);
}

/* As for files: they are of the last day then, nobody knows from when. */
static void
what_a_clock_that_was_ahead_has_counted_counts_for_a_day_anew(void)
{
	int64_t hour = clock_now_s() / 3600;
	struct store_tally tally;
	SCOPED(site_leave) struct site s;
	char text[128];

	CHECK_OK(site_begin(&s));
	snprintf(text, sizeof(text), "HINCRBY %sn:calls %lld 5", s.prefix,
	    (long long)hour + 72);
	assert_int_equal(engines_say(text), 5);
	CHECK(store_count(s.one, "calls", 5, &tally), RESULT_QUOTA_EXCEEDED);
	assert_int_equal(tally.counted, 5);
	assert_in_range(tally.room_s, 24 * 3600 - 60, 25 * 3600);
	CHECK_OK(store_count(s.two, "calls", 6, &tally));
	assert_int_equal(tally.counted, 6);
	snprintf(text, sizeof(text), "HEXISTS %sn:calls %lld", s.prefix,
	    (long long)hour + 72);
	assert_int_equal(engines_say(text), 0);
}

UNIT_TESTS(valkey) = {
	TEST(everything_ends_by_itself),
	TEST(what_is_too_large_is_not_kept),
	TEST(what_a_clock_that_was_ahead_has_counted_counts_for_a_day_anew),
	END_OF_TESTS,
};
