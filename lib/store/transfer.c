/* SPDX-License-Identifier: ISC */
/*
 * Hides the order in which a record moves, so that it is nowhere missing, a
 * logout or a refresh meanwhile wins, and a crash in between does no harm.
 *
 * Two locks see to it. That of LOCK_REFRESH, in the place that the record
 * leaves, keeps away whoever replaces it there. A second one, the gate, is held
 * for moments by who moves and by who removes: so no record is made in the new
 * place after a logout has been there. It is always the kernel's, hence dies
 * with its holder.
 */
#include "config.h"

#include "base/clock.h"
#include "base/secret.h"
#include "store/transfer.h"

#define GATE_MS 2000 /* it is held for moments */
#define MARK_MAX 64

enum result
transfer_gate(const struct transfer *transfer,
    const unsigned char id[static STORE_ID_BYTES], struct lock *gate)
{
	enum result result = lock_take(transfer->files, LOCK_LOGIN, id,
	    clock_mono_ms() + GATE_MS, gate);

	return result == RESULT_BUSY ? RESULT_STORE : result;
}

/*
 * Make in the new place what was read in the old one, and note when it was last
 * used. RESULT_EXISTS is what a crash has left, or something newer, whose copy
 * somebody has put back into the old place: both are good.
 */
static enum result
make_there(const struct transfer *transfer, const unsigned char *id,
    struct str content, int64_t used_s)
{
	int64_t ends_s = used_s + transfer->kept_s;
	struct store_version version;
	enum result result =
	    store_create(transfer->to, id, content, ends_s, &version);

	if (result == OK)
		store_touch(transfer->to, id, used_s, ends_s);
	if (result == RESULT_EXISTS)
		return OK;
	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

/* That there was a change is told in the new place, too, by a mark that nobody
 * has seen yet: a copy could take the place of a newer one. */
static enum result
mark_there(const struct transfer *transfer, const unsigned char *id,
    enum store_place place)
{
	const struct store_piece all = { place, 0, STORE_REST };
	struct buf mark = BUF(MARK_MAX);
	enum result result = store_load_kept(transfer->from, id, all, &mark);

	if (result == OK && mark.n > 0) {
		secret_random(mark.p, mark.n);
		result = store_keep(transfer->to, id, place, buf_str(&mark));
	}
	buf_free(&mark);
	return result == RESULT_ABSENT ? OK : result;
}

/*
 * Move a record, under the lock of LOCK_REFRESH in the place that it leaves;
 * one that is over only if over_too. OK with its fate, RESULT_STORE,
 * RESULT_NO_MEMORY: it is where it was, perhaps in both places.
 */
static enum result
move(const struct transfer *transfer, const unsigned char *id, bool over_too,
    enum transfer_fate *fate)
{
	struct buf content = BUF(TRANSFER_RECORD_MAX);
	struct store_seen seen;
	struct lock gate;
	enum result result = transfer_gate(transfer, id, &gate);

	*fate = TRANSFER_NONE;
	if (result != OK)
		return result;
	result = store_load(transfer->from, id, &content, &seen);
	if (result == OK && !over_too &&
	    clock_now_s() - seen.used_s > transfer->kept_s) {
		*fate = TRANSFER_OVER;
	} else if (result == OK) {
		result =
		    make_there(transfer, id, buf_str(&content), seen.used_s);
		if (result == OK)
			result = mark_there(transfer, id, STORE_CHANGE);
		if (result == OK)
			result = mark_there(transfer, id, STORE_COMMAND);
		if (result == OK)
			result =
			    store_remove_if(transfer->from, id, &seen.version);
		if (result == RESULT_UNCERTAIN || result == RESULT_CHANGED)
			result = RESULT_STORE;
		*fate = result == OK ? TRANSFER_DONE : TRANSFER_NONE;
	}
	lock_release(&gate);
	buf_free(&content);
	return result == RESULT_ABSENT ? OK : result;
}

enum result
transfer_move(const struct transfer *transfer,
    const unsigned char id[static STORE_ID_BYTES], bool over_too,
    int64_t deadline_ms, enum transfer_fate *fate)
{
	struct lock lock;
	enum result result =
	    lock_take(transfer->from, LOCK_REFRESH, id, deadline_ms, &lock);

	if (result != OK)
		return result;
	if (lock.doubtful)
		result = RESULT_BUSY;
	else
		result = move(transfer, id, over_too, fate);
	lock_release(&lock);
	return result;
}
