/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spotify/quota.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"

#define DAY 86400

/* A world with a store and so many calls a day. */
struct world {
	struct conf conf;
	struct store *store;
	struct context context;
};

static enum result
world_open(struct world *world, int64_t per_day)
{
	*world = (struct world){ .conf.quota_per_day = per_day };
	world->context.conf = &world->conf;
	return scratch_open(&world->store);
}

static void
world_close(struct world *world)
{
	store_close(world->store);
}

/* Try so often; how many calls might be made. */
static int
try(struct world *world, enum quota_bucket bucket, enum quota_caller caller,
    int times)
{
	int made = 0;

	world->context.store = world->store;
	while (times-- > 0)
		if (quota_take(&world->context, bucket, caller) == OK)
			made++;
	return made;
}

static int
lists(struct world *world, int times)
{
	return try(world, QUOTA_FOLLOWING, QUOTA_OTHER, times);
}

/* How often an event is among what was said. */
static int
said(const char *event)
{
	const char *p = run_said();
	int times = 0;

	for (; (p = strstr(p, event)) != NULL; p++)
		times++;
	return times;
}

/* Call so often, a day later, and be refused by Spotify then. */
static void
learn(struct world *world, int calls, int64_t at_s)
{
	run_later(at_s - DAY - 3600);
	lists(world, 1);
	run_later(at_s);
	lists(world, calls);
	quota_refused(&world->context, QUOTA_FOLLOWING);
}

static void
off_nothing_is_counted_and_no_file_made(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 0));
	assert_int_equal(lists(&world, 1000), 1000);
	quota_refused(&world.context, QUOTA_FOLLOWING);
	assert_int_equal(run_count("counts"), 0);
	assert_int_equal(said("quota"), 0);
}

static void
so_many_calls_are_made_and_no_more(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 600));
	assert_int_equal(lists(&world, 1000), 600);
	assert_int_equal(world.context.wait.after, RESULT_QUOTA_EXCEEDED);
	assert_true(world.context.wait.s > DAY - 60 &&
	    world.context.wait.s <= DAY + 3600);
	/* Another bucket has its own. */
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_LOGIN, 1000), 600);
}

static void
what_was_used_is_said_once(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 50));
	lists(&world, 39);
	assert_int_equal(said("quota_"), 0);
	lists(&world, 10);
	assert_int_equal(said("event=quota_low bucket=following used=40 "
			      "budget=50"),
	    1);
	assert_int_equal(said("quota_"), 1);
	lists(&world, 30);
	assert_int_equal(said("event=quota_used_up bucket=following used=50 "
			      "budget=50"),
	    1);
	assert_int_equal(said("quota_"), 2);
}

static void
a_tenth_is_left_to_logins(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 50));
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_OTHER, 100), 45);
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_LOGIN, 100), 5);
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_OTHER, 100), 0);
}

static void
with_one_call_it_is_a_logins(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1));
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_OTHER, 5), 0);
	assert_int_equal(try(&world, QUOTA_ME, QUOTA_LOGIN, 5), 1);
	assert_int_equal(lists(&world, 5), 1);
}

static void
what_spotify_refused_is_learned_for_a_week(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 600, 0);
	assert_int_equal(said("event=quota_learned bucket=following used=600 "
			      "budget=570 for_s=604800"),
	    1);
	assert_int_equal(lists(&world, 10), 0);
	run_later(2 * DAY);
	assert_int_equal(lists(&world, 1000), 570);
	run_later(6 * DAY);
	assert_int_equal(lists(&world, 1000), 570);
	run_later(8 * DAY);
	assert_int_equal(lists(&world, 1000), 1000);
}

static void
what_is_learned_survives_a_restart(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 600, 0);
	store_close(world.store);
	world.store = NULL;
	CHECK_OK(files_open(".", &world.store));
	run_later(2 * DAY);
	assert_int_equal(lists(&world, 1000), 570);
}

