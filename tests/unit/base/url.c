/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "base/url.h"

static void
a_url_is_split_into_slices_of_itself(void)
{
	static const struct {
		const char *text, *origin, *host, *path;
		bool https, loopback;
	} rows[] = {
		{ "https://example.com", "https://example.com", "example.com",
		    "", true, false },
		{ "https://example.com/", "https://example.com", "example.com",
		    "/", true, false },
		{ "https://e.org:8443/a/b?c=d&e", "https://e.org:8443", "e.org",
		    "/a/b?c=d&e", true, false },
		{ "http://127.0.0.1:8080/x", "http://127.0.0.1:8080",
		    "127.0.0.1", "/x", false, true },
		{ "http://[::1]:65535/x", "http://[::1]:65535", "[::1]", "/x",
		    false, true },
		{ "https://[2001:db8::1]/x", "https://[2001:db8::1]",
		    "[2001:db8::1]", "/x", true, false },
		{ "http://localhost/x", "http://localhost", "localhost", "/x",
		    false, false },
		{ "http://127.0.0.1.evil.test/", "http://127.0.0.1.evil.test",
		    "127.0.0.1.evil.test", "/", false, false },
		{ "http://127.0.0.2/", "http://127.0.0.2", "127.0.0.2", "/",
		    false, false },
	};
	struct url url;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		assert_true(url_split(str_of(rows[i].text), &url));
		CHECK_TEXT(url.origin, rows[i].origin);
		CHECK_TEXT(url.host, rows[i].host);
		CHECK_TEXT(url.path, rows[i].path);
		assert_int_equal(url.https, rows[i].https);
		assert_int_equal(url.loopback, rows[i].loopback);
	}
}

static void
an_odd_url_is_no_url(void)
{
	static const char *const bad[] = {
		"",
		"/",
		"//e.org/",
		"e.org",
		"https:",
		"https://",
		"https:///x",
		"https:/e.org",
		"HTTPS://e.org/",
		"ftp://e.org/",
		"javascript:1",
		"data:,x",
		" https://e.org",
		"https://user@e.org/",
		"https://user:pw@e.org/",
		"https://e.org@evil.test/",
		"https://e.org:pw@evil.test/",
		"https://e.org#f",
		"https://e.org/#f",
		"https://e.org/ x",
		"https://e.org/x\ny",
		"https://e.org/\xc3\xbc",
		"https://\xc3\xbc.org/",
		"https://e.org\\x",
		"https://e.org/\\x",
		"https://e.org:0/",
		"https://e.org:/",
		"https://e.org:65536/",
		"https://e.org:99999/",
		"https://e.org:080/",
		"https://e.org:x/",
		"https://e.org:-1/",
		"https://e.org?x",
		"https://[]/",
		"https://[::1/",
		"https://[::1]x/",
		"https://[e.org]/",
		"https://::1/",
		"https://.e.org/",
		"https://-e.org/",
		"https://e_org/",
		"https://e%2eorg/",
		"https://e.org,x/",
		"https://*.e.org/",
	};
	struct url url;
	size_t i;

	for (i = 0; i < N(bad); i++)
		if (url_split(str_of(bad[i]), &url))
			fail_msg("accepted: %s", bad[i]);
	assert_false(url_split(STR("https://e.org/\0x"), &url));
	assert_false(url_split(str_of(NULL), &url));
}

