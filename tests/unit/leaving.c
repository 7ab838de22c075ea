/* SPDX-License-Identifier: ISC */
/* Sessions that are refreshed while accounts are logged out everywhere. */
#include "config.h"

#include "failing.h"
#include "renewal.h"
#include "run.h"
#include "session/everywhere.h"
#include "session/who.h"

static char somebody[] = "somebody", other[] = "other";
static const struct account ours = { .id = somebody };
static const struct account theirs = { .id = other };

/* Whose it is has to be in the record: without memory it may not be. */
static enum result
fill(struct renewal_site *s)
{
	enum result result;

	who_fill(&s->context, &s->session);
	result = session_load(&s->context, &s->session);
	return result == OK && s->session.account.id == NULL ?
	    RESULT_NO_MEMORY :
	    result;
}

/* A session of ours, whose token is renewed as often as that is asked for. */
static enum result
begin(struct renewal_site *s)
{
	enum result result = renewal_begin(s, 60);

	renewal.life_s = 60;
	return result == OK ? fill(s) : result;
}

static enum result
refresh(struct renewal_site *s)
{
	return token_get(&s->context, &s->session, TOKEN_RENEW);
}

/* Whether nothing was asked for but the record. */
static void
check_asks(struct renewal_site *s, bool asks)
{
	enum result result;

	failing_next(s->store, FAILING_DATE, RESULT_STORE, false);
	result = session_load(&s->context, &s->session);
	failing_next(s->store, FAILING_DATE, OK, false);
	if (!run_refused())
		assert_int_equal(result, asks ? RESULT_STORE : OK);
}

static void
who_was_refreshed_since_asks_as_little_as_before(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	int i;

	CHECK_OK(begin(&s));
	check_asks(&s, false);
	for (i = 0; i < 2; i++) {
		CHECK_OK(everywhere_set_account(&s.context, &theirs));
		check_asks(&s, true);
		CHECK_OK(refresh(&s));
		check_asks(&s, false);
	}
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK(session_load(&s.context, &s.session), RESULT_NOT_LOGGED_IN);
}

/* The record is loaded with two looks, and saved after three. */
static void
a_refresh_that_could_not_ask_has_found_out_nothing(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(begin(&s));
	CHECK_OK(everywhere_set_account(&s.context, &theirs));
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	failing_after(s.store, 3);
	CHECK_OK(refresh(&s));
	check_asks(&s, true);
}

static void
others_leave_now(void *data)
{
	struct renewal_site *s = data;

	(void)!everywhere_set_account(&s->context, &theirs);
}

/* It may be of somebody who dies before he is done. */
static void
a_date_that_is_newer_than_what_was_loaded_waits(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(begin(&s));
	failing_meanwhile(s.store, 0, others_leave_now, &s);
	CHECK_OK(refresh(&s));
	failing_meanwhile(s.store, 0, NULL, NULL);
	check_asks(&s, true);
	CHECK_OK(refresh(&s));
	check_asks(&s, false);
}

/* Nothing is found out of an account that is not known. */
static void
who_is_known_later_is_asked_for_then(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 60));
	renewal.life_s = 60;
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK_OK(refresh(&s));
	CHECK(fill(&s), RESULT_NOT_LOGGED_IN);
}

/* ---- what comes in between ---- */

/* A refresh while somebody asks for dates; or just after. */
struct between {
	struct renewal_site *site;
	unsigned refresh_at;
};

static void
refresh_now(void *data)
{
	struct between *b = data;

	(void)!refresh(b->site);
}

static void
others_leave(void *data)
{
	struct between *b = data;

	failing_meanwhile(b->site->store, b->refresh_at, refresh_now, b);
	(void)!everywhere_set_account(&b->site->context, &theirs);
	if (failing_meanwhile(b->site->store, 0, NULL, NULL))
		refresh_now(b);
}

/* Whatever act does before the logout of ours asks for a date again, it ends
 * the session. */
static void
check_between(void (*act)(void *data), unsigned act_at, unsigned refresh_at)
{
	SCOPED(renewal_leave) struct renewal_site s;
	struct between between = { &s, refresh_at };

	CHECK_OK(begin(&s));
	CHECK_OK(everywhere_set_account(&s.context, &theirs));
	failing_meanwhile(s.store, act_at, act, &between);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	failing_meanwhile(s.store, 0, NULL, NULL);
	CHECK(session_load(&s.context, &s.session), RESULT_NOT_LOGGED_IN);
}

static void
a_refresh_at_any_moment_keeps_nobody(void)
{
	unsigned i;

	for (i = 0; i < 6 && !run_refused(); i++)
		check_between(refresh_now, i, 0);
}

static void
nor_does_one_within_two_logouts(void)
{
	static const unsigned rows[][2] = { { 1, 2 }, { 1, 9 }, { 2, 3 },
		{ 2, 9 }, { 3, 1 } };
	size_t i;

	for (i = 0; i < N(rows) && !run_refused(); i++)
		check_between(others_leave, rows[i][0], rows[i][1]);
}

UNIT_TESTS(leaving) = {
	TEST(who_was_refreshed_since_asks_as_little_as_before),
	TEST(a_refresh_that_could_not_ask_has_found_out_nothing),
	TEST(a_date_that_is_newer_than_what_was_loaded_waits),
	TEST(who_is_known_later_is_asked_for_then),
	TEST(a_refresh_at_any_moment_keeps_nobody),
	TEST(nor_does_one_within_two_logouts),
	END_OF_TESTS,
};
