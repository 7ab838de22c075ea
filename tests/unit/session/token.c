/* SPDX-License-Identifier: ISC */
/* What becomes of new tokens; Spotify's answer is made up. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "../failing.h"
#include "../renewal.h"
#include "../run.h"
#include "../scratch.h"
#include "session/token.h"

static void
a_token_that_lives_is_left_alone(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 3600));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_RENEW));
	assert_int_equal(renewal.asked, 0);
}

static void
a_new_token_is_in_the_store_before_it_is_used(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	CHECK_TEXT(secret_str(&s.session.refresh), "refresh");
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	assert_int_equal(renewal.asked, 1);
}

/* A refresh that says nothing of it changes nothing. */
static void
the_scope_is_what_was_granted_last(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	renewal.life_s = 1;
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_OK(session_load(&s.context, &s.session));
	assert_int_equal(s.session.scope.n, 0);
	renewal.granted = "a b";
	run_later(2);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_TEXT(buf_str(&s.session.scope), "a b");
	renewal.granted = "";
	run_later(4);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_TEXT(buf_str(&s.session.scope), "a b");
	assert_int_equal(renewal.asked, 3);
	run_later(0);
}

/* Not done, or nobody knows: the same for who would use the token. */
static void
a_token_that_is_not_saved_for_certain_is_not_used(void)
{
	static const struct {
		enum result why;
		bool done;
	} rows[] = { { RESULT_STORE, false }, { RESULT_UNCERTAIN, false },
		{ RESULT_UNCERTAIN, true } };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(renewal_leave) struct renewal_site s;

		CHECK_OK(renewal_begin(&s, 0));
		failing_next(s.store, FAILING_REPLACE, rows[i].why,
		    rows[i].done);
		CHECK(token_get(&s.context, &s.session, TOKEN_USE),
		    RESULT_STORE);
		assert_int_equal(session_access_left_s(&s.session), 0);
	}
}

static void
who_comes_too_late_saves_nothing_and_uses_nothing_of_its_own(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	failing_next(s.store, FAILING_REPLACE, RESULT_CHANGED, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	CHECK_TEXT(secret_str(&s.session.access), "old");
}

/* Within its last two minutes; what was saved by somebody else is loaded. */
static void
what_was_there_serves_on_while_it_lives(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 3600));
	run_later(3500);
	failing_next(s.store, FAILING_REPLACE, RESULT_CHANGED, false);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "old");
	assert_true(renewal.asked == 1 || run_refused());
}

static void
before_a_token_is_spent_there_is_room_for_the_next(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	failing_next(s.store, FAILING_RESERVE, RESULT_STORE, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_STORE);
	assert_int_equal(renewal.asked, 0);
}

/* What is passed on lives for a minute, and nobody gets less. */
static void
a_token_that_is_passed_on_lives_for_a_minute(void)
{
	static const struct {
		int64_t left_s, life_s;
		enum result spotify, result;
		unsigned asked;
	} rows[] = {
		{ 600, 3600, RESULT_UPSTREAM_FAILED, OK, 0 },
		{ 100, 3600, RESULT_UPSTREAM_FAILED, OK, 1 },
		{ 100, 3600, OK, OK, 1 },
		{ 59, 3600, OK, OK, 1 },
		{ 59, 3600, RESULT_UPSTREAM_FAILED, RESULT_REFRESH_FAILED, 1 },
		{ 0, 3600, RESULT_UPSTREAM_FAILED, RESULT_REFRESH_FAILED, 1 },
		/* Of a short life a half, but no less than that minute. */
		{ 70, 100, OK, OK, 0 },
		{ 61, 100, OK, OK, 1 },
		{ 55, 60, OK, OK, 0 },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(renewal_leave) struct renewal_site s;

		run_later(0);
		CHECK_OK(renewal_begin(&s, rows[i].life_s));
		run_later(rows[i].life_s - rows[i].left_s);
		renewal.answer = rows[i].spotify;
		CHECK(token_get(&s.context, &s.session, TOKEN_PASS),
		    rows[i].result);
		assert_true(renewal.asked == rows[i].asked || run_refused());
	}
	run_later(0);
}

/* Its last minute is for the programs themselves. */
static void
a_token_that_cannot_be_renewed_is_passed_on_while_it_lives_so_long(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 100));
	secret_free(&s.session.refresh);
	s.session.access_life_s = 0;
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_PASS));
	run_later(41);
	CHECK(token_get(&s.context, &s.session, TOKEN_PASS),
	    RESULT_LOGIN_EXPIRED);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	run_later(0);
}

