/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "web/origin.h"
#include "../run.h"

#define OWN "https://example.com"
#define ALLOWED "https://app.example.org"
#define FOREIGN "https://evil.test"
#define SIBLING "https://other.example.com"
#define HERE \
	{ \
		OWN, sizeof(OWN) - 1 \
	}

static char origins[] = "https://first.example.org " ALLOWED;
static const struct conf open_conf = { .redirect = { .origin = HERE },
	.allowed_origins = origins };
static const struct conf closed_conf = { .redirect = { .origin = HERE } };

struct row {
	const char *site, *origin, *with; /* NULL: absent */
	bool write, read;
};

static void
check(const struct conf *conf, const struct row *row)
{
	const struct request request = { .fetch_site = str_of(row->site),
		.origin = str_of(row->origin),
		.requested_with = str_of(row->with) };

	if (origin_check_write(conf, &request) !=
	    (row->write ? OK : RESULT_CROSS_SITE))
		fail_msg("write: site %s origin %s", row->site, row->origin);
	if (origin_check_read(conf, &request) !=
	    (row->read ? OK : RESULT_CROSS_SITE))
		fail_msg("read: site %s origin %s", row->site, row->origin);
}

static void
the_browsers_word_decides_then_origin_then_a_header(void)
{
	static const struct row rows[] = {
		{ "same-origin", NULL, NULL, true, true },
		{ "same-origin", OWN, NULL, true, true },
		{ "same-origin", "null", NULL, true, true },
		{ "same-origin", FOREIGN, NULL, false, true },
		{ "same-site", NULL, NULL, false, false },
		{ "same-site", SIBLING, NULL, false, false },
		{ "same-site", OWN, "x", false, false },
		{ "cross-site", NULL, "x", false, false },
		{ "cross-site", FOREIGN, "x", false, false },
		{ "cross-site", "null", NULL, false, false },
		{ "none", NULL, NULL, false, true },
		{ "Same-Origin", NULL, NULL, false, false },
		{ "same-origin\t", NULL, NULL, false, false },
		{ "same-origin, cross-site", NULL, "x", false, false },
		{ NULL, OWN, NULL, true, true },
		{ NULL, OWN "\t", "x", false, false },
		{ NULL, FOREIGN, "x", false, false },
		{ NULL, "null", "x", false, false },
		{ NULL, OWN ":444", "x", false, false },
		{ NULL, "http://example.com", "x", false, false },
		{ NULL, NULL, "x", true, true },
		{ NULL, NULL, NULL, false, true },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		check(&closed_conf, &rows[i]);
		check(&open_conf, &rows[i]);
	}
}

static void
an_old_browser_that_opens_a_page_may_not_read(void)
{
	static const struct {
		const char *site, *origin, *accept;
		bool good;
	} rows[] = {
		{ NULL, NULL, "text/html,*/*;q=0.8", false },
		{ NULL, NULL, "*/*", true },
		{ NULL, NULL, "application/json", true },
		{ NULL, NULL, NULL, true },
		{ NULL, OWN, "text/html", true },
		{ NULL, ALLOWED, "text/html", true },
		{ "none", NULL, "text/html", true },
		{ "same-origin", NULL, "text/html", true },
		{ "cross-site", NULL, "application/json", false },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		const struct request request = { .fetch_site =
						     str_of(rows[i].site),
			.origin = str_of(rows[i].origin),
			.accept = str_of(rows[i].accept) };

		assert_int_equal(origin_check_read(&open_conf, &request),
		    rows[i].good ? OK : RESULT_CROSS_SITE);
	}
}

static void
an_allowed_origin_may_write_and_read(void)
{
	static const struct row rows[] = {
		{ "same-origin", ALLOWED, NULL, true, true },
		{ "same-site", ALLOWED, NULL, true, true },
		{ "cross-site", ALLOWED, NULL, true, true },
		{ NULL, ALLOWED, NULL, true, true },
		{ "cross-site", ALLOWED ".evil.test", NULL, false, false },
	};
	static const struct row closed = { "cross-site", ALLOWED, NULL, false,
		false };
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(&open_conf, &rows[i]);
	check(&closed_conf, &closed);
}

static void
a_login_starts_by_navigation_only(void)
{
	static const struct {
		const char *mode, *dest, *purpose;
		bool good;
	} rows[] = {
		{ NULL, NULL, NULL, true },
		{ "navigate", "document", NULL, true },
		{ NULL, "document", NULL, true },
		{ "no-cors", "image", NULL, false },
		{ "navigate", "iframe", NULL, false },
		{ "navigate", "frame", NULL, false },
		{ "navigate", "object", NULL, false },
		{ "navigate", "embed", NULL, false },
		{ "navigate", "fencedframe", NULL, false },
		{ "no-cors", "script", NULL, false },
		/* A service worker that passes it on. */
		{ "navigate", "empty", NULL, true },
		{ "navigate", "empty", "prefetch", false },
		{ NULL, "empty", NULL, false },
		{ "cors", "empty", NULL, false },
		{ "no-cors", "empty", NULL, false },
		{ "same-origin", "empty", NULL, false },
		{ "navigate\t", "empty", NULL, false },
		{ "navigate", "document", "prefetch", false },
		{ NULL, NULL, "prefetch;prerender", false },
		{ "navigate", "document", "", true },
		{ "navigate", "document\t", NULL, false },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		const struct request request = { .fetch_mode =
						     str_of(rows[i].mode),
			.fetch_dest = str_of(rows[i].dest),
			.purpose = str_of(rows[i].purpose) };

		assert_int_equal(origin_check_navigation(&request),
		    rows[i].good ? OK : RESULT_CROSS_SITE);
	}
}

