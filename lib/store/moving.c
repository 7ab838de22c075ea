/* SPDX-License-Identifier: ISC */
/*
 * Hides that there are two back ends, and in which of them a record is. What is
 * not a record is written to both, so that programs which move in different
 * directions see the same.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/filelist.h"
#include "store/lock.h"
#include "store/moving.h"
#include "store/movingdate.h"
#include "store/movingfact.h"
#include "store/movingparts.h"
#include "store/scan.h"

#define FAILURES_MAX 3 /* in a row: the others would fail, too */
#define WAIT_MS 50     /* for who is replaced where he is */

/* ---- moving all ---- */

struct run {
	struct moving *moving;
	struct moving_tally *tally;
	int64_t wait_ms;
	unsigned failures; /* in a row */
	enum result result;
};

static bool
visit(void *data, const unsigned char *id)
{
	struct run *run = data;
	enum transfer_fate fate = TRANSFER_NONE;
	enum result result = transfer_move(&run->moving->transfer, id, false,
	    run->wait_ms == 0 ? 0 : clock_mono_ms() + run->wait_ms, &fate);

	if (result != OK)
		run->tally->left++;
	else if (fate == TRANSFER_DONE)
		run->tally->moved++;
	else if (fate == TRANSFER_OVER)
		run->tally->over++;
	run->failures = result == RESULT_STORE ? run->failures + 1 : 0;
	if (result == RESULT_NO_MEMORY || run->failures == FAILURES_MAX)
		run->result = result;
	return run->result == OK;
}

static void
visit_all(struct run *run)
{
	struct moving *moving = run->moving;
	enum result result;

	run->tally->over = run->tally->left = 0;
	result = moving->from == moving->transfer.files ?
	    filelist_each(moving->dir, FILELIST_RECORDS, visit, run) :
	    scan_each(moving->from, SCAN_RECORDS, visit, run);
	if (run->result == OK)
		run->result = result;
}

/* What was in use is tried once more. */
enum result
moving_run(struct store *store, struct moving_tally *tally)
{
	struct run run = { .moving = moving_of(store), .tally = tally };

	*tally = (struct moving_tally){ 0 };
	run.result = movingdate_all(&run.moving->transfer, run.moving->dir);
	if (run.result == OK)
		visit_all(&run);
	if (run.result != OK)
		return run.result;
	run.wait_ms = WAIT_MS;
	if (tally->left > 0)
		visit_all(&run);
	return run.result == OK && tally->left > 0 ? RESULT_BUSY : run.result;
}

/* ---- records ---- */

/* Who moves makes a record there before he removes it here. */
static enum result
load(struct store *store, const unsigned char *id, struct buf *content,
    struct store_seen *seen)
{
	struct moving *moving = moving_of(store);
	struct store *other = moving->from;
	enum result result = store_load(moving->to, id, content, seen);

	if (result == RESULT_ABSENT) {
		result = store_load(moving->from, id, content, seen);
		if (result == OK)
			other = moving->to;
	}
	if (result == RESULT_ABSENT)
		result = store_load(moving->to, id, content, seen);
	if (result == OK)
		seen->latest_s = movingdate_latest(other, seen->latest_s);
	return result;
}

static enum result
load_kept(struct store *store, const unsigned char *id,
    struct store_piece piece, struct buf *content)
{
	struct moving *moving = moving_of(store);
	enum result result = store_load_kept(moving->to, id, piece, content);

	return result != RESULT_ABSENT ?
	    result :
	    store_load_kept(moving->from, id, piece, content);
}

/* A lock is the new place's own, too. */
static enum result
create(struct store *store, const struct store_record *record,
    struct store_hold *hold)
{
	struct store *to = moving_of(store)->to;

	return store_counted(to, to->backend->create(to, record, hold));
}

/* Files do not look whether a record is there: it may have moved back before
 * the lock was ours. */
static enum result
reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	struct moving *moving = moving_of(store);
	struct buf content = BUF(TRANSFER_RECORD_MAX);
	struct store_seen seen;
	enum result result = store_load(moving->to, wish->id, &content, &seen);

	if (result == RESULT_ABSENT) {
		result = store_load(moving->from, wish->id, &content, &seen);
		if (result == OK)
			result = RESULT_CHANGED;
	}
	if (result == OK)
		result = store_reserve(moving->to, wish, reservation);
	buf_free(&content);
	return result;
}

static enum result
keep(struct store *store, const unsigned char *id, enum store_place place,
    struct str content)
{
	struct moving *moving = moving_of(store);
	/* First where a record leaves: one that moves meanwhile is seen to. */
	enum result other = store_keep(moving->from, id, place, content),
		    result = store_keep(moving->to, id, place, content);

	return result != OK ? result : other;
}

static enum result
remove_there(struct store *place, const unsigned char *id,
    const struct store_version *version)
{
	return store_counted(place, place->backend->remove(place, id, version));
}

