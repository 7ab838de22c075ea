/* SPDX-License-Identifier: ISC */
/* What only an engine can be: machines beside each other, and what is lost.
 * The rest is in store.c, lock.c and ../kept.c, for each back end. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engines.h"
#include "../run.h"
#include "../scratch.h"
#include "base/clock.h"
#include "base/secret.h"
#include "store/beside.h"
#include "store/lock.h"
#include "store/valkey.h"

#define MAX 100
#define FIRST STR("a record ends with its version 1")
#define SECOND STR("a record ends with its version 2")
#define THIRD STR("a record ends with its version 3")
#define HEX "0100000000000000000000000000000000000000000000000000000000000000"

static const unsigned char id[STORE_ID_BYTES] = { 1 };

/* Two machines, which have an engine in common. */
struct site {
	char prefix[16];
	struct store *one, *two;
	struct store_version version; /* of the record */
	struct lock lock_one, lock_two;
	struct store_reservation *room_one, *room_two;
};

static void
leave(struct site *s)
{
	store_release(s->room_one);
	store_release(s->room_two);
	lock_release(&s->lock_one);
	lock_release(&s->lock_two);
	store_close(s->one);
	store_close(s->two);
}

/* A record, and a machine in each of two directories. */
static enum result
begin(struct site *s)
{
	unsigned char chance[4];
	enum result result;

	*s = (struct site){ .one = NULL };
	if (!engines_are_here())
		skip();
	run_in_scratch();
	assert_int_equal(mkdir("one", 0700), 0);
	assert_int_equal(mkdir("two", 0700), 0);
	secret_random(chance, sizeof(chance));
	snprintf(s->prefix, sizeof(s->prefix),
	    "sf:%02x%02x%02x%02x:", chance[0], chance[1], chance[2], chance[3]);
	result = engines_store(s->prefix, "one", &s->one);
	if (result == OK)
		result = engines_store(s->prefix, "two", &s->two);
	return result != OK ?
	    result :
	    store_create(s->one, id, FIRST, clock_now_s() + 3600, &s->version);
}

/* A command about one of the record's keys. */
static int64_t
say(const struct site *s, const char *command, const char *thing,
    const char *rest)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %s{" HEX "}:%s%s", command, s->prefix,
	    thing, rest);
	return engines_say(text);
}

static enum result
reserve(struct store *store, const struct lock *lock,
    const struct store_version *version, struct store_reservation **room)
{
	const struct store_wish wish = { .id = id,
		.version = version,
		.n = MAX,
		.hold = lock_hold(lock) };

	return store_reserve(store, &wish, room);
}

static enum result
replace(struct store_reservation *room, struct store_version version,
    struct str content)
{
	return store_replace(room, &version, content, clock_now_s() + 3600);
}

/* Let the lease outlast the slowest machine. */
static void
lengthen(const struct site *s)
{
	assert_int_equal(say(s, "PEXPIRE", "l", " 600000"), 1);
}

/* One has the lock and is about to spend; its lease ends, and two has it. */
static enum result
lose_lease(struct site *s)
{
	enum result result =
	    lock_take(s->one, LOCK_REFRESH, id, 0, &s->lock_one);

	if (result == OK)
		result =
		    reserve(s->one, &s->lock_one, &s->version, &s->room_one);
	if (result != OK)
		return result;
	assert_int_equal(say(s, "DEL", "l", ""), 1);
	result = lock_take(s->two, LOCK_REFRESH, id, 0, &s->lock_two);
	if (result == OK)
		lengthen(s);
	return result;
}

static bool
is_record(struct store *store, struct str wanted)
{
	struct buf content = BUF(MAX);
	struct store_seen seen;
	bool same = store_load(store, id, &content, &seen) == OK &&
	    str_equal(buf_str(&content), wanted);

	buf_free(&content);
	return same || run_refused();
}

static void
who_has_lost_his_lease_puts_nothing_in_the_place_of_what_is_newer(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lose_lease(&s));
	assert_true(s.lock_two.doubtful);
	CHECK_OK(reserve(s.two, &s.lock_two, &s.version, &s.room_two));
	CHECK_OK(replace(s.room_two, s.version, SECOND));
	CHECK(replace(s.room_one, s.version, THIRD), RESULT_CHANGED);
	assert_true(is_record(s.one, SECOND));
	CHECK(store_remove_if(s.one, id, &s.version), RESULT_CHANGED);
	assert_true(is_record(s.one, SECOND));
}

