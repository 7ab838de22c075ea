/* SPDX-License-Identifier: ISC */
/*
 * Hides how threads exclude each other. The threads of one process queue for
 * a number, made of the id, on a condition variable. Only the first of the
 * queue asks the store, which excludes the other processes, because a process
 * that polls with fifty threads would starve the others.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/meter.h"
#include "store/backend.h"
#include "store/lock.h"

/* The threads of this process that want one number of a store. */
struct lock_queue {
	struct lock_queue *next;
	struct store *store;
	uint64_t number;
	struct store_hold hold; /* the holder's */
	unsigned users;		/* the holder and those who wait */
	bool taken;
	uint64_t tickets;   /* how many have asked so far */
	uint64_t passed_at; /* tickets when it was last done */
	uint64_t failed_at; /* tickets at the last failure */
	enum result failure;
	pthread_cond_t turn;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_queue *queues;

/* An id has four numbers in a row, one for each task. An off_t can hold them,
 * for locks of a file are offsets. */
static uint64_t
number_of(enum lock_task task, const unsigned char *id)
{
	uint64_t n;

	memcpy(&n, id, sizeof(n));
	n = (n & (UINT64_MAX >> 3)) & ~UINT64_C(3);
	return n + (uint64_t)task;
}

/* Find or make the queue and count us in; the mutex is held. */
static struct lock_queue *
join(struct store *store, uint64_t number)
{
	struct lock_queue *queue;

	for (queue = queues; queue != NULL; queue = queue->next)
		if (queue->store == store && queue->number == number) {
			queue->users++;
			return queue;
		}
	if ((queue = calloc(1, sizeof(*queue))) == NULL)
		return NULL;
	queue->store = store;
	queue->number = number;
	queue->users = 1;
	clock_cond_init(&queue->turn);
	queue->next = queues;
	queues = queue;
	return queue;
}

/* Count us out; the mutex is held. */
static void
leave(struct lock_queue *queue)
{
	struct lock_queue **at;

	if (--queue->users > 0)
		return;
	for (at = &queues; *at != queue; at = &(*at)->next)
		continue;
	*at = queue->next;
	pthread_cond_destroy(&queue->turn);
	free(queue);
}

/* Wait until no thread of this process has the number, or until all who asked
 * before *ticket, and it, need not have it any more; NULL: ours needs it. */
static enum result
wait_for_turn(struct lock_queue *queue, int64_t deadline_ms,
    const uint64_t *ticket)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };

	if (queue->taken && deadline_ms != 0)
		meter_count(METER_LOCK_WAITS + (unsigned)METER_FOR_THREADS);
	/* A waiter that is late may have been woken all the same: then the
	 * turn is its own, as nobody else is woken for it. */
	while (queue->taken) {
		if (deadline_ms == 0 ||
		    (pthread_cond_timedwait(&queue->turn, &mutex, &until) ==
			    ETIMEDOUT &&
			queue->taken))
			return RESULT_BUSY;
		if (ticket != NULL && *ticket <= queue->passed_at) {
			if (!queue->taken)
				pthread_cond_signal(&queue->turn);
			return RESULT_EXISTS;
		}
	}
	queue->taken = true;
	return OK;
}

/* All who have asked until now are told that it is done; the mutex is held. */
static void
tell_all(struct lock_queue *queue)
{
	queue->passed_at = queue->tickets;
	pthread_cond_broadcast(&queue->turn);
}

/* done: somebody of another process or machine has done it. */
static void
pass_on(struct lock_queue *queue, bool done)
{
	pthread_mutex_lock(&mutex);
	queue->taken = false;
	if (done)
		tell_all(queue);
	else
		pthread_cond_signal(&queue->turn);
	leave(queue);
	pthread_mutex_unlock(&mutex);
}

static struct store_hold *
begin_hold(struct lock_queue *queue, const struct lock_wish *wish)
{
	struct store_hold *hold = &queue->hold;

	*hold = (struct store_hold){ .task = wish->task,
		.number = queue->number,
		.seen = wish->seen,
		.fd = -1 };
	memcpy(hold->id, wish->id, sizeof(hold->id));
	return hold;
}

/* The holder asks the store, which excludes the other processes. */
static enum result
ask_store(struct lock_queue *queue, const struct lock_wish *wish,
    int64_t deadline_ms)
{
	return store_counted(queue->store,
	    queue->store->backend->lock(queue->store, begin_hold(queue, wish),
		deadline_ms));
}

