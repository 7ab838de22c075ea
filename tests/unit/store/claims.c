/* SPDX-License-Identifier: ISC */
/* What a login does together: store/lock.c, by each back end, and what only an
 * engine can do about it. */
#include "config.h"

#include <string.h>

#include "../backends.h"
#include "../run.h"
#include "../scratch.h"
#include "../script.h"
#include "../site.h"
#include "base/clock.h"
#include "store/valkey.h"

#define ANOTHER STR("a record ends with its version 2")

#define DATE 1900000000

static int64_t latest; /* of the last claim that was good */

static const char *const facts[] = { "one", "other" };

static enum result
claim(struct store *store, int64_t numbers[static 2], struct lock *lock)
{
	const int64_t now_s = clock_now_s();
	int64_t latest_s = -1;
	enum result result;
	const struct lock_claim wanted = { .task = LOCK_LOGIN,
		.id = site_id,
		.began_s = now_s,
		.now_s = now_s,
		.facts = facts,
		.numbers = numbers,
		.latest_s = &latest_s };

	result = lock_claim(store, &wanted, lock);
	assert_true(result != OK || latest_s == DATE || latest_s == 0);
	if (result == OK)
		latest = latest_s;
	return result;
}

static enum result
create(struct store *store, const struct lock *lock, struct str content)
{
	const struct store_record record = { .id = site_id,
		.content = content,
		.ends_s = clock_now_s() + 3600 };
	struct store_version version;

	return lock_create(store, lock, &record, &version);
}

/* ---- by each ---- */

static void
check_claim(struct store *store)
{
	SCOPED(lock_release) struct lock first, second = { NULL, OK, false };
	int64_t numbers[2] = { 1, 1 }, others[2] = { 1, 1 };

	store_set_fact(store, "one", 7);
	CHECK_OR(store_set_date(store, NULL, DATE, DATE + 1000), OK,
	    RESULT_STORE);
	CHECK_OK(claim(store, numbers, &first));
	/* Without memory it does without its lock, or the fact. */
	if (run_refused())
		return;
	assert_int_equal(numbers[0], 7);
	assert_int_equal(numbers[1], 0);
	assert_int_equal(latest, DATE);
	CHECK(claim(store, others, &second), RESULT_BUSY);
	assert_int_equal(others[0], 0);
	lock_release(&first);
	CHECK(claim(store, others, &second), RESULT_EXISTS);
	assert_int_equal(others[0], 0);
	CHECK(create(store, &second, SITE_RECORD), OK);
	CHECK(create(store, NULL, ANOTHER), RESULT_EXISTS);
}

static void
a_claim_is_made_once_and_has_its_lock_and_the_facts(void)
{
	on_each(check_claim);
}

/* ---- by an engine ---- */

static void
other_machines_are_kept_out_until_the_record_is_made(void)
{
	SCOPED(site_leave) struct site s;
	int64_t numbers[2];
	enum result result;

	CHECK_OK(site_begin(&s));
	assert_int_equal(site_say(&s, "DEL", "s", ""), 1);
	CHECK_OK(claim(s.one, numbers, &s.lock_one));
	if (run_refused())
		return;
	assert_in_range(site_say(&s, "PTTL", "u", ""), 1190000, 1200000);
	assert_in_range(site_say(&s, "PTTL", "ll", ""), 1, 20000);
	result = claim(s.two, numbers, &s.lock_two);
	if (run_refused())
		return;
	assert_int_equal(result, RESULT_BUSY);
	CHECK_OK(create(s.one, &s.lock_one, SITE_RECORD));
	assert_int_equal(site_say(&s, "EXISTS", "s", ""), 1);
	assert_int_equal(site_say(&s, "EXISTS", "ll", ""), 0);
	result = claim(s.two, numbers, &s.lock_two);
	if (run_refused())
		return;
	assert_int_equal(result, RESULT_EXISTS);
	/* Nor does who gives it back late take it from the next. */
	lock_release(&s.lock_one);
	assert_int_equal(site_say(&s, "EXISTS", "ll", ""), 1);
}

static void
who_finds_another_record_gives_the_lock_back_as_well(void)
{
	SCOPED(site_leave) struct site s;

	CHECK_OK(site_begin(&s));
	CHECK_OK(lock_take(s.one, LOCK_LOGIN, site_id, 0, &s.lock_one));
	CHECK(create(s.one, &s.lock_one, ANOTHER), RESULT_EXISTS);
	assert_int_equal(site_say(&s, "EXISTS", "ll", ""), 0);
	assert_int_equal(site_say(&s, "EXISTS", "s", ""), 1);
}

/* ---- by one whose answers are lost ---- */