/* The version refuses him, and nothing else: who knows the newest one, without
 * a lease, is let past. */
static void
it_is_the_version_that_keeps_him_out(void)
{
	SCOPED(leave) struct site s;
	struct store_version newest;

	CHECK_OK(begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(reserve(s.two, &s.lock_two, &s.version, &s.room_two));
	newest = s.version;
	CHECK_OK(
	    store_replace(s.room_two, &newest, SECOND, clock_now_s() + 3600));
	CHECK_OK(replace(s.room_one, newest, THIRD));
	assert_true(is_record(s.two, THIRD));
}

/* His are the newest then, though he has no lease. */
static void
who_has_lost_his_lease_saves_if_nobody_else_has(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(replace(s.room_one, s.version, SECOND));
	CHECK(reserve(s.two, &s.lock_two, &s.version, &s.room_two),
	    RESULT_CHANGED);
	assert_true(is_record(s.two, SECOND));
}

static void
without_the_lease_nothing_is_reserved(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	assert_int_equal(say(&s, "DEL", "l", ""), 1);
	CHECK(reserve(s.one, &s.lock_one, &s.version, &s.room_one),
	    RESULT_BUSY);
	CHECK(reserve(s.one, &s.lock_two, &s.version, &s.room_one),
	    RESULT_BUSY);
	assert_int_equal(say(&s, "EXISTS", "r", ""), 0);
}

static void
a_lease_of_another_machine_is_waited_for(void)
{
	SCOPED(leave) struct site s;
	int64_t began_ms;

	CHECK_OK(begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	lengthen(&s);
	CHECK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two), RESULT_BUSY);
	began_ms = clock_mono_ms();
	CHECK(lock_take(s.two, LOCK_REFRESH, id, began_ms + 60, &s.lock_two),
	    RESULT_BUSY);
	assert_true(clock_mono_ms() - began_ms >= 60);
	CHECK_OK(lock_take(s.two, LOCK_ARTISTS, id, 0, &s.lock_two));
	lock_release(&s.lock_two);
	lock_release(&s.lock_one);
	if (run_refused())
		return; /* what is not given back ends later */
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two));
	assert_false(s.lock_two.doubtful);
}

/* A process of a machine that takes the lock, and room if it is to, and dies;
 * whether it had the memory for that. */
static bool
die_as_holder(struct site *s, const char *machine, bool reserves)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (engines_store(s->prefix, machine, &s->one) == OK &&
		    lock_take(s->one, LOCK_REFRESH, id, 0, &s->lock_one) ==
			OK &&
		    (!reserves ||
			reserve(s->one, &s->lock_one, &s->version,
			    &s->room_one) == OK))
			_exit(0);
		_exit(run_refused() ? 2 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return status == 0;
}

static void
a_dead_holder_delays_nobody_of_his_machine(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	if (!die_as_holder(&s, "one", true))
		return;
	lengthen(&s);
	CHECK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two), RESULT_BUSY);
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	/* He does not come back. */
	assert_false(s.lock_one.doubtful);
	assert_non_null(strstr(run_said(), "event=lease_taken_over"));
}

/* He has left no mark that one of another machine may still come back. */
static void
a_holder_who_dies_before_he_reserves_ends_no_doubt(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	CHECK_OK(reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_int_equal(say(&s, "DEL", "l", ""), 1);
	if (!die_as_holder(&s, "two", false))
		return;
	lengthen(&s);
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two));
	assert_non_null(strstr(run_said(), "event=lease_taken_over"));
	assert_true(s.lock_two.doubtful);
}

static void
what_somebody_else_has_saved_is_news(void)
{
	const struct store_version seen = { { 0 } };
	const struct lock_wish wish = { LOCK_REFRESH, id, &seen };
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK(lock_take_unless_done(s.one, &wish, 0, &s.lock_one),
	    RESULT_EXISTS);
	assert_null(s.lock_one.queue);
	assert_int_equal(say(&s, "EXISTS", "l", ""), 0);
	CHECK_OK(lock_take_unless_done(s.one,
	    &(struct lock_wish){ LOCK_REFRESH, id, &s.version }, 0,
	    &s.lock_one));
}