static void
a_host_is_compared_without_its_port(void)
{
	static const struct {
		const char *host, *only;
	} rows[] = {
		{ "e.org", "e.org" },
		{ "e.org:8080", "e.org" },
		{ "e.org:", "e.org" },
		{ "127.0.0.1:1", "127.0.0.1" },
		{ "127.0.0.1", "127.0.0.1" },
		{ "[::1]", "[::1]" },
		{ "[::1]:8080", "[::1]" },
		{ "", "" },
		{ ":80", "" },
		{ "8080", "8080" },
		{ "[", "[" },
		{ "[::1", "[::1" },
		{ "e.org:80x", "e.org:80x" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		CHECK_TEXT(url_host_only(str_of(rows[i].host)), rows[i].only);
	assert_int_equal(url_host_only(str_of(NULL)).n, 0);
}

static void
a_login_returns_to_paths_of_this_site(void)
{
	static const char *const good[] = {
		"/",
		"/a",
		"/a/b?c=d&e=f",
		"/a?x=//evil.test",
		"/a#b",
		"/a//b",
		"/;@evil.test",
		"/@evil.test",
		"/%20",
		"/a%2f%2fevil.test",
		"/a/../b",
		"/~me",
		"/?",
		"/a:b",
		"/-",
	};
	size_t i;

	for (i = 0; i < N(good); i++)
		if (!url_is_local(str_of(good[i])))
			fail_msg("refused: %s", good[i]);
}

static void
a_login_returns_nowhere_else(void)
{
	static const char *const bad[] = {
		"",
		"a",
		"evil.test",
		"https://evil.test",
		"http:evil.test",
		"javascript:alert(1)",
		"//evil.test",
		"///evil.test",
		"/%2e//evil.test",
		"/\\evil.test",
		"\\evil.test",
		"\\\\evil.test",
		"/\\/evil.test",
		"/a\\b",
		"/ a",
		"/\tevil",
		"/\t/evil.test",
		"/\n/evil.test",
		"/\r/evil.test",
		"/a\r\nSet-Cookie: a=b",
		"/\x01",
		"/\x7f",
		"/\xc3\xbc",
		"/%09/evil.test",
		"/%0a/evil.test",
		"/%0d%0a",
		"/%00",
		"/%1f/evil.test",
		"/%2f/evil.test",
		"/%2Fevil.test",
		"/%5cevil.test",
		"/%5Cevil.test",
		"/.//evil.test",
		"/./evil",
		"/..//evil.test",
		"/../evil",
		"/.",
		"/.evil",
		" /a",
		"\t/a",
		"?a",
		"#a",
		"/a b",
	};
	char path[URL_RETURN_MAX + 1];
	size_t i;

	for (i = 0; i < N(bad); i++)
		if (url_is_local(str_of(bad[i])))
			fail_msg("accepted: %s", bad[i]);
	assert_false(url_is_local(STR("/a\0b")));
	assert_false(url_is_local(str_of(NULL)));
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	assert_true(url_is_local((struct str){ path, URL_RETURN_MAX }));
	assert_false(url_is_local((struct str){ path, URL_RETURN_MAX + 1 }));
}

static void
only_spotifys_pictures_and_pages_reach_a_browser(void)
{
	static const struct {
		const char *url;
		bool good;
	} rows[] = {
		{ "https://i.scdn.co/image/ab", true },
		{ "https://a.b.scdn.co/x", true },
		{ "https://image-cdn.spotifycdn.com/x", true },
		{ "https://open.spotify.com/artist/1", true },
		{ "http://127.0.0.1:99/x", true },
		{ "http://127.0.0.1:98/x", false },
		{ "http://127.0.0.1/x", false },
		{ "http://i.scdn.co/image/ab", false },
		{ "https://i.scdn.co:8443/x", false },
		{ "https://i.scdn.co:443/x", false },
		{ "https://evilscdn.co/x", false },
		{ "https://scdn.co/x", false },
		{ "https://i.scdn.co.evil.test/x", false },
		{ "https://evil.test/i.scdn.co/", false },
		{ "https://evil.test@i.scdn.co/", false },
		{ "https://i.scdn.co@evil.test/", false },
		{ "https://xopen.spotify.com/x", false },
		{ "https://a.open.spotify.com/x", false },
		{ "javascript:alert(1)//.scdn.co", false },
		{ "//i.scdn.co/x", false },
		{ "", false },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		if (url_is_spotify(str_of(rows[i].url),
			STR("http://127.0.0.1:99")) != rows[i].good)
			fail_msg("wrong: %s", rows[i].url);
	assert_false(url_is_spotify(STR("http://127.0.0.1:99/x"), STR("")));
}

UNIT_TESTS(url) = {
	TEST(a_url_is_split_into_slices_of_itself),
	TEST(an_odd_url_is_no_url),
	TEST(a_host_is_compared_without_its_port),
	TEST(a_login_returns_to_paths_of_this_site),
	TEST(a_login_returns_nowhere_else),
	TEST(only_spotifys_pictures_and_pages_reach_a_browser),
	END_OF_TESTS,
};
