/* SPDX-License-Identifier: ISC */
/* An engine that answers, but not what was asked: store/valkey.c and what
 * belongs to it. */
#include "config.h"

#include <string.h>

#include "run.h"
#include "scratch.h"
#include "script.h"
#include "store/lock.h"
#include "store/valkey.h"

static const unsigned char id[STORE_ID_BYTES] = { 1 };

static enum result
load(struct store *store)
{
	SCOPED(buf_free) struct buf content = BUF(100);
	struct store_seen seen;

	return store_load(store, id, &content, &seen);
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

static const struct row {
	enum result (*call)(struct store *store);
	const char *answer;
	enum result result;
} rows[] = {
	{ load, ":7\r\n", RESULT_STORE },
	{ load, "*1\r\n:7\r\n", RESULT_STORE },
	{ load, "+OK\r\n", RESULT_ABSENT },
	{ load_kept, ":7\r\n", RESULT_STORE },
	{ load_kept, "*2\r\n+a\r\n+b\r\n", RESULT_STORE },
	{ count, "+OK\r\n", RESULT_STORE },
	{ count, "*2\r\n:1\r\n:1\r\n", RESULT_STORE },
	{ count, "$-1\r\n", RESULT_STORE },
	{ take_lock, "+OK\r\n", RESULT_STORE },
	{ take_lock, "*4\r\n:1\r\n:0\r\n:0\r\n:0\r\n", RESULT_STORE },
	{ remove_record, "+OK\r\n", RESULT_UNCERTAIN },
	{ remove_record, "*0\r\n", RESULT_UNCERTAIN },
};

static void
is_not_believed(void)
{
	static const struct valkey_config config = { .prefix = "sf:",
		.dir = ".",
		.kept_s = 3600 };
	const struct row *row;

	for (row = rows; row < rows + N(rows); row++) {
		const char *const answers[] = { SCRIPT_GREETING, row->answer,
			row->answer, row->answer, NULL };
		SCOPED(script_stop) struct script script;
		SCOPED(scratch_close) struct store *store = NULL;
		struct engine *engine;

		script_start(&script, answers);
		CHECK_OK(engine_open(&script.config, &engine));
		CHECK_OK(valkey_open(engine, &config, &store));
		CHECK(row->call(store), row->result);
	}
}

UNIT_TESTS(oddreplies) = {
	TEST(is_not_believed),
	END_OF_TESTS,
};
