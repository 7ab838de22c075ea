/* SPDX-License-Identifier: ISC */
/* Machines beside each other: who may save what. */
#include "config.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run.h"
#include "../script.h"
#include "../site.h"
#include "base/clock.h"
#include "store/valkey.h"

#define SECOND STR("a record ends with its version 2")
#define THIRD STR("a record ends with its version 3")

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
	assert_int_equal(site_say(s, "PEXPIRE", "l", " 600000"), 1);
}

/* One has the lock and is about to spend; its lease ends, and two has it. */
static enum result
lose_lease(struct site *s)
{
	enum result result =
	    lock_take(s->one, LOCK_REFRESH, site_id, 0, &s->lock_one);

	if (result == OK)
		result = site_reserve(s->one, &s->lock_one, &s->version,
		    &s->room_one);
	if (result != OK)
		return result;
	assert_int_equal(site_say(s, "DEL", "l", ""), 1);
	result = lock_take(s->two, LOCK_REFRESH, site_id, 0, &s->lock_two);
	if (result == OK)
		lengthen(s);
	return result;
}

static bool
is_record(struct store *store, struct str wanted)
{
	struct buf content = BUF(SITE_MAX);
	struct store_seen seen;
	bool same = store_load(store, site_id, &content, &seen) == OK &&
	    str_equal(buf_str(&content), wanted);

	buf_free(&content);
	return same || run_refused();
}

static void
who_has_lost_his_lease_puts_nothing_in_the_place_of_what_is_newer(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lose_lease(&s));
	assert_true(s.lock_two.doubtful);
	CHECK_OK(site_reserve(s.two, &s.lock_two, &s.version, &s.room_two));
	CHECK_OK(replace(s.room_two, s.version, SECOND));
	CHECK(replace(s.room_one, s.version, THIRD), RESULT_CHANGED);
	assert_true(is_record(s.one, SECOND));
	CHECK(store_remove_if(s.one, site_id, &s.version), RESULT_CHANGED);
	assert_true(is_record(s.one, SECOND));
}

/* The version refuses him, and nothing else: who knows the newest one, without
 * a lease, is let past. */
static void
it_is_the_version_that_keeps_him_out(void)
{
	SCOPED(site_leave) struct site s;
	struct store_version newest;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(site_reserve(s.two, &s.lock_two, &s.version, &s.room_two));
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
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(replace(s.room_one, s.version, SECOND));
	CHECK(site_reserve(s.two, &s.lock_two, &s.version, &s.room_two),
	    RESULT_CHANGED);
	assert_true(is_record(s.two, SECOND));
}

/* The engine has given it and then hung up, twice. Whether it hears of that. */
static bool
gives_back_lost_lease(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, SCRIPT_HANG_UP,
		SCRIPT_GREETING, SCRIPT_HANG_UP, SCRIPT_GREETING, ":1\r\n",
		NULL };
	const struct valkey_config config = { .prefix = "sf:", .dir = "." };
	struct store *store = NULL;
	struct script script;
	struct engine *engine;
	struct lock lock;
	enum result result = RESULT_STORE;

	script_start(&script, answers);
	if (engine_open(&script.config, &engine) == OK &&
	    valkey_open(engine, &config, &store) == OK)
		result = lock_take(store, LOCK_REFRESH, site_id, 0, &lock);
	if (result == OK)
		lock_release(&lock);
	store_close(store);
	script_stop(&script);
	assert_true(result == RESULT_STORE || run_refused());
	return strstr(script.heard, "freed = freed +") != NULL;
}

/* It may be there, and others would wait until it ends. To hear of it takes
 * less than 200 ms, unless the machine is busy. */
static void
a_lease_whose_answer_is_lost_is_given_back(void)
{
	unsigned tries = 0;

	while (!gives_back_lost_lease())
		if (run_refused() || ++tries == 50)
			break;
	assert_true(tries < 50);
}

static void
without_the_lease_nothing_is_reserved(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	assert_int_equal(site_say(&s, "DEL", "l", ""), 1);
	CHECK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one),
	    RESULT_BUSY);
	CHECK(site_reserve(s.one, &s.lock_two, &s.version, &s.room_one),
	    RESULT_BUSY);
	assert_int_equal(site_say(&s, "EXISTS", "r", ""), 0);
}

static void
a_lease_of_another_machine_is_waited_for(void)
{
	SCOPED(site_leave) struct site s;
	int64_t began_ms;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	lengthen(&s);
	CHECK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two),
	    RESULT_BUSY);
	began_ms = clock_mono_ms();
	CHECK(lock_take(s.two, LOCK_REFRESH, site_id, began_ms + 60,
		  &s.lock_two),
	    RESULT_BUSY);
	assert_true(clock_mono_ms() - began_ms >= 60);
	CHECK_OK(lock_take(s.two, LOCK_ARTISTS, site_id, 0, &s.lock_two));
	lock_release(&s.lock_two);
	lock_release(&s.lock_one);
	if (run_refused())
		return; /* what is not given back ends later */
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two));
	assert_false(s.lock_two.doubtful);
}

/* Wait for another machine's lease until the time of the request is over. */
static enum result
wait_to_the_end(struct site *s, int64_t for_ms)
{
	int64_t until_ms = clock_mono_ms() + for_ms;
	enum result result;

	store_set_deadline(until_ms);
	result =
	    lock_take(s->two, LOCK_REFRESH, site_id, until_ms, &s->lock_two);
	store_set_deadline(0);
	return result;
}

/* It is not the engine's fault; on a busy machine one that is asked near the
 * end may be late, though. */
