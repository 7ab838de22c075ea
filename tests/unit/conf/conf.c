/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "../run.h"

#define SECRET "the-client-secret-itself"
#define KEY \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define REQUIRED \
	"client_id = the-client\nclient_secret_file = secret\n" \
	"server_key_file = key\nsession_dir = /var/lib/x\n"
#define HTTPS REQUIRED "redirect_uri = https://example.com/a/callback\n"
#define LOOPBACK REQUIRED "redirect_uri = http://127.0.0.1:8080/callback\n"

/* Load this text from a scratch directory that holds the secrets too. */
static unsigned
load(struct str text, struct conf *conf)
{
	run_in_scratch();
	run_write("secret", 0600, STR(SECRET "\n"));
	run_write("key", 0600, STR(KEY "\n"));
	run_write("conf", 0644, text);
	return conf_load("conf", CONF_ALL, conf);
}

/* Whether the configuration may be looked at. */
static bool
is_good(unsigned mistakes)
{
	if (run_refused()) {
		assert_true(mistakes > 0);
		return false;
	}
	assert_string_equal(run_said(), "");
	assert_int_equal(mistakes, 0);
	return true;
}

static void
what_is_not_set_has_its_default(void)
{
	SCOPED(conf_free) struct conf conf = { 0 };

	if (!is_good(load(STR(HTTPS), &conf)))
		return;
	assert_string_equal(conf.client_id, "the-client");
	assert_string_equal(conf.scope, "user-read-email user-follow-read");
	assert_string_equal(conf.after_login, "/a/");
	assert_string_equal(conf.api_url, "https://api.spotify.com/v1");
	assert_string_equal(conf.token_url,
	    "https://accounts.spotify.com/api/token");
	assert_string_equal(conf.authorize_url,
	    "https://accounts.spotify.com/authorize");
	assert_null(conf.proxy);
	assert_null(conf.ca_file);
	assert_string_equal(conf.store, "files");
	assert_false(conf.store_at.engine);
	assert_int_equal(conf.store_replicas, 0);
	assert_null(conf.allowed_origins);
	assert_int_equal(conf.workers, 0);
	assert_int_equal(conf.idle_limit_s, 7 * 86400);
	assert_int_equal(conf.absolute_limit_s, 30 * 86400);
	assert_int_equal(conf.artists_max_age_s, 600);
	assert_int_equal(conf.log_level, LOG_LEVEL_INFO);
	CHECK_TEXT(secret_str(&conf.client_secret), SECRET);
	assert_int_equal(conf.ring.n, 1);
}

static void
the_redirect_uri_decides_where_we_live_and_how_cookies_are_named(void)
{
	SCOPED(conf_free) struct conf https = { 0 }, http = { 0 };

	if (!is_good(load(STR(HTTPS), &https)))
		return;
	CHECK_TEXT(https.base, "https://example.com/a/");
	CHECK_TEXT(https.callback, "callback");
	CHECK_TEXT(https.redirect.origin, "https://example.com");
	assert_false(https.dev);
	assert_string_equal(https.session_cookie,
	    "__Host-spotify.7Qx-3sLS-session");
	assert_string_equal(https.pending_prefix,
	    "__Host-spotify.7Qx-3sLS-login-");
	assert_string_equal(https.cookie_tail,
	    "; Path=/; Secure; HttpOnly; SameSite=Lax");
	assert_int_equal(https.image_origin.n, 0);
	run_write("conf", 0644, STR(LOOPBACK "api_url=http://[::1]:9/v1"));
	if (!is_good(conf_load("conf", 0, &http)))
		return;
	assert_true(http.dev);
	assert_string_equal(http.session_cookie, "spotify-session");
	assert_string_equal(http.pending_prefix, "spotify-login-");
	assert_string_equal(http.cookie_tail,
	    "; Path=/; HttpOnly; SameSite=Lax");
	CHECK_TEXT(http.image_origin, "http://[::1]:9");
}

