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

/* How much has been told to replicas, if there were any. */
static int64_t
told(void)
{
	return engines_say("EVAL \"return tonumber(string.match(redis.call("
			   "'INFO', 'persistence'), "
			   "'rdb_changes_since_last_save:(%d+)'))\" 0");
}

static enum result
save(const struct site *s)
{
	struct store_version seen = s->version;

	return store_replace(s->room_one, &seen,
	    STR("a record ends with its version 2"), clock_now_s() + 3600);
}

static enum result
log_out(const struct site *s)
{
	return store_remove(s->one, site_id);
}

static enum result
forget(const struct site *s)
{
	return store_forget(s->one, site_id);
}

static enum result
make_again(const struct site *s)
{
	struct store_version version;

	return store_create(s->two, site_id, SITE_RECORD, clock_now_s() + 3600,
	    &version);
}

/* As when the first answer was lost, or too few replicas had it: they are
 * waited for by what comes over the same connection only, so there has to be
 * something. */
static void
what_is_done_a_second_time_is_told_to_replicas_again(void)
{
	static enum result (*const acts[])(
	    const struct site *s) = { make_again, save, log_out, forget };
	SCOPED(site_leave) struct site s;
	int64_t before;
	size_t i;
	int k;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	CHECK_OK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	store_know(s.one, site_id, 1);
	for (i = 0; i < N(acts); i++)
		for (k = 0; k < 2; k++) {
			before = told();
			CHECK_OK(acts[i](&s));
			assert_true(told() > before);
		}
	assert_int_equal(site_say(&s, "EXISTS", "s", ""), 0);
}

/* It frees memory, so it must not need any. */
static void
who_is_logged_out_already_is_so_with_a_full_memory(void)
{
	SCOPED(site_leave) struct site s;
	enum result twice[2];

	CHECK_OK(site_begin(&s));
	engines_tell("CONFIG SET maxmemory 1");
	twice[0] = log_out(&s);
	twice[1] = log_out(&s);
	engines_tell("CONFIG SET maxmemory 0");
	CHECK_OK(twice[0]);
	CHECK_OK(twice[1]);
}

UNIT_TESTS(valkey) = {
	TEST(everything_ends_by_itself),
	TEST(what_is_too_large_is_not_kept),
	TEST(what_a_clock_that_was_ahead_has_counted_counts_for_a_day_anew),
	TEST(what_is_done_a_second_time_is_told_to_replicas_again),
	TEST(who_is_logged_out_already_is_so_with_a_full_memory),
	END_OF_TESTS,
};
