/* SPDX-License-Identifier: ISC */
/* One at a time, over all threads and processes. */
#ifndef LOCK_H
#define LOCK_H

#include "store/store.h"

/* What is done one at a time for a session. */
enum lock_task { LOCK_REFRESH, LOCK_ARTISTS, LOCK_ACCOUNT, LOCK_LOGIN };

/* A lock that is held. */
struct lock {
	struct lock_queue *queue; /* NULL: none is held */
	/* How those have failed who held it while we waited; OK: nobody. */
	enum result found;
};

/*
 * Take the lock of a task for one id, waiting until deadline_ms on
 * clock_mono_ms(); 0 does not wait at all. It is free again when the process
 * dies.
 * OK (lock_release() must follow), RESULT_BUSY, RESULT_STORE,
 * RESULT_NO_MEMORY.
 */
enum result lock_take(struct store *store, enum lock_task task,
    const unsigned char id[static STORE_ID_BYTES], int64_t deadline_ms,
    struct lock *lock) __attribute__((warn_unused_result));

/*
 * Tell the threads of this process that wait for the lock now that its task
 * has just failed, so that they do not try the same, one after the other. It
 * is found by them alone: who asks for the lock later tries anew.
 */
void lock_fail(const struct lock *lock, enum result why);

/* Release a lock; one that is not held is left alone. */
void lock_release(struct lock *lock);

#endif
