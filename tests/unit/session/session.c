/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../run.h"
#include "session/session.h"

#define DAY 86400

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

/* A site with a store, the session that was created, its Cookie header. */
struct site {
	struct conf conf;
	struct store store;
	struct context context;
	struct session session;
	struct reply reply;
	struct buf cookies;
	struct oauth_tokens tokens;
	struct account account;
};

static void
leave(struct site *s)
{
	store_close(&s->store);
	session_free(&s->session);
	reply_free(&s->reply);
	buf_free(&s->cookies);
	oauth_tokens_free(&s->tokens);
	account_free(&s->account);
}

static void
open_site(struct site *s)
{
	run_in_scratch();
	*s = (struct site){ .cookies = BUF(1000),
		.conf = { .session_cookie = "sid",
		    .cookie_tail = "; Path=/",
		    .idle_limit_s = 7 * DAY,
		    .absolute_limit_s = 30 * DAY } };
	s->context = (struct context){ .conf = &s->conf, .store = &s->store };
	reply_init(&s->reply);
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	assert_int_equal(store_open(".", &s->store), OK);
}

/* Create a session; keep the cookie that goes to the browser. */
static enum result
create(struct site *s)
{
	struct str line;
	enum result result;

	s->tokens.expires_in_s = 3600;
	s->account = (struct account){ strdup("id"), strdup("account"),
		strdup("\xc3\xb6zkan"), NULL, strdup("a@e.org") };
	if (s->account.id == NULL || s->account.account_id == NULL ||
	    s->account.display_name == NULL || s->account.email == NULL)
		return RESULT_NO_MEMORY;
	result = secret_set(&s->tokens.access, "access", 6);
	if (result == OK)
		result = secret_set(&s->tokens.refresh, "refresh", 7);
	if (result == OK)
		result = session_create(&s->context, buf_str(&s->cookies),
		    &s->tokens, &s->account, &s->reply, &s->session);
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

static size_t
count_files(const char *pattern)
{
	glob_t found;
	size_t n = 0;

	if (glob(pattern, 0, NULL, &found) == 0) {
		n = found.gl_pathc;
		globfree(&found);
	}
	return n;
}

static void
a_session_opens_with_its_cookie_and_has_all_it_had(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .used_s = 0 };

	open_site(&s);
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
	assert_int_equal(count_files("session-*"), 1);
}

static void
tokens_of_any_size_fit_or_there_is_no_session(void)
{
	static char token[2 * OAUTH_TOKEN_MAX];
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .used_s = 0 };
	struct store_file file;

	memset(token, '"', sizeof(token));
	open_site(&s);
	CHECK_OK(create(&s));
	CHECK_OK(secret_set(&s.session.access, token, OAUTH_TOKEN_MAX));
	CHECK_OK(secret_set(&s.session.refresh, token, OAUTH_TOKEN_MAX / 2));
	CHECK_OK(store_prepare(&s.store, SESSION_FILE_MAX, &file));
	CHECK_OK(session_save(&s.context, &s.session, &file));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	assert_int_equal(again.access.n, OAUTH_TOKEN_MAX);
	CHECK_OK(secret_set(&s.session.access, token, sizeof(token)));
	CHECK_OK(store_prepare(&s.store, SESSION_FILE_MAX, &file));
	CHECK(session_save(&s.context, &s.session, &file), RESULT_STORE);
	assert_int_equal(count_files("temp-*"), 0);
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

	open_site(&s);
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

	open_site(&s);
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

	open_site(&s);
	CHECK_OK(create(&s));
	buf_add_str(&old, buf_str(&s.cookies));
	CHECK_OK(buf_result(&old));
	session_free(&s.session);
	buf_clear(&s.reply.cookies);
	CHECK_OK(create(&s));
	assert_string_not_equal(old.p, s.cookies.p);
	CHECK(session_open(&s.context, buf_str(&old), &gone),
	    RESULT_NOT_LOGGED_IN);
	assert_int_equal(count_files("session-*"), 1);
}

