/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "spotify/oauth.h"
#include "spotify/pause.h"
#include "../run.h"
#include "../scratch.h"

static char authorize[] = "https://accounts.spotify.com/authorize";
static char authorize_with_query[] = "https://e.org/authorize?a=b";
static char client[] = "the client&x=1";
static char scope[] = "a b&x=1#";
static char redirect[] = "https://e.org/callback";
static const struct conf conf = { .authorize_url = authorize,
	.client_id = client,
	.scope = scope,
	.redirect_uri = redirect };

static void
the_authorization_url_has_each_parameter_once_and_encoded(void)
{
	SCOPED(buf_free) struct buf url = BUF(1000);

	CHECK_OK(oauth_authorize_url(&conf, STR("the-state"),
	    STR("the-challenge"), false, &url));
	CHECK_TEXT(buf_str(&url),
	    "https://accounts.spotify.com/authorize"
	    "?response_type=code&client_id=the%20client%26x%3D1"
	    "&scope=a%20b%26x%3D1%23"
	    "&redirect_uri=https%3A%2F%2Fe.org%2Fcallback&state=the-state"
	    "&code_challenge_method=S256&code_challenge=the-challenge");
}

static void
a_dialog_is_asked_for_at_the_end(void)
{
	SCOPED(buf_free) struct buf url = BUF(1000);

	CHECK_OK(oauth_authorize_url(&conf, STR("s"), STR("c"), true, &url));
	assert_true(str_ends(buf_str(&url), STR("&show_dialog=true")));
}

static void
an_authorize_url_with_a_query_keeps_it(void)
{
	SCOPED(buf_free) struct buf url = BUF(1000);
	struct conf other = conf;

	other.authorize_url = authorize_with_query;
	CHECK_OK(oauth_authorize_url(&other, STR("s"), STR("c"), false, &url));
	assert_true(str_starts(buf_str(&url),
	    STR("https://e.org/authorize?a=b&response_type=code&")));
}

static void
an_authorization_url_that_does_not_fit_is_none(void)
{
	SCOPED(buf_free) struct buf url = BUF(50);

	CHECK(oauth_authorize_url(&conf, STR("s"), STR("c"), false, &url),
	    RESULT_TOO_LARGE);
}

/* During a pause a token request ends before it begins; there is no HTTP. */
static void
no_token_is_asked_for_while_spotify_wants_a_pause(void)
{
	SCOPED(oauth_tokens_free) struct oauth_tokens tokens = { 0 };
	SCOPED(scratch_close) struct store *store = NULL;
	struct context context = { .conf = &conf };
	struct secret refresh = { NULL, 0 };

	CHECK_OK(scratch_open(&store));
	context.store = store;
	pause_note(store, PAUSE_TOKEN, RESULT_RATE_LIMITED, 100);
	assert_int_equal(oauth_refresh(&context, &refresh, &tokens),
	    RESULT_RATE_LIMITED);
	assert_int_equal(context.wait.after, RESULT_RATE_LIMITED);
	assert_true(context.wait.s > 90);
	pause_note(store, PAUSE_TOKEN, RESULT_QUOTA_EXCEEDED, 50);
	assert_int_equal(oauth_exchange(&context, STR("c"), STR("v"), &tokens),
	    RESULT_QUOTA_EXCEEDED);
	assert_int_equal(context.wait.after, RESULT_QUOTA_EXCEEDED);
	assert_true(context.wait.s > 40 && context.wait.s <= 50);
	assert_int_equal(tokens.access.n, 0);
}

UNIT_TESTS(oauth) = {
	TEST(the_authorization_url_has_each_parameter_once_and_encoded),
	TEST(a_dialog_is_asked_for_at_the_end),
	TEST(an_authorize_url_with_a_query_keeps_it),
	TEST(an_authorization_url_that_does_not_fit_is_none),
	TEST(no_token_is_asked_for_while_spotify_wants_a_pause),
	END_OF_TESTS,
};
