/* SPDX-License-Identifier: ISC */
/* An engine that answers, but not what was asked: store/valkey.c and what
 * belongs to it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run.h"
#include "scratch.h"
#include "script.h"
#include "store/backend.h"
#include "store/lock.h"
#include "store/scan.h"
#include "store/valkey.h"

#define FULL "-OOM command not allowed when used memory > 'maxmemory'\r\n"

static const unsigned char id[STORE_ID_BYTES] = { 1 };

static enum result
load(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(100);
	struct store_seen seen;

	return store_load(store, id, &content, &seen);
}

static enum result
load_date(struct store *store)
{
	int64_t date_s;

	return store_date(store, id, &date_s);
}

static enum result
load_dates(struct store *store)
{
	const unsigned char *const ids[2] = { id, NULL };
	int64_t dates_s[2];

	return store_dates(store, ids, dates_s);
}

static enum result
load_kept(struct store *store)
{
	const struct store_piece piece = { .place = STORE_COPY,
		.n = STORE_REST };
	SCOPED(buf_free) struct buf content = BUF(100);

	return store_load_kept(store, id, piece, &content);
}

static enum result
count(struct store *store)
{
	struct store_tally tally;

	return store_count(store, "count", 100, &tally);
}

static enum result
take_lock(struct store *store)
{
	struct lock lock;
	enum result result = lock_take(store, LOCK_REFRESH, id, 0, &lock);

	if (result == OK)
		lock_release(&lock);
	return result;
}

static enum result
remove_record(struct store *store)
{
	return store_remove(store, id);
}

static enum result
forget(struct store *store)
{
	return store_forget(store, id);
}

static enum result
create(struct store *store)
{
	struct store_version version;

	return store_create(store, id, STR("a record ends with its version"),
	    clock_now_s() + 60, &version);
}

static enum result
reserve(struct store *store)
{
	SCOPED(scratch_release) struct store_reservation *room = NULL;
	const struct store_version version = { { 0 } };
	struct store_hold hold = { .id = { 1 } };
	const struct store_wish wish = { .id = id,
		.version = &version,
		.n = 100,
		.hold = &hold };

	return store_reserve(store, &wish, &room);
}

static enum result
set_date(struct store *store)
{
	return store_set_date(store, id, 5000, clock_now_s() + 60);
}

static enum result
keep(struct store *store)
{
	return store_keep(store, id, STORE_COPY, STR("a copy"));
}

static bool
look_at(void *data, const unsigned char *found)
{
	(void)data;
	(void)found;
	return true;
}

static enum result
list(struct store *store)
{
	return scan_each(store, SCAN_RECORDS, look_at, NULL);
}

static const struct row {
	enum result (*call)(struct store *store);
	const char *answer;
	enum result result;
} rows[] = {
	{ load, ":7\r\n", RESULT_STORE },
	{ load, "*1\r\n:7\r\n", RESULT_STORE },
	{ load, "+OK\r\n", RESULT_STORE },
	{ load, "*2\r\n:7\r\n$-1\r\n", RESULT_STORE },
	{ load, "*2\r\n$2\r\nab\r\n$-1\r\n", RESULT_ABSENT },
	{ load_date, ":7\r\n", RESULT_STORE },
	{ load_date, "*1\r\n:7\r\n", RESULT_STORE },
	{ load_dates, "*1\r\n:7\r\n", RESULT_STORE },
	{ load_dates, "$-1\r\n", RESULT_STORE },
	{ load_kept, ":7\r\n", RESULT_STORE },
	{ load_kept, "*2\r\n+a\r\n+b\r\n", RESULT_STORE },
	{ count, "+OK\r\n", RESULT_STORE },
	{ count, "*2\r\n:1\r\n:1\r\n", RESULT_STORE },
	{ count, "$-1\r\n", RESULT_STORE },
	{ take_lock, "+OK\r\n", RESULT_STORE },
	{ take_lock, "*4\r\n:1\r\n:0\r\n:0\r\n:0\r\n", RESULT_STORE },
	{ remove_record, "+OK\r\n", RESULT_UNCERTAIN },
	{ remove_record, "*0\r\n", RESULT_UNCERTAIN },
	{ forget, "+OK\r\n", RESULT_UNCERTAIN },
	{ forget, "*0\r\n", RESULT_UNCERTAIN },
	{ forget, "-ERR no\r\n", RESULT_UNCERTAIN },
	{ create, "+OK\r\n", RESULT_UNCERTAIN },
	{ create, "*0\r\n", RESULT_UNCERTAIN },
	{ set_date, "+OK\r\n", RESULT_UNCERTAIN },
	{ set_date, "*0\r\n", RESULT_UNCERTAIN },
	{ reserve, "+OK\r\n", RESULT_STORE },
	{ reserve, "*0\r\n", RESULT_STORE },
	{ keep, "+OK\r\n", RESULT_STORE },
	{ keep, "$-1\r\n", RESULT_STORE },
	{ list, ":7\r\n", RESULT_STORE },
	{ list, "*0\r\n", RESULT_STORE },
	{ list, "*2\r\n$0\r\n\r\n*0\r\n", RESULT_STORE },
	{ list, "*2\r\n$24\r\n111111111111111111111111\r\n*0\r\n",
	    RESULT_STORE },
};

static const struct valkey_config anybody = { .prefix = "sf:",
	.dir = ".",
	.kept_s = 3600 };

static void
is_not_believed(void)
{
	const struct row *row;
	enum result result;

	for (row = rows; row < rows + N(rows); row++) {
		/* What fails without memory, and what has to be done, is asked
		 * again. */
		const char *const answers[] = { SCRIPT_GREETING, row->answer,
			SCRIPT_GREETING, row->answer, SCRIPT_GREETING,
			row->answer, NULL };
		SCOPED(script_stop) struct script script;
		SCOPED(scratch_close) struct store *store = NULL;
		struct engine *engine;

		script_start(&script, answers);
		CHECK_OK(engine_open(&script.config, &engine));
		CHECK_OK(valkey_open(engine, &anybody, &store));
		result = row->call(store);
		/* What is tried again may have come to its end then. */
		if (run_refused() && result == RESULT_STORE)
			return;
		CHECK(result, row->result);
	}
}

