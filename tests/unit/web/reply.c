/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "web/reply.h"
#include "../run.h"

#define STRICT \
	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff" \
	"\r\nReferrer-Policy: no-referrer\r\n" \
	"Cross-Origin-Resource-Policy: same-origin\r\n" \
	"Cross-Origin-Opener-Policy: same-origin\r\n" \
	"Content-Security-Policy: default-src 'none'; base-uri 'none'; " \
	"form-action 'none'; frame-ancestors 'none'\r\n"

static struct conf conf = { .cookie_tail = "; Path=/; HttpOnly" };

/* How often the text is there. */
static size_t
count(const struct buf *out, const char *text)
{
	const char *at = out->p;
	size_t n = 0;

	while ((at = strstr(at, text)) != NULL) {
		at += strlen(text);
		n++;
	}
	return n;
}

/* All parts in one. */
static enum result
written(struct reply *reply, bool head_only, struct buf *out)
{
	struct buf body[REPLY_PARTS] = { BUF(0), BUF(0), BUF(0) };
	enum result result = reply_write(reply, head_only, out, body);
	size_t i;

	for (i = 0; i < N(body); i++) {
		if (result == OK)
			buf_add_str(out, buf_str(&body[i]));
		else /* What is said instead must have nothing behind it. */
			assert_int_equal(body[i].n, 0);
		buf_free(&body[i]);
	}
	return result == OK ? buf_result(out) : result;
}

static void
an_empty_answer_is_204_and_strict(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	CHECK_OK(written(&reply, false, &out));
	CHECK_TEXT(buf_str(&out), "Status: 204 No Content\r\n" STRICT "\r\n");
}

static void
json_has_type_length_and_body(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000), head = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_json(&reply);
	buf_puts(&reply.body, "{}\n");
	reply_header(&reply, "ETag", STR("W/\"x\""));
	CHECK_OK(written(&reply, true, &head));
	CHECK_OK(written(&reply, false, &out));
	CHECK_TEXT(buf_str(&out),
	    "Status: 200 OK\r\nContent-Type: "
	    "application/json; charset=utf-8\r\nContent-Length: 3\r\n" STRICT
	    "ETag: W/\"x\"\r\n\r\n{}\n");
	assert_true(
	    str_equal(buf_str(&head), (struct str){ out.p, out.n - 3 }));
}

static void
an_answer_that_may_be_kept_has_a_short_tag_or_none(void)
{
	static const struct {
		const char *tag, *header; /* NULL: none */
	} rows[] = { { "", NULL }, { "abc", "ETag: W/\"abc\"\r\n" },
		{ "0123456789abcdef0123456789abcdef",
		    "ETag: W/\"0123456789abcdef0123456789abcdef\"\r\n" },
		{ "0123456789abcdef0123456789abcdef0",
		    "ETag: W/\"0123456789abcdef0123456789abcdef\"\r\n" } };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(buf_free) struct buf out = BUF(10000);
		SCOPED(reply_free) struct reply reply;

		reply_init(&reply);
		reply_json(&reply);
		reply_cached(&reply, str_of(rows[i].tag));
		CHECK_OK(written(&reply, false, &out));
		assert_int_equal(count(&out, "Vary: Cookie\r\n"), 1);
		assert_int_equal(count(&out, ": private, no-cache\r\n"), 1);
		assert_int_equal(count(&out, "ETag"), rows[i].header != NULL);
		if (rows[i].header != NULL)
			assert_int_equal(count(&out, rows[i].header), 1);
	}
}

