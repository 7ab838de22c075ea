/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"
#include "session/everywhere.h"
#include "session/session.h"

static const unsigned char old_key[SEAL_KEY_BYTES] = "the first key";
static const unsigned char new_key[SEAL_KEY_BYTES] = "the second key";

static char us[] = "us", us_too[] = "our-account", them[] = "them",
	    oddly[] = "\xc3\xb6 x";
static const struct account ours = { .id = us, .account_id = us_too };
static const struct account theirs = { .id = them };

struct site {
	struct conf conf;
	struct store *store;
	struct context context;
};

static void
leave(struct site *s)
{
	store_close(s->store);
}

static enum result
open_site(struct site *s)
{
	enum result result;

	*s = (struct site){ .conf = { .session_cookie = "sid",
				.cookie_tail = "; Path=/",
				.idle_limit_s = 1000,
				.absolute_limit_s = 1000 } };
	assert_int_equal(seal_ring_add(&s->conf.ring, old_key), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	s->context = (struct context){ .conf = &s->conf, .store = s->store };
	return result;
}

/* Begin a session of ours; the caller frees it whatever comes. */
static enum result
log_in(const struct site *s, struct session *session)
{
	struct oauth_tokens tokens = { .expires_in_s = 600 };
	struct reply reply;
	enum result result;

	*session =
	    (struct session){ .account = { strdup(us), strdup(us_too) } };
	reply_init(&reply);
	secret_random(session->secret, sizeof(session->secret));
	result = secret_set(&tokens.access, "access", 6);
	if (session->account.id == NULL || session->account.account_id == NULL)
		result = RESULT_NO_MEMORY;
	if (result == OK)
		result = session_create(&s->context, STR(""), &tokens, &reply,
		    session);
	oauth_tokens_free(&tokens);
	reply_free(&reply);
	return result;
}

static void
who_began_before_is_over_and_nobody_else(void)
{
	SCOPED(leave) struct site s;
	const struct account unknown = { .id = NULL };
	int64_t before_s, after_s;

	CHECK_OK(open_site(&s));
	CHECK_OK(everywhere_latest(&s.context, &before_s));
	assert_int_equal(before_s, 0);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK(everywhere_check(&s.context, &ours, before_s),
	    RESULT_NOT_LOGGED_IN);
	CHECK_OK(everywhere_check(&s.context, &theirs, before_s));
	CHECK_OK(everywhere_check(&s.context, &unknown, before_s));
	CHECK_OK(everywhere_latest(&s.context, &after_s));
	assert_true(after_s > before_s);
	CHECK_OK(everywhere_check(&s.context, &ours, after_s));
}

/* All of it within a second, and the clock goes back by a day. */
static void
no_clock_is_asked_which_was_first(void)
{
	SCOPED(leave) struct site s;
	int64_t last_s = 0, latest_s;
	int i;

	CHECK_OK(open_site(&s));
	for (i = 0; i < 5; i++) {
		if (i == 3)
			run_later(-86400);
		CHECK_OK(everywhere_set_account(&s.context, &ours));
		CHECK(everywhere_check(&s.context, &ours, last_s),
		    RESULT_NOT_LOGGED_IN);
		CHECK_OK(everywhere_latest(&s.context, &latest_s));
		assert_true(latest_s > last_s);
		last_s = latest_s;
		CHECK_OK(everywhere_check(&s.context, &ours, last_s));
		CHECK_OK(everywhere_set_account(&s.context, &theirs));
		CHECK_OK(everywhere_check(&s.context, &ours, last_s));
	}
}

/* Spotify has told of one session the id alone, of another one both. */
static void
any_name_of_an_account_is_enough(void)
{
	static const struct account by_id = { .id = us };
	static const struct account by_account = { .account_id = us_too };
	static const struct {
		const struct account *set, *check;
		bool over;
	} rows[] = { { &ours, &by_id, true }, { &ours, &by_account, true },
		{ &by_id, &ours, true }, { &by_account, &ours, true },
		{ &by_id, &by_account, false } };
	SCOPED(leave) struct site s;
	int64_t before_s;
	size_t i;

	CHECK_OK(open_site(&s));
	for (i = 0; i < N(rows); i++) {
		CHECK_OK(everywhere_latest(&s.context, &before_s));
		CHECK_OK(everywhere_set_account(&s.context, rows[i].set));
		CHECK(everywhere_check(&s.context, rows[i].check, before_s),
		    rows[i].over ? RESULT_NOT_LOGGED_IN : OK);
	}
}

static void
an_operator_names_it_as_applications_do(void)
{
	static const struct account odd = { .id = oddly };
	static const struct {
		const char *key;
		const struct account *account;
	} rows[] = { { "our-account", &ours }, { "user:us", &ours },
		{ "user:%C3%B6%20x", &odd } };
	SCOPED(leave) struct site s;
	int64_t before_s;
	size_t i;

	CHECK_OK(open_site(&s));
	for (i = 0; i < N(rows); i++) {
		CHECK_OK(everywhere_latest(&s.context, &before_s));
		CHECK_OK(everywhere_set(&s.context, str_of(rows[i].key)));
		CHECK(everywhere_check(&s.context, rows[i].account, before_s),
		    RESULT_NOT_LOGGED_IN);
	}
	CHECK_OK(everywhere_check(&s.context, &theirs, 0));
}

static void
it_holds_when_the_server_key_is_rolled_over(void)
{
	SCOPED(leave) struct site s;
	struct seal_ring ring = { .n = 0 };

	CHECK_OK(open_site(&s));
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	assert_int_equal(seal_ring_add(&ring, new_key), OK);
	assert_int_equal(seal_ring_add(&ring, old_key), OK);
	s.conf.ring = ring;
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_NOT_LOGGED_IN);
	CHECK_OK(everywhere_check(&s.context, &theirs, 0));
	CHECK_OK(everywhere_set_account(&s.context, &theirs));
	CHECK(everywhere_check(&s.context, &theirs, 0), RESULT_NOT_LOGGED_IN);
}

