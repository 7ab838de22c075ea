/* SPDX-License-Identifier: ISC */
/* A refresh whose lock was lost, or was not needed: session/token.c; and what
 * else is put into a record under that lock: session/who.c. */
#include "config.h"

#include <string.h>

#include "failing.h"
#include "renewal.h"
#include "run.h"
#include "session/who.h"

/* By who had the lock after us, while Spotify was asked. */
static void
what_somebody_else_has_got_is_not_ended_by_our_refusal(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	renewal.answer = RESULT_INVALID_GRANT;
	failing_next(s.store, FAILING_REMOVE, RESULT_CHANGED, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	CHECK_OK(session_load(&s.context, &s.session));
	assert_null(strstr(run_said(), "authorization_ended"));
}

/* He may have spent the token, and come back with the next. */
static void
a_refusal_ends_nothing_while_another_holder_may_live(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	renewal.answer = RESULT_INVALID_GRANT;
	failing_doubt(s.store, true);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_REFRESH_FAILED);
	CHECK_OK(session_load(&s.context, &s.session));
	failing_doubt(s.store, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_LOGIN_EXPIRED);
}

/* Who has the lock after us saves what he has got. */
static void
save_others(void *data)
{
	struct renewal_site *s = data;
	SCOPED(session_free) struct session other = { .created_s = 0 };
	struct store_reservation *reservation = NULL;
	const struct lock none = { .queue = NULL };

	memcpy(other.secret, s->session.secret, sizeof(other.secret));
	memcpy(other.id, s->session.id, sizeof(other.id));
	if (session_load(&s->context, &other) == OK &&
	    secret_set(&other.access, "other", 5) == OK &&
	    session_reserve(&s->context, &other, &none, &reservation) == OK) {
		session_set_life(&other, 3600);
		(void)!session_save(&s->context, &other, reservation);
	}
	store_release(reservation);
}

/* Stopped before the token was spent, so long that the lease ended. */
static void
lose_the_lock(bool forced)
{
	SCOPED(renewal_leave) struct renewal_site s;
	enum result result;

	CHECK_OK(renewal_begin(&s, forced ? 3600 : 0));
	failing_next(s.store, FAILING_RESERVE, RESULT_BUSY, false);
	failing_after(s.store, 1);
	failing_before_reserve(s.store, save_others, &s);
	result = forced ? token_replace(&s.context, &s.session) :
			  token_get(&s.context, &s.session, TOKEN_USE);
	if (run_refused())
		return;
	CHECK_OK(result);
	CHECK_TEXT(secret_str(&s.session.access), "other");
	assert_int_equal(renewal.asked, 0);
}

static void
who_has_lost_the_lock_uses_what_others_have_got(void)
{
	lose_the_lock(false);
}

static void
so_does_he_whose_token_was_refused(void)
{
	lose_the_lock(true);
}

/* He has saved nothing yet. */
static void
who_has_lost_the_lock_too_soon_hears_busy(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	failing_next(s.store, FAILING_RESERVE, RESULT_BUSY, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	assert_int_equal(renewal.asked, 0);
}

/* What a lock without the turns of others says, too. */
static void
who_is_told_that_it_was_done_loads_what_was_got(void)
{
	SCOPED(session_free) struct session late = { .created_s = 0 };
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	memcpy(late.secret, s.session.secret, sizeof(late.secret));
	memcpy(late.id, s.session.id, sizeof(late.id));
	CHECK_OK(session_load(&s.context, &late));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	failing_next(s.store, FAILING_LOCK, RESULT_EXISTS, false);
	CHECK_OK(token_get(&s.context, &late, TOKEN_USE));
	CHECK_TEXT(secret_str(&late.access), "new");
	assert_int_equal(renewal.asked, 1);
}

/* As when the account was put into the record: then the turn is waited for. */
static void
who_finds_the_same_token_in_what_was_done_refreshes(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	failing_next(s.store, FAILING_LOCK, RESULT_EXISTS, false);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	assert_int_equal(renewal.asked, 1);
}

/* It would be another version of the record, and refuse his. */
static void
an_account_is_not_saved_while_another_holder_may_live(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	struct store_version before;

	CHECK_OK(renewal_begin(&s, 3600));
	CHECK_OK(session_load(&s.context, &s.session));
	before = s.session.seen.version;
	failing_doubt(s.store, true);
	who_fill(&s.context, &s.session);
	CHECK_OK(session_load(&s.context, &s.session));
	assert_memory_equal(&s.session.seen.version, &before, sizeof(before));
	failing_doubt(s.store, false);
	who_fill(&s.context, &s.session);
	CHECK_OK(session_load(&s.context, &s.session));
	assert_true(account_is_known(&s.session.account) || run_refused());
}

UNIT_TESTS(lostlock) = {
	TEST(what_somebody_else_has_got_is_not_ended_by_our_refusal),
	TEST(a_refusal_ends_nothing_while_another_holder_may_live),
	TEST(who_has_lost_the_lock_uses_what_others_have_got),
	TEST(so_does_he_whose_token_was_refused),
	TEST(who_has_lost_the_lock_too_soon_hears_busy),
	TEST(who_is_told_that_it_was_done_loads_what_was_got),
	TEST(who_finds_the_same_token_in_what_was_done_refreshes),
	TEST(an_account_is_not_saved_while_another_holder_may_live),
	END_OF_TESTS,
};
