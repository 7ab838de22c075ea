/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../run.h"
#include "../failing.h"
#include "../scratch.h"
#include "session/session.h"

#define DAY 86400

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

/* A site with a store, the session that was created, its Cookie header. */
struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct reply reply;
	struct buf cookies;
	struct oauth_tokens tokens;
};

static void
leave(struct site *s)
{
	store_close(s->store);
	session_free(&s->session);
	reply_free(&s->reply);
	buf_free(&s->cookies);
	oauth_tokens_free(&s->tokens);
}

static enum result
open_site(struct site *s)
{
	enum result result;

	*s = (struct site){ .cookies = BUF(1000),
		.conf = { .session_cookie = "sid",
		    .cookie_tail = "; Path=/",
		    .idle_limit_s = 7 * DAY,
		    .absolute_limit_s = 30 * DAY } };
	reply_init(&s->reply);
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	s->context = (struct context){ .conf = &s->conf, .store = s->store };
	return result;
}

/* Save the session as it is, in room that was taken for it. */
static const struct lock none; /* files ask for none */
static enum result
save(struct site *s)
{
	struct store_reservation *reservation;
	enum result result =
	    session_reserve(&s->context, &s->session, &none, &reservation);

	if (result == OK)
		result = session_save(&s->context, &s->session, reservation);
	store_release(reservation);
	return result;
}

/* Create a session; keep the cookie that goes to the browser. */
static enum result
create(struct site *s)
{
	struct account *account = &s->session.account;
	struct str line;
	enum result result;

	s->tokens.expires_in_s = 3600;
	session_free(&s->session);
	*account = (struct account){ strdup("id"), strdup("account"),
		strdup("\xc3\xb6zkan"), NULL, strdup("a@e.org") };
	if (account->id == NULL || account->account_id == NULL ||
	    account->display_name == NULL || account->email == NULL)
		return RESULT_NO_MEMORY;
	result = secret_set(&s->tokens.access, "access", 6);
	if (result == OK)
		result = secret_set(&s->tokens.refresh, "refresh", 7);
	secret_random(s->session.secret, sizeof(s->session.secret));
	if (result == OK)
		result = session_create(&s->context, buf_str(&s->cookies),
		    &s->tokens, &s->reply, &s->session);
	if (result == OK)
		result = buf_result(&s->reply.cookies);
	if (result != OK)
		return result;
	line = buf_str(&s->reply.cookies);
	line = (struct str){ line.p + 12, line.n - 12 };
	buf_clear(&s->cookies);
	buf_add_str(&s->cookies, str_cut(&line, ';'));
	return buf_result(&s->cookies);
}

static void
a_session_opens_with_its_cookie_and_has_all_it_had(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .created_s = 0 };

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	assert_non_null(
	    strstr(s.reply.cookies.p, "; Max-Age=2592000; Path=/\r\n"));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	CHECK_TEXT(secret_str(&again.access), "access");
	CHECK_TEXT(secret_str(&again.refresh), "refresh");
	CHECK_TEXT(str_of(again.account.id), "id");
	CHECK_TEXT(str_of(again.account.account_id), "account");
	CHECK_TEXT(str_of(again.account.display_name), "\xc3\xb6zkan");
	CHECK_TEXT(str_of(again.account.email), "a@e.org");
	assert_null(again.account.image);
	assert_int_equal(again.created_s, s.session.created_s);
	assert_int_equal(again.authorized_s, s.session.authorized_s);
	assert_int_equal(again.access_ends_s, s.session.created_s + 3600);
	assert_true(session_access_left_s(&again) > 3500);
	assert_int_equal(run_count("session-*"), 1);
}

static void
tokens_of_any_size_fit_or_there_is_no_session(void)
{
	static char token[2 * OAUTH_TOKEN_MAX];
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .created_s = 0 };

	memset(token, '"', sizeof(token));
	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	CHECK_OK(secret_set(&s.session.access, token, OAUTH_TOKEN_MAX));
	CHECK_OK(secret_set(&s.session.refresh, token, OAUTH_TOKEN_MAX / 2));
	CHECK_OK(save(&s));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	assert_int_equal(again.access.n, OAUTH_TOKEN_MAX);
	CHECK_OK(secret_set(&s.session.access, token, sizeof(token)));
	CHECK(save(&s), RESULT_STORE);
	assert_int_equal(run_count("temp-*"), 0);
	CHECK_OK(session_load(&s.context, &again));
	assert_int_equal(again.access.n, OAUTH_TOKEN_MAX);
}

