/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "session/pending.h"
#include "../run.h"

static char client[] = "the-client";
static char redirect[] = "https://e.org/callback";
static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

static struct conf
site(void)
{
	struct conf conf = { .client_id = client,
		.redirect_uri = redirect,
		.pending_prefix = "__Host-spotify-login-",
		.cookie_tail = "; Path=/" };

	assert_int_equal(seal_ring_add(&conf.ring, master), OK);
	return conf;
}

/* A login that was begun, and the cookies that the browser has then. */
struct login {
	struct pending_request request;
	struct reply reply;
	struct buf cookies;
};

static void
login_free(struct login *login)
{
	pending_request_free(&login->request);
	reply_free(&login->reply);
	buf_free(&login->cookies);
}

/* Begin one more; Set-Cookie lines that set become cookies. */
static enum result
begin(const struct conf *conf, struct str return_to, struct login *login)
{
	struct str rest, line;
	enum result result;

	pending_request_free(&login->request);
	reply_free(&login->reply);
	reply_init(&login->reply);
	result = pending_begin(conf, buf_str(&login->cookies), return_to,
	    &login->reply, &login->request);
	if (result == OK)
		result = buf_result(&login->reply.cookies);
	rest = buf_str(&login->reply.cookies);
	while (result == OK && rest.p != NULL) {
		line = str_cut(&rest, '\n');
		if (!str_starts(line, STR("Set-Cookie: ")) ||
		    strstr(line.p, "; Max-Age=0;") == line.p + 12 + 30)
			continue;
		line.p += 12;
		line.n -= 12;
		buf_add_str(&login->cookies, str_cut(&line, ';'));
		buf_puts(&login->cookies, "; ");
	}
	return result == OK ? buf_result(&login->cookies) : result;
}

static struct login
new_login(void)
{
	return (struct login){ .cookies = BUF(20000),
		.request = { BUF(64), BUF(64) } };
}

static void
a_login_is_found_by_its_state_and_gives_the_verifier(void)
{
	SCOPED(login_free) struct login login = new_login();
	SCOPED(pending_free) struct pending pending = { .began_s = 0 };
	SCOPED(buf_free) struct buf challenge = BUF(64);
	const struct conf conf = site();
	unsigned char hash[crypto_hash_sha256_BYTES];

	CHECK_OK(begin(&conf, STR("/back?a=b"), &login));
	assert_int_equal(login.request.state.n, 43);
	CHECK_OK(pending_find(&conf, buf_str(&login.cookies),
	    buf_str(&login.request.state), &login.reply, &pending));
	CHECK_TEXT(buf_str(&pending.return_to), "/back?a=b");
	assert_int_equal(pending.verifier.n, 43);
	crypto_hash_sha256(hash, (const unsigned char *)pending.verifier.p,
	    pending.verifier.n);
	codec_base64url(&challenge, hash, sizeof(hash));
	CHECK_OK(buf_result(&challenge));
	assert_string_equal(challenge.p, login.request.challenge.p);
	/* Neither is readable in the cookie. */
	assert_null(strstr(login.cookies.p, pending.verifier.p));
	assert_null(strstr(login.cookies.p, login.request.state.p));
}

static void
the_cookie_lives_ten_minutes_or_until_the_login_ends(void)
{
	SCOPED(login_free) struct login login = new_login();
	SCOPED(pending_free) struct pending pending = { .began_s = 0 };
	const struct conf conf = site();

	CHECK_OK(begin(&conf, STR(""), &login));
	assert_non_null(
	    strstr(login.reply.cookies.p, "; Max-Age=600; Path=/\r\n"));
	buf_clear(&login.reply.cookies);
	CHECK_OK(pending_find(&conf, buf_str(&login.cookies),
	    buf_str(&login.request.state), &login.reply, &pending));
	assert_int_equal(login.reply.cookies.n, 0);
	pending_end(&conf, &pending, &login.reply);
	CHECK_OK(buf_result(&login.reply.cookies));
	assert_non_null(strstr(login.reply.cookies.p, "=; Max-Age=0; Path"));
}

