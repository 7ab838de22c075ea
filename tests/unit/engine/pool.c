/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "../script.h"
#include "base/clock.h"
#include "engine/pool.h"

static void
after_a_failure_nobody_tries_for_a_while(void)
{
	static const char *const answers[] = { SCRIPT_HANG_UP, NULL };
	SCOPED(script_stop) struct script script;

	script_start(&script, answers);
	CHECK(script_calls(&script, 50), RESULT_STORE);
	assert_true(script.connections < 10);
	assert_non_null(strstr(run_said(), "more=0"));
}

/* The pause grows up to 600 ms, give or take half of it. */
static void
the_pause_after_a_failure_grows_and_ends(void)
{
	static const char *const answers[] = { SCRIPT_HANG_UP, SCRIPT_HANG_UP,
		SCRIPT_HANG_UP, SCRIPT_HANG_UP, SCRIPT_HANG_UP, SCRIPT_HANG_UP,
		SCRIPT_HANG_UP, SCRIPT_GREETING, "+a\r\n", SCRIPT_HANG_UP,
		SCRIPT_HANG_UP, NULL };
	static const int64_t pauses[] = { 150, 300, 600, 900, 900, 900 };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;
	int64_t failed_ms;
	size_t i;

	script_start(&script, answers);
	CHECK(script_calls(&script, 1), RESULT_STORE);
	for (i = 0; i < N(pauses); i++) {
		run_mono_later(pauses[i]);
		CHECK(script_call(&script, &reply), RESULT_STORE);
		assert_int_equal(script.connections, i + 2);
		/* The first pauses are short. */
		if (i < 2)
			continue;
		failed_ms = clock_mono_ms();
		CHECK(script_call(&script, &reply), RESULT_STORE);
		/* On a busy machine the pause may be over by now. */
		if (clock_mono_ms() - failed_ms > 150)
			return;
		assert_int_equal(script.connections, i + 2);
	}
	run_mono_later(900);
	CHECK_OK(script_call(&script, &reply));
	engine_reply_free(&reply);
	assert_non_null(strstr(run_said(), "event=engine_up"));
	assert_string_equal(engine_trouble(script.engine), "");
}

static void
the_same_trouble_is_logged_once_in_ten_seconds(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, "-OOM no\r\n",
		"-OOM no\r\n", "-NOREPLICAS no\r\n", "-OOM no\r\n",
		"-OOM no\r\n", NULL };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;
	const char *first, *second;

	script_start(&script, answers);
	CHECK(script_calls(&script, 4), RESULT_STORE);
	first = strstr(run_said(), "class=full");
	assert_non_null(first);
	assert_null(strstr(first + 1, "class=full"));
	assert_non_null(strstr(first, "class=replicas"));
	run_mono_later(10000);
	CHECK(script_call(&script, &reply), RESULT_STORE);
	first = strstr(run_said(), "class=full");
	second = strstr(first + 1, "class=full");
	assert_non_null(second);
	assert_non_null(strstr(second, "more=2"));
}

static void
a_connection_that_nobody_used_for_a_minute_is_closed(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, "+a\r\n",
		"+b\r\n", SCRIPT_GREETING, "+c\r\n", NULL };
	SCOPED(script_stop) struct script script;
	struct engine_reply reply;

	script_start(&script, answers);
	CHECK_OK(script_calls(&script, 1));
	run_mono_later(50000);
	CHECK_OK(script_call(&script, &reply));
	engine_reply_free(&reply);
	assert_int_equal(script.connections, 1);
	run_mono_later(60000);
	CHECK_OK(script_call(&script, &reply));
	CHECK_TEXT(reply.value.text, "c");
	engine_reply_free(&reply);
	assert_int_equal(script.connections, 2);
}

UNIT_TESTS(pool) = {
	TEST(after_a_failure_nobody_tries_for_a_while),
	TEST(the_pause_after_a_failure_grows_and_ends),
	TEST(the_same_trouble_is_logged_once_in_ten_seconds),
	TEST(a_connection_that_nobody_used_for_a_minute_is_closed),
	END_OF_TESTS,
};
