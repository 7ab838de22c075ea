/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "web/errorpage.h"
#include "../run.h"

static char home[] = "/";

/* What errorpage_write() needs of a configuration. */
static struct conf
site(void)
{
	return (struct conf){ .after_login = home,
		.base = STR("https://e.org/\"<&/"),
		.redirect = { .origin = STR("https://e.org") },
		.cookie_tail = "; Path=/" };
}

/* Whether Spotify would refuse the account again, without asking anybody. */
static bool
is_of_the_account(enum result result)
{
	return result == RESULT_NOT_ON_ALLOWLIST ||
	    result == RESULT_SPOTIFY_REFUSED ||
	    result == RESULT_PREMIUM_REQUIRED;
}

static const char *
way_on(enum result result)
{
	/* One is loaded again, to see whether it is over. */
	if (result == RESULT_LOGIN_UNDER_WAY)
		return "href=\"\">Go on";
	return is_of_the_account(result) ?
	    "href=\"https://e.org/&quot;&lt;&amp;/login?switch=1\">"
	    "Use another account" :
	    "href=\"https://e.org/&quot;&lt;&amp;/login\">Start again";
}

static void
every_result_is_a_page_with_words_a_code_and_two_links(void)
{
	SCOPED(buf_free) struct buf code = BUF(100);
	const struct conf conf = site();
	const struct result_row *row;
	int i;

	for (i = 0; i < RESULT__MAX; i++) {
		SCOPED(reply_free) struct reply reply;

		row = result_row((enum result)i);
		reply_init(&reply);
		errorpage_write(&reply, &conf, (enum result)i);
		CHECK_OK(buf_result(&reply.body));
		assert_int_equal(reply.status, row->status);
		assert_string_equal(reply.content_type, "text/html");
		assert_non_null(strstr(reply.body.p, row->heading));
		buf_clear(&code);
		buf_printf(&code, "<small>%s</small>", row->code);
		CHECK_OK(buf_result(&code));
		assert_non_null(strstr(reply.body.p, code.p));
		assert_non_null(strstr(reply.body.p, way_on((enum result)i)));
		assert_non_null(strstr(reply.body.p,
		    "href=\"https://e.org/\">Back to the site"));
	}
}

static void free_parts(struct buf (*body)[REPLY_PARTS])
{
	size_t i;

	for (i = 0; i < REPLY_PARTS; i++)
		buf_free(&(*body)[i]);
}

static void
the_policy_allows_exactly_the_pages_own_style(void)
{
	SCOPED(buf_free) struct buf wanted = BUF(200), head = BUF(20000);
	SCOPED(free_parts) struct buf body[REPLY_PARTS] = { BUF(0) };
	SCOPED(reply_free) struct reply reply;
	unsigned char hash[crypto_hash_sha256_BYTES];
	const struct conf conf = site();
	const char *style, *end;

	reply_init(&reply);
	errorpage_write(&reply, &conf, RESULT_LOGIN_DENIED);
	CHECK_OK(reply_write(&reply, false, &head, body));
	style = strstr(body[0].p, "<style>") + 7;
	end = strstr(style, "</style>");
	crypto_hash_sha256(hash, (const unsigned char *)style,
	    (size_t)(end - style));
	buf_puts(&wanted, "default-src 'none'; style-src 'sha256-");
	codec_base64(&wanted, hash, sizeof(hash));
	buf_puts(&wanted, "'; img-src data:; base-uri 'none';");
	CHECK_OK(buf_result(&wanted));
	assert_non_null(strstr(head.p, wanted.p));
	assert_null(strstr(body[0].p, "<script"));
	assert_null(strstr(body[0].p, "style="));
}

static void
its_text_is_the_main_part_and_its_icon_is_empty(void)
{
	SCOPED(reply_free) struct reply reply;
	const struct conf conf = site();
	const char *start, *end;

	reply_init(&reply);
	errorpage_write(&reply, &conf, RESULT_LOGIN_LATE);
	CHECK_OK(buf_result(&reply.body));
	assert_non_null(
	    strstr(reply.body.p, "<link rel=\"icon\" href=\"data:,\">"));
	start = strstr(reply.body.p, "<main>\n<h1>");
	end = strstr(reply.body.p, "</main>\n</html>");
	assert_true(start != NULL && end != NULL && start < end);
}

static void
the_way_back_may_lead_to_an_allowed_origin(void)
{
	SCOPED(reply_free) struct reply reply;
	struct conf conf = site();
	char app[] = "https://app.e.org/x";

	conf.after_login = app;
	reply_init(&reply);
	errorpage_write(&reply, &conf, RESULT_LOGIN_LATE);
	CHECK_OK(buf_result(&reply.body));
	assert_non_null(strstr(reply.body.p, "href=\"https://app.e.org/x\">"));
}

static void
cookies_stay_and_all_else_goes(void)
{
	SCOPED(buf_free) struct buf head = BUF(20000);
	SCOPED(free_parts) struct buf body[REPLY_PARTS] = { BUF(0) };
	SCOPED(reply_free) struct reply reply;
	const struct conf conf = site();

	reply_init(&reply);
	reply_cookie(&reply, &conf, STR("a"), STR(""), 0);
	reply_redirect(&reply, STR("https://e.org/"), STR("secret"));
	log_request("id-1");
	errorpage_write(&reply, &conf, RESULT_BAD_REQUEST);
	log_request(NULL);
	CHECK_OK(reply_write(&reply, false, &head, body));
	assert_non_null(strstr(head.p, "Set-Cookie: a="));
	assert_null(strstr(head.p, "Location"));
	assert_non_null(strstr(body[0].p, "bad_request &middot; id-1</small>"));
}

UNIT_TESTS(errorpage) = {
	TEST(every_result_is_a_page_with_words_a_code_and_two_links),
	TEST(the_policy_allows_exactly_the_pages_own_style),
	TEST(its_text_is_the_main_part_and_its_icon_is_empty),
	TEST(the_way_back_may_lead_to_an_allowed_origin),
	TEST(cookies_stay_and_all_else_goes),
	END_OF_TESTS,
};
