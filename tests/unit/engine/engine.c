/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../run.h"
#include "base/clock.h"
#include "engine/engine.h"

#define GREETING \
	"*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$4\r\nmode\r\n$5\r\nalone\r\n"
#define HANG_UP ""

/*
 * A thread that is taken for an engine. It listens at a socket, and gives to
 * whatever comes on a connection the next answer of a list; at HANG_UP, and at
 * its end, it closes the connection.
 */
struct script {
	const char *const *answers; /* ends with NULL */
	int listener;
	pthread_t thread;
	int connections, ends[2]; /* a pipe: closed when it is over */
	char heard[4096];
	struct secret password;
	struct engine_config config;
	struct engine *engine;
};

/* Wait for a descriptor; false: it is over. */
static bool
can_be_read(const struct script *script, int fd)
{
	struct pollfd watched[] = { { .fd = fd, .events = POLLIN },
		{ .fd = script->ends[0] } };

	poll(watched, 2, -1);
	return watched[1].revents == 0;
}

static void
hear(struct script *script, const char *got, ssize_t n)
{
	size_t have = strlen(script->heard);

	if (have + (size_t)n < sizeof(script->heard))
		memcpy(script->heard + have, got, (size_t)n);
}

static void *
act(void *data)
{
	struct script *script = data;
	int fd = -1;
	char got[2048];
	ssize_t n;

	while (can_be_read(script, fd < 0 ? script->listener : fd)) {
		if (fd < 0) {
			fd = accept(script->listener, NULL, NULL);
			script->connections++;
			continue;
		}
		n = recv(fd, got, sizeof(got), 0);
		hear(script, got, n > 0 ? n : 0);
		if (n > 0 && *script->answers != NULL &&
		    strcmp(*script->answers, HANG_UP) != 0) {
			n = (ssize_t)strlen(*script->answers);
			send(fd, *script->answers++, (size_t)n, MSG_NOSIGNAL);
			continue;
		}
		if (n > 0 && *script->answers != NULL)
			script->answers++;
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void
start(struct script *script, const char *const *answers)
{
	static const struct sockaddr_un place = { .sun_family = AF_UNIX,
		.sun_path = "socket" };

	run_in_scratch();
	*script = (struct script){ .answers = answers };
	script->config = (struct engine_config){ .socket = STR("socket"),
		.password = &script->password,
		.reply_max = 4096 };
	script->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(script->listener, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	assert_int_equal(listen(script->listener, 8), 0);
	assert_int_equal(pipe(script->ends), 0);
	pthread_create(&script->thread, NULL, act, script);
}

static void
stop(struct script *script)
{
	engine_close(script->engine);
	close(script->ends[1]);
	pthread_join(script->thread, NULL);
	close(script->ends[0]);
	close(script->listener);
	secret_free(&script->password);
}

static enum result
call(struct script *script, struct engine_reply *reply)
{
	const struct str words[] = { STR("GET"), STR("key") };
	const struct engine_command command = { .words = words,
		.n = 2,
		.deadline_ms = clock_mono_ms() + 10000,
		.replicated = true };

	return engine_call(script->engine, &command, reply);
}

/* Open, and make so many calls; the results of the last. */
static enum result
calls(struct script *script, unsigned n)
{
	enum result result = engine_open(&script->config, &script->engine);
	struct engine_reply reply;

	for (; n > 0 && (result == OK || result == RESULT_STORE) &&
	     script->engine != NULL;
	     n--) {
		result = call(script, &reply);
		if (result != OK)
			assert_int_equal(reply.value.type, RESP_NIL);
		engine_reply_free(&reply);
	}
	return result;
}

static void
a_call_has_its_reply_and_its_connection_serves_the_next(void)
{
	static const char *const answers[] = { GREETING, "$1\r\na\r\n",
		"$1\r\nb\r\n", NULL };
	SCOPED(stop) struct script script;
	struct engine_reply reply;

	start(&script, answers);
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK_OK(call(&script, &reply));
	CHECK_TEXT(reply.value.text, "a");
	assert_true(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(call(&script, &reply));
	CHECK_TEXT(reply.value.text, "b");
	engine_reply_free(&reply);
	assert_int_equal(script.connections, 1);
	assert_string_equal(script.heard,
	    "*2\r\n$5\r\nHELLO\r\n$1\r\n2\r\n"
	    "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"
	    "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
}

static void
who_logs_in_says_who_he_is_and_chooses_a_database(void)
{
	static const char *const answers[] = { GREETING "+OK\r\n", "+a\r\n",
		NULL };
	SCOPED(stop) struct script script;

	start(&script, answers);
	script.config.user = STR("me");
	script.config.database = 7;
	CHECK_OK(secret_set(&script.password, "secret", 6));
	CHECK_OK(calls(&script, 1));
	assert_non_null(strstr(script.heard,
	    "*5\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$4\r\nAUTH\r\n$2\r\nme\r\n"
	    "$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n"));
	assert_string_equal(engine_trouble(script.engine), "");
}

static void
replicas_are_asked_for_in_the_same_breath(void)
{
	static const char *const answers[] = { GREETING, "+a\r\n:2\r\n",
		"+a\r\n:1\r\n", "+a\r\n-NOPERM no\r\n", NULL };
	SCOPED(stop) struct script script;
	struct engine_reply reply;

	start(&script, answers);
	script.config.replicas = 2;
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK_OK(call(&script, &reply));
	assert_true(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(call(&script, &reply));
	assert_false(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(call(&script, &reply));
	assert_false(reply.confirmed);
	engine_reply_free(&reply);
	assert_non_null(strstr(script.heard,
	    "key\r\n*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n500\r\n"));
	assert_non_null(strstr(run_said(), "class=replicas"));
	assert_non_null(strstr(run_said(), "class=misconfigured"));
}

/* What an engine says, and what comes of it. */
static const struct row {
	const char *answers[8];
	enum result result;
	int connections;
	const char *said;
} rows[] = {
	/* Refused. */
	{ { GREETING, "-OOM no\r\n", "+a\r\n" }, RESULT_STORE, 1,
	    "class=full" },
	{ { "-WRONGPASS no\r\n" }, RESULT_STORE, 1, "class=misconfigured" },
	{ { "*0\r\n" }, RESULT_STORE, 1, "class=moved" },
	{ { "*4\r\n+role\r\n+slave\r\n+mode\r\n+standalone\r\n" }, RESULT_STORE,
	    1, "class=moved" },
	{ { "*4\r\n+role\r\n+master\r\n+mode\r\n+cluster\r\n" }, RESULT_STORE,
	    1, "this is a cluster" },
	{ { "*2\r\n+mode\r\n+sentinel\r\n" }, RESULT_STORE, 1,
	    "this is a sentinel" },
	/* Dead: once more, on a new connection. */
	{ { GREETING, HANG_UP, GREETING, "+a\r\n" }, OK, 2, NULL },
	{ { GREETING, HANG_UP, GREETING, HANG_UP }, RESULT_UNCERTAIN, 2,
	    "class=down" },
	{ { GREETING, HANG_UP, GREETING, "-OOM no\r\n" }, RESULT_UNCERTAIN, 2,
	    "class=full" },
	{ { GREETING, HANG_UP, "-LOADING no\r\n" }, RESULT_UNCERTAIN, 2,
	    "class=down" },
	{ { HANG_UP }, RESULT_STORE, 1, "class=down" },
	/* A master no more: look for it again. */
	{ { GREETING, "-READONLY no\r\n", GREETING, "+a\r\n" }, OK, 2, NULL },
	{ { GREETING, "-ERR script: -READONLY no\r\n", GREETING,
	      "-READONLY no\r\n" },
	    RESULT_STORE, 2, "class=moved" },
	/* Not understood. */
	{ { GREETING, "what\r\n" }, RESULT_UNCERTAIN, 1,
	    "class=misconfigured" },
	{ { "what\r\n" }, RESULT_STORE, 1, "class=misconfigured" },
};

static void
what_goes_wrong_has_its_result_and_is_said(void)
{
	enum result result;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(stop) struct script script;

		start(&script, rows[i].answers);
		result = calls(&script, 1);
		/* Without memory for a second try, the first is in doubt. */
		if (run_refused() && result == RESULT_UNCERTAIN)
			return;
		CHECK(result, rows[i].result);
		assert_int_equal(script.connections, rows[i].connections);
		if (rows[i].said == NULL)
			assert_string_equal(engine_trouble(script.engine), "");
		else
			assert_non_null(strstr(run_said(), rows[i].said));
	}
}

static void
after_a_failure_nobody_tries_for_a_while(void)
{
	static const char *const answers[] = { HANG_UP, NULL };
	SCOPED(stop) struct script script;

	start(&script, answers);
	CHECK(calls(&script, 50), RESULT_STORE);
	assert_true(script.connections < 10);
	assert_non_null(strstr(run_said(), "more=0"));
}

/* The pause grows up to 2 s, give or take half of it. */
static void
the_pause_after_a_failure_grows_and_ends(void)
{
	static const char *const answers[] = { HANG_UP, HANG_UP, HANG_UP,
		HANG_UP, HANG_UP, HANG_UP, HANG_UP, GREETING, "+a\r\n", HANG_UP,
		HANG_UP, NULL };
	static const int64_t pauses[] = { 150, 300, 600, 1200, 2400, 3000 };
	SCOPED(stop) struct script script;
	struct engine_reply reply;
	size_t i;

	start(&script, answers);
	CHECK(calls(&script, 1), RESULT_STORE);
	for (i = 0; i < N(pauses); i++) {
		run_mono_later(pauses[i]);
		CHECK(call(&script, &reply), RESULT_STORE);
		assert_int_equal(script.connections, i + 2);
		/* The first pauses may be over by now, on a busy machine. */
		if (i < 2)
			continue;
		CHECK(call(&script, &reply), RESULT_STORE);
		assert_int_equal(script.connections, i + 2);
	}
	run_mono_later(3000);
	CHECK_OK(call(&script, &reply));
	engine_reply_free(&reply);
	assert_non_null(strstr(run_said(), "event=engine_up"));
	assert_string_equal(engine_trouble(script.engine), "");
}

static void
the_same_trouble_is_logged_once_in_ten_seconds(void)
{
	static const char *const answers[] = { GREETING, "-OOM no\r\n",
		"-OOM no\r\n", "-NOREPLICAS no\r\n", "-OOM no\r\n",
		"-OOM no\r\n", NULL };
	SCOPED(stop) struct script script;
	struct engine_reply reply;
	const char *first, *second;

	start(&script, answers);
	CHECK(calls(&script, 4), RESULT_STORE);
	first = strstr(run_said(), "class=full");
	assert_non_null(first);
	assert_null(strstr(first + 1, "class=full"));
	assert_non_null(strstr(first, "class=replicas"));
	run_mono_later(10000);
	CHECK(call(&script, &reply), RESULT_STORE);
	first = strstr(run_said(), "class=full");
	second = strstr(first + 1, "class=full");
	assert_non_null(second);
	assert_non_null(strstr(second, "more=2"));
}

static void
a_connection_that_nobody_used_for_a_minute_is_closed(void)
{
	static const char *const answers[] = { GREETING, "+a\r\n", "+b\r\n",
		GREETING, "+c\r\n", NULL };
	SCOPED(stop) struct script script;
	struct engine_reply reply;

	start(&script, answers);
	CHECK_OK(calls(&script, 1));
	run_mono_later(59000);
	CHECK_OK(call(&script, &reply));
	engine_reply_free(&reply);
	assert_int_equal(script.connections, 1);
	run_mono_later(60000);
	CHECK_OK(call(&script, &reply));
	CHECK_TEXT(reply.value.text, "c");
	engine_reply_free(&reply);
	assert_int_equal(script.connections, 2);
}

static void
a_command_beyond_the_limit_is_not_sent(void)
{
	static const char *const answers[] = { NULL };
	static char huge[4096 + 65536];
	const struct str word = { huge, sizeof(huge) };
	const struct engine_command command = { &word, 1,
		clock_mono_ms() + 1000, false };
	SCOPED(stop) struct script script;
	struct engine_reply reply;

	start(&script, answers);
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK(engine_call(script.engine, &command, &reply), RESULT_STORE);
	assert_int_equal(script.connections, 0);
}

static void
facts_are_asked_for(void)
{
	static const char *const answers[] = { GREETING,
		"$22\r\nredis_version:7.0.15\r\n\r\n",
		"*2\r\n$10\r\n1800000000\r\n$1\r\n1\r\n", "-NOPERM no\r\n",
		NULL };
	SCOPED(stop) struct script script;
	struct engine_facts facts;

	start(&script, answers);
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK_OK(engine_facts(script.engine, clock_mono_ms() + 10000, &facts));
	assert_string_equal(facts.version, "7.0.15");
	assert_true(facts.ahead_s == 1800000000 - clock_now_s() ||
	    facts.ahead_s == 1800000001 - clock_now_s());
	CHECK(engine_facts(script.engine, clock_mono_ms() + 10000, &facts),
	    RESULT_STORE);
}

static void
a_place_that_cannot_be_is_refused(void)
{
	static char path[200];
	struct engine_config config = { .hosts = STR("nowhere") };
	struct engine *engine;

	CHECK(engine_open(&config, &engine), RESULT_MISCONFIGURED);
	assert_null(engine);
	memset(path, 'a', sizeof(path));
	config.socket = (struct str){ path, 108 };
	CHECK(engine_open(&config, &engine), RESULT_MISCONFIGURED);
	config = (struct engine_config){ .hosts = STR("127.0.0.1:1"),
		.tls = true,
		.ca_file = "/dev/null" };
	CHECK(engine_open(&config, &engine), RESULT_MISCONFIGURED);
	assert_null(engine);
	engine_close(NULL);
}

UNIT_TESTS(engine) = {
	TEST(a_call_has_its_reply_and_its_connection_serves_the_next),
	TEST(who_logs_in_says_who_he_is_and_chooses_a_database),
	TEST(replicas_are_asked_for_in_the_same_breath),
	TEST(what_goes_wrong_has_its_result_and_is_said),
	TEST(after_a_failure_nobody_tries_for_a_while),
	TEST(the_pause_after_a_failure_grows_and_ends),
	TEST(the_same_trouble_is_logged_once_in_ten_seconds),
	TEST(a_connection_that_nobody_used_for_a_minute_is_closed),
	TEST(a_command_beyond_the_limit_is_not_sent),
	TEST(facts_are_asked_for),
	TEST(a_place_that_cannot_be_is_refused),
	END_OF_TESTS,
};