static void
a_body_in_parts_is_sent_in_their_order(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000), head = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_json(&reply);
	buf_puts(&reply.body, "{\"a\":");
	buf_puts(&reply.rest[0], "[1,2]");
	buf_puts(&reply.rest[1], "}\n");
	CHECK_OK(written(&reply, true, &head));
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(count(&head, "\r\nContent-Length: 12\r\n"), 1);
	assert_int_equal(count(&out, "\r\n\r\n{\"a\":[1,2]}\n"), 1);
	buf_puts(&reply.rest[0], "left over");
	reply_problem(&reply, RESULT_STORE, STR("/login"));
	buf_clear(&out);
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(count(&out, "left over"), 0);
	buf_fail(&reply.rest[1], RESULT_TOO_LARGE);
	CHECK(written(&reply, false, &out), RESULT_TOO_LARGE);
}

static void
a_redirect_is_303_without_a_body(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_json(&reply);
	buf_puts(&reply.body, "left over");
	reply_redirect(&reply, STR("https://e.org"), STR("/a?b=c"));
	CHECK_OK(written(&reply, false, &out));
	CHECK_TEXT(buf_str(&out),
	    "Status: 303 See Other\r\n"
	    "Content-Length: 0\r\n" STRICT
	    "Location: https://e.org/a?b=c\r\n\r\n");
}

static void
a_304_has_no_length(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply.status = 304;
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(count(&out, "\r\nContent-Length"), 0);
	assert_int_equal(count(&out, "\r\nContent-Type"), 0);
}

static void
a_control_byte_spoils_the_whole_answer(void)
{
	static const char *const bad[] = { "a\r\nX: y", "a\n", "\r", "\x7f",
		"a\x01", "\t" };
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;
	size_t i;

	reply_init(&reply);
	for (i = 0; i < N(bad); i++) {
		buf_clear(&reply.headers);
		buf_clear(&out);
		reply_header(&reply, "X", str_of(bad[i]));
		CHECK(written(&reply, false, &out), RESULT_BAD_REQUEST);
		buf_clear(&reply.headers);
		buf_clear(&out);
		reply_redirect(&reply, STR("https://e.org/"), str_of(bad[i]));
		CHECK(written(&reply, false, &out), RESULT_BAD_REQUEST);
	}
	buf_clear(&reply.headers);
	buf_clear(&out);
	reply_cookie(&reply, &conf, STR("n"), STR("a\r\nb"), 5);
	CHECK(written(&reply, false, &out), RESULT_BAD_REQUEST);
}

static void
cookies_carry_their_age_and_the_sites_attributes(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_cookie(&reply, &conf, STR("a"), STR("v"), 600);
	reply_cookie(&reply, &conf, STR("b"), STR(""), 0);
	reply_cookie(&reply, &conf, STR("c"), STR("v"), -5);
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(
	    count(&out,
		"\r\nSet-Cookie: a=v; Max-Age=600; Path=/; HttpOnly\r\n"),
	    1);
	assert_int_equal(
	    count(&out, "\r\nSet-Cookie: b=; Max-Age=0; Path=/; HttpOnly\r\n"),
	    1);
	assert_int_equal(
	    count(&out, "\r\nSet-Cookie: c=v; Max-Age=0; Path=/; HttpOnly\r\n"),
	    1);
}

static void
a_problem_replaces_all_but_the_cookies(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_json(&reply);
	reply.cache = "private, no-cache";
	buf_puts(&reply.body, "half an answer");
	buf_puts(&reply.policy, "style-src *; ");
	reply_header(&reply, "ETag", STR("x"));
	reply_cookie(&reply, &conf, STR("a"), STR("v"), 600);
	log_request("id-1");
	reply_problem(&reply, RESULT_STORE, STR("https://e.org/login"));
	log_request(NULL);
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(count(&out, "Status: 503 Service Unavailable"), 1);
	assert_int_equal(count(&out,
			     "Content-Type: application/problem+json;"
			     " charset=utf-8\r\n"),
	    1);
	assert_int_equal(count(&out, STRICT), 1);
	assert_int_equal(count(&out, "Set-Cookie: a=v"), 1);
	assert_int_equal(count(&out, "ETag"), 0);
	assert_int_equal(count(&out, "half"), 0);
	assert_int_equal(count(&out, "login"), 0);
	assert_int_equal(count(&out,
			     "\"code\":\"store_unavailable\","
			     "\"request_id\":\"id-1\"}\n"),
	    1);
}