static void
no_other_cookie_opens_a_session(void)
{
	static const char *const bad[] = { "", "sid=", "sid=x", "SID=x",
		"sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB" };
	SCOPED(buf_free) struct buf twice = BUF(1000);
	SCOPED(leave) struct site s;
	struct session other;
	size_t i;

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	for (i = 0; i < N(bad); i++)
		CHECK(session_open(&s.context, str_of(bad[i]), &other),
		    RESULT_NOT_LOGGED_IN);
	buf_printf(&twice, "%s; %s", s.cookies.p, s.cookies.p);
	CHECK_OK(buf_result(&twice));
	CHECK(session_open(&s.context, buf_str(&twice), &other),
	    RESULT_NOT_LOGGED_IN);
}

static void
a_file_that_was_changed_is_no_session(void)
{
	SCOPED(leave) struct site s;
	struct session again;
	glob_t found;
	FILE *file;
	int byte;

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	assert_int_equal(glob("session-*", 0, NULL, &found), 0);
	file = fopen(found.gl_pathv[0], "r+");
	globfree(&found);
	assert_non_null(file);
	fseek(file, 100, SEEK_SET);
	byte = fgetc(file);
	fseek(file, 100, SEEK_SET);
	fputc(byte ^ 1, file);
	fclose(file);
	CHECK(session_open(&s.context, buf_str(&s.cookies), &again),
	    RESULT_NOT_LOGGED_IN);
	if (!run_refused())
		assert_non_null(strstr(run_said(), "session_unreadable"));
}

static void
a_new_login_ends_the_session_it_replaces(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf old = BUF(100);
	struct session gone;

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	buf_add_str(&old, buf_str(&s.cookies));
	CHECK_OK(buf_result(&old));
	session_free(&s.session);
	buf_clear(&s.reply.cookies);
	CHECK_OK(create(&s));
	assert_string_not_equal(old.p, s.cookies.p);
	CHECK(session_open(&s.context, buf_str(&old), &gone),
	    RESULT_NOT_LOGGED_IN);
	assert_int_equal(run_count("session-*"), 1);
}

static void
a_save_replaces_the_file_but_a_logout_wins(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .created_s = 0 };
	SCOPED(scratch_release) struct store_reservation *reservation = NULL;

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	CHECK_OK(secret_set(&s.session.access, "newer", 5));
	secret_free(&s.session.refresh);
	CHECK_OK(save(&s));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	CHECK_TEXT(secret_str(&again.access), "newer");
	assert_int_equal(again.refresh.n, 0);
	CHECK_OK(session_reserve(&s.context, &s.session, &none, &reservation));
	CHECK_OK(session_remove(&s.context, &s.session));
	CHECK(session_save(&s.context, &s.session, reservation),
	    RESULT_NOT_LOGGED_IN);
	store_release(reservation);
	reservation = NULL;
	assert_int_equal(run_count("session-*"), 0);
	assert_int_equal(run_count("temp-*"), 0);
	CHECK_OK(session_remove(&s.context, &s.session));
}

static void
a_session_past_a_limit_is_removed(void)
{
	/* When it was used and is opened, after it was created. */
	static const struct {
		int64_t used_s, opened_s;
		bool over;
	} rows[] = {
		{ 0, 7 * DAY - 9, false },
		{ 0, 7 * DAY, true },
		{ 29 * DAY, 30 * DAY - 9, false },
		{ 29 * DAY, 30 * DAY, true },
		{ 0, -6 * DAY, false },
		{ 0, -8 * DAY, true },
		{ 8 * DAY, 0, true },
		{ -8 * DAY, -8 * DAY, true },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(leave) struct site s;
		SCOPED(session_free) struct session again = { .created_s = 0 };

		run_later(0);
		CHECK_OK(open_site(&s));
		CHECK_OK(create(&s));
		store_touch(s.store, s.session.id,
		    clock_now_s() + rows[i].used_s, INT64_MAX);
		run_later(rows[i].opened_s);
		CHECK(session_open(&s.context, buf_str(&s.cookies), &again),
		    rows[i].over ? RESULT_NOT_LOGGED_IN : OK);
		assert_int_equal(run_count("session-*"), !rows[i].over);
	}
}