/* While one process has both keys, others have but one. */
static void
it_holds_where_the_server_key_is_not_rolled_over_yet(void)
{
	SCOPED(leave) struct site s;
	const unsigned char *const keys[] = { old_key, new_key };
	struct seal_ring ring = { .n = 0 };
	size_t i;

	CHECK_OK(open_site(&s));
	assert_int_equal(seal_ring_add(&ring, new_key), OK);
	assert_int_equal(seal_ring_add(&ring, old_key), OK);
	s.conf.ring = ring;
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK_OK(everywhere_set(&s.context, STR("user:them")));
	for (i = 0; i < N(keys); i++) {
		s.conf.ring.n = 0;
		assert_int_equal(seal_ring_add(&s.conf.ring, keys[i]), OK);
		CHECK(everywhere_check(&s.context, &ours, 0),
		    RESULT_NOT_LOGGED_IN);
		CHECK(everywhere_check(&s.context, &theirs, 0),
		    RESULT_NOT_LOGGED_IN);
	}
}

/* The latest date, the id's, the account_id's, the latest. The caller, who
 * knows both names, is refused from the second on; so nobody who is not may be
 * left. */
static void
a_failure_halfway_leaves_nobody_who_knows_the_id(void)
{
	static const struct account by_id = { .id = us };
	static const struct account by_account = { .account_id = us_too };
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	failing_next(s.store, FAILING_SET_DATE, RESULT_STORE, false);
	failing_after(s.store, 1);
	CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
	CHECK_OK(everywhere_check(&s.context, &by_id, 0));
	CHECK_OK(everywhere_check(&s.context, &ours, 0));
	failing_next(s.store, FAILING_SET_DATE, RESULT_STORE, false);
	failing_after(s.store, 2);
	CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
	CHECK(everywhere_check(&s.context, &by_id, 0), RESULT_NOT_LOGGED_IN);
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_NOT_LOGGED_IN);
	CHECK_OK(everywhere_check(&s.context, &by_account, 0));
	failing_next(s.store, FAILING_SET_DATE, RESULT_STORE, false);
	failing_after(s.store, 3);
	CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK(everywhere_check(&s.context, &by_account, 0),
	    RESULT_NOT_LOGGED_IN);
}

/* There is no fourth date to set, which could fail. */
static void
one_name_is_set_once(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	failing_next(s.store, FAILING_SET_DATE, RESULT_STORE, false);
	failing_after(s.store, 3);
	CHECK_OK(everywhere_set_account(&s.context, &theirs));
	CHECK(everywhere_check(&s.context, &theirs, 0), RESULT_NOT_LOGGED_IN);
}

