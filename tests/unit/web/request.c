/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "web/request.h"
#include "../run.h"

#define READ(request, ...) \
	request_read((char *const[]){ __VA_ARGS__, NULL }, &conf, request)

static const struct conf conf = { .session_cookie = "s",
	.pending_prefix = "p-" };
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
		{ "REQUEST_METHOD=PUT", METHOD_PUT },
		{ "REQUEST_METHOD=DELETE", METHOD_DELETE },
		{ "REQUEST_METHOD=PATCH", METHOD_OTHER },
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
our_cookies_of_all_lines_are_joined_in_their_order(void)
{
	SCOPED(request_free) struct request request = { 0 };
	char a[] = "HTTP_COOKIE=a=1; p-x=1; s2=x",
	     b[] = "HTTP_COOKIE= s=2;S=3; p-x=4 ;; p-;s; p=5";

	CHECK_OK(READ(&request, a, get, b));
	CHECK_TEXT(buf_str(&request.cookies), "p-x=1; s=2; p-x=4");
}

static void
cookies_of_others_may_be_as_they_like(void)
{
	static char large[100000];
	char odd[][40] = { "HTTP_COOKIE=a=\t", "HTTP_COOKIE=\x01=\x7f",
		"HTTP_COOKIE=\xff=\xfe", "HTTP_COOKIE=\"; =;;=" };
	char *const others[] = { odd[0], odd[1], odd[2], odd[3], large };
	char ours[] = "HTTP_COOKIE=b=\t; s=1; c=\x01";
	size_t i;

	memset(large, 'a', sizeof(large) - 1);
	memcpy(large, "HTTP_COOKIE=a=", 14);
	for (i = 0; i < N(others); i++) {
		SCOPED(request_free) struct request request = { 0 };

		CHECK_OK(READ(&request, others[i], ours, others[i]));
		CHECK_TEXT(buf_str(&request.cookies), "s=1");
	}
}

static void
a_cookie_that_cannot_be_ours_is_left_out(void)
{
	static char large[2000];
	char odd[][40] = { "HTTP_COOKIE=p-a b=1", "HTTP_COOKIE=p-\x01=1",
		"HTTP_COOKIE=p-\xff=1" };
	char *const others[] = { odd[0], odd[1], odd[2], large };
	size_t i;

	memset(large, 'a', sizeof(large) - 1);
	memcpy(large, "HTTP_COOKIE=s=", 14);
	for (i = 0; i < N(others); i++) {
		SCOPED(request_free) struct request request = { 0 };

		CHECK_OK(READ(&request, others[i]));
		assert_int_equal(request.cookies.n, 0);
	}
}

