/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "../run.h"
#include "base/clock.h"
#include "engine/wire.h"

#define MAX 4096

/* A wire, and the other end of it. */
struct ends {
	struct wire wire;
	int peer;
};

static struct ends
begin(void)
{
	struct ends ends = { .wire = WIRE_NONE };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     fds),
	    0);
	ends.wire.fd = fds[0];
	ends.wire.in = BUF(MAX + 32768);
	ends.peer = fds[1];
	return ends;
}

static void
end(struct ends *ends)
{
	wire_close(&ends->wire);
	if (ends->peer >= 0)
		close(ends->peer);
}

static void
hang_up(struct ends *ends)
{
	close(ends->peer);
	ends->peer = -1;
}

static void
say(const struct ends *ends, struct str text)
{
	assert_int_equal(send(ends->peer, text.p, text.n, MSG_NOSIGNAL),
	    text.n);
}

static int64_t
in_ms(int64_t ms)
{
	return clock_mono_ms() + ms;
}

static void
what_is_sent_arrives(void)
{
	SCOPED(end) struct ends ends = begin();
	char got[8];
	size_t sent;

	CHECK_OK(wire_send(&ends.wire, STR("command"), in_ms(1000), &sent));
	assert_int_equal(sent, 7);
	assert_int_equal(recv(ends.peer, got, sizeof(got), 0), 7);
	assert_memory_equal(got, "command", 7);
}

static void
replies_are_read_wherever_they_are_cut(void)
{
	static const char text[] = "*2\r\n$3\r\nabc\r\n:7\r\n+OK\r\n";
	const size_t n = sizeof(text) - 1;
	struct resp reply;
	size_t cut;

	for (cut = 0; cut <= n; cut++) {
		SCOPED(end) struct ends ends = begin();

		say(&ends, (struct str){ text, cut });
		if (cut < n - 5) {
			CHECK(wire_reply(&ends.wire, in_ms(1), &reply),
			    RESULT_UPSTREAM_TIMEOUT);
			say(&ends, (struct str){ text + cut, n - cut });
		} else {
			say(&ends, (struct str){ text + cut, n - cut });
		}
		CHECK_OK(wire_reply(&ends.wire, in_ms(1000), &reply));
		assert_int_equal(resp_item(&reply, 1).integer, 7);
		resp_free(&reply);
		CHECK_OK(wire_reply(&ends.wire, in_ms(1000), &reply));
		CHECK_TEXT(reply.text, "OK");
		resp_free(&reply);
		assert_true(wire_is_quiet(&ends.wire));
	}
}

static void
a_peer_that_has_gone_is_noticed(void)
{
	SCOPED(end) struct ends ends = begin();
	struct resp reply;
	size_t sent;

	assert_true(wire_is_quiet(&ends.wire));
	hang_up(&ends);
	assert_false(wire_is_quiet(&ends.wire));
	CHECK(wire_reply(&ends.wire, in_ms(1000), &reply),
	    RESULT_UPSTREAM_FAILED);
	CHECK(wire_send(&ends.wire, STR("a"), in_ms(1000), &sent),
	    RESULT_UPSTREAM_FAILED);
	assert_int_equal(sent, 0);
	assert_int_equal(ends.wire.trouble_errno, EPIPE);
	assert_string_equal(ends.wire.trouble, "the connection was closed");
}

static void
what_nobody_asked_for_is_not_quiet(void)
{
	SCOPED(end) struct ends ends = begin();
	struct resp reply;

	say(&ends, STR("+A\r\n+B"));
	assert_false(wire_is_quiet(&ends.wire));
	CHECK_OK(wire_reply(&ends.wire, in_ms(1000), &reply));
	resp_free(&reply);
	assert_false(wire_is_quiet(&ends.wire));
}

static void
a_peer_that_does_not_read_holds_nobody_up(void)
{
	SCOPED(end) struct ends ends = begin();
	static char much[4 << 20];
	int64_t began_ms = clock_mono_ms();
	size_t sent;

	memset(much, 'a', sizeof(much));
	CHECK(wire_send(&ends.wire, (struct str){ much, sizeof(much) },
		  in_ms(20), &sent),
	    RESULT_UPSTREAM_TIMEOUT);
	assert_true(sent > 0 && sent < sizeof(much));
	assert_true(clock_mono_ms() - began_ms >= 20);
}