static void
who_waits_for_a_lease_to_the_end_hears_that_others_are_busy(void)
{
	SCOPED(site_leave) struct site s;
	int64_t for_ms[] = { 100, 1 };
	unsigned i, tries;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	lengthen(&s);
	for (i = 0; i < N(for_ms); i++) {
		for (tries = 0; tries < 20; tries++)
			if (wait_to_the_end(&s, for_ms[i]) == RESULT_BUSY ||
			    run_refused())
				break;
		assert_true(tries < 20);
	}
}

/* Give this process a /run that was made another time. */
static bool
start_again(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", "/run", "tmpfs", 0, NULL) == 0;
}

/* A process of a machine, or of a copy of it, that takes the lock, and room if
 * it is to, and dies; whether it had the memory for that. */
static bool
die_as_holder(struct site *s, const char *machine, bool reserves, bool copy)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		/* A root who may not do that has nothing to test. */
		if (copy && !start_again())
			run_exit(2);
		if (engines_store(s->prefix, machine, &s->one) == OK &&
		    lock_take(s->one, LOCK_REFRESH, site_id, 0, &s->lock_one) ==
			OK &&
		    (!reserves ||
			site_reserve(s->one, &s->lock_one, &s->version,
			    &s->room_one) == OK))
			run_exit(0);
		run_exit(run_refused() ? 2 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return status == 0;
}

/* All that can be copied is the same: host, directory and its lock. */
static void
a_copy_of_a_machine_is_another_machine(void)
{
	SCOPED(site_leave) struct site s;

	if (geteuid() != 0)
		skip();
	CHECK_OK(site_begin(&s));
	store_close(s.one);
	s.one = NULL;
	if (!die_as_holder(&s, "two", false, true))
		return;
	lengthen(&s);
	CHECK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two),
	    RESULT_BUSY);
}

static void
a_dead_holder_delays_nobody_of_his_machine(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	if (!die_as_holder(&s, "one", true, false))
		return;
	lengthen(&s);
	CHECK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two),
	    RESULT_BUSY);
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	/* He does not come back. */
	assert_false(s.lock_one.doubtful);
	assert_non_null(strstr(run_said(), "event=lease_taken_over"));
}

/* He has left no mark that one of another machine may still come back. */
static void
a_holder_who_dies_before_he_reserves_ends_no_doubt(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	CHECK_OK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_int_equal(site_say(&s, "DEL", "l", ""), 1);
	if (!die_as_holder(&s, "two", false, false))
		return;
	lengthen(&s);
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two));
	assert_non_null(strstr(run_said(), "event=lease_taken_over"));
	assert_true(s.lock_two.doubtful);
}

static void
what_somebody_else_has_saved_is_news(void)
{
	const struct store_version seen = { { 0 } };
	const struct lock_wish wish = { LOCK_REFRESH, site_id, &seen };
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK(lock_take_unless_done(s.one, &wish, 0, &s.lock_one),
	    RESULT_EXISTS);
	assert_null(s.lock_one.queue);
	assert_int_equal(site_say(&s, "EXISTS", "l", ""), 0);
	CHECK_OK(lock_take_unless_done(s.one,
	    &(struct lock_wish){ LOCK_REFRESH, site_id, &s.version }, 0,
	    &s.lock_one));
}

/* Until the doubt is over, who asks again need not ask Spotify. */
static void
what_was_refused_in_doubt_is_remembered(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lose_lease(&s));
	CHECK_OK(site_reserve(s.two, &s.lock_two, &s.version, &s.room_two));
	store_refuse(s.room_two);
	store_release(s.room_two);
	s.room_two = NULL;
	lock_release(&s.lock_two);
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two));
	assert_true(s.lock_two.doubtful);
	if (run_refused())
		return;
	assert_int_equal(s.lock_two.found, RESULT_REFRESH_FAILED);
	lock_release(&s.lock_two);
	assert_true(site_say(&s, "PTTL", "r", "") > 0);
	/* Who was stopped comes back with what the others were refused for. */
	CHECK_OK(replace(s.room_one, s.version, SECOND));
	CHECK_OK(lock_take(s.two, LOCK_REFRESH, site_id, 0, &s.lock_two));
	assert_false(s.lock_two.doubtful);
	assert_int_equal(s.lock_two.found, OK);
}

static void
a_room_is_as_large_as_what_will_come_and_goes_with_it(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_REFRESH, site_id, 0, &s.lock_one));
	CHECK_OK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	assert_true(site_say(&s, "STRLEN", "r", "") > SITE_MAX);
	store_release(s.room_one);
	s.room_one = NULL;
	assert_true(site_say(&s, "EXISTS", "r", "") == 0 || run_refused());
	CHECK_OK(site_reserve(s.one, &s.lock_one, &s.version, &s.room_one));
	CHECK_OK(replace(s.room_one, s.version, SECOND));
	assert_int_equal(site_say(&s, "EXISTS", "r", ""), 0);
}

UNIT_TESTS(lease) = {
	TEST(who_has_lost_his_lease_puts_nothing_in_the_place_of_what_is_newer),
	TEST(it_is_the_version_that_keeps_him_out),
	TEST(who_has_lost_his_lease_saves_if_nobody_else_has),
	TEST(a_lease_whose_answer_is_lost_is_given_back),
	TEST(without_the_lease_nothing_is_reserved),
	TEST(a_lease_of_another_machine_is_waited_for),
	TEST(who_waits_for_a_lease_to_the_end_hears_that_others_are_busy),
	TEST(a_copy_of_a_machine_is_another_machine),
	TEST(a_dead_holder_delays_nobody_of_his_machine),
	TEST(a_holder_who_dies_before_he_reserves_ends_no_doubt),
	TEST(what_somebody_else_has_saved_is_news),
	TEST(what_was_refused_in_doubt_is_remembered),
	TEST(a_room_is_as_large_as_what_will_come_and_goes_with_it),
	END_OF_TESTS,
};
