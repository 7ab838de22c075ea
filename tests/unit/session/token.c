/* SPDX-License-Identifier: ISC */
/* What becomes of new tokens; Spotify's answer is made up. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"
#include "session/token.h"

#define DAY 86400

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

/* What the token endpoint says next, and how often it was asked since. */
static enum result answer;
static int64_t life_s;
static unsigned asked = UINT32_MAX; /* nobody is there who counts */

enum result __real_oauth_refresh(struct context *context,
    const struct secret *refresh, struct oauth_tokens *tokens);
enum result __wrap_oauth_refresh(struct context *context,
    const struct secret *refresh, struct oauth_tokens *tokens);

/* Only the tests of this file have somebody who may answer: no HTTP. */
enum result
__wrap_oauth_refresh(struct context *context, const struct secret *refresh,
    struct oauth_tokens *tokens)
{
	if (asked == UINT32_MAX)
		return __real_oauth_refresh(context, refresh, tokens);
	asked++;
	if (answer != OK)
		return answer;
	tokens->expires_in_s = life_s;
	return secret_set(&tokens->access, "new", 3);
}

struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct reply reply;
	struct oauth_tokens tokens;
};

static void
leave(struct site *s)
{
	asked = UINT32_MAX;
	store_close(s->store);
	session_free(&s->session);
	reply_free(&s->reply);
	oauth_tokens_free(&s->tokens);
}

/* A session whose access token lives for so long. */
static enum result
begin(struct site *s, int64_t left_s)
{
	enum result result;

	*s = (struct site){ .conf = { .session_cookie = "sid",
				.cookie_tail = "",
				.idle_limit_s = 7 * DAY,
				.absolute_limit_s = 30 * DAY } };
	asked = 0;
	answer = OK;
	life_s = 3600;
	reply_init(&s->reply);
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	s->context = (struct context){ .conf = &s->conf,
		.store = s->store,
		.deadline_ms = clock_mono_ms() + 18000 };
	s->tokens.expires_in_s = left_s;
	secret_random(s->session.secret, sizeof(s->session.secret));
	if (result == OK)
		result = secret_set(&s->tokens.access, "old", 3);
	if (result == OK)
		result = secret_set(&s->tokens.refresh, "refresh", 7);
	return result != OK ? result :
			      session_create(&s->context, STR(""), &s->tokens,
				  &s->reply, &s->session);
}

static void
a_token_that_lives_is_left_alone(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 3600));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_RENEW));
	assert_int_equal(asked, 0);
}

static void
a_new_token_is_in_the_store_before_it_is_used(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	CHECK_TEXT(secret_str(&s.session.refresh), "refresh");
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	assert_int_equal(asked, 1);
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
		SCOPED(leave) struct site s;

		CHECK_OK(begin(&s, 0));
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
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	failing_next(s.store, FAILING_REPLACE, RESULT_CHANGED, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	CHECK_TEXT(secret_str(&s.session.access), "old");
}

/* Within its last two minutes; what was saved by somebody else is loaded. */
static void
what_was_there_serves_on_while_it_lives(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 3600));
	run_later(3500);
	failing_next(s.store, FAILING_REPLACE, RESULT_CHANGED, false);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "old");
	assert_true(asked == 1 || run_refused());
}

static void
before_a_token_is_spent_there_is_room_for_the_next(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	failing_next(s.store, FAILING_RESERVE, RESULT_STORE, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_STORE);
	assert_int_equal(asked, 0);
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
		SCOPED(leave) struct site s;

		run_later(0);
		CHECK_OK(begin(&s, rows[i].life_s));
		run_later(rows[i].life_s - rows[i].left_s);
		answer = rows[i].spotify;
		CHECK(token_get(&s.context, &s.session, TOKEN_PASS),
		    rows[i].result);
		assert_true(asked == rows[i].asked || run_refused());
	}
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
		SCOPED(leave) struct site s;

		CHECK_OK(begin(&s, 0));
		life_s = lives[i / 2];
		memcpy(late.secret, s.session.secret, sizeof(late.secret));
		memcpy(late.id, s.session.id, sizeof(late.id));
		CHECK_OK(session_load(&s.context, &late));
		CHECK_OK(token_get(&s.context, &s.session, needs[i % 2]));
		run_later(life_s);
		CHECK_OK(token_get(&s.context, &late, needs[i % 2]));
		CHECK_TEXT(secret_str(&late.access), "new");
		assert_int_equal(asked, 1);
		run_later(0);
	}
}