#define DROPS 1000

static struct {
	int peer;
	atomic_bool enough;
	unsigned sent;
} dripping;

/* A byte each 30 ms, for half a minute or until it is enough. */
static void *
drip(void *data)
{
	unsigned i;

	(void)data;
	for (i = 0; i < DROPS && !atomic_load(&dripping.enough); i++) {
		usleep(30000);
		send(dripping.peer, i == 0 ? "+" : "a", 1, MSG_NOSIGNAL);
	}
	dripping.sent = i;
	return NULL;
}

static void
a_byte_now_and_then_does_not_stretch_the_time(void)
{
	SCOPED(end) struct ends ends = begin();
	int64_t began_ms = clock_mono_ms();
	struct resp reply;
	pthread_t thread;
	enum result result;
	int64_t took_ms;

	dripping.peer = ends.peer;
	atomic_store(&dripping.enough, false);
	pthread_create(&thread, NULL, drip, NULL);
	result = wire_reply(&ends.wire, began_ms + 100, &reply);
	took_ms = clock_mono_ms() - began_ms;
	atomic_store(&dripping.enough, true);
	pthread_join(thread, NULL);
	CHECK(result, RESULT_UPSTREAM_TIMEOUT);
	assert_true(took_ms >= 100 && dripping.sent < DROPS);
}

static void
a_reply_that_is_none_or_too_long_is_refused(void)
{
	static const struct row {
		const char *text, *trouble;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", "neither Valkey nor Redis" },
		{ "\x15\x03\x01\x00\x02\x02\x28", "the scheme is valkeys" },
		{ "$4097\r\n", "neither Valkey nor Redis" },
		{ ":1a\r\n", "neither Valkey nor Redis" },
	};
	struct resp reply;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(end) struct ends ends = begin();

		say(&ends, str_of(rows[i].text));
		CHECK(wire_reply(&ends.wire, in_ms(1000), &reply),
		    RESULT_BAD_TEXT);
		assert_non_null(strstr(ends.wire.trouble, rows[i].trouble));
	}
}

static void
an_endless_line_is_refused(void)
{
	SCOPED(end) struct ends ends = begin();
	static char line[8192];
	struct resp reply;

	memset(line, '+', sizeof(line));
	say(&ends, (struct str){ line, sizeof(line) });
	CHECK(wire_reply(&ends.wire, in_ms(1000), &reply), RESULT_BAD_TEXT);
}

static void
nobody_listens_at_a_path_without_a_socket(void)
{
	const struct sockaddr_un place = { .sun_family = AF_UNIX,
		.sun_path = "socket" };
	SCOPED(wire_close) struct wire wire = WIRE_NONE;

	run_in_scratch();
	CHECK(wire_connect(&wire, (const struct sockaddr *)&place,
		  sizeof(place), MAX, in_ms(1000)),
	    RESULT_UPSTREAM_FAILED);
	assert_int_equal(wire.trouble_errno, ENOENT);
}

static void
tls_with_one_that_speaks_none_cannot_be(void)
{
	SCOPED(end) struct ends ends = begin();
	static const struct tls_files files;
	SSL_CTX *tls;
	enum result result;

	CHECK_OK(tls_open(&files, &tls));
	say(&ends, STR("-ERR unknown command\r\n"));
	result = wire_secure(&ends.wire, tls, "localhost", in_ms(1000));
	SSL_CTX_free(tls);
	CHECK(result, RESULT_MISCONFIGURED);
	assert_non_null(strstr(ends.wire.trouble, "does not speak TLS"));
}

UNIT_TESTS(wire) = {
	TEST(what_is_sent_arrives),
	TEST(replies_are_read_wherever_they_are_cut),
	TEST(a_peer_that_has_gone_is_noticed),
	TEST(what_nobody_asked_for_is_not_quiet),
	TEST(a_peer_that_does_not_read_holds_nobody_up),
	TEST(a_byte_now_and_then_does_not_stretch_the_time),
	TEST(a_reply_that_is_none_or_too_long_is_refused),
	TEST(an_endless_line_is_refused),
	TEST(nobody_listens_at_a_path_without_a_socket),
	TEST(tls_with_one_that_speaks_none_cannot_be),
	END_OF_TESTS,
};
