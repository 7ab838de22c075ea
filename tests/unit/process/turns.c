/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "process/turns.h"

#include "../run.h"

#define THREADS 8
#define PUT_OFF_MAX 3
#define MOST 32

/* Turns, and connections whose requests come one after the other. */
struct setting {
	struct turns turns;
	struct connection all[MOST];
	int n;
};

/* False: no memory. */
static bool
begin(struct setting *setting)
{
	bool good = turns_open(&setting->turns, THREADS, PUT_OFF_MAX);

	assert_true(good || run_refused());
	return good;
}

static void
end(struct setting *setting)
{
	turns_close(&setting->turns);
}

/* The next request comes and finds a thread. */
static struct connection *
come(struct setting *setting)
{
	struct connection *one = &setting->all[setting->n++];

	turns_add(&setting->turns, one);
	assert_true(turns_are_due(&setting->turns));
	assert_ptr_equal(turns_take(&setting->turns, false), one);
	return one;
}

/* It is somebody's, and waits if it has to. */
static enum turn
ask_for(struct setting *setting, uint64_t who, int times)
{
	struct connection *one = come(setting);
	enum turn turn = turns_ask(&setting->turns, one, who, times);

	if (turn == TURN_LATER)
		turns_put_off(&setting->turns, one);
	if (turn == TURN_NEVER)
		turns_end(&setting->turns, 0);
	return turn;
}

static enum turn
ask(struct setting *setting, uint64_t who)
{
	return ask_for(setting, who, 1);
}

/* So many of somebody's requests are served, and the next is put off. */
static void
take_share(struct setting *setting, uint64_t who, int n)
{
	while (n-- > 0)
		assert_int_equal(ask(setting, who), TURN_NOW);
	assert_int_equal(ask(setting, who), TURN_LATER);
	assert_true(setting->all[setting->n - 1].queued);
}

static void
each_has_as_many_as_are_left_to_others(void)
{
	SCOPED(end) struct setting setting = { .n = 0 };

	if (!begin(&setting))
		return;
	take_share(&setting, 1, 4);
	take_share(&setting, 2, 2);
	assert_int_equal(ask(&setting, 3), TURN_NOW);
	assert_int_equal(ask(&setting, 4), TURN_NOW);
	assert_true(turns_are_taken(&setting.turns));
	assert_false(turns_are_due(&setting.turns));
}

/* Four times as many as are left, and of the rest again. */
static void
a_larger_share_leaves_some_as_well(void)
{
	SCOPED(end) struct setting setting = { .n = 0 };
	int n;

	if (!begin(&setting))
		return;
	for (n = 0; n < 6; n++)
		assert_int_equal(ask_for(&setting, 1, 4), TURN_NOW);
	assert_int_equal(ask_for(&setting, 1, 4), TURN_LATER);
	assert_int_equal(ask_for(&setting, 2, 4), TURN_NOW);
	assert_int_equal(ask_for(&setting, 2, 4), TURN_LATER);
	/* The first would have five of seven again. */
	turns_end(&setting.turns, 1);
	assert_ptr_equal(turns_take(&setting.turns, false), &setting.all[8]);
	assert_null(turns_take(&setting.turns, false));
	assert_int_equal(ask_for(&setting, 3, 4), TURN_NOW);
	assert_true(turns_are_taken(&setting.turns));
}

/* Before those who have come later, and not a second time. */
static void
who_was_put_off_is_served_when_his_turn_has_come(void)
{
	SCOPED(end) struct setting setting = { .n = 0 };
	struct connection *other, *first, *second;

	if (!begin(&setting))
		return;
	take_share(&setting, 1, 4);
	first = &setting.all[4];
	assert_int_equal(ask(&setting, 1), TURN_LATER);
	second = &setting.all[5];
	other = &setting.all[setting.n++];
	assert_false(turns_are_due(&setting.turns));
	turns_end(&setting.turns, 1);
	turns_add(&setting.turns, other);
	assert_ptr_equal(turns_take(&setting.turns, false), first);
	assert_int_equal(turns_ask(&setting.turns, first, 1, 1), TURN_NOW);
	assert_ptr_equal(turns_take(&setting.turns, false), other);
	assert_null(turns_take(&setting.turns, false));
	turns_end(&setting.turns, 0);
	assert_null(turns_take(&setting.turns, false));
	turns_end(&setting.turns, 1);
	assert_ptr_equal(turns_take(&setting.turns, false), second);
}

static void
so_many_are_put_off_and_no_more(void)
{
	SCOPED(end) struct setting setting = { .n = 0 };

	if (!begin(&setting))
		return;
	take_share(&setting, 1, 4);
	assert_int_equal(ask(&setting, 1), TURN_LATER);
	assert_int_equal(ask(&setting, 1), TURN_LATER);
	assert_int_equal(ask(&setting, 1), TURN_NEVER);
	assert_int_equal(ask(&setting, 2), TURN_NOW);
	turns_end(&setting.turns, 1);
	assert_ptr_equal(turns_take(&setting.turns, false), &setting.all[4]);
	assert_int_equal(ask(&setting, 1), TURN_LATER);
}

static void
at_the_end_all_are_served(void)
{
	SCOPED(end) struct setting setting = { .n = 0 };

	if (!begin(&setting))
		return;
	take_share(&setting, 1, 4);
	turns_add(&setting.turns, &setting.all[setting.n]);
	assert_ptr_equal(turns_take(&setting.turns, true), &setting.all[4]);
	assert_ptr_equal(turns_take(&setting.turns, true), &setting.all[5]);
	assert_null(turns_take(&setting.turns, true));
}

UNIT_TESTS(turns) = {
	TEST(each_has_as_many_as_are_left_to_others),
	TEST(a_larger_share_leaves_some_as_well),
	TEST(who_was_put_off_is_served_when_his_turn_has_come),
	TEST(so_many_are_put_off_and_no_more),
	TEST(at_the_end_all_are_served),
	END_OF_TESTS,
};