static void
another_state_finds_nothing(void)
{
	static const char *const bad[] = { "", "x",
		"AAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAB",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AA=" };
	SCOPED(login_free) struct login login = new_login();
	const struct conf conf = site();
	struct pending pending;
	size_t i;

	CHECK_OK(begin(&conf, STR(""), &login));
	for (i = 0; i < N(bad); i++) {
		assert_int_equal(pending_find(&conf, buf_str(&login.cookies),
				     str_of(bad[i]), &login.reply, &pending),
		    RESULT_LOGIN_BAD_STATE);
		pending_free(&pending);
	}
	CHECK(pending_find(&conf, buf_str(&login.cookies),
		  STR("AAAAAAAAAAAA"
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		  &login.reply, &pending),
	    RESULT_LOGIN_NO_COOKIE);
	CHECK(pending_find(&conf, STR("a=b"), buf_str(&login.request.state),
		  &login.reply, &pending),
	    RESULT_LOGIN_NO_COOKIE);
}

static void
a_cookie_that_is_not_as_we_made_it_is_a_bad_state(void)
{
	SCOPED(login_free) struct login login = new_login();
	SCOPED(buf_free) struct buf twice = BUF(20000);
	struct conf conf = site(), other = site();
	struct pending pending;
	char other_client[] = "another";
	size_t i;

	CHECK_OK(begin(&conf, STR("/x"), &login));
	/* Every character of the value; the name and "=" have 30. */
	for (i = 30; i < login.cookies.n - 2; i++) {
		login.cookies.p[i] ^= 1;
		CHECK(pending_find(&conf, buf_str(&login.cookies),
			  buf_str(&login.request.state), &login.reply,
			  &pending),
		    RESULT_LOGIN_BAD_STATE);
		login.cookies.p[i] ^= 1;
		pending_free(&pending);
		buf_clear(&login.reply.cookies);
	}
	buf_add_str(&twice, buf_str(&login.cookies));
	buf_add_str(&twice, buf_str(&login.cookies));
	CHECK_OK(buf_result(&twice));
	CHECK(pending_find(&conf, buf_str(&twice),
		  buf_str(&login.request.state), &login.reply, &pending),
	    RESULT_LOGIN_BAD_STATE);
	other.client_id = other_client;
	CHECK(pending_find(&other, buf_str(&login.cookies),
		  buf_str(&login.request.state), &login.reply, &pending),
	    RESULT_LOGIN_BAD_STATE);
	seal_ring_wipe(&conf.ring);
	CHECK(pending_find(&conf, buf_str(&login.cookies),
		  buf_str(&login.request.state), &login.reply, &pending),
	    RESULT_LOGIN_BAD_STATE);
}

static void
a_login_takes_ten_minutes_at_most(void)
{
	static const struct {
		int64_t later_s;
		enum result result;
	} rows[] = { { 590, OK }, { 602, RESULT_LOGIN_LATE }, { -50, OK },
		{ -100, RESULT_LOGIN_LATE }, { 86400, RESULT_LOGIN_LATE } };
	SCOPED(login_free) struct login login = new_login();
	const struct conf conf = site();
	size_t i;

	CHECK_OK(begin(&conf, STR(""), &login));
	for (i = 0; i < N(rows); i++) {
		SCOPED(pending_free) struct pending pending = { .id = { 0 } };

		run_later(rows[i].later_s);
		CHECK(pending_find(&conf, buf_str(&login.cookies),
			  buf_str(&login.request.state), &login.reply,
			  &pending),
		    rows[i].result);
	}
}

/* How often a text is in the reply's cookies. */
static unsigned
count(const struct reply *reply, const char *text)
{
	const char *at = reply->cookies.p;
	unsigned n;

	for (n = 0; at != NULL && (at = strstr(at, text)) != NULL; n++)
		at++;
	return n;
}

static void
of_six_logins_the_oldest_goes(void)
{
	SCOPED(login_free) struct login login = new_login();
	const struct conf conf = site();
	char first[31];
	int i;

	for (i = 0; i < PENDING_MAX; i++) {
		CHECK_OK(begin(&conf, STR("/x"), &login));
		assert_int_equal(count(&login.reply, "=; Max-Age=0;"), 0);
	}
	/* A cookie of this kind that nobody can open counts as the oldest. */
	memcpy(first, login.cookies.p, 30);
	first[30] = '\0';
	login.cookies.p[40] ^= 1;
	CHECK_OK(begin(&conf, STR("/x"), &login));
	assert_int_equal(count(&login.reply, "Max-Age=600;"), 1);
	assert_int_equal(count(&login.reply, "=; Max-Age=0;"), 1);
	if (!run_refused())
		assert_int_equal(count(&login.reply, first), 1);
}

static void
of_many_logins_that_began_at_once_five_stay(void)
{
	SCOPED(login_free) struct login login = new_login();
	SCOPED(login_free) struct login one = new_login();
	const struct conf conf = site();
	int i;

	for (i = 0; i < 12; i++) {
		buf_clear(&one.cookies);
		CHECK_OK(begin(&conf, STR(""), &one));
		buf_add_str(&login.cookies, buf_str(&one.cookies));
	}
	CHECK_OK(buf_result(&login.cookies));
	CHECK_OK(begin(&conf, STR(""), &login));
	assert_int_equal(count(&login.reply, "=; Max-Age=0;"),
	    12 + 1 - PENDING_MAX);
}

/* Whoever may set cookies for this host keeps nobody from logging in by it. */
static void
what_is_no_name_of_a_header_is_not_deleted(void)
{
	static const char *const names[] = { "\t", "\x7f", "\xc3\xb6", "a b" };
	SCOPED(login_free) struct login login = new_login();
	const struct conf conf = site();
	size_t i, n;

	for (n = 0; n < 3; n++)
		for (i = 0; i < N(names); i++)
			buf_printf(&login.cookies, "%s%s%zu=x; ",
			    conf.pending_prefix, names[i], n);
	CHECK_OK(buf_result(&login.cookies));
	CHECK_OK(begin(&conf, STR("/x"), &login));
	assert_int_equal(count(&login.reply, "=; Max-Age=0;"), 0);
	assert_int_equal(count(&login.reply, "Max-Age=600;"), 1);
}

UNIT_TESTS(pending) = {
	TEST(what_is_no_name_of_a_header_is_not_deleted),
	TEST(a_login_is_found_by_its_state_and_gives_the_verifier),
	TEST(the_cookie_lives_ten_minutes_or_until_the_login_ends),
	TEST(another_state_finds_nothing),
	TEST(a_cookie_that_is_not_as_we_made_it_is_a_bad_state),
	TEST(a_login_takes_ten_minutes_at_most),
	TEST(of_six_logins_the_oldest_goes),
	TEST(of_many_logins_that_began_at_once_five_stay),
	END_OF_TESTS,
};
