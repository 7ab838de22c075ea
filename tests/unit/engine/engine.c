/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "../script.h"
#include "base/clock.h"
#include "engine/engine.h"

static void
a_call_has_its_reply_and_its_connection_serves_the_next(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, "$1\r\na\r\n",
		"$1\r\nb\r\n", NULL };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;

	script_start(&script, answers);
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK_OK(script_call(&script, &reply));
	CHECK_TEXT(reply.value.text, "a");
	assert_true(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(script_call(&script, &reply));
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
	static const char *const answers[] = { SCRIPT_GREETING "+OK\r\n",
		"+a\r\n", NULL };
	SCOPED(script_stop) struct script script;

	script_start(&script, answers);
	script.config.user = STR("me");
	script.config.database = 7;
	CHECK_OK(secret_set(&script.password, "secret", 6));
	CHECK_OK(script_calls(&script, 1));
	assert_non_null(strstr(script.heard,
	    "*5\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$4\r\nAUTH\r\n$2\r\nme\r\n"
	    "$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n"));
	assert_string_equal(engine_trouble(script.engine), "");
}

static void
replicas_are_asked_for_in_the_same_breath(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, "+a\r\n:2\r\n",
		"+a\r\n:1\r\n", "+a\r\n-NOPERM no\r\n", NULL };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;

	script_start(&script, answers);
	script.config.replicas = 2;
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK_OK(script_call(&script, &reply));
	assert_true(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(script_call(&script, &reply));
	assert_false(reply.confirmed);
	engine_reply_free(&reply);
	CHECK_OK(script_call(&script, &reply));
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
	{ { SCRIPT_GREETING, "-OOM no\r\n", "+a\r\n" }, RESULT_STORE, 1,
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
	{ { SCRIPT_GREETING, SCRIPT_HANG_UP, SCRIPT_GREETING, "+a\r\n" }, OK, 2,
	    NULL },
	{ { SCRIPT_GREETING, SCRIPT_HANG_UP, SCRIPT_GREETING, SCRIPT_HANG_UP },
	    RESULT_UNCERTAIN, 2, "class=down" },
	{ { SCRIPT_GREETING, SCRIPT_HANG_UP, SCRIPT_GREETING, "-OOM no\r\n" },
	    RESULT_UNCERTAIN, 2, "class=full" },
	{ { SCRIPT_GREETING, SCRIPT_HANG_UP, "-LOADING no\r\n" },
	    RESULT_UNCERTAIN, 2, "class=down" },
	{ { SCRIPT_HANG_UP }, RESULT_STORE, 1, "class=down" },
	/* A master no more: look for it again. */
	{ { SCRIPT_GREETING, "-READONLY no\r\n", SCRIPT_GREETING, "+a\r\n" },
	    OK, 2, NULL },
	{ { SCRIPT_GREETING, "-ERR script: -READONLY no\r\n", SCRIPT_GREETING,
	      "-READONLY no\r\n" },
	    RESULT_STORE, 2, "class=moved" },
	/* Not understood. */
	{ { SCRIPT_GREETING, "what\r\n" }, RESULT_UNCERTAIN, 1,
	    "class=misconfigured" },
	{ { "what\r\n" }, RESULT_STORE, 1, "class=misconfigured" },
};

static void
what_goes_wrong_has_its_result_and_is_said(void)
{
	enum result result;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(script_stop) struct script script;

		script_start(&script, rows[i].answers);
		result = script_calls(&script, 1);
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
a_command_beyond_the_limit_is_not_sent(void)
{
	static const char *const answers[] = { NULL };
	static char huge[4096 + 65536];
	const struct str word = { huge, sizeof(huge) };
	const struct engine_command command = { &word, 1,
		clock_mono_ms() + 1000, false };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;

	script_start(&script, answers);
	CHECK_OK(engine_open(&script.config, &script.engine));
	CHECK(engine_call(script.engine, &command, &reply), RESULT_STORE);
	assert_int_equal(script.connections, 0);
}

static void
facts_are_asked_for(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"$22\r\nredis_version:7.0.15\r\n\r\n",
		"*2\r\n$10\r\n1800000000\r\n$1\r\n1\r\n", "-NOPERM no\r\n",
		NULL };
	SCOPED(script_stop) struct script script;
	struct engine_facts facts;

	script_start(&script, answers);
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
	TEST(a_command_beyond_the_limit_is_not_sent),
	TEST(facts_are_asked_for),
	TEST(a_place_that_cannot_be_is_refused),
	END_OF_TESTS,
};
