/* SPDX-License-Identifier: ISC */
/*
 * A store that is on its way from one back end to another, from files to an
 * engine or back, while all programs go on.
 *
 * A record is in one of the two. It is found in either, and moves when it is
 * about to be replaced, under the lock of LOCK_REFRESH, or when moving_run()
 * comes to it. It is made in the new place before it is removed from the old
 * one, and nothing is changed in the new one until the old one is rid of it: so
 * after a crash in between there are two that are the same, byte for byte.
 *
 * Programs that move there and programs that move back may run beside each
 * other: that is how all of a machine get to know both places before the first
 * one moves.
 */
#ifndef MOVING_H
#define MOVING_H

#include "store/store.h"

/* All but the stores is borrowed; they are taken over. */
struct moving_config {
	struct store *files, *engine;
	const char *dir;  /* of the files */
	bool into_engine; /* or into files */
	/* What was not used for so long is over: an upper limit. */
	int64_t kept_s;
	int64_t dates_kept_s; /* so long is a date needed */
};

/* OK (store_close() must follow, and closes both), or RESULT_NO_MEMORY: both
 * are closed, and *store is NULL. */
enum result moving_open(const struct moving_config *config,
    struct store **store) __attribute__((warn_unused_result));

/* How many records. */
struct moving_tally {
	unsigned long long moved;
	unsigned long long over; /* not used for kept_s, and left alone */
	unsigned long long left; /* in use all the time, or failed */
};

/*
 * Move what is in the old place; who logs out or refreshes meanwhile has it
 * done. May be ended at any moment and begun again.
 * OK: left is 0; RESULT_BUSY: something is left; RESULT_STORE: the old place
 * could not be gone through to its end, or one after the other failed, so that
 * left is not all that is; RESULT_NO_MEMORY.
 */
enum result moving_run(struct store *store, struct moving_tally *tally)
    __attribute__((warn_unused_result));

#endif