static void
blanks_comments_and_line_ends_of_any_kind_are_read(void)
{
	SCOPED(conf_free) struct conf conf = { 0 };

	if (!is_good(load(
		STR("\n# comment = x\n\t# another\r\n"
		    "client_id=a#b # comment\r\n"
		    "  client_secret_file\t=\tsecret  \n"
		    "server_key_file = key\nsession_dir=/a b/c=d\t#e\n"
		    "workers=7\n"
		    "redirect_uri = https://e.org/cb\nidle_limit=2h\nlog_level="
		    "debug\nproxy = http://p:1/"),
		&conf)))
		return;
	assert_string_equal(conf.client_id, "a#b");
	assert_string_equal(conf.client_secret_file, "secret");
	assert_string_equal(conf.session_dir, "/a b/c=d");
	assert_string_equal(conf.proxy, "http://p:1/");
	assert_int_equal(conf.workers, 7);
	assert_int_equal(conf.idle_limit_s, 7200);
	assert_int_equal(conf.log_level, LOG_LEVEL_DEBUG);
}

/* A text in front of a good configuration, and the complaint. */
static const struct {
	const char *text, *said;
} wrong[] = {
	{ "x = y", "conf:1: x: unknown key" },
	{ "\n\nClient_ID = y", "conf:3: Client_ID: unknown key" },
	{ "scope\xef\xbb\xbf = user-follow-read", "conf:1: ?: unknown" },
	{ "= v", "conf:1: : unknown key" },
	{ "workers", "conf:1: no \"=\": write key = value" },
	{ "workers =", "conf:1: workers: has no value" },
	{ "workers = # 5", "conf:1: workers: has no value" },
	{ "proxy =#x", "conf:1: proxy: has no value" },
	{ "workers = \"5\"", "conf:1: workers: quotes" },
	{ "proxy = \"v", "conf:1: proxy: quotes" },
	{ "workers = 5\nworkers = 5", "conf:2: workers: set twice" },
	{ "workers = -1", "conf:1: workers: must be a number" },
	{ "workers = 1e3", "conf:1: workers: must be a number" },
	{ "workers = 5s", "conf:1: workers: must be a number" },
	{ "workers = 513", "conf:1: workers: must be from 0 to 512" },
	{ "idle_limit = 0", "conf:1: idle_limit: must be from 60 s" },
	{ "idle_limit = 300x", "conf:1: idle_limit: not a duration" },
	{ "idle_limit = -1", "conf:1: idle_limit: not a duration" },
	{ "idle_limit = 99999999999999999999",
	    "conf:1: idle_limit: not a duration" },
	{ "absolute_limit = 2d\nidle_limit = 3d",
	    "conf:2: idle_limit: is longer than absolute_limit" },
	{ "absolute_limit = 181d", "conf:1: absolute_limit: must be from" },
	{ "artists_max_age = 25h", "conf:1: artists_max_age: must be from" },
	{ "log_level = DEBUG", "conf:1: log_level: must be error" },
	{ "scope = user-read-email", "conf:1: scope: user-follow" },
	{ "after_login = //evil", "conf:1: after_login: must be" },
	{ "after_login = https://x.org/", "conf:1: after_login: must" },
	{ "allowed_origins = *", "conf:1: allowed_origins: not an" },
	{ "allowed_origins = https://a.org null",
	    "conf:1: allowed_origins: not an origin" },
	{ "allowed_origins = https://a.org/",
	    "conf:1: allowed_origins: not an origin" },
	{ "allowed_origins = http://127.0.0.1:3000",
	    "conf:1: allowed_origins: http is for" },
	{ "token_url = http://e.org/", "conf:1: token_url: http is" },
	{ "api_url = x", "conf:1: api_url: not an absolute" },
	{ "ca_file = x", "conf:1: ca_file: must be an absolute" },
	{ "store = file", "conf:1: store: must be files" },
	{ "store_user = me", "conf:1: store_user: needs a store" },
	{ "store_password_file = secret",
	    "conf:1: store_password_file: needs a store" },
	{ "store_replicas = 1", "conf:1: store_replicas: needs a store" },
	{ "store_replicas = 9", "conf:1: store_replicas: must be from 0 to 8" },
	{ "store_ca_file = /x", "conf:1: store_ca_file: needs a store with" },
};