static void
a_token_of_short_life_is_used_for_half_of_it(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 60));
	run_later(29);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	assert_int_equal(asked, 0);
	run_later(31);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	assert_true(asked == 1 || run_refused());
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
		SCOPED(leave) struct site s;

		CHECK_OK(begin(&s, 0));
		answer = rows[i].said;
		CHECK(token_get(&s.context, &s.session, TOKEN_USE),
		    rows[i].told);
		CHECK_OK(session_load(&s.context, &s.session));
	}
}

static void
an_authorization_that_has_ended_ends_the_session(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	answer = RESULT_INVALID_GRANT;
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_LOGIN_EXPIRED);
	CHECK(session_load(&s.context, &s.session), RESULT_NOT_LOGGED_IN);
}

/* By who had the lock after us, while Spotify was asked. */
static void
what_somebody_else_has_got_is_not_ended_by_our_refusal(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	answer = RESULT_INVALID_GRANT;
	failing_next(s.store, FAILING_REMOVE, RESULT_CHANGED, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	CHECK_OK(session_load(&s.context, &s.session));
	assert_null(strstr(run_said(), "authorization_ended"));
}

/* He may have spent the token, and come back with the next. */
static void
a_refusal_ends_nothing_while_another_holder_may_live(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	answer = RESULT_INVALID_GRANT;
	failing_doubt(s.store, true);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_REFRESH_FAILED);
	CHECK_OK(session_load(&s.context, &s.session));
	failing_doubt(s.store, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_LOGIN_EXPIRED);
}

/* What a lock without the turns of others says, too. */
static void
who_is_told_that_it_was_done_loads_what_was_got(void)
{
	SCOPED(session_free) struct session late = { .created_s = 0 };
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	memcpy(late.secret, s.session.secret, sizeof(late.secret));
	memcpy(late.id, s.session.id, sizeof(late.id));
	CHECK_OK(session_load(&s.context, &late));
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	failing_next(s.store, FAILING_LOCK, RESULT_EXISTS, false);
	CHECK_OK(token_get(&s.context, &late, TOKEN_USE));
	CHECK_TEXT(secret_str(&late.access), "new");
	assert_int_equal(asked, 1);
}

/* As when the account was put into the record: then the turn is waited for. */
static void
who_finds_the_same_token_in_what_was_done_refreshes(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 0));
	failing_next(s.store, FAILING_LOCK, RESULT_EXISTS, false);
	CHECK_OK(token_get(&s.context, &s.session, TOKEN_USE));
	CHECK_TEXT(secret_str(&s.session.access), "new");
	assert_int_equal(asked, 1);
}

/* With a clock that was set back, too: or the session would have to wait until
 * it is as late as before. */
static void
a_refusal_forces_one_refresh_in_a_minute(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, 3600));
	CHECK_OK(token_replace(&s.context, &s.session));
	CHECK(token_replace(&s.context, &s.session), RESULT_UPSTREAM_FAILED);
	assert_int_equal(asked, 1);
	run_later(59);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK(token_replace(&s.context, &s.session), RESULT_UPSTREAM_FAILED);
	run_later(61);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_replace(&s.context, &s.session));
	run_later(-3600);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(token_replace(&s.context, &s.session));
	assert_int_equal(asked, 3);
}

UNIT_TESTS(token) = {
	TEST(a_token_that_lives_is_left_alone),
	TEST(a_new_token_is_in_the_store_before_it_is_used),
	TEST(a_token_that_is_not_saved_for_certain_is_not_used),
	TEST(who_comes_too_late_saves_nothing_and_uses_nothing_of_its_own),
	TEST(what_was_there_serves_on_while_it_lives),
	TEST(a_token_that_is_passed_on_lives_for_a_minute),
	TEST(another_token_than_one_had_is_used_however_short_it_lives),
	TEST(a_token_of_short_life_is_used_for_half_of_it),
	TEST(before_a_token_is_spent_there_is_room_for_the_next),
	TEST(what_spotify_says_of_a_refresh_is_told_in_few_words),
	TEST(an_authorization_that_has_ended_ends_the_session),
	TEST(what_somebody_else_has_got_is_not_ended_by_our_refusal),
	TEST(a_refusal_ends_nothing_while_another_holder_may_live),
	TEST(who_is_told_that_it_was_done_loads_what_was_got),
	TEST(who_finds_the_same_token_in_what_was_done_refreshes),
	TEST(a_refusal_forces_one_refresh_in_a_minute),
	END_OF_TESTS,
};