static void
the_nearest_limit_ends_a_session(void)
{
	const struct conf conf = { .idle_limit_s = 10,
		.absolute_limit_s = 100 };
	struct session session = { .seen.used_s = 1000,
		.created_s = 950,
		.authorized_s = 900 };

	assert_int_equal(session_ends_s(&conf, &session), 1010);
	session.created_s = 905;
	assert_int_equal(session_ends_s(&conf, &session), 1005);
	session.authorized_s = 1003 - SESSION_AUTHORIZATION_S;
	assert_int_equal(session_ends_s(&conf, &session), 1003);
	assert_int_equal(session_authorization_ends_s(&session), 1003);
	assert_int_equal(session_access_left_s(&session), 0);
	session.access_ends_s = clock_now_s() + 2 * DAY;
	assert_int_equal(session_access_left_s(&session), 0);
}

static void
a_touch_counts_once_a_minute(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .created_s = 0 };
	int64_t now_s = clock_now_s();

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	store_touch(s.store, s.session.id, now_s - 50, INT64_MAX);
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	session_touch(&s.context, &again);
	CHECK_OK(session_load(&s.context, &again));
	assert_int_equal(again.seen.used_s, now_s - 50);
	store_touch(s.store, s.session.id, now_s - 70, INT64_MAX);
	CHECK_OK(session_load(&s.context, &again));
	session_touch(&s.context, &again);
	CHECK_OK(session_load(&s.context, &again));
	assert_true(again.seen.used_s >= now_s);
}

static void
trouble_with_the_store_is_told(void)
{
	SCOPED(leave) struct site s;
	struct session again;

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	failing_next(s.store, FAILING_LOAD, RESULT_STORE, false);
	CHECK(session_open(&s.context, buf_str(&s.cookies), &again),
	    RESULT_STORE);
	failing_next(s.store, FAILING_RESERVE, RESULT_STORE, false);
	CHECK(save(&s), RESULT_STORE);
	failing_next(s.store, FAILING_REPLACE, RESULT_STORE, false);
	CHECK(save(&s), RESULT_STORE);
	failing_next(s.store, FAILING_REMOVE, RESULT_STORE, false);
	CHECK(session_remove(&s.context, &s.session), RESULT_STORE);
	failing_next(s.store, FAILING_REMOVE, RESULT_UNCERTAIN, true);
	CHECK(session_remove(&s.context, &s.session), RESULT_STORE);
}

static void
a_session_of_which_nobody_knows_has_no_cookie(void)
{
	static const enum result results[] = { RESULT_STORE, RESULT_EXISTS,
		RESULT_UNCERTAIN };
	size_t i;

	for (i = 0; i < N(results); i++) {
		SCOPED(leave) struct site s;

		CHECK_OK(open_site(&s));
		failing_next(s.store, FAILING_CREATE, results[i], i == 2);
		CHECK(create(&s), RESULT_STORE);
		assert_int_equal(s.reply.cookies.n, 0);
	}
}

static void
an_uncertain_save_and_one_that_came_too_late_are_told(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session other = { .created_s = 0 };

	CHECK_OK(open_site(&s));
	CHECK_OK(create(&s));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &other));
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_OK(secret_set(&s.session.access, "newer", 5));
	failing_next(s.store, FAILING_REPLACE, RESULT_UNCERTAIN, true);
	CHECK(save(&s), RESULT_UNCERTAIN);
	/* It was done, so that another one's save would undo it. */
	session_free(&s.session);
	s.session = other;
	other = (struct session){ .created_s = 0 };
	CHECK(save(&s), RESULT_CHANGED);
	CHECK_OK(session_load(&s.context, &s.session));
	CHECK_TEXT(secret_str(&s.session.access), "newer");
	CHECK_OK(save(&s));
}

UNIT_TESTS(session) = {
	TEST(a_session_opens_with_its_cookie_and_has_all_it_had),
	TEST(tokens_of_any_size_fit_or_there_is_no_session),
	TEST(no_other_cookie_opens_a_session),
	TEST(a_file_that_was_changed_is_no_session),
	TEST(a_new_login_ends_the_session_it_replaces),
	TEST(a_save_replaces_the_file_but_a_logout_wins),
	TEST(a_session_past_a_limit_is_removed),
	TEST(the_nearest_limit_ends_a_session),
	TEST(a_touch_counts_once_a_minute),
	TEST(trouble_with_the_store_is_told),
	TEST(a_session_of_which_nobody_knows_has_no_cookie),
	TEST(an_uncertain_save_and_one_that_came_too_late_are_told),
	END_OF_TESTS,
};