/* Loads the good configuration, with a text in front and a mode. */
static unsigned
load_with(const char *front, unsigned mode, unsigned opens)
{
	SCOPED(buf_free) struct buf text = BUF(10000);
	struct conf conf;
	unsigned mistakes;

	buf_puts(&text, front);
	buf_puts(&text, HTTPS);
	run_write("conf", 0600, buf_str(&text));
	assert_int_equal(chmod("conf", mode), 0);
	mistakes = conf_load("conf", opens, &conf);
	conf_free(&conf);
	return mistakes;
}

static void
a_byte_order_mark_in_front_is_no_mistake(void)
{
	run_in_scratch();
	assert_true(load_with("\xef\xbb\xbf", 0644, 0) == 0 || run_refused());
	assert_true(load_with("\xef\xbb\xbf\xef\xbb\xbf", 0644, 0) > 0);
}

static void
whoever_can_write_the_file_is_refused(void)
{
	struct conf conf;

	run_in_scratch();
	assert_int_equal(load_with("", 0664, 0), 1);
	assert_int_equal(load_with("", 0646, 0), 1);
	if (geteuid() != 0)
		return;
	run_write("conf", 0600, STR(""));
	assert_int_equal(chown("conf", 4711, 0), 0);
	assert_int_equal(conf_load("conf", 0, &conf), 1);
	assert_true(load_with("", 0600, CONF_ANY_OWNER) == 0 || run_refused());
}

static void
every_mistake_is_named_with_its_line(void)
{
	SCOPED(buf_free) struct buf text = BUF(10000);
	struct conf conf;
	unsigned mistakes;
	size_t i;

	run_in_scratch();
	run_write("secret", 0600, STR(SECRET));
	run_write("key", 0600, STR(KEY));
	for (i = 0; i < N(wrong); i++) {
		buf_clear(&text);
		buf_puts(&text, wrong[i].text);
		buf_puts(&text, "\n" HTTPS);
		CHECK_OK(buf_result(&text));
		run_write("conf", 0644, buf_str(&text));
		mistakes = conf_load("conf", 0, &conf);
		conf_free(&conf);
		assert_true(mistakes > 0);
		if (run_refused())
			return;
		if (mistakes != 1 || strstr(run_said(), wrong[i].said) == NULL)
			fail_msg("%u mistakes: %s", mistakes, wrong[i].said);
	}
}

static void
all_mistakes_are_listed_and_the_missing_keys_too(void)
{
	SCOPED(conf_free) struct conf conf = { 0 };
	unsigned mistakes = load(STR("workers = x\nbad = 1\n"), &conf);

	if (run_refused())
		return;
	assert_int_equal(mistakes, 7);
	assert_non_null(strstr(run_said(), "client_id: is required"));
	assert_non_null(strstr(run_said(), "client_secret_file: is required"));
	assert_non_null(strstr(run_said(), "server_key_file: is required"));
	assert_non_null(strstr(run_said(), "redirect_uri: is required"));
	assert_non_null(strstr(run_said(), "session_dir: is required"));
}

static void
what_is_no_text_file_of_ours_is_refused(void)
{
	char large[65537];
	struct conf conf;

	assert_true(load(STR(""), &conf) > 0);
	conf_free(&conf);
	run_write("conf", 0644, STR("client_id = a\0b\n"));
	assert_true(conf_load("conf", 0, &conf) > 0);
	conf_free(&conf);
	memset(large, '#', sizeof(large));
	run_write("conf", 0644, (struct str){ large, sizeof(large) });
	assert_int_equal(conf_load("conf", 0, &conf), 1);
	conf_free(&conf);
	assert_int_equal(conf_load("absent", 0, &conf), 1);
	conf_free(&conf);
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(conf_load("dir", 0, &conf), 1);
	conf_free(&conf);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(conf_load("fifo", 0, &conf), 1);
	conf_free(&conf);
	run_write("conf", 0644, STR("client_id = a\rclient_id = b\r"));
	assert_true(conf_load("conf", 0, &conf) > 0);
	conf_free(&conf);
}