/* Whoever read the file before is given what somebody else has got since, even
 * if that lives shortly, or not any more. */
static void
another_token_than_one_had_is_used_however_short_it_lives(void)
{
	static const int64_t lives[] = { 120, 60, 20, 5, 1 };
	static const enum token_need needs[] = { TOKEN_USE, TOKEN_RENEW };
	SCOPED(session_free) struct session late = { .created_s = 0 };
	size_t i;

	for (i = 0; i < 2 * N(lives); i++) {
		SCOPED(renewal_leave) struct renewal_site s;

		CHECK_OK(renewal_begin(&s, 0));
		renewal.life_s = lives[i / 2];
		memcpy(late.secret, s.session.secret, sizeof(late.secret));
		memcpy(late.id, s.session.id, sizeof(late.id));
		CHECK_OK(session_load(&s.context, &late));
		CHECK_OK(token_get(&s.context, &s.session, needs[i % 2]));
		run_later(renewal.life_s);
		CHECK_OK(token_get(&s.context, &late, needs[i % 2]));
		CHECK_TEXT(secret_str(&late.access), "new");
		assert_int_equal(renewal.asked, 1);
		run_later(0);
	}
}

static void
a_token_of_short_life_is_used_for_half_of_it(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 60));
	/* Some of its seconds may pass while the test runs. */
	run_later(20);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	assert_int_equal(renewal.asked, 0);
	run_later(40);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	assert_true(renewal.asked == 1 || run_refused());
}

/* Of Spotify's troubles a page needs to know that there are some. */
static void
what_spotify_says_of_a_refresh_is_told_in_few_words(void)
{
	static const struct {
		enum result said, told;
	} rows[] = {
		{ RESULT_UPSTREAM_FAILED, RESULT_REFRESH_FAILED },
		{ RESULT_RATE_LIMITED, RESULT_REFRESH_FAILED },
		{ RESULT_QUOTA_EXCEEDED, RESULT_REFRESH_FAILED },
		{ RESULT_UPSTREAM_TIMEOUT, RESULT_UPSTREAM_TIMEOUT },
		{ RESULT_MISCONFIGURED, RESULT_MISCONFIGURED },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(renewal_leave) struct renewal_site s;

		CHECK_OK(renewal_begin(&s, 0));
		renewal.answer = rows[i].said;
		CHECK(token_get(&s.context, &s.session, TOKEN_USE),
		    rows[i].told);
		CHECK_OK(session_load(&s.context, &s.session));
	}
}

static void
an_authorization_that_has_ended_ends_the_session(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 0));
	renewal.answer = RESULT_INVALID_GRANT;
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_LOGIN_EXPIRED);
	CHECK(session_load(&s.context, &s.session), RESULT_NOT_LOGGED_IN);
}

/* With a clock that was set back, too: or the session would have to wait until
 * it is as late as before. */
static void
a_refusal_forces_one_refresh_in_a_minute(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(renewal_begin(&s, 3600));
	CHECK_OK(token_replace(&s.context, &s.session));
	CHECK(token_replace(&s.context, &s.session), RESULT_UPSTREAM_FAILED);
	assert_int_equal(renewal.asked, 1);
	run_later(40);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK(token_replace(&s.context, &s.session), RESULT_UPSTREAM_FAILED);
	run_later(80);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_replace(&s.context, &s.session));
	run_later(-3600);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_replace(&s.context, &s.session));
	assert_int_equal(renewal.asked, 3);
}

UNIT_TESTS(token) = {
	TEST(a_token_that_lives_is_left_alone),
	TEST(a_new_token_is_in_the_store_before_it_is_used),
	TEST(the_scope_is_what_was_granted_last),
	TEST(a_token_that_is_not_saved_for_certain_is_not_used),
	TEST(who_comes_too_late_saves_nothing_and_uses_nothing_of_its_own),
	TEST(what_was_there_serves_on_while_it_lives),
	TEST(a_token_that_is_passed_on_lives_for_a_minute),
	TEST(
	    a_token_that_cannot_be_renewed_is_passed_on_while_it_lives_so_long),
	TEST(another_token_than_one_had_is_used_however_short_it_lives),
	TEST(a_token_of_short_life_is_used_for_half_of_it),
	TEST(before_a_token_is_spent_there_is_room_for_the_next),
	TEST(what_spotify_says_of_a_refresh_is_told_in_few_words),
	TEST(an_authorization_that_has_ended_ends_the_session),
	TEST(a_refusal_forces_one_refresh_in_a_minute),
	END_OF_TESTS,
};