#define TAKEN "*5\r\n:1\r\n:0\r\n$1\r\n7\r\n$-1\r\n$-1\r\n"
#define LOST SCRIPT_GREETING, SCRIPT_HANG_UP
#define TAKES_BACK "in ipairs(KEYS)"

/* What is claimed of an engine that says what a test wants it to. */
struct attempt {
	struct script script;
	struct store *store;
	struct lock lock;
	int64_t numbers[2];
	enum result result;
};

static void
end(struct attempt *a)
{
	lock_release(&a->lock);
	scratch_close(&a->store);
	script_stop(&a->script);
}

static enum result
open_script(struct script *script, int replicas, struct store **store)
{
	static const struct valkey_config config = { .prefix = "sf:",
		.dir = ".",
		.kept_s = 3600 };
	struct engine *engine;
	enum result result;

	script->config.replicas = replicas;
	result = engine_open(&script->config, &engine);
	return result == OK ? valkey_open(engine, &config, store) : result;
}

static enum result
begin(struct attempt *a, const char *const *answers, int replicas)
{
	enum result result;

	*a = (struct attempt){ .store = NULL };
	script_start(&a->script, answers);
	result = open_script(&a->script, replicas, &a->store);
	if (result == OK)
		a->result = claim(a->store, a->numbers, &a->lock);
	return result;
}

/* More often than a call is tried again: then it is asked for anew, with the
 * same bytes, by which an engine knows it again. */
static void
a_claim_whose_answers_are_lost_is_settled(void)
{
	static const char *const answers[] = { LOST, LOST, LOST, LOST, LOST,
		LOST, SCRIPT_GREETING, TAKEN, ":1\r\n", NULL };
	SCOPED(end) struct attempt a;

	CHECK_OK(begin(&a, answers, 0));
	if (run_refused())
		return;
	/* A machine that is too slow for that says so, and takes it back. */
	if (a.result == RESULT_UNCERTAIN) {
		assert_non_null(strstr(a.script.heard, TAKES_BACK));
		assert_true(a.script.connections > 2);
		return;
	}
	assert_int_equal(a.result, OK);
	assert_int_equal(a.numbers[0], 7);
	assert_int_equal(a.script.connections, 7);
}

/* Who says that it did not work leaves nothing by which it would not work the
 * next time. */
static void
a_claim_that_replicas_do_not_confirm_is_taken_back(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, TAKEN ":0\r\n",
		":2\r\n", NULL };
	SCOPED(end) struct attempt a;

	CHECK_OK(begin(&a, answers, 1));
	if (run_refused())
		return;
	assert_int_equal(a.result, RESULT_UNCERTAIN);
	assert_null(a.lock.queue);
	assert_non_null(strstr(a.script.heard, TAKES_BACK));
	/* Of two keys, the mark and the lock. */
	assert_non_null(
	    strstr(a.script.heard, "return freed\n\r\n$1\r\n2\r\n"));
}

/* The operator sees that a process of his has died. */
static void
the_lock_of_a_dead_process_is_told_of(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"*5\r\n:1\r\n:1\r\n$-1\r\n$-1\r\n$-1\r\n", ":1\r\n", NULL };
	SCOPED(end) struct attempt a;

	CHECK_OK(begin(&a, answers, 0));
	if (run_refused())
		return;
	assert_int_equal(a.result, OK);
	assert_non_null(strstr(run_said(), "event=lease_taken_over"));
}

static void
an_answer_that_was_not_asked_for_is_a_doubt(void)
{
	static const char *const odd[] = { "+OK\r\n", ":1\r\n", "$-1\r\n",
		"*1\r\n:1\r\n", "*2\r\n:1\r\n:0\r\n",
		"*6\r\n:1\r\n:0\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n" };
	size_t i;

	for (i = 0; i < N(odd); i++) {
		const char *const answers[] = { SCRIPT_GREETING, odd[i],
			":0\r\n", NULL };
		SCOPED(end) struct attempt a;

		CHECK_OK(begin(&a, answers, 0));
		if (run_refused())
			return;
		assert_int_equal(a.result, RESULT_UNCERTAIN);
		assert_null(a.lock.queue);
	}
}

UNIT_TESTS(claims) = {
	TEST(a_claim_is_made_once_and_has_its_lock_and_the_facts),
	TEST(other_machines_are_kept_out_until_the_record_is_made),
	TEST(who_finds_another_record_gives_the_lock_back_as_well),
	TEST(a_claim_whose_answers_are_lost_is_settled),
	TEST(a_claim_that_replicas_do_not_confirm_is_taken_back),
	TEST(the_lock_of_a_dead_process_is_told_of),
	TEST(an_answer_that_was_not_asked_for_is_a_doubt),
	END_OF_TESTS,
};
