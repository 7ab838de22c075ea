/* SPDX-License-Identifier: ISC */
/* What a count, and a date, asks of an engine. What it counts is in store.c,
 * for each back end. */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "../script.h"
#include "store/valkey.h"

static void
close_store(struct store **store)
{
	store_close(*store);
}

/* One that is away would cost each call of Spotify half a second. */
static void
a_count_waits_for_no_replica(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"*6\r\n:0\r\n:5\r\n:0\r\n:7\r\n:0\r\n:0\r\n",
		"*6\r\n:1\r\n:6\r\n:0\r\n:7\r\n:0\r\n:0\r\n", NULL };
	const struct valkey_config config = { .prefix = "sf:", .dir = "." };
	SCOPED(close_store) struct store *store = NULL;
	SCOPED(script_stop) struct script script;
	struct store_tally tally;
	struct engine *engine;

	script_start(&script, answers);
	script.config.replicas = 1;
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &config, &store));
	store_tally(store, "calls", &tally);
	if (run_refused())
		return;
	assert_int_equal(tally.counted, 5);
	CHECK_OK(store_count(store, "calls", 10, &tally));
	assert_null(strstr(script.heard, "WAIT"));
}

/* Nor has it been promised that the next master knows it. */
static void
a_date_that_no_replica_has_is_not_certain(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, ":1\r\n",
		":0\r\n", NULL };
	const struct valkey_config config = { .prefix = "sf:", .dir = "." };
	SCOPED(close_store) struct store *store = NULL;
	SCOPED(script_stop) struct script script;
	struct engine *engine;
	enum result result;

	script_start(&script, answers);
	script.config.replicas = 1;
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &config, &store));
	result = store_set_date(store, NULL, 5, 10);
	assert_true(result == RESULT_UNCERTAIN || run_refused());
	assert_true(strstr(script.heard, "WAIT") != NULL || run_refused());
}

/* By whoever else can write there: nothing that follows may overflow. */
static void
numbers_that_nobody_has_counted_are_bounded(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"*6\r\n:0\r\n:9223372036854775807\r\n"
		":9223372036854775807\r\n:-9223372036854775808\r\n"
		":9223372036854775807\r\n:-9223372036854775808\r\n",
		"*6\r\n:1\r\n:-9223372036854775808\r\n:-1\r\n"
		":9223372036854775807\r\n:-9223372036854775808\r\n"
		":9223372036854775807\r\n",
		NULL };
	const struct valkey_config config = { .prefix = "sf:", .dir = "." };
	const int64_t most = INT64_C(1) << 40;
	SCOPED(close_store) struct store *store = NULL;
	SCOPED(script_stop) struct script script;
	struct store_tally tally;
	struct engine *engine;

	script_start(&script, answers);
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &config, &store));
	store_tally(store, "calls", &tally);
	if (run_refused())
		return;
	assert_int_equal(tally.counted, most);
	assert_int_equal(tally.room_s, most);
	assert_int_equal(tally.counting_s, 0);
	assert_int_equal(tally.remark, most);
	assert_int_equal(tally.remarked_s, 0);
	CHECK_OK(store_count(store, "calls", 10, &tally));
	assert_int_equal(tally.counted, 0);
	assert_int_equal(tally.room_s, 0);
	assert_int_equal(tally.counting_s, most);
	assert_int_equal(tally.remark, 0);
	assert_int_equal(tally.remarked_s, most);
}

UNIT_TESTS(tallies) = {
	TEST(a_count_waits_for_no_replica),
	TEST(numbers_that_nobody_has_counted_are_bounded),
	TEST(a_date_that_no_replica_has_is_not_certain),
	END_OF_TESTS,
};