static void
every_problem_is_json_and_only_a_401_says_where_to_log_in(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	const struct result_row *row;
	json_t *object;
	int i;

	for (i = 0; i < RESULT__MAX; i++) {
		SCOPED(reply_free) struct reply reply;

		row = result_row((enum result)i);
		buf_clear(&out);
		reply_init(&reply);
		reply_problem(&reply, (enum result)i, STR("https://e/<&\">"));
		CHECK_OK(written(&reply, true, &out));
		CHECK_OK(janssondoc_parse(buf_str(&reply.body), &object));
		assert_int_equal(janssondoc_integer(object, "status", 0, 999,
				     -1),
		    row->status);
		CHECK_TEXT(janssondoc_text(object, "code"), row->code);
		CHECK_TEXT(janssondoc_text(object, "detail"), row->detail);
		CHECK_TEXT(janssondoc_text(object, "type"), "about:blank");
		assert_int_equal(janssondoc_text(object, "login_url").n > 0,
		    row->status == 401);
		assert_int_equal(count(&out, "WWW-Authenticate: Session\r\n"),
		    row->status == 401);
		json_decref(object);
	}
}

static void
retry_after_is_what_was_found_out(void)
{
	SCOPED(buf_free) struct buf out = BUF(10000);
	SCOPED(reply_free) struct reply reply;

	reply_init(&reply);
	reply_problem(&reply, RESULT_RATE_LIMITED, STR(""));
	reply.retry_after_s = 77;
	CHECK_OK(written(&reply, false, &out));
	assert_int_equal(count(&out, "Retry-After: 77\r\n"), 1);
}

static void
an_answer_that_does_not_fit_fails_as_a_whole(void)
{
	SCOPED(buf_free) struct buf out = BUF(100), big = BUF(100000);
	SCOPED(reply_free) struct reply reply;
	static char text[20000];

	memset(text, 'a', sizeof(text) - 1);
	reply_init(&reply);
	CHECK(written(&reply, false, &out), RESULT_TOO_LARGE);
	reply_cookie(&reply, &conf, STR("n"), str_of(text), 5);
	CHECK(written(&reply, false, &big), RESULT_TOO_LARGE);
	buf_clear(&reply.cookies);
	buf_clear(&big);
	reply_redirect(&reply, STR("https://e.org/"), str_of(text));
	CHECK(written(&reply, false, &big), RESULT_TOO_LARGE);
	buf_clear(&reply.headers);
	buf_clear(&big);
	buf_puts(&reply.policy, text);
	CHECK(written(&reply, false, &big), RESULT_TOO_LARGE);
	buf_clear(&reply.policy);
	buf_clear(&big);
	reply.body.max = 10;
	buf_puts(&reply.body, text);
	CHECK(written(&reply, false, &big), RESULT_TOO_LARGE);
}

UNIT_TESTS(reply) = {
	TEST(an_empty_answer_is_204_and_strict),
	TEST(json_has_type_length_and_body),
	TEST(an_answer_that_may_be_kept_has_a_short_tag_or_none),
	TEST(a_body_in_parts_is_sent_in_their_order),
	TEST(a_redirect_is_303_without_a_body),
	TEST(a_304_has_no_length),
	TEST(a_control_byte_spoils_the_whole_answer),
	TEST(cookies_carry_their_age_and_the_sites_attributes),
	TEST(a_problem_replaces_all_but_the_cookies),
	TEST(every_problem_is_json_and_only_a_401_says_where_to_log_in),
	TEST(retry_after_is_what_was_found_out),
	TEST(an_answer_that_does_not_fit_fails_as_a_whole),
	END_OF_TESTS,
};
