/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "session/login.h"
#include "../run.h"
#include "../failing.h"
#include "../scratch.h"

static char client[] = "the-client";
static char redirect[] = "https://e.org/callback";
static char authorize[] = "https://accounts.spotify.com/authorize";
static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

/* A site, and a browser that has begun a login there. */
struct visit {
	struct conf conf;
	struct store *store;
	struct context context;
	struct reply reply;
	struct request request;
	struct pending_request begun;
	struct buf query;
	struct login login;
};

static void
leave(struct visit *v)
{
	login_free(&v->login);
	store_close(v->store);
	reply_free(&v->reply);
	request_free(&v->request);
	pending_request_free(&v->begun);
	buf_free(&v->query);
}

static enum result
begin(struct visit *v)
{
	struct str line;
	enum result result;

	*v = (struct visit){ .query = BUF(100000),
		.request = { .cookies = BUF(10000) },
		.conf = { .client_id = client,
		    .redirect_uri = redirect,
		    .authorize_url = authorize,
		    .pending_prefix = "login-",
		    .cookie_tail = "" } };
	assert_int_equal(seal_ring_add(&v->conf.ring, master), OK);
	reply_init(&v->reply);
	result = scratch_open(&v->store);
	if (result == OK)
		result = failing_open(v->store, &v->store);
	if (result != OK)
		return result;
	v->context = (struct context){ .conf = &v->conf, .store = v->store };
	result = pending_begin(&v->conf, STR(""), STR("/back"), &v->reply,
	    &v->begun);
	if (result == OK)
		result = buf_result(&v->reply.cookies);
	if (result != OK)
		return result;
	line = buf_str(&v->reply.cookies);
	line = (struct str){ line.p + 12, line.n - 12 };
	buf_add_str(&v->request.cookies, str_cut(&line, ';'));
	buf_clear(&v->reply.cookies);
	return buf_result(&v->request.cookies);
}

/* Come back with the login's state and this behind it. */
static enum result
come(struct visit *v, const char *rest)
{
	login_free(&v->login);
	buf_clear(&v->query);
	buf_printf(&v->query, "state=%s%s", v->begun.state.p, rest);
	v->request.query = buf_str(&v->query);
	if (buf_result(&v->query) != OK)
		return buf_result(&v->query);
	return login_read(&v->context, &v->request, &v->reply, &v->login);
}

static void
a_code_arrives_with_the_login_it_belongs_to(void)
{
	static const char *const good[] = { "&code=a%2Bb",
		"&code=a%2Bb&error=", "&x=%00&code=a%2Bb",
		"&code=a%2Bb&iss=https%3A%2F%2Faccounts.spotify.com",
		"&code=a%2Bb&error_uri=javascript:1&Code=b" };
	SCOPED(leave) struct visit v;
	size_t i;

	CHECK_OK(begin(&v));
	for (i = 0; i < N(good); i++) {
		CHECK_OK(come(&v, good[i]));
		CHECK_TEXT(secret_str(&v.login.code), "a+b");
		CHECK_TEXT(buf_str(&v.login.pending.return_to), "/back");
		assert_int_equal(v.login.pending.verifier.n, 43);
	}
}

static void
what_can_be_read_in_two_ways_is_a_bad_request(void)
{
	static const char *const bad[] = { "", "&code=", "&code=a&error=b",
		"&code=a&error=access_denied", "&code=a&code=a",
		"&code=a&code=", "&code=a&state=b", "&code=a+b", "&code=a%20",
		"&code=%00", "&code=a%0d%0aX:%20y", "&code=%ff", "&code=%",
		"&error=x%0ay",
		("&error=01234567890123456789012345678901234567890123456789"
		 "0123456789abcde") };
	SCOPED(leave) struct visit v;
	SCOPED(buf_free) struct buf large = BUF(3000);
	size_t i;

	CHECK_OK(begin(&v));
	for (i = 0; i < N(bad); i++)
		CHECK(come(&v, bad[i]), RESULT_BAD_REQUEST);
	buf_puts(&large, "&code=");
	for (i = 0; i < 2049; i++)
		buf_putc(&large, 'a');
	CHECK_OK(buf_result(&large));
	CHECK(come(&v, large.p), RESULT_BAD_REQUEST);
}

