/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "conf/values.h"
#include "../run.h"

/* A value, and a word of the complaint; NULL when it is fine. */
struct row {
	const char *value, *complaint;
};

static void
check(const char *complaint, const struct row *row)
{
	if (complaint == NULL && row->complaint == NULL)
		return;
	if (complaint == NULL || row->complaint == NULL ||
	    strstr(complaint, row->complaint) == NULL)
		fail_msg("%s: %s", row->value, complaint);
}

static void
a_redirect_uri_is_https_or_a_loopback_address(void)
{
	static const struct row rows[] = {
		{ "https://example.com/callback", NULL },
		{ "https://example.com/a/b/callback", NULL },
		{ "https://example.com:8443/callback", NULL },
		{ "http://127.0.0.1/callback", NULL },
		{ "http://127.0.0.1:8080/cb", NULL },
		{ "http://[::1]:8080/cb", NULL },
		{ "http://localhost/cb", "refuses localhost" },
		{ "http://localhost:8080/cb", "refuses localhost" },
		{ "http://example.com/cb", "http is for" },
		{ "http://127.0.0.1.nip.io/cb", "http is for" },
		{ "https://h#f", "has a fragment" },
		{ "https://user@h/cb", "has a user" },
		{ "https://h/ cb", "has a blank" },
		{ "https://h:99999/cb", "not an absolute" },
		{ "/callback", "not an absolute" },
		{ "", "not an absolute" },
		{ "https://Example.com/cb", "lower case" },
		{ "https://example.com/Callback", NULL },
		{ "https://example.com:443/cb", "default port" },
		{ "http://127.0.0.1:80/cb", "default port" },
		{ "https://example.com", "path of callback" },
		{ "https://example.com/", "path of callback" },
		{ "https://example.com/cb/", "path of callback" },
		{ "https://example.com/cb?x=y", "path of callback" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_redirect_uri(str_of(rows[i].value)), &rows[i]);
}

static void
an_issuer_is_an_endpoint_without_a_query(void)
{
	static const struct row rows[] = {
		{ "https://accounts.example", NULL },
		{ "https://id.example/realms/one", NULL },
		{ "https://id.example/realms/one/", NULL },
		{ "http://127.0.0.1:8080", NULL },
		{ "https://id.example/?x", "no query" },
		{ "https://id.example/#x", "has a fragment" },
		{ "http://id.example", "http is for" },
		{ "id.example", "not an absolute" },
		{ "", "not an absolute" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_issuer(str_of(rows[i].value)), &rows[i]);
}

static void
an_endpoint_is_https_or_on_loopback(void)
{
	static const struct row rows[] = {
		{ "https://accounts.spotify.com/authorize", NULL },
		{ "http://127.0.0.1:1234/v1", NULL },
		{ "http://accounts.spotify.com/authorize", "https" },
		{ "http://localhost/", "https" },
		{ "accounts.spotify.com", "not an absolute" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_endpoint(str_of(rows[i].value)), &rows[i]);
}

static void
a_proxy_has_no_user_and_no_path(void)
{
	static const struct row rows[] = {
		{ "http://proxy.example:3128", NULL },
		{ "https://proxy.example/", NULL },
		{ "http://user:pw@proxy.example:3128", "not a proxy" },
		{ "http://proxy.example/x", "not a proxy" },
		{ "socks5://proxy.example", "not a proxy" },
		{ "proxy.example:3128", "not a proxy" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_proxy(str_of(rows[i].value)), &rows[i]);
}

static void
an_origin_is_written_as_browsers_do(void)
{
	static const struct row rows[] = {
		{ "https://app.example.com", NULL },
		{ "https://app.example.com:8443", NULL },
		{ "*", "not an origin" },
		{ "null", "not an origin" },
		{ "", "not an origin" },
		{ "https://app.example.com/", "not an origin" },
		{ "https://app.example.com/x", "not an origin" },
		{ "https://*.example.com", "not an origin" },
		{ "https://App.example.com", "lower case" },
		{ "https://app.example.com:443", "default port" },
		{ "http://app.example.com", "http is for" },
		{ "http://127.0.0.1:3000", "http is for" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_origin(str_of(rows[i].value), false), &rows[i]);
	assert_null(values_origin(STR("http://127.0.0.1:3000"), true));
	assert_non_null(values_origin(STR("http://app.example.com"), true));
}

static void
a_scope_has_user_follow_read_and_single_blanks(void)
{
	static const struct row rows[] = {
		{ "user-follow-read", NULL },
		{ "user-read-email user-follow-read", NULL },
		{ "user-read-email", "is needed" },
		{ "user-follow-reads", "is needed" },
		{ "USER-FOLLOW-READ", "lower case" },
		{ "", "one blank" },
		{ " user-follow-read", "one blank" },
		{ "user-follow-read ", "one blank" },
		{ "a  user-follow-read", "one blank" },
		{ "user-follow-read a\"b", "not a scope" },
		{ "user-follow-read a\\b", "not a scope" },
		{ "user-follow-read\tx", "one blank" },
		{ "user-follow-read \xc3\xbc", "not a scope" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		check(values_scope(str_of(rows[i].value)), &rows[i]);
	assert_non_null(values_scope(str_of(NULL)));
}

static void
a_client_id_is_graphic_and_has_no_colon(void)
{
	char text[256];

	memset(text, 'a', sizeof(text));
	assert_null(values_client_id((struct str){ text, 1 }));
	assert_null(values_client_id((struct str){ text, 255 }));
	assert_non_null(values_client_id((struct str){ text, 256 }));
	assert_non_null(values_client_id(STR("")));
	assert_non_null(values_client_id(STR("a:b")));
	assert_non_null(values_client_id(STR("a b")));
	assert_non_null(values_client_id(STR("\xc3\xbc")));
}

static void
a_path_is_absolute(void)
{
	assert_null(values_path(STR("/var/lib/x")));
	assert_non_null(values_path(STR("var/lib/x")));
	assert_non_null(values_path(STR("")));
	assert_non_null(values_path(STR("~/x")));
}

static void
a_duration_is_a_number_and_perhaps_a_unit(void)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{ "0", 0 },
		{ "5", 5 },
		{ "5s", 5 },
		{ "5m", 300 },
		{ "5h", 18000 },
		{ "7d", 604800 },
		{ "010m", 600 },
		{ "1000000000d", 86400000000000 },
		{ "1000000001", -1 },
		{ "", -1 },
		{ "d", -1 },
		{ "-1", -1 },
		{ "+5", -1 },
		{ "300x", -1 },
		{ "5 m", -1 },
		{ "1e3", -1 },
		{ "1.5h", -1 },
		{ "5dd", -1 },
		{ "5M", -1 },
		{ "99999999999999999999", -1 },
		{ "0x10", -1 },
	};
	int64_t seconds;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		seconds = -1;
		assert_int_equal(values_duration(str_of(rows[i].text),
				     &seconds) == NULL,
		    rows[i].seconds >= 0);
		assert_true(seconds == rows[i].seconds);
	}
}

UNIT_TESTS(values) = {
	TEST(a_redirect_uri_is_https_or_a_loopback_address),
	TEST(an_endpoint_is_https_or_on_loopback),
	TEST(an_issuer_is_an_endpoint_without_a_query),
	TEST(a_proxy_has_no_user_and_no_path),
	TEST(an_origin_is_written_as_browsers_do),
	TEST(a_scope_has_user_follow_read_and_single_blanks),
	TEST(a_client_id_is_graphic_and_has_no_colon),
	TEST(a_path_is_absolute),
	TEST(a_duration_is_a_number_and_perhaps_a_unit),
	END_OF_TESTS,
};