/* Until the doubt is over, who asks again need not ask Spotify. */
static void
what_was_refused_in_doubt_is_remembered(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(reserve(s.two, &s.lock_two, &s.version, &s.room_two));
	store_refuse(s.room_two);
	store_release(s.room_two);
	s.room_two = NULL;
	lock_release(&s.lock_two);
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two));
	assert_true(s.lock_two.doubtful);
	if (run_refused())
		return;
	assert_int_equal(s.lock_two.found, RESULT_REFRESH_FAILED);
	lock_release(&s.lock_two);
	assert_true(say(&s, "PTTL", "r", "") > 0);
	assert_int_equal(say(&s, "DEL", "r", ""), 1);
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, id, 0, &s.lock_two));
	assert_false(s.lock_two.doubtful);
	assert_int_equal(s.lock_two.found, OK);
}

static void
a_room_is_as_large_as_what_will_come_and_goes_with_it(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	CHECK_OK(reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_true(say(&s, "STRLEN", "r", "") > MAX);
	store_release(s.room_one);
	s.room_one = NULL;
	assert_true(say(&s, "EXISTS", "r", "") == 0 || run_refused());
	CHECK_OK(reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	CHECK_OK(replace(s.room_one, s.version, SECOND));
	assert_int_equal(say(&s, "EXISTS", "r", ""), 0);
}

static void
everything_ends_by_itself(void)
{
	SCOPED(leave) struct site s;
	int64_t now_s = clock_now_s();

	CHECK_OK(begin(&s));
	assert_in_range(say(&s, "PTTL", "s", ""), 7190000, 7201000);
	store_touch(s.one, id, now_s, now_s + 7200);
	if (!run_refused())
		assert_in_range(say(&s, "PTTL", "s", ""), 10790000, 10801000);
	CHECK_OK(store_keep(s.one, id, STORE_COPY, STR("kept")));
	assert_in_range(say(&s, "PTTL", "c", ""), 3590000, 3600000);
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, id, 0, &s.lock_one));
	assert_in_range(say(&s, "PTTL", "l", ""), 1, 3000);
	CHECK_OK(reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_in_range(say(&s, "PTTL", "l", ""), 13001, 19000);
	assert_in_range(say(&s, "PTTL", "r", ""), 3001, 60000);
}

/* It would hold up the engine's other clients. */
static void
what_is_too_large_is_not_kept(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf large = BUF(BESIDE_MAX + 2);
	char *room = buf_room(&large, BESIDE_MAX + 1);

	CHECK_OK(begin(&s));
	if (room == NULL)
		return;
	memset(room, 'x', BESIDE_MAX + 1);
	buf_grown(&large, BESIDE_MAX);
	CHECK_OK(store_keep(s.one, id, STORE_COPY, buf_str(&large)));
	assert_int_equal(say(&s, "STRLEN", "c", ""), BESIDE_MAX);
	buf_grown(&large, 1);
	CHECK(store_keep(s.one, id, STORE_COPY, buf_str(&large)), RESULT_STORE);
	assert_int_equal(say(&s, "EXISTS", "c", ""), 0);
}

/* As for files: they are of the last day then, nobody knows from when. */
static void
what_a_clock_that_was_ahead_has_counted_counts_for_a_day_anew(void)
{
	int64_t hour = clock_now_s() / 3600;
	struct store_tally tally;
	SCOPED(leave) struct site s;
	char text[128];

	CHECK_OK(begin(&s));
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
	TEST(who_has_lost_his_lease_puts_nothing_in_the_place_of_what_is_newer),
	TEST(it_is_the_version_that_keeps_him_out),
	TEST(who_has_lost_his_lease_saves_if_nobody_else_has),
	TEST(without_the_lease_nothing_is_reserved),
	TEST(a_lease_of_another_machine_is_waited_for),
	TEST(a_dead_holder_delays_nobody_of_his_machine),
	TEST(a_holder_who_dies_before_he_reserves_ends_no_doubt),
	TEST(what_somebody_else_has_saved_is_news),
	TEST(what_was_refused_in_doubt_is_remembered),
	TEST(a_room_is_as_large_as_what_will_come_and_goes_with_it),
	TEST(everything_ends_by_itself),
	TEST(what_is_too_large_is_not_kept),
	TEST(what_a_clock_that_was_ahead_has_counted_counts_for_a_day_anew),
	END_OF_TESTS,
};