static void
an_issuer_that_is_named_is_ours_letter_by_letter(void)
{
	static const char *const bad[] = { "https://accounts.spotify.com/",
		"https://accounts.spotify.com:443",
		"https://ACCOUNTS.spotify.com", "http://accounts.spotify.com",
		"https://evil.test", "https://accounts.spotify.com/realm",
		"x" };
	static char realm[] = "https://e.org/realms/one";
	SCOPED(buf_free) struct buf rest = BUF(300);
	SCOPED(leave) struct visit v;
	size_t i;

	CHECK_OK(begin(&v));
	for (i = 0; i < N(bad); i++) {
		buf_clear(&rest);
		buf_printf(&rest, "&code=a&iss=%s", bad[i]);
		CHECK_OK(buf_result(&rest));
		CHECK(come(&v, rest.p), RESULT_LOGIN_WRONG_ISSUER);
	}
	CHECK(come(&v, "&error=server_error&iss=https://evil.test"),
	    RESULT_LOGIN_WRONG_ISSUER);
	assert_non_null(strstr(run_said(), "event=wrong_issuer iss=https://"));
	CHECK_OK(come(&v, "&code=a&iss=https://accounts.spotify.com"));
	v.conf.issuer = realm;
	CHECK(come(&v, "&code=a&iss=https://accounts.spotify.com"),
	    RESULT_LOGIN_WRONG_ISSUER);
	CHECK_OK(come(&v, "&code=a&iss=https%3A%2F%2Fe.org%2Frealms%2Fone"));
	CHECK_OK(come(&v, "&code=a&iss="));
	CHECK_OK(come(&v, "&code=a"));
}

static void
the_state_decides_before_all_else(void)
{
	SCOPED(leave) struct visit v;

	CHECK_OK(begin(&v));
	CHECK(come(&v, "x&code=a&error=b"), RESULT_LOGIN_BAD_STATE);
	CHECK(come(&v, "%00&code=a"), RESULT_BAD_REQUEST);
	CHECK(come(&v, "%20&code=a"), RESULT_LOGIN_BAD_STATE);
	v.request.query = STR("code=a");
	CHECK(login_read(&v.context, &v.request, &v.reply, &v.login),
	    RESULT_LOGIN_BAD_STATE);
	buf_clear(&v.request.cookies);
	CHECK(come(&v, "&code=a&error=b"), RESULT_LOGIN_NO_COOKIE);
}

