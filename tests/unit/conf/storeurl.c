/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "conf/storeurl.h"

/* As long as the path of a socket may be. */
#define LONG_PATH \
	"/234567890123456789012345678901234567890123456789012345" \
	"6789012345678901234567890123456789012345678901234567"

static void
files_are_a_store(void)
{
	struct storeurl url;

	assert_null(storeurl_read(STR("files"), &url));
	assert_false(url.engine);
}

static const struct row {
	const char *text, *socket, *hosts, *master;
	int database;
	bool tls;
} rows[] = {
	{ "valkey://db:6379", "", "db:6379", "", 0, false },
	{ "redis://db.example.org:6379/", "", "db.example.org:6379", "", 0,
	    false },
	{ "valkeys://10.0.0.1:6380/12", "", "10.0.0.1:6380", "", 12, true },
	{ "rediss://[fe80::1]:1/0", "", "[fe80::1]:1", "", 0, true },
	{ "valkey+unix:///run/valkey/valkey.sock", "/run/valkey/valkey.sock",
	    "", "", 0, false },
	{ "valkey+unix://" LONG_PATH, LONG_PATH, "", "", 0, false },
	{ "redis+unix:///a:b,c", "/a:b,c", "", "", 0, false },
	{ "valkey+sentinel://a:26379,[::1]:26379/my-master", "",
	    "a:26379,[::1]:26379", "my-master", 0, false },
	{ "valkeys+sentinel://a:1/m.1_x/3", "", "a:1", "m.1_x", 3, true },
};

static void
an_engine_has_a_place(void)
{
	const struct row *row;
	struct storeurl url;

	for (row = rows; row < rows + N(rows); row++) {
#ifdef HAVE_VALKEY
		assert_null(storeurl_read(str_of(row->text), &url));
		assert_true(url.engine);
		CHECK_TEXT(url.socket, row->socket);
		CHECK_TEXT(url.hosts, row->hosts);
		CHECK_TEXT(url.master, row->master);
		assert_int_equal(url.database, row->database);
		assert_int_equal(url.tls, row->tls);
#else
		assert_non_null(strstr(storeurl_read(str_of(row->text), &url),
		    "files only"));
		assert_false(url.engine);
#endif
	}
}

static const struct wrong {
	const char *text, *said;
} wrong[] = {
	{ "", "must be files" },
	{ "Files", "must be files" },
	{ "valkey", "must be files" },
	{ "valkey:/a:1", "must be files" },
	{ "valkeyss://a:1", "must be files" },
	{ "memcached://a:1", "must be files" },
	{ "/var/lib", "must be files" },
#ifdef HAVE_VALKEY
	{ "valkey://", "needs its port" },
	{ "valkey://a", "needs its port" },
	{ "valkey:///0", "needs its port" },
	{ "valkey://:6379", "needs its port" },
	{ "valkey://::1:6379", "not a host" },
	{ "valkey://a_b:6379", "not a host" },
	{ "valkey://[x]:6379", "not an IPv6" },
	{ "valkey://[]:6379", "not an IPv6" },
	{ "valkey://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:1",
	    "not an IPv6" },
	{ "valkey://a:0", "a port is" },
	{ "valkey://a:65536", "a port is" },
	{ "valkey://a:6379x", "a port is" },
	{ "valkey://a:1,b:1", "several hosts" },
	{ "valkey://a:1/x", "a database" },
	{ "valkey://a:1/10000", "a database" },
	{ "valkey://a:1/0/1", "a database" },
	{ "valkey://me:word@a:1", "store_password_file" },
	{ "valkey://:word@a:1", "store_password_file" },
	{ "valkey+sentinel://me:word@a:1/m", "store_password_file" },
	{ "valkey://a:1?db=1", "no query" },
	{ "valkey://a:1/0#x", "no query" },
	{ "valkey://a b:1", "no blanks" },
	{ "valkey+unix://run/a", "absolute path" },
	{ "valkey+unix://", "absolute path" },
	{ "valkeys+unix:///run/a", "no TLS" },
	{ "valkey+unix://" LONG_PATH "x", "107 bytes" },
	{ "valkey+sentinel://a:1", "the name that they have" },
	{ "valkey+sentinel://a:1/", "the name that they have" },
	{ "valkey+sentinel://a:1/m m", "no blanks" },
	{ "valkey+sentinel://a:1/m:", "the name that they have" },
	{ "valkey+sentinel://a:1,/m", "needs its port" },
	{ "valkey+sentinel://a:1,b/m", "needs its port" },
	{ "valkey+sentinel://a:1/m/x", "a database" },
	{ "valkey+cluster://a:1,b:1", "a cluster cannot" },
	{ "valkey+x://a:1", "unix or sentinel" },
#endif
};