/* Of each operation, done all the same or not. */
static void
what_fails_is_not_said_to_be_done(void)
{
	static const struct {
		enum failing_call call;
		enum result result;
		bool done;
	} rows[] = { { FAILING_DATE, RESULT_STORE, false },
		{ FAILING_SET_DATE, RESULT_STORE, false },
		{ FAILING_SET_DATE, RESULT_UNCERTAIN, false },
		{ FAILING_SET_DATE, RESULT_UNCERTAIN, true } };
	SCOPED(leave) struct site s;
	int64_t latest_s;
	size_t i;

	CHECK_OK(open_site(&s));
	for (i = 0; i < N(rows); i++) {
		failing_next(s.store, rows[i].call, rows[i].result,
		    rows[i].done);
		CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
		CHECK_OK(everywhere_check(&s.context, &ours, 0));
	}
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_STORE);
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	CHECK(everywhere_latest(&s.context, &latest_s), RESULT_STORE);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_NOT_LOGGED_IN);
}

/* A name is a hash under the server key. */
static void
the_store_shows_no_account(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	assert_int_equal(run_count("since-*"), 3);
	assert_int_equal(run_count("*our-account*"), 0);
	assert_int_equal(run_count("*75736572*"), 0); /* "user" */
}

/* ---- sessions ---- */

static void
a_session_ends_and_a_newer_one_does_not(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session old = { .created_s = 0 };
	SCOPED(session_free) struct session new = { .created_s = 0 };

	CHECK_OK(open_site(&s));
	CHECK_OK(log_in(&s, &old));
	CHECK_OK(session_load(&s.context, &old));
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK_OK(log_in(&s, &new));
	assert_int_equal(run_count("session-*"), 2);
	CHECK(session_load(&s.context, &old), RESULT_NOT_LOGGED_IN);
	assert_int_equal(run_count("session-*"), 1);
	CHECK_OK(session_load(&s.context, &new));
	CHECK_OK(everywhere_set_account(&s.context, &theirs));
	CHECK_OK(session_load(&s.context, &new));
}

/* It is over all the same: that it is gone only tidies up. */
static void
a_session_that_cannot_be_removed_is_over(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session session = { .created_s = 0 };

	CHECK_OK(open_site(&s));
	CHECK_OK(log_in(&s, &session));
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	failing_next(s.store, FAILING_REMOVE, RESULT_STORE, false);
	CHECK(session_load(&s.context, &session), RESULT_NOT_LOGGED_IN);
	assert_int_equal(run_count("session-*"), 1);
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	CHECK(session_load(&s.context, &session), RESULT_STORE);
	CHECK(session_load(&s.context, &session), RESULT_NOT_LOGGED_IN);
	assert_int_equal(run_count("session-*"), 0);
}

/* Save a session that was loaded a while ago. */
static enum result
save(const struct site *s, struct session *session)
{
	static const struct lock none; /* files ask for none */
	struct store_reservation *room;
	enum result result =
	    session_reserve(&s->context, session, &none, &room);

	if (result == OK)
		result = session_save(&s->context, session, room);
	store_release(room);
	return result;
}

/* Nor are its new tokens lost because nobody could find out. */
static void
who_comes_back_with_tokens_brings_nothing_back(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session session = { .created_s = 0 };
	enum result result;

	CHECK_OK(open_site(&s));
	CHECK_OK(log_in(&s, &session));
	CHECK_OK(session_load(&s.context, &session));
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	CHECK_OK(save(&s, &session));
	assert_int_equal(run_count("session-*"), 1);
	result = save(&s, &session);
	if (run_refused())
		return;
	assert_int_equal(result, RESULT_NOT_LOGGED_IN);
	assert_int_equal(run_count("session-*"), 0);
}

static void
no_session_begins_without_its_date(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session session = { .created_s = 0 };

	CHECK_OK(open_site(&s));
	failing_next(s.store, FAILING_DATE, RESULT_STORE, false);
	CHECK(log_in(&s, &session), RESULT_STORE);
	assert_int_equal(run_count("session-*"), 0);
}

UNIT_TESTS(everywhere) = {
	TEST(a_session_ends_and_a_newer_one_does_not),
	TEST(a_session_that_cannot_be_removed_is_over),
	TEST(who_comes_back_with_tokens_brings_nothing_back),
	TEST(no_session_begins_without_its_date),
	TEST(who_began_before_is_over_and_nobody_else),
	TEST(no_clock_is_asked_which_was_first),
	TEST(any_name_of_an_account_is_enough),
	TEST(an_operator_names_it_as_applications_do),
	TEST(it_holds_when_the_server_key_is_rolled_over),
	TEST(it_holds_where_the_server_key_is_not_rolled_over_yet),
	TEST(a_failure_halfway_leaves_nobody_who_knows_the_id),
	TEST(one_name_is_set_once),
	TEST(what_fails_is_not_said_to_be_done),
	TEST(the_store_shows_no_account),
	END_OF_TESTS,
};
