/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "../run.h"
#include "../scratch.h"
#include "session/token.h"
#include "session/vouch.h"
#include "spotify/pause.h"

static char id[] = "anna", name[] = "\xc3\x84nna\r\nX: y",
	    email[] = "a+b@e.org";

struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct reply reply;
};

static void
leave(struct site *s)
{
	store_close(s->store);
	s->session.account = (struct account){ 0 }; /* not its own */
	session_free(&s->session);
	reply_free(&s->reply);
}

/* A session whose token lives for an hour. */
static enum result
begin(struct site *s, int64_t pass)
{
	enum result result;

	*s = (struct site){ .conf = { .auth_pass = pass } };
	reply_init(&s->reply);
	result = scratch_open(&s->store);
	s->context = (struct context){ .conf = &s->conf, .store = s->store };
	s->session.account = (struct account){ .id = id,
		.account_id = id,
		.display_name = name,
		.email = email };
	session_set_life(&s->session, 3600);
	s->session.scope = BUF(OAUTH_SCOPE_MAX);
	buf_puts(&s->session.scope, "a bc");
	if (result == OK)
		result = buf_result(&s->session.scope);
	if (result == OK)
		result = secret_set(&s->session.access, "BQ-x_1", 6);
	return result;
}

/* What stands in the answer, to the second that may be over meanwhile. */
static void
check_lines(struct site *s, const char *wanted)
{
	char *left;

	CHECK_OK(vouch(&s->context, &s->session, &s->reply));
	CHECK_OK(buf_result(&s->reply.headers));
	if ((left = strstr(s->reply.headers.p, ": 3599\r\n")) != NULL)
		memcpy(left, ": 3600", 6);
	CHECK_TEXT(buf_str(&s->reply.headers), wanted);
}

static void
what_the_operator_has_named_is_told_and_nothing_else(void)
{
	static const struct {
		int64_t pass;
		const char *lines;
	} rows[] = {
		{ CONF_PASS_ID, "X-Spotify-Account-Id: anna\r\n" },
		{ CONF_PASS_NAME,
		    "X-Spotify-Name: %C3%84nna%0D%0AX%3A%20y\r\n" },
		{ CONF_PASS_EMAIL, "X-Spotify-Email: a%2Bb%40e.org\r\n" },
		{ CONF_PASS_TOKEN,
		    "X-Spotify-Access-Token: BQ-x_1\r\n"
		    "X-Spotify-Access-Expires: 3600\r\n" },
		{ CONF_PASS_ID | CONF_PASS_EMAIL,
		    "X-Spotify-Account-Id: anna\r\n"
		    "X-Spotify-Email: a%2Bb%40e.org\r\n" },
	};
	char wanted[256];
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(leave) struct site s;

		run_later(0);
		CHECK_OK(begin(&s, rows[i].pass));
		snprintf(wanted, sizeof(wanted), "X-Spotify-Scope: a bc\r\n%s",
		    rows[i].lines);
		check_lines(&s, wanted);
	}
}

static void
what_is_not_known_or_too_long_is_left_out(void)
{
	static char longest[4096];
	SCOPED(leave) struct site s;

	memset(longest, 'x', sizeof(longest) - 1);
	CHECK_OK(begin(&s, CONF_PASS_ID | CONF_PASS_NAME | CONF_PASS_EMAIL));
	buf_free(&s.session.scope);
	s.session.account.email = NULL;
	s.session.account.display_name = longest;
	check_lines(&s, "X-Spotify-Account-Id: anna\r\n");
}

/* Nobody gets one that dies on its way. */
static void
a_token_lives_for_a_minute_or_is_not_passed(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, CONF_PASS_TOKEN));
	session_set_life(&s.session, TOKEN_PASS_S - 1);
	CHECK(vouch(&s.context, &s.session, &s.reply), RESULT_REFRESH_FAILED);
}

static void
whom_nobody_knows_is_known_later(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(begin(&s, CONF_PASS_ID));
	s.session.account = (struct account){ 0 };
	CHECK(vouch(&s.context, &s.session, &s.reply), RESULT_REFRESH_FAILED);
	assert_int_equal(s.context.wait.s, 0);
	pause_note(s.store, PAUSE_ME, RESULT_RATE_LIMITED, 30);
	CHECK(vouch_account(&s.context, &s.session.account, &s.reply),
	    RESULT_REFRESH_FAILED);
	assert_true(s.context.wait.s > 0 || run_refused());
}

static void
every_scope_that_is_asked_for_was_granted(void)
{
	static const struct {
		const char *granted, *asked;
		enum result result;
	} rows[] = {
		{ "a bc", "", OK }, { "a bc", "a", OK },
		{ "a bc", " bc  a ", OK },
		{ "a bc", "b", RESULT_SCOPE_MISSING },
		{ "a bc", "a d", RESULT_SCOPE_MISSING },
		{ "a bc", "A", RESULT_SCOPE_MISSING },
		{ "", "a d", OK }, /* nobody knows */
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(session_free)
		struct session session = { .scope = BUF(OAUTH_SCOPE_MAX) };

		buf_puts(&session.scope, rows[i].granted);
		CHECK_OK(buf_result(&session.scope));
		CHECK(vouch_scope(&session, str_of(rows[i].asked)),
		    rows[i].result);
	}
}

UNIT_TESTS(vouch) = {
	TEST(what_the_operator_has_named_is_told_and_nothing_else),
	TEST(what_is_not_known_or_too_long_is_left_out),
	TEST(a_token_lives_for_a_minute_or_is_not_passed),
	TEST(whom_nobody_knows_is_known_later),
	TEST(every_scope_that_is_asked_for_was_granted),
	END_OF_TESTS,
};
