/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "web/request.h"
#include "../run.h"

#define READ(request, ...) \
	request_read((char *const[]){ __VA_ARGS__, NULL }, request)

static char get[] = "REQUEST_METHOD=GET";

static void
the_parameters_that_are_known_are_read(void)
{
	SCOPED(request_free) struct request request = { 0 };
	char query[] = "QUERY_STRING=a=b&c", host[] = "HTTP_HOST=e.org:1";
	char empty[] = "HTTP_ORIGIN=", junk[] = "HTTP_X_OTHER=\n";
	char length[] = "CONTENT_LENGTH=17", lone[] = "HTTP_ACCEPT";

	CHECK_OK(READ(&request, get, query, host, empty, junk, length, lone));
	assert_int_equal(request.method, METHOD_GET);
	CHECK_TEXT(request.query, "a=b&c");
	CHECK_TEXT(request.host, "e.org:1");
	assert_non_null(request.origin.p);
	assert_int_equal(request.origin.n, 0);
	assert_null(request.accept.p);
	assert_null(request.purpose.p);
	assert_int_equal(request.content_length, 17);
	assert_int_equal(request.cookies.n, 0);
}

static void
methods_are_told_apart(void)
{
	static const struct {
		const char *param;
		enum method method;
	} rows[] = {
		{ "REQUEST_METHOD=GET", METHOD_GET },
		{ "REQUEST_METHOD=HEAD", METHOD_HEAD },
		{ "REQUEST_METHOD=POST", METHOD_POST },
		{ "REQUEST_METHOD=OPTIONS", METHOD_OPTIONS },
		{ "REQUEST_METHOD=get", METHOD_OTHER },
		{ "REQUEST_METHOD=PUT", METHOD_OTHER },
		{ "REQUEST_METHOD=GETX", METHOD_OTHER },
		{ "REQUEST_METHOD=", METHOD_OTHER },
		{ "X=Y", METHOD_OTHER },
	};
	char param[40];
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(request_free) struct request request = { 0 };

		snprintf(param, sizeof(param), "%s", rows[i].param);
		CHECK_OK(READ(&request, param));
		assert_int_equal(request.method, rows[i].method);
	}
}

static void
cookie_lines_are_joined_in_their_order(void)
{
	SCOPED(request_free) struct request request = { 0 };
	char a[] = "HTTP_COOKIE=a=1", b[] = "HTTP_COOKIE=b=2; c=3";

	CHECK_OK(READ(&request, a, get, b));
	CHECK_TEXT(buf_str(&request.cookies), "a=1; b=2; c=3");
}

static void
a_parameter_given_twice_is_a_bad_request(void)
{
	SCOPED(request_free) struct request request = { 0 };
	SCOPED(request_free) struct request empty = { 0 };
	char a[] = "QUERY_STRING=a", b[] = "QUERY_STRING=";

	CHECK(READ(&request, a, get, b), RESULT_BAD_REQUEST);
	CHECK(READ(&empty, b, b), RESULT_BAD_REQUEST);
}

static void
a_control_byte_is_a_bad_request(void)
{
	char texts[][40] = { "QUERY_STRING=\x01", "HTTP_COOKIE=n=\x01",
		"HTTP_HOST=a\nb", "HTTP_ORIGIN=a\r", "HTTP_ACCEPT=\x7f",
		"REQUEST_METHOD=GET\t", "HTTP_COOKIE=\x1f" };
	size_t i;

	for (i = 0; i < N(texts); i++) {
		SCOPED(request_free) struct request request = { 0 };

		CHECK(READ(&request, texts[i]), RESULT_BAD_REQUEST);
	}
}

static void
a_content_length_is_a_number_or_nothing(void)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t n;
	} rows[] = {
		{ "", true, 0 },
		{ "0", true, 0 },
		{ "00", true, 0 },
		{ "16384", true, 16384 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1,1", false, 0 },
		{ "-1", false, 0 },
		{ "0x10", false, 0 },
		{ "1e3", false, 0 },
	};
	char param[60];
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(request_free) struct request request = { 0 };

		snprintf(param, sizeof(param), "CONTENT_LENGTH=%s",
		    rows[i].text);
		CHECK(READ(&request, param),
		    rows[i].good ? OK : RESULT_BAD_REQUEST);
		assert_int_equal(request.content_length, rows[i].n);
	}
}

static void
more_cookies_than_the_limit_are_a_bad_request(void)
{
	static char param[REQUEST_COOKIES_MAX + 100];
	SCOPED(request_free) struct request at_limit = { 0 };
	SCOPED(request_free) struct request above = { 0 };

	memset(param, 'a', sizeof(param));
	memcpy(param, "HTTP_COOKIE=", 12);
	param[12 + REQUEST_COOKIES_MAX] = '\0';
	CHECK_OK(READ(&at_limit, param));
	assert_int_equal(at_limit.cookies.n, REQUEST_COOKIES_MAX);
	param[12 + REQUEST_COOKIES_MAX] = 'a';
	param[12 + REQUEST_COOKIES_MAX + 1] = '\0';
	CHECK(READ(&above, param), RESULT_BAD_REQUEST);
}

static void
a_request_is_for_the_program_that_its_path_names(void)
{
	static const struct {
		const char *script, *info;
		bool good;
	} rows[] = {
		{ NULL, NULL, true },
		{ "", "", true },
		{ "/login", NULL, true },
		{ "/a/b/login", "", true },
		{ "", "/login", true },
		{ NULL, "/a/login", true },
		{ "/login", "/x", false },
		{ "/login", "/login", false },
		{ "/logins", NULL, false },
		{ "/xlogin", NULL, false },
		{ "login", NULL, false },
		{ "/login/", NULL, false },
		{ "/callback", NULL, false },
		{ "/LOGIN", NULL, false },
		{ "/", NULL, false },
	};
	struct request request;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		request =
		    (struct request){ .script_name = str_of(rows[i].script),
			    .path_info = str_of(rows[i].info) };
		assert_int_equal(request_is_for(&request, STR("login")),
		    rows[i].good);
	}
}

static void
the_request_id_is_nginxs_or_apaches(void)
{
	struct request request = { .request_id = STR("n"),
		.unique_id = STR("a") };

	CHECK_TEXT(request_id(&request), "n");
	request.request_id = STR("");
	CHECK_TEXT(request_id(&request), "a");
	request.unique_id = str_of(NULL);
	assert_int_equal(request_id(&request).n, 0);
}

static void
methods_are_listed_in_one_order(void)
{
	SCOPED(buf_free) struct buf list = BUF(100);

	request_write_methods(METHOD_POST, &list);
	CHECK_OK(buf_result(&list));
	CHECK_TEXT(buf_str(&list), "POST");
	buf_clear(&list);
	request_write_methods(METHOD_OPTIONS | METHOD_HEAD | METHOD_GET, &list);
	CHECK_OK(buf_result(&list));
	CHECK_TEXT(buf_str(&list), "GET, HEAD, OPTIONS");
}

UNIT_TESTS(request) = {
	TEST(the_parameters_that_are_known_are_read),
	TEST(methods_are_told_apart),
	TEST(cookie_lines_are_joined_in_their_order),
	TEST(a_parameter_given_twice_is_a_bad_request),
	TEST(a_control_byte_is_a_bad_request),
	TEST(a_content_length_is_a_number_or_nothing),
	TEST(more_cookies_than_the_limit_are_a_bad_request),
	TEST(a_request_is_for_the_program_that_its_path_names),
	TEST(the_request_id_is_nginxs_or_apaches),
	TEST(methods_are_listed_in_one_order),
	END_OF_TESTS,
};