static void
a_bad_secret_is_named_by_its_key_and_never_shown(void)
{
	struct conf conf;
	unsigned mistakes;

	run_in_scratch();
	run_write("conf", 0644, STR(HTTPS));
	run_write("secret", 0600, STR("short"));
	run_write("key", 0644, STR(KEY));
	mistakes = conf_load("conf", CONF_ALL, &conf);
	conf_free(&conf);
	if (!run_refused()) {
		assert_int_equal(mistakes, 2);
		assert_non_null(strstr(run_said(),
		    "conf:2: client_secret_file: has too few"));
		assert_non_null(strstr(run_said(),
		    "conf:3: server_key_file: can be read by others"));
		assert_null(strstr(run_said(), "short"));
		assert_null(strstr(run_said(), KEY));
	}
	/* Who needs no secret opens none. */
	mistakes = conf_load("conf", CONF_STORE, &conf);
	if (!run_refused())
		assert_int_equal(mistakes, 0);
	assert_null(conf.client_secret.p);
	assert_int_equal(conf.ring.n, 0);
	conf_free(&conf);
}

static void
the_printout_reads_back_and_shows_no_secret(void)
{
	static char text[2][4096];
	struct conf conf;
	FILE *out;
	int i;

	for (i = 0; i < 2; i++) {
		if (i == 0)
			is_good(load(
			    STR(HTTPS
				"proxy = http://p:1\nlog_level"
				" = warn\nidle_limit = 2h\nallowed_origins = "
				"https://a.org https://b.org:1\n"),
			    &conf));
		else
			is_good(conf_load("conf", CONF_ALL, &conf));
		if (run_refused()) {
			conf_free(&conf);
			return;
		}
		memset(text[i], 0, sizeof(text[i]));
		out = fmemopen(text[i], sizeof(text[i]) - 1, "w");
		assert_non_null(out);
		conf_print(&conf, out);
		fclose(out);
		conf_free(&conf);
		run_write("conf", 0644, str_of(text[i]));
	}
	assert_string_equal(text[0], text[1]);
	assert_non_null(strstr(text[0], "idle_limit = 7200s\n"));
	assert_non_null(strstr(text[0], "log_level = warn\n"));
	assert_non_null(strstr(text[0], "client_secret_file = secret\n"));
	assert_null(strstr(text[0], "ca_file"));
	assert_null(strstr(text[0], SECRET));
	assert_null(strstr(text[0], KEY));
}

static void
origins_are_allowed_byte_for_byte(void)
{
	SCOPED(conf_free) struct conf conf = { 0 };

	assert_false(conf_allows_origin(&conf, STR("https://a.org")));
	if (!is_good(
		load(STR(HTTPS
			 "allowed_origins = https://a.org  "
			 "https://b.org:8443\nafter_login = https://a.org/x\n"),
		    &conf)))
		return;
	assert_true(conf_allows_origin(&conf, STR("https://a.org")));
	assert_true(conf_allows_origin(&conf, STR("https://b.org:8443")));
	assert_false(conf_allows_origin(&conf, STR("https://b.org")));
	assert_false(conf_allows_origin(&conf, STR("https://A.org")));
	assert_false(conf_allows_origin(&conf, STR("https://a.org/")));
	assert_false(conf_allows_origin(&conf, STR("http://a.org")));
	assert_false(conf_allows_origin(&conf, STR("null")));
	assert_false(conf_allows_origin(&conf, STR("")));
	assert_false(conf_allows_origin(&conf, str_of(NULL)));
}

UNIT_TESTS(conf) = {
	TEST(what_is_not_set_has_its_default),
	TEST(the_redirect_uri_decides_where_we_live_and_how_cookies_are_named),
	TEST(blanks_comments_and_line_ends_of_any_kind_are_read),
	TEST(a_byte_order_mark_in_front_is_no_mistake),
	TEST(whoever_can_write_the_file_is_refused),
	TEST(every_mistake_is_named_with_its_line),
	TEST(all_mistakes_are_listed_and_the_missing_keys_too),
	TEST(what_is_no_text_file_of_ours_is_refused),
	TEST(a_bad_secret_is_named_by_its_key_and_never_shown),
	TEST(the_printout_reads_back_and_shows_no_secret),
	TEST(origins_are_allowed_byte_for_byte),
	END_OF_TESTS,
};