static void
a_save_replaces_the_file_but_a_logout_wins(void)
{
	SCOPED(leave) struct site s;
	SCOPED(session_free) struct session again = { .used_s = 0 };
	struct store_file file;

	open_site(&s);
	CHECK_OK(create(&s));
	CHECK_OK(secret_set(&s.session.access, "newer", 5));
	secret_free(&s.session.refresh);
	CHECK_OK(store_prepare(&s.store, SESSION_FILE_MAX, &file));
	CHECK_OK(session_save(&s.context, &s.session, &file));
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	CHECK_TEXT(secret_str(&again.access), "newer");
	assert_int_equal(again.refresh.n, 0);
	CHECK_OK(store_prepare(&s.store, SESSION_FILE_MAX, &file));
	CHECK_OK(session_remove(&s.context, &s.session));
	CHECK(session_save(&s.context, &s.session, &file),
	    RESULT_NOT_LOGGED_IN);
	assert_int_equal(count_files("session-*"), 0);
	assert_int_equal(count_files("temp-*"), 0);
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
		SCOPED(session_free) struct session again = { .used_s = 0 };

		run_later(0);
		open_site(&s);
		CHECK_OK(create(&s));
		store_touch(&s.store, STORE_SESSION, s.session.id,
		    clock_now_s() + rows[i].used_s);
		run_later(rows[i].opened_s);
		CHECK(session_open(&s.context, buf_str(&s.cookies), &again),
		    rows[i].over ? RESULT_NOT_LOGGED_IN : OK);
		assert_int_equal(count_files("session-*"), !rows[i].over);
	}
}

static void
the_nearest_limit_ends_a_session(void)
{
	const struct conf conf = { .idle_limit_s = 10,
		.absolute_limit_s = 100 };
	struct session session = { .used_s = 1000,
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
	SCOPED(session_free) struct session again = { .used_s = 0 };
	int64_t now_s = clock_now_s();

	open_site(&s);
	CHECK_OK(create(&s));
	store_touch(&s.store, STORE_SESSION, s.session.id, now_s - 50);
	CHECK_OK(session_open(&s.context, buf_str(&s.cookies), &again));
	session_touch(&s.context, &again);
	CHECK_OK(session_load(&s.context, &again));
	assert_int_equal(again.used_s, now_s - 50);
	store_touch(&s.store, STORE_SESSION, s.session.id, now_s - 70);
	CHECK_OK(session_load(&s.context, &again));
	session_touch(&s.context, &again);
	CHECK_OK(session_load(&s.context, &again));
	assert_true(again.used_s >= now_s);
}

static void
a_store_that_is_gone_is_no_logout(void)
{
	SCOPED(leave) struct site s;
	struct session again;
	struct store_file file = { .fd = -1 };

	open_site(&s);
	CHECK_OK(create(&s));
	store_close(&s.store);
	CHECK(session_open(&s.context, buf_str(&s.cookies), &again),
	    RESULT_STORE);
	CHECK(session_save(&s.context, &s.session, &file), RESULT_STORE);
	CHECK(session_remove(&s.context, &s.session), RESULT_STORE);
	session_free(&s.session);
	CHECK(create(&s), RESULT_STORE);
}

const struct test session_tests[] = {
	TEST(a_session_opens_with_its_cookie_and_has_all_it_had),
	TEST(tokens_of_any_size_fit_or_there_is_no_session),
	TEST(no_other_cookie_opens_a_session),
	TEST(a_file_that_was_changed_is_no_session),
	TEST(a_new_login_ends_the_session_it_replaces),
	TEST(a_save_replaces_the_file_but_a_logout_wins),
	TEST(a_session_past_a_limit_is_removed),
	TEST(the_nearest_limit_ends_a_session),
	TEST(a_touch_counts_once_a_minute),
	TEST(a_store_that_is_gone_is_no_logout), { NULL, NULL }
};