/* First where it leaves: it could come back from there. */
static enum result
remove_record(struct store *store, const unsigned char *id,
    const struct store_version *version)
{
	struct moving *moving = moving_of(store);
	struct lock gate;
	enum result result = transfer_gate(&moving->transfer, id, &gate);

	if (result != OK)
		return result;
	result = remove_there(moving->from, id, version);
	if (result == OK)
		result = remove_there(moving->to, id, version);
	lock_release(&gate);
	return result;
}

static enum result
try_write(struct store *store)
{
	return store_try(moving_of(store)->to);
}

static void
touch(struct store *store, const unsigned char *id, int64_t now_s,
    int64_t ends_s)
{
	store_touch(moving_of(store)->from, id, now_s, ends_s);
	store_touch(moving_of(store)->to, id, now_s, ends_s);
}

/* ---- the others ---- */

/* In one order, whichever the direction: of two who come at once, one has it.
 * The engine comes first, for it is the one that may be away. */
static enum result
claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id)
{
	struct moving *moving = moving_of(store);
	enum result result = store_claim(moving->engine, began_s, now_s, id);

	return result == OK ?
	    store_claim(moving->transfer.files, began_s, now_s, id) :
	    result;
}

static enum result
date(struct store *store, const unsigned char *id, int64_t *date_s)
{
	return movingdate_read(&moving_of(store)->transfer, id, date_s);
}

static enum result
set_date(struct store *store, const unsigned char *id, int64_t date_s,
    int64_t ends_s)
{
	return movingdate_set(&moving_of(store)->transfer, id, date_s, ends_s);
}

/* Either place may know calls of the last day that the other does not; so both
 * have to have room. */
static enum result
count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally)
{
	struct moving *moving = moving_of(store);
	struct store_tally other;
	enum result result = store_count(moving->from, name, limit, &other);

	if (result == OK)
		result = store_count(moving->to, name, limit, tally);
	else
		*tally = other;
	if (result == OK && other.counted > tally->counted)
		*tally = other;
	return result;
}

static void
tally_both(struct store *store, const char *name, struct store_tally *tally)
{
	struct store_tally other;

	store_tally(moving_of(store)->to, name, tally);
	store_tally(moving_of(store)->from, name, &other);
	if (other.counted > tally->counted)
		*tally = other;
}

static void
remark(struct store *store, const char *name, int64_t number)
{
	store_remark(moving_of(store)->to, name, number);
	store_remark(moving_of(store)->from, name, number);
}

/*
 * Whoever wants to replace a record has it moved first. Somebody may move it
 * back before the second lock is taken: the engine compares, and so does
 * reserve().
 */
static enum result
lock(struct store *store, struct store_hold *hold, int64_t deadline_ms)
{
	struct moving *moving = moving_of(store);
	struct buf content = BUF(TRANSFER_RECORD_MAX);
	struct store_seen seen;
	enum result result = RESULT_ABSENT;
	enum transfer_fate fate;

	if (hold->task == LOCK_REFRESH)
		result = store_load(moving->from, hold->id, &content, &seen);
	buf_free(&content);
	if (result == OK)
		result = transfer_move(&moving->transfer, hold->id, true,
		    deadline_ms, &fate);
	if (result != OK && result != RESULT_ABSENT)
		return result;
	return store_counted(moving->to,
	    moving->to->backend->lock(moving->to, hold, deadline_ms));
}

static void
unlock(struct store *store, struct store_hold *hold)
{
	moving_of(store)->to->backend->unlock(moving_of(store)->to, hold);
}

static void
close_both(struct store *store)
{
	store_close(moving_of(store)->to);
	store_close(moving_of(store)->from);
	free(store);
}

/* A reservation is the new place's own, and is used and given back there. */
static const struct store_backend backend = {
	.stands_on_others = true,
	.close = close_both,
	.load = load,
	.load_kept = load_kept,
	.create = create,
	.reserve = reserve,
	.keep = keep,
	.try_write = try_write,
	.remove = remove_record,
	.touch = touch,
	.claim = claim,
	.fact = movingfact_read,
	.set_fact = movingfact_set,
	.know = movingfact_know,
	.known = movingfact_known,
	.forget = movingfact_forget,
	.date = date,
	.set_date = set_date,
	.count = count,
	.tally = tally_both,
	.remark = remark,
	.lock = lock,
	.unlock = unlock,
};

enum result
moving_open(const struct moving_config *config, struct store **store)
{
	struct moving *moving = calloc(1, sizeof(*moving));
	bool into = config->into_engine;

	*store = NULL;
	if (moving == NULL) {
		store_close(config->files);
		store_close(config->engine);
		return RESULT_NO_MEMORY;
	}
	*moving = (struct moving){ .store = { &backend },
		.engine = config->engine,
		.to = into ? config->engine : config->files,
		.from = into ? config->files : config->engine,
		.dir = config->dir };
	moving->transfer = (struct transfer){ .to = moving->to,
		.from = moving->from,
		.files = config->files,
		.kept_s = config->kept_s,
		.dates_kept_s = config->dates_kept_s };
	*store = &moving->store;
	return OK;
}