/* can_pass: who waits may be told that it is done. */
static enum result
take(struct store *store, const struct lock_wish *wish, int64_t deadline_ms,
    bool can_pass, struct lock *lock)
{
	struct lock_queue *queue;
	enum result result = RESULT_NO_MEMORY;
	uint64_t ticket;

	*lock = (struct lock){ .queue = NULL };
	pthread_mutex_lock(&mutex);
	if ((queue = join(store, number_of(wish->task, wish->id))) != NULL) {
		ticket = ++queue->tickets;
		result = wait_for_turn(queue, deadline_ms,
		    can_pass ? &ticket : NULL);
		if (ticket <= queue->failed_at)
			lock->found = queue->failure;
		if (result != OK)
			leave(queue);
	}
	pthread_mutex_unlock(&mutex);
	if (result == OK &&
	    (result = ask_store(queue, wish, deadline_ms)) != OK)
		pass_on(queue, result == RESULT_EXISTS);
	if (result == OK) {
		lock->queue = queue;
		lock->doubtful = queue->hold.doubtful;
		if (queue->hold.refused)
			lock->found = RESULT_REFRESH_FAILED;
	}
	return result;
}

enum result
lock_take_unless_done(struct store *store, const struct lock_wish *wish,
    int64_t deadline_ms, struct lock *lock)
{
	return take(store, wish, deadline_ms, true, lock);
}

enum result
lock_take(struct store *store, enum lock_task task,
    const unsigned char id[static STORE_ID_BYTES], int64_t deadline_ms,
    struct lock *lock)
{
	const struct lock_wish wish = { task, id, NULL };

	return take(store, &wish, deadline_ms, false, lock);
}

/* One after the other. */
static enum result
claim_after(struct store *store, const struct lock_claim *claim)
{
	enum result result = store_date(store, NULL, claim->latest_s);

	if (result == OK)
		result =
		    store_claim(store, claim->began_s, claim->now_s, claim->id);
	if (result == OK)
		store_facts(store, claim->facts, claim->numbers);
	return result;
}

/* Our turn has come: also RESULT_STORE, if there is no lock. */
static enum result
claim_in_turn(struct lock_queue *queue, const struct lock_claim *claim,
    struct lock *lock)
{
	const struct lock_wish wish = { claim->task, claim->id, NULL };
	struct store *store = queue->store;
	enum result result;

	if (store->backend->lock_claim != NULL)
		result = store_counted(store,
		    store->backend->lock_claim(store, begin_hold(queue, &wish),
			claim));
	else
		result = ask_store(queue, &wish, 0);
	if (result != OK && result != RESULT_EXISTS) {
		pass_on(queue, false);
		return result;
	}
	lock->queue = queue;
	return store->backend->lock_claim != NULL ? result :
						    claim_after(store, claim);
}

enum result
lock_claim(struct store *store, const struct lock_claim *claim,
    struct lock *lock)
{
	enum result result = RESULT_NO_MEMORY;
	struct lock_queue *queue;

	*lock = (struct lock){ .queue = NULL };
	claim->numbers[0] = claim->numbers[1] = 0;
	pthread_mutex_lock(&mutex);
	if ((queue = join(store, number_of(claim->task, claim->id))) != NULL &&
	    (result = wait_for_turn(queue, 0, NULL)) != OK)
		leave(queue);
	pthread_mutex_unlock(&mutex);
	if (result == OK)
		result = claim_in_turn(queue, claim, lock);
	if (lock->queue == NULL &&
	    (result == RESULT_STORE || result == RESULT_NO_MEMORY))
		result = claim_after(store, claim);
	return result;
}

enum result
lock_create(struct store *store, const struct lock *lock,
    const struct store_record *record, struct store_version *version)
{
	const bool held = lock != NULL && lock->queue != NULL;

	*version = store_version_of(record->content);
	return store_counted(store,
	    store->backend->create(store, record,
		held ? &lock->queue->hold : NULL));
}

const struct store_hold *
lock_hold(const struct lock *lock)
{
	return lock->queue == NULL ? NULL : &lock->queue->hold;
}

void
lock_pass(const struct lock *lock)
{
	pthread_mutex_lock(&mutex);
	tell_all(lock->queue);
	pthread_mutex_unlock(&mutex);
}

void
lock_fail(const struct lock *lock, enum result why)
{
	pthread_mutex_lock(&mutex);
	lock->queue->failed_at = lock->queue->tickets;
	lock->queue->failure = why;
	pthread_mutex_unlock(&mutex);
}

void
lock_release(struct lock *lock)
{
	if (lock->queue == NULL)
		return;
	lock->queue->store->backend->unlock(lock->queue->store,
	    &lock->queue->hold);
	pass_on(lock->queue, false);
	lock->queue = NULL;
}
