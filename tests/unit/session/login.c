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
	store_close(v->store);
	reply_free(&v->reply);
	request_free(&v->request);
	pending_request_free(&v->begun);
	buf_free(&v->query);
	login_free(&v->login);
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
		"&error=x%0ay", "&code=a&iss=https://accounts.spotify.com/",
		"&code=a&iss=https://accounts.spotify.com:443",
		"&code=a&iss=https://ACCOUNTS.spotify.com",
		"&code=a&iss=http://accounts.spotify.com",
		"&code=a&iss=https://evil.test",
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
	assert_int_equal(login_claim(&v.context, &v.login), OK);
	CHECK_OK(come(&v, "&code=another"));
	assert_int_equal(login_claim(&v.context, &v.login),
	    RESULT_LOGIN_REPLAYED);
	run_later(590);
	CHECK_OK(come(&v, "&error=access_denied"));
	assert_int_equal(login_claim(&v.context, &v.login),
	    RESULT_LOGIN_REPLAYED);
}

static void
an_error_ends_the_login_by_its_kind(void)
{
	SCOPED(leave) struct visit denied = { .store = NULL };
	SCOPED(leave) struct visit refused = { .store = NULL };

	CHECK_OK(begin(&denied));
	CHECK_OK(come(&denied, "&error=access_denied"));
	assert_int_equal(login_claim(&denied.context, &denied.login),
	    RESULT_LOGIN_DENIED);
	CHECK_OK(begin(&refused));
	CHECK_OK(come(&refused, "&error=server_error"));
	assert_int_equal(login_claim(&refused.context, &refused.login),
	    RESULT_LOGIN_REFUSED);
	failing_next(refused.store, FAILING_CLAIM, RESULT_STORE, false);
	CHECK_OK(come(&refused, "&code=a"));
	assert_int_equal(login_claim(&refused.context, &refused.login),
	    RESULT_STORE);
}

UNIT_TESTS(login) = {
	TEST(a_code_arrives_with_the_login_it_belongs_to),
	TEST(what_can_be_read_in_two_ways_is_a_bad_request),
	TEST(the_state_decides_before_all_else),
	TEST(a_code_is_used_once),
	TEST(an_error_ends_the_login_by_its_kind),
	END_OF_TESTS,
};
