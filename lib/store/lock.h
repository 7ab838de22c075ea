/* SPDX-License-Identifier: ISC */
/* One at a time, over all threads and processes. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

#include "store/store.h"

/* What is done one at a time for a session. */
enum lock_task { LOCK_REFRESH, LOCK_ARTISTS, LOCK_ACCOUNT, LOCK_LOGIN };

/* A lock that is held. */
struct lock {
	struct lock_queue *queue; /* NULL: none is held */
	/* How those have failed who held it while we waited, or before, as long
	 * as what they were refused for is in doubt; OK: nobody. */
	enum result found;
	/* Whether somebody who has lost it, though he may live, has begun what
	 * cannot be undone, and may come back with what he got by it. */
	bool doubtful;
};

/* What a lock is for; borrowed while it is being taken. */
struct lock_wish {
	enum lock_task task;
	const unsigned char *id; /* STORE_ID_BYTES */
	/* Of the record that we have; NULL: the task makes no other. */
	const struct store_version *seen;
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

/* What lock_claim() does together; all of it is borrowed. */
struct lock_claim {
	enum lock_task task;
	const unsigned char *id;  /* STORE_ID_BYTES */
	int64_t began_s, now_s;	  /* as for store_claim() */
	const char *const *facts; /* two names, */
	int64_t *numbers;	  /* and what they are, as store_facts() */
	int64_t *latest_s;	  /* see store_date(), from before the mark */
};

/*
 * Take the lock of a task without waiting, mark its id as used as store_claim()
 * does, and look at two facts and the date that all ids have in common, for the
 * time of one where that takes long. The caller calls lock_release() whatever
 * comes: a mark does without its lock, if that cannot be had for another reason
 * than that somebody has it.
 * OK; RESULT_BUSY: somebody has the lock, and nothing was marked; the others of
 * store_claim(). The numbers are 0 unless OK.
 */
enum result lock_claim(struct store *store, const struct lock_claim *claim,
    struct lock *lock) __attribute__((warn_unused_result));

/*
 * Make a record as store_create(), and let others take a lock from then on, if
 * that saves time; it has still to be released. NULL, or one that is not held,
 * is none.
 */
enum result lock_create(struct store *store, const struct lock *lock,
    const struct store_record *record, struct store_version *version)
    __attribute__((warn_unused_result));

/*
 * Take the lock of a task that is done for all who want it, unless somebody
 * else has done it: also RESULT_EXISTS, after lock_pass(), or when it is known
 * that the record is not the one that was seen any more, by us or by one of
 * this process who waited before us. Nothing is held then; whoever asked looks
 * at what there is.
 */
enum result lock_take_unless_done(struct store *store,
    const struct lock_wish *wish, int64_t deadline_ms, struct lock *lock)
    __attribute__((warn_unused_result));

/* What store_reserve() wants to know of a lock that is held, borrowed until it
 * is released; of none, NULL. */
const struct store_hold *lock_hold(const struct lock *lock);

/*
 * Tell the threads of this process that wait in lock_take_unless_done() now
 * that the task has just been done, by us or somebody else. They all return at
 * once, with RESULT_EXISTS: none has to wait for the others' turns.
 */
void lock_pass(const struct lock *lock);

/*
 * Tell the threads of this process that wait for the lock now that its task
 * has just failed, so that they do not try the same, one after the other. It
 * is found by them alone: who asks for the lock later tries anew.
 */
void lock_fail(const struct lock *lock, enum result why);

/* Release a lock; one that is not held is left alone. */
void lock_release(struct lock *lock);

#endif
