/* SPDX-License-Identifier: ISC */
/* A logout between the steps of a move; the rest of it is in store/moving.c. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "engines.h"
#include "movings.h"
#include "run.h"
#include "base/clock.h"
#include "store/backend.h"
#include "store/files.h"
#include "store/moving.h"

#define PATIENCE_MS 20

static const unsigned char id[STORE_ID_BYTES] = { 1 };

/* Of where it leaves. */
static const struct store_backend *untouched;
static struct store_backend slow;
static struct store *moving;

static bool is_read; /* for the first time */
static pthread_t visitor;
static atomic_bool is_out;

static void *
log_out(void *unused)
{
	(void)unused;
	if (store_remove(moving, id) == OK)
		is_out = true;
	return NULL;
}

/* Read the record, and give who logs out just then all the time that he needs:
 * he has to wait until the move is over. */
static enum result
load_and_wait(struct store *store, const unsigned char *record,
    struct buf *content, struct store_seen *seen)
{
	enum result result = untouched->load(store, record, content, seen);
	int i;

	if (is_read)
		return result;
	is_read = true;
	assert_int_equal(pthread_create(&visitor, NULL, log_out, NULL), 0);
	for (i = 0; i < PATIENCE_MS && !is_out; i++)
		usleep(1000);
	return result;
}

static void
leave(struct store **store)
{
	store_close(*store);
	*store = NULL;
}

/* With a record in the old place, which is slow to read. */
static enum result
begin(bool into_engine)
{
	struct moving_config config = { .dir = ".",
		.into_engine = into_engine,
		.kept_s = 3600 };
	char prefix[MOVINGS_PREFIX_BYTES];
	struct store_version version;
	struct store *from;
	enum result result;

	moving = NULL;
	is_read = is_out = false;
	run_in_scratch();
	movings_prefix(prefix);
	result = files_open(".", &config.files);
	if (result == OK)
		result = engines_store(prefix, ".", &config.engine);
	if (result != OK) {
		store_close(config.files);
		return result;
	}
	from = into_engine ? config.files : config.engine;
	if ((result = moving_open(&config, &moving)) != OK)
		return result;
	untouched = from->backend;
	slow = *untouched;
	slow.load = load_and_wait;
	from->backend = &slow;
	return store_create(from, id, STR("a record ends with its version"),
	    clock_now_s() + 3600, &version);
}

static void
wins(bool into_engine)
{
	SCOPED(leave) struct store *store = NULL;
	SCOPED(buf_free) struct buf content = BUF(100);
	struct moving_tally tally;
	struct store_seen seen;
	enum result result = begin(into_engine);

	store = moving;
	CHECK_OK(result);
	result = moving_run(store, &tally);
	if (is_read)
		pthread_join(visitor, NULL);
	if (run_refused())
		return;
	assert_int_equal(result, OK);
	assert_true(is_out);
	CHECK(store_load(store, id, &content, &seen), RESULT_ABSENT);
}

static void
a_logout_in_between_wins(void)
{
	if (!engines_are_here())
		skip();
	wins(true);
	if (!run_refused())
		wins(false);
}

UNIT_TESTS(between) = {
	TEST(a_logout_in_between_wins),
	END_OF_TESTS,
};