static void
what_cannot_be_is_refused_with_the_reason(void)
{
	const char *complaint;
	struct storeurl url;
	size_t i;

	for (i = 0; i < N(wrong); i++) {
		complaint = storeurl_read(str_of(wrong[i].text), &url);
		assert_non_null(complaint);
		if (strstr(complaint, wrong[i].said) == NULL)
			assert_string_equal(complaint, wrong[i].said);
		assert_false(url.engine);
		assert_null(url.hosts.p);
	}
}

#ifdef HAVE_VALKEY
#define PASSWORD "the password"
#define GOOD \
	"client_id = a\nclient_secret_file = s\nserver_key_file = k\n" \
	"redirect_uri = https://e.org/cb\nsession_dir = /x\n"

/* Load it with more; how many mistakes there are. */
static unsigned
load(const char *more, unsigned opens, struct conf *conf)
{
	SCOPED(buf_free) struct buf text = BUF(10000);

	run_in_scratch();
	run_write("password", 0600, STR(PASSWORD "\n"));
	buf_puts(&text, GOOD);
	buf_puts(&text, more);
	*conf = (struct conf){ 0 };
	if (buf_result(&text) != OK)
		return 1;
	run_write("conf", 0644, buf_str(&text));
	return conf_load("conf", opens, conf);
}

static void
the_password_is_opened_with_the_store(void)
{
	static const char more[] = "store = valkeys://db:1/2\nstore_user = me\n"
				   "store_password_file = password\n"
				   "store_ca_file = /a\nstore_cert_file = /b\n"
				   "store_key_file = /c\nstore_replicas = 2\n";
	unsigned opens[] = { 0, CONF_STORE }, mistakes;
	struct conf conf;
	size_t i;

	for (i = 0; i < N(opens); i++) {
		mistakes = load(more, opens[i], &conf);
		if (run_refused()) {
			conf_free(&conf);
			return;
		}
		assert_int_equal(mistakes, 0);
		CHECK_TEXT(conf.store_at.hosts, "db:1");
		CHECK_TEXT(secret_str(&conf.store_password),
		    i == 0 ? "" : PASSWORD);
		assert_int_equal(conf.store_replicas, 2);
		conf_free(&conf);
		assert_null(conf.store_password.p);
	}
}

/* Keys that do not fit together, and what is said of them. */
static const struct pair {
	const char *more, *said;
} pairs[] = {
	{ "store = valkey://db:1\nstore_user = me", "7: store_user: needs" },
	{ "store = valkey://db:1\nstore_ca_file = /a",
	    "7: store_ca_file: needs a store with TLS" },
	{ "store = valkeys://db:1\nstore_cert_file = /a",
	    "7: store_cert_file: needs" },
	{ "store = valkeys://db:1\nstore_key_file = /a",
	    "7: store_key_file: needs" },
	{ "store = valkey://db:1\nstore_password_file = nothing",
	    "7: store_password_file: does not exist" },
	{ "store = valkey://me:word@db:1", "6: store: an address is printed" },
};

static void
keys_that_do_not_fit_together_are_refused(void)
{
	unsigned mistakes;
	struct conf conf;
	size_t i;

	for (i = 0; i < N(pairs); i++) {
		mistakes = load(pairs[i].more, CONF_STORE, &conf);
		conf_free(&conf);
		if (run_refused())
			return;
		assert_int_equal(mistakes, 1);
		assert_non_null(strstr(run_said(), pairs[i].said));
		assert_null(strstr(run_said(), "word@"));
	}
}
#endif

UNIT_TESTS(storeurl) = {
	TEST(files_are_a_store),
	TEST(an_engine_has_a_place),
	TEST(what_cannot_be_is_refused_with_the_reason),
#ifdef HAVE_VALKEY
	TEST(the_password_is_opened_with_the_store),
	TEST(keys_that_do_not_fit_together_are_refused),
#endif
	END_OF_TESTS,
};