static void
a_learned_budget_is_no_more_than_the_configured_one(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 600, 0);
	world.conf.quota_per_day = 300;
	run_later(2 * DAY);
	assert_int_equal(lists(&world, 1000), 300);
}

/* Those after the first refusal were counted, too: they are no news. */
static void
the_first_refusal_of_a_day_counts(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 400, 0);
	world.conf.quota_per_day = 10000;
	lists(&world, 300);
	quota_refused(&world.context, QUOTA_FOLLOWING);
	assert_int_equal(said("event=quota_learned"), 1);
	/* Another day it may be more. */
	learn(&world, 380, 8 * DAY);
	assert_int_equal(said("event=quota_not_learned"), 1);
	world.conf.quota_per_day = 1000;
	learn(&world, 800, 20 * DAY);
	assert_int_equal(said("used=800 budget=760"), 1);
}

static void
what_says_nothing_about_the_quota_is_not_learned(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	lists(&world, 600);
	quota_refused(&world.context, QUOTA_FOLLOWING);
	assert_int_equal(said("event=quota_not_learned bucket=following "
			      "used=600 why=counted_for_less_than_a_day"),
	    1);
	run_later(3 * DAY);
	lists(&world, 99);
	quota_refused(&world.context, QUOTA_FOLLOWING);
	assert_int_equal(said("used=99 why=too_few"), 1);
	run_later(6 * DAY);
	assert_int_equal(lists(&world, 2000), 1000);
}

/* Learned while the clock was months ahead: it would hold for months. */
static void
what_was_learned_by_a_wrong_clock_is_forgotten(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 600, 300 * DAY);
	run_later(0);
	/* What was counted by that clock was counted lately. */
	assert_int_equal(lists(&world, 1000), 399);
	run_later(2 * DAY);
	assert_int_equal(lists(&world, 2000), 1000);
}

static void
a_call_that_cannot_be_counted_is_not_made(void)
{
	SCOPED(world_close) struct world world = { 0 };

	CHECK_OK(world_open(&world, 1000));
	CHECK_OK(failing_open(world.store, &world.store));
	failing_next(world.store, FAILING_COUNT, RESULT_STORE, false);
	assert_int_equal(lists(&world, 1), 0);
	assert_int_equal(lists(&world, 1), 1);
}

static void
where_it_stands_is_printed(void)
{
	SCOPED(world_close) struct world world = { 0 };
	char text[1000] = "";
	FILE *out;

	CHECK_OK(world_open(&world, 1000));
	learn(&world, 600, 0);
	try(&world, QUOTA_ME, QUOTA_LOGIN, 3);
	if ((out = fmemopen(text, sizeof(text), "w")) == NULL)
		return;
	quota_print(&world.conf, world.store, out);
	fclose(out);
	if (run_refused())
		return;
	assert_non_null(strstr(text, "# quota me: 3 of 1000 used\n"));
	assert_non_null(strstr(text,
	    "# quota following: 600 of 570 used, learned at 600, until 20"));
}

UNIT_TESTS(quota) = {
	TEST(off_nothing_is_counted_and_no_file_made),
	TEST(so_many_calls_are_made_and_no_more),
	TEST(what_was_used_is_said_once),
	TEST(a_tenth_is_left_to_logins),
	TEST(with_one_call_it_is_a_logins),
	TEST(what_spotify_refused_is_learned_for_a_week),
	TEST(what_is_learned_survives_a_restart),
	TEST(a_learned_budget_is_no_more_than_the_configured_one),
	TEST(the_first_refusal_of_a_day_counts),
	TEST(what_says_nothing_about_the_quota_is_not_learned),
	TEST(what_was_learned_by_a_wrong_clock_is_forgotten),
	TEST(a_call_that_cannot_be_counted_is_not_made),
	TEST(where_it_stands_is_printed),
	END_OF_TESTS,
};