static void
a_code_is_used_once(void)
{
	SCOPED(leave) struct visit v;

	CHECK_OK(begin(&v));
	CHECK_OK(come(&v, "&code=a"));
	CHECK(login_claim(&v.context, &v.login, &v.reply), OK);
	CHECK_OK(come(&v, "&code=another"));
	CHECK(login_claim(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_REPLAYED);
	run_later(590);
	CHECK_OK(come(&v, "&error=access_denied"));
	CHECK(login_claim(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_REPLAYED);
}

/* A session that was made by the login of this code; with its cookie. */
static enum result
make_session(struct visit *v)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(oauth_tokens_free)
	struct oauth_tokens tokens = { .expires_in_s = 3600 };
	enum result result;

	memcpy(v->conf.session_cookie, "sid", sizeof("sid"));
	v->conf.idle_limit_s = v->conf.absolute_limit_s = 86400;
	result = login_secret(&v->conf, &v->login, session.secret);
	if (result == OK)
		result = session_create(&v->context, STR(""), &tokens,
		    &v->reply, &session);
	if (result == OK)
		result = buf_result(&v->reply.cookies);
	return result;
}

/* Another request has the login in its hands, and then has made its session:
 * it is given to the same code, and once. */
static void
who_asks_again_meanwhile_gets_the_session_once(void)
{
	SCOPED(leave) struct visit v;
	SCOPED(buf_free) struct buf made = BUF(1000);
	SCOPED(lock_release) struct lock lock = { .queue = NULL };

	CHECK_OK(begin(&v));
	CHECK_OK(come(&v, "&code=a"));
	CHECK_OK(make_session(&v));
	buf_move(&made, &v.reply.cookies);
	v.reply.cookies = BUF(8192);
	CHECK_OK(lock_take(v.store, LOCK_LOGIN, v.login.pending.id, 0, &lock));
	CHECK_OK(come(&v, "&code=a"));
	CHECK(login_claim(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_UNDER_WAY);
	assert_int_equal(v.reply.cookies.n, 0);
	lock_release(&lock);
	CHECK_OK(login_resume(&v.context, &v.login, &v.reply));
	CHECK_OK(buf_result(&v.reply.cookies));
	assert_true(str_starts(buf_str(&v.reply.cookies), buf_str(&made)));
	CHECK(login_resume(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_REPLAYED);
}

/* Nor is it made possible by having tried. */
static void
who_asks_again_afterwards_gets_nothing(void)
{
	SCOPED(leave) struct visit v;

	CHECK_OK(begin(&v));
	CHECK_OK(come(&v, "&code=a"));
	CHECK_OK(make_session(&v));
	CHECK(login_resume(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_REPLAYED);
	CHECK(login_resume(&v.context, &v.login, &v.reply),
	    RESULT_LOGIN_REPLAYED);
}

/* With another code, too late, or after a logout. */
static void
what_is_not_that_session_is_not_given_again(void)
{
	static const struct {
		const char *come;
		int later_s;
	} rows[] = { { "&code=b", 0 }, { "&code=a", 121 } };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(leave) struct visit v;
		SCOPED(lock_release) struct lock lock = { .queue = NULL };

		run_later(0);
		CHECK_OK(begin(&v));
		CHECK_OK(come(&v, "&code=a"));
		CHECK_OK(make_session(&v));
		CHECK_OK(come(&v, rows[i].come));
		CHECK_OK(lock_take(v.store, LOCK_LOGIN, v.login.pending.id, 0,
		    &lock));
		CHECK(login_claim(&v.context, &v.login, &v.reply),
		    RESULT_LOGIN_UNDER_WAY);
		lock_release(&lock);
		run_later(rows[i].later_s);
		CHECK(login_resume(&v.context, &v.login, &v.reply),
		    RESULT_LOGIN_REPLAYED);
	}
}

static void
an_error_ends_the_login_by_its_kind(void)
{
	static const struct {
		const char *rest;
		enum result result;
		const char *line;
	} rows[] = {
		{ "&error=access_denied", RESULT_LOGIN_DENIED, "" },
		{ "&error=server_error", RESULT_UPSTREAM_FAILED,
		    "error=server_error\n" },
		{ "&error=temporarily_unavailable", RESULT_UPSTREAM_FAILED,
		    "error=temporarily_unavailable\n" },
		{ "&error=invalid_request", RESULT_MISCONFIGURED,
		    "error=invalid_request\n" },
		{ "&error=invalid_scope", RESULT_MISCONFIGURED,
		    "error=invalid_scope\n" },
		{ "&error=unauthorized_client", RESULT_MISCONFIGURED,
		    "error=unauthorized_client\n" },
		{ "&error=unsupported_response_type", RESULT_MISCONFIGURED,
		    "error=unsupported_response_type\n" },
		{ "&error=a%20b=%22c", RESULT_LOGIN_REFUSED,
		    "error=unreadable\n" },
		/* 47 letters have room, one more has not. */
		{ "&error=eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeex",
		    RESULT_LOGIN_REFUSED,
		    "error=eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeex\n" },
		{ "&error=eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeexx",
		    RESULT_LOGIN_REFUSED, "error=unreadable\n" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(leave) struct visit v = { .store = NULL };

		CHECK_OK(begin(&v));
		CHECK_OK(come(&v, rows[i].rest));
		CHECK(login_claim(&v.context, &v.login, &v.reply),
		    rows[i].result);
		if (strstr(run_said(), rows[i].line) == NULL)
			fail_msg("%s: %s", rows[i].rest, run_said());
		/* Used up: the word is not logged again. */
		CHECK_OK(come(&v, rows[i].rest));
		CHECK(login_claim(&v.context, &v.login, &v.reply),
		    RESULT_LOGIN_REPLAYED);
	}
	assert_null(strstr(run_said(), "exx"));
}

static void
a_login_that_cannot_be_marked_is_not_used(void)
{
	SCOPED(leave) struct visit v = { .store = NULL };

	CHECK_OK(begin(&v));
	failing_next(v.store, FAILING_CLAIM, RESULT_STORE, false);
	CHECK_OK(come(&v, "&code=a"));
	CHECK(login_claim(&v.context, &v.login, &v.reply), RESULT_STORE);
}

static bool
is_gone(const void *who)
{
	return *(const bool *)who;
}

static void
a_login_is_not_used_up_for_somebody_who_has_gone(void)
{
	SCOPED(leave) struct visit v = { .store = NULL };
	bool gone = true;

	CHECK_OK(begin(&v));
	CHECK_OK(come(&v, "&code=a"));
	v.context.is_gone = is_gone;
	v.context.client = &gone;
	CHECK(login_claim(&v.context, &v.login, &v.reply), RESULT_BUSY);
	gone = false;
	CHECK_OK(come(&v, "&code=a"));
	CHECK_OK(login_claim(&v.context, &v.login, &v.reply));
}

UNIT_TESTS(login) = {
	TEST(a_code_arrives_with_the_login_it_belongs_to),
	TEST(what_can_be_read_in_two_ways_is_a_bad_request),
	TEST(an_issuer_that_is_named_is_ours_letter_by_letter),
	TEST(the_state_decides_before_all_else),
	TEST(a_code_is_used_once),
	TEST(who_asks_again_meanwhile_gets_the_session_once),
	TEST(who_asks_again_afterwards_gets_nothing),
	TEST(what_is_not_that_session_is_not_given_again),
	TEST(a_login_is_not_used_up_for_somebody_who_has_gone),
	TEST(an_error_ends_the_login_by_its_kind),
	TEST(a_login_that_cannot_be_marked_is_not_used),
	END_OF_TESTS,
};