static void
a_crowd_of_ours_leaves_room_for_the_session(void)
{
	static char crowd[REQUEST_COOKIES_MAX * 4];
	SCOPED(request_free) struct request request = { 0 };
	char ours[] = "HTTP_COOKIE=s=1; s=2; s=3";
	size_t n;

	n = (size_t)snprintf(crowd, sizeof(crowd), "HTTP_COOKIE=");
	while (n < sizeof(crowd) - 20)
		n += (size_t)snprintf(crowd + n, sizeof(crowd) - n,
		    "p-%08zu=1; ", n);
	CHECK_OK(READ(&request, crowd, ours, crowd));
	assert_true(request.cookies.n <= REQUEST_COOKIES_MAX);
	assert_true(request.cookies.n > REQUEST_COOKIES_MAX / 2);
	assert_true(str_ends(buf_str(&request.cookies), STR("; s=1; s=2")));
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
of_a_header_that_only_helps_the_first_counts(void)
{
	SCOPED(request_free) struct request request = { 0 };
	char a[] = "HTTP_ACCEPT=a\x01", b[] = "HTTP_ACCEPT=b";

	CHECK_OK(READ(&request, a, b));
	CHECK_TEXT(request.accept, "a\x01");
}

static void
a_control_byte_is_refused_where_the_web_server_would_send_none(void)
{
	static const struct {
		char text[40];
		bool good;
	} rows[] = {
		{ "QUERY_STRING=\x01", false },
		{ "HTTP_HOST=a\nb", false },
		{ "REQUEST_METHOD=GET\t", false },
		{ "SCRIPT_NAME=/\x1f", false },
		{ "HTTP_ORIGIN=a\r", true },
		{ "HTTP_SEC_FETCH_SITE=\t", true },
		{ "HTTP_ACCEPT=\x7f", true },
		{ "HTTP_IF_NONE_MATCH=\x01", true },
		{ "REQUEST_ID=\x01", true },
	};
	char text[40];
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(request_free) struct request request = { 0 };

		memcpy(text, rows[i].text, sizeof(text));
		CHECK(READ(&request, text),
		    rows[i].good ? OK : RESULT_BAD_REQUEST);
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
what_the_configuration_has_escaped_servers_have_decoded(void)
{
	static const struct {
		const char *path, *base;
		bool good;
	} rows[] = {
		{ "/my site/api/me", "/my%20site/", true },
		{ "/caf\xc3\xa9/api/me", "/caf%C3%a9/", true },
		{ "/a+%/api/me", "/a+%/", true },
		{ "/a b/api/me", "/a+b/", false },
		{ "/my%20site/api/me", "/my%20site/", false },
	};
	struct request request;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(buf_free) struct buf path = BUF(32);

		request =
		    (struct request){ .script_name = str_of(rows[i].path) };
		CHECK(request_path_below(&request, str_of(rows[i].base),
			  STR("api"), &path),
		    rows[i].good ? OK : RESULT_NOT_FOUND);
	}
	request = (struct request){ .script_name = STR("/x/call back") };
	assert_true(request_is_for(&request, STR("call%20back")));
	assert_false(request_is_for(&request, STR("call%2520back")));
}

static void
a_path_below_a_program_is_what_follows_its_name(void)
{
	static const struct {
		const char *script, *info, *below;
	} rows[] = {
		{ "/s/api/me", NULL, "/me" },
		{ "/s/api", "/me", "/me" },
		{ "", "/s/api/me", "/me" },
		{ "/s/api/me", "/x", "/me/x" },
		{ "/s/ap", "i/me", "/me" },
		{ "/s/api", "/api/me", "/api/me" },
		{ "/s/api//me", "", "//me" },
		{ "/s/api/%2e", "", "/%2e" },
		{ NULL, NULL, NULL },
		{ "/s/api", NULL, NULL },
		{ "/s/apis/me", NULL, NULL },
		{ "/api/me", NULL, NULL },
		{ "/s/x/api/me", NULL, NULL },
		{ "//s/api/me", NULL, NULL },
		{ "/S/api/me", NULL, NULL },
		{ "/s/API/me", NULL, NULL },
		{ "/s/api/0123456789012345678901234567890123", NULL, NULL },
	};
	struct request request;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(buf_free) struct buf path = BUF(32);

		request =
		    (struct request){ .script_name = str_of(rows[i].script),
			    .path_info = str_of(rows[i].info) };
		CHECK(request_path_below(&request, STR("/s/"), STR("api"),
			  &path),
		    rows[i].below == NULL ? RESULT_NOT_FOUND : OK);
		if (rows[i].below != NULL)
			CHECK_TEXT(buf_str(&path), rows[i].below);
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
only_the_web_server_itself_can_ask_for_others(void)
{
	static const struct {
		char text[60];
		bool good;
	} rows[] = {
		{ "SPOTIFY_FCGI_REQUIRE=1", true },
		{ "SPOTIFY_FCGI_REQUIRE=0", false },
		{ "SPOTIFY_FCGI_REQUIRE=", false },
		{ "SPOTIFY_FCGI_REQUIRE=11", false },
		{ "HTTP_SPOTIFY_FCGI_REQUIRE=1", false },
		{ "QUERY_STRING=require=1&SPOTIFY_FCGI_REQUIRE=1", false },
	};
	char text[60];
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(request_free) struct request request = { 0 };

		memcpy(text, rows[i].text, sizeof(text));
		CHECK_OK(READ(&request, text));
		assert_int_equal(request_requires(&request), rows[i].good);
	}
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
	TEST(our_cookies_of_all_lines_are_joined_in_their_order),
	TEST(cookies_of_others_may_be_as_they_like),
	TEST(a_cookie_that_cannot_be_ours_is_left_out),
	TEST(a_crowd_of_ours_leaves_room_for_the_session),
	TEST(a_parameter_given_twice_is_a_bad_request),
	TEST(of_a_header_that_only_helps_the_first_counts),
	TEST(a_control_byte_is_refused_where_the_web_server_would_send_none),
	TEST(a_content_length_is_a_number_or_nothing),
	TEST(a_request_is_for_the_program_that_its_path_names),
	TEST(what_the_configuration_has_escaped_servers_have_decoded),
	TEST(a_path_below_a_program_is_what_follows_its_name),
	TEST(only_the_web_server_itself_can_ask_for_others),
	TEST(the_request_id_is_nginxs_or_apaches),
	TEST(methods_are_listed_in_one_order),
	END_OF_TESTS,
};
