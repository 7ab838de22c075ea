/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run.h"
#include "base/clock.h"
#include "engine/sentinel.h"

/* What a sentinel says, and what comes of it. */
static const struct row {
	const char *answers;
	enum result result;
	const char *text; /* the address, or words */
} rows[] = {
	{ "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n", OK, "10.0.0.1:6379" },
	{ "*2\r\n$3\r\n::1\r\n$4\r\n6379\r\n", OK, "[::1]:6379" },
	{ "*2\r\n$2\r\ndb\r\n$1\r\n1\r\n", OK, "db:1" },
	{ "-NOAUTH no\r\n+OK\r\n*2\r\n$2\r\ndb\r\n$1\r\n1\r\n", OK, "db:1" },
	{ "-NOAUTH no\r\n-WRONGPASS no\r\n", RESULT_STORE,
	    "does not know this user" },
	{ "-NOAUTH no\r\n+OK\r\n-NOPERM no\r\n", RESULT_STORE, "no right" },
	{ "*-1\r\n", RESULT_STORE, "know no master" },
	{ "-ERR unknown command 'SENTINEL'\r\n", RESULT_STORE,
	    "this is no sentinel" },
	{ "-LOADING no\r\n", RESULT_STORE, "still loading" },
	{ "+OK\r\n", RESULT_BAD_TEXT, "no sentinel" },
	{ "*0\r\n", RESULT_BAD_TEXT, "no sentinel" },
	{ "*2\r\n$0\r\n\r\n$1\r\n1\r\n", RESULT_BAD_TEXT, "no sentinel" },
	{ "*2\r\n$3\r\na b\r\n$1\r\n1\r\n", RESULT_BAD_TEXT, "no sentinel" },
	{ "*2\r\n:1\r\n:2\r\n", RESULT_BAD_TEXT, "no sentinel" },
	{ "*2\r\n$70\r\n1234567890123456789012345678901234567890"
	  "123456789012345678901234567890\r\n$1\r\n1\r\n",
	    RESULT_BAD_TEXT, "" },
};

struct setting {
	struct link link;
	struct buf address;
	struct secret password;
	int peer;
};

static void
end(struct setting *setting)
{
	wire_close(&setting->link.wire);
	close(setting->peer);
	buf_free(&setting->address);
	secret_free(&setting->password);
}

static void
a_sentinel_names_the_master(void)
{
	const struct row *row;
	int fds[2];

	for (row = rows; row < rows + N(rows); row++) {
		SCOPED(end)
		struct setting setting = {
			.link = { .wire = WIRE_NONE },
			.address = BUF(64),
		};
		struct link_login login = { .password = &setting.password };

		assert_int_equal(socketpair(AF_UNIX,
				     SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		    0);
		setting.link.wire.fd = fds[0];
		setting.link.wire.in = BUF(100000);
		setting.peer = fds[1];
		CHECK_OK(secret_set(&setting.password, "p", 1));
		assert_int_equal(send(fds[1], row->answers,
				     strlen(row->answers), 0),
		    strlen(row->answers));
		CHECK(sentinel_ask(&setting.link, STR("m"), &login,
			  clock_mono_ms() + 1000, &setting.address),
		    row->result);
		if (row->result == OK)
			CHECK_TEXT(buf_str(&setting.address), row->text);
		else
			assert_non_null(strstr(row->result == RESULT_STORE ?
				setting.link.error.words :
				setting.link.wire.trouble,
			    row->text));
	}
}

UNIT_TESTS(sentinel) = {
	TEST(a_sentinel_names_the_master),
	END_OF_TESTS,
};