/* Who is told that it did not work has no cookie: nobody could find it. */
static void
a_record_in_doubt_is_taken_back(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, ":1\r\n:0\r\n",
		":1\r\n:1\r\n", SCRIPT_GREETING, ":1\r\n:0\r\n", ":1\r\n:1\r\n",
		SCRIPT_GREETING, ":1\r\n:0\r\n", ":1\r\n:1\r\n", NULL };
	SCOPED(script_stop) struct script script;
	SCOPED(scratch_close) struct store *store = NULL;
	struct engine *engine;
	enum result result;

	script_start(&script, answers);
	script.config.replicas = 1;
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &anybody, &store));
	result = create(store);
	if (run_refused())
		return;
	assert_int_equal(result, RESULT_UNCERTAIN);
	assert_non_null(strstr(script.heard, "*2\r\n$3\r\nDEL\r\n"));
}

/* What Spotify has given is not to be had again: it is kept until an engine
 * takes it that has refused for a moment. */
static void
what_must_be_saved_is_tried_again_when_it_was_refused(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"*3\r\n:0\r\n:0\r\n$0\r\n\r\n", ":1\r\n", FULL, FULL, FULL,
		FULL, ":1\r\n", ":1\r\n", NULL };
	struct store_version version = { { 0 } };
	struct store_wish wish = { .id = id, .version = &version };
	SCOPED(script_stop) struct script script;
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	SCOPED(scratch_release) struct store_reservation *room = NULL;
	struct engine *engine;
	enum result result;

	script_start(&script, answers);
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &anybody, &store));
	CHECK_OK(lock_take(store, LOCK_REFRESH, id, 0, &lock));
	wish.hold = lock_hold(&lock);
	CHECK_OK(store_reserve(store, &wish, &room));
	result = store_replace(room, &version,
	    STR("a record ends with its version 2"), clock_now_s() + 3600);
	if (run_refused())
		return;
	assert_int_equal(result, OK);
	assert_non_null(strstr(run_said(), "class=full"));
}

/* A number that follows a text in what was heard; 0: it was not heard. */
static long
number_behind(const struct script *script, const char *text)
{
	const char *at = strstr(script->heard, text);

	return at == NULL ? 0 : strtol(at + strlen(text), NULL, 10);
}

static void
end_deadline(int *unused)
{
	(void)unused;
	store_set_deadline(0);
}

/* An engine tells how long one will wait: WAIT has the milliseconds. */
static void
no_call_outlasts_its_request(void)
{
	static const char *const answers[] = { SCRIPT_GREETING, ":1\r\n:1\r\n",
		":1\r\n:1\r\n", NULL };
	SCOPED(script_stop) struct script script;
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(end_deadline) int unused = 0;
	struct engine *engine;

	(void)unused;
	script_start(&script, answers);
	script.config.replicas = 1;
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &anybody, &store));
	CHECK_OK(remove_record(store));
	assert_in_range(number_behind(&script,
			    "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$3\r\n"),
	    100, 500);
	store_set_deadline(clock_mono_ms() + 400);
	memset(script.heard, 0, sizeof(script.heard));
	(void)!remove_record(store);
	/* A machine that is slow asks for nothing. */
	assert_in_range(number_behind(&script,
			    "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$3\r\n"),
	    0, 300);
}

static void
who_is_late_asks_for_nothing(void)
{
	static const char *const answers[] = { SCRIPT_GREETING,
		"*2\r\n$-1\r\n$-1\r\n", NULL };
	SCOPED(script_stop) struct script script;
	SCOPED(scratch_close) struct store *store = NULL;
	SCOPED(end_deadline) int unused = 0;
	struct engine *engine;

	(void)unused;
	script_start(&script, answers);
	CHECK_OK(engine_open(&script.config, &engine));
	CHECK_OK(valkey_open(engine, &anybody, &store));
	store_set_deadline(clock_mono_ms() - 1);
	CHECK(load(store), RESULT_STORE);
	assert_int_equal(script.connections, 0);
	assert_null(strstr(run_said(), "engine_trouble"));
	store_set_deadline(clock_mono_ms() + 60000);
	CHECK(load(store), RESULT_ABSENT);
}

UNIT_TESTS(oddreplies) = {
	TEST(is_not_believed),
	TEST(a_record_in_doubt_is_taken_back),
	TEST(what_must_be_saved_is_tried_again_when_it_was_refused),
	TEST(no_call_outlasts_its_request),
	TEST(who_is_late_asks_for_nothing),
	END_OF_TESTS,
};