static void
only_an_allowed_origin_may_read_the_answer(void)
{
	SCOPED(reply_free) struct reply closed, foreign, allowed;
	struct request request = { .origin = STR(ALLOWED) };

	reply_init(&closed);
	reply_init(&foreign);
	reply_init(&allowed);
	origin_allow(&closed_conf, &request, &closed);
	assert_int_equal(closed.headers.n, 0);
	origin_allow(&open_conf, &request, &allowed);
	request.origin = STR(FOREIGN);
	origin_allow(&open_conf, &request, &foreign);
	CHECK_OK(buf_result(&foreign.headers));
	CHECK_TEXT(buf_str(&foreign.headers), "Vary: Origin\r\n");
	CHECK_OK(buf_result(&allowed.headers));
	CHECK_TEXT(buf_str(&allowed.headers),
	    "Vary: Origin\r\n"
	    "Access-Control-Allow-Origin: " ALLOWED "\r\n"
	    "Access-Control-Allow-Credentials: true\r\n"
	    "Access-Control-Expose-Headers: Age, ETag, Retry-After\r\n");
}

static void
a_preflight_is_answered_for_allowed_origins_only(void)
{
	SCOPED(reply_free) struct reply reply;
	struct request request = { .origin = STR(ALLOWED),
		.preflight_method = STR("POST") };

	reply_init(&reply);
	assert_int_equal(origin_preflight(&open_conf, &request, "POST", &reply),
	    OK);
	CHECK_OK(buf_result(&reply.headers));
	assert_non_null(
	    strstr(reply.headers.p, "Access-Control-Allow-Methods: POST\r\n"));
	assert_non_null(strstr(reply.headers.p, "X-Requested-With"));
	assert_non_null(strstr(reply.headers.p,
	    "Vary: Access-Control-Request-Headers\r\n"));
	assert_int_equal(origin_preflight(&closed_conf, &request, "POST",
			     &reply),
	    RESULT_CROSS_SITE);
	request.preflight_method = str_of(NULL);
	assert_int_equal(origin_preflight(&open_conf, &request, "POST", &reply),
	    RESULT_CROSS_SITE);
	request = (struct request){ .preflight_method = STR("POST") };
	assert_int_equal(origin_preflight(&open_conf, &request, "POST", &reply),
	    RESULT_CROSS_SITE);
	request.origin = STR(OWN);
	assert_int_equal(origin_preflight(&open_conf, &request, "POST", &reply),
	    RESULT_CROSS_SITE);
}

static void
a_preflight_gets_the_headers_that_it_asks_for(void)
{
	static char longest[2048 + 1], longer[2049 + 1];
	static const struct {
		const char *wanted;
		bool good;
	} rows[] = {
		{ "traceparent", true },
		{ "baggage,sentry-trace, x-requested-with", true },
		{ "x-b3-traceid,x-datadog-parent-id,B3,!#$%&'*+-.^_`|~", true },
		{ longest, true },
		{ longer, false },
		{ "", false },
		{ NULL, false },
		{ "a\tb", false },
		{ "a\r\nX-Evil: y", false },
		{ "a:b", false },
		{ "\"a\"", false },
		{ "\xc3\xa9", false },
	};
	struct request request = { .origin = STR(ALLOWED),
		.preflight_method = STR("POST") };
	size_t i;

	memset(longest, 'a', sizeof(longest) - 1);
	memset(longer, 'a', sizeof(longer) - 1);
	for (i = 0; i < N(rows); i++) {
		SCOPED(reply_free) struct reply reply;
		SCOPED(buf_free) struct buf line = BUF(3000);

		reply_init(&reply);
		request.preflight_headers = str_of(rows[i].wanted);
		CHECK_OK(
		    origin_preflight(&open_conf, &request, "POST", &reply));
		buf_printf(&line, "\r\nAccess-Control-Allow-Headers: %s\r\n",
		    rows[i].good ? rows[i].wanted :
				   "X-Requested-With, If-None-Match, "
				   "Content-Type");
		CHECK_OK(buf_result(&line));
		CHECK_OK(buf_result(&reply.headers));
		assert_non_null(strstr(reply.headers.p, line.p));
	}
}

UNIT_TESTS(origin) = {
	TEST(the_browsers_word_decides_then_origin_then_a_header),
	TEST(an_old_browser_that_opens_a_page_may_not_read),
	TEST(an_allowed_origin_may_write_and_read),
	TEST(a_login_starts_by_navigation_only),
	TEST(only_an_allowed_origin_may_read_the_answer),
	TEST(a_preflight_is_answered_for_allowed_origins_only),
	TEST(a_preflight_gets_the_headers_that_it_asks_for),
	END_OF_TESTS,
};
