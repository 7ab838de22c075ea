/* SPDX-License-Identifier: ISC */
/*
 * Hides how processes and threads exclude each other. The lock is a byte of
 * one file, at an offset made of the id, held by an open file description
 * (F_OFD_SETLK): it has no time to live and dies with its holder. Threads of
 * one process first queue for the id on a condition variable, and only the
 * first of the queue asks the kernel, because a process that polls with fifty
 * threads would starve the others.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/lock.h"
#include "base/log.h"

#define POLL_MIN_MS 2
#define POLL_MAX_MS 25

/* The threads of this process that want one byte. */
struct lock_queue {
	struct lock_queue *next;
	off_t offset;
	unsigned users; /* the holder and those who wait */
	bool taken;
	uint64_t tickets;   /* how many have asked so far */
	uint64_t failed_at; /* tickets at the last failure */
	enum result failure;
	pthread_cond_t turn;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_queue *queues;

/* A 32-bit build would cut the offset, and lock what is not there. */
_Static_assert(sizeof(off_t) == 8, "large files");

static off_t
offset_of(enum lock_task task, const unsigned char *id)
{
	uint64_t n;

	memcpy(&n, id, sizeof(n));
	/* Four bytes for an id, one for each task. */
	n = (n & (UINT64_MAX >> 3)) & ~UINT64_C(3);
	return (off_t)(n + (uint64_t)task);
}

/* Find or make the queue and count us in; the mutex is held. */
static struct lock_queue *
join(off_t offset)
{
	struct lock_queue *queue;
	pthread_condattr_t attr;

	for (queue = queues; queue != NULL; queue = queue->next)
		if (queue->offset == offset) {
			queue->users++;
			return queue;
		}
	if ((queue = calloc(1, sizeof(*queue))) == NULL)
		return NULL;
	queue->offset = offset;
	queue->users = 1;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->turn, &attr);
	pthread_condattr_destroy(&attr);
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

/* Wait until no thread of this process has the byte. */
static bool
wait_for_turn(struct lock_queue *queue, int64_t deadline_ms)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };

	/* A waiter that is late may have been woken all the same: then the
	 * turn is its own, as nobody else is woken for it. */
	while (queue->taken)
		if (deadline_ms == 0 ||
		    (pthread_cond_timedwait(&queue->turn, &mutex, &until) ==
			    ETIMEDOUT &&
			queue->taken))
			return false;
	queue->taken = true;
	return true;
}

static void
pass_on(struct lock_queue *queue)
{
	pthread_mutex_lock(&mutex);
	queue->taken = false;
	pthread_cond_signal(&queue->turn);
	leave(queue);
	pthread_mutex_unlock(&mutex);
}

/* Ask the kernel until it gives us the byte or time is up. */
static enum result
take_byte(int fd, off_t offset, int64_t deadline_ms)
{
	struct flock range = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = offset,
		.l_len = 1 };
	struct timespec pause = { 0 };
	int64_t pause_ms = POLL_MIN_MS;

	while (fcntl(fd, F_OFD_SETLK, &range) != 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			log_event(LOG_LEVEL_ERROR, "store_failed",
			    "call=lock "
			    "errno=%d",
			    errno);
			return RESULT_STORE;
		}
		if (clock_left_ms(deadline_ms, 1) == 0)
			return RESULT_BUSY;
		pause.tv_nsec = (long)pause_ms * 1000000;
		nanosleep(&pause, NULL);
		pause_ms =
		    pause_ms * 2 > POLL_MAX_MS ? POLL_MAX_MS : pause_ms * 2;
	}
	return OK;
}

enum result
lock_take(const struct store *store, enum lock_task task,
    const unsigned char id[static STORE_ID_BYTES], int64_t deadline_ms,
    struct lock *lock)
{
	struct lock_queue *queue;
	enum result result = RESULT_NO_MEMORY;
	uint64_t ticket;

	*lock = (struct lock){ .fd = -1 };
	pthread_mutex_lock(&mutex);
	if ((queue = join(offset_of(task, id))) != NULL) {
		ticket = ++queue->tickets;
		result = wait_for_turn(queue, deadline_ms) ? OK : RESULT_BUSY;
		if (ticket <= queue->failed_at)
			lock->found = queue->failure;
		if (result != OK)
			leave(queue);
	}
	pthread_mutex_unlock(&mutex);
	if (result != OK)
		return result;
	/* Opened anew each time: the lock belongs to the description. Made
	 * anew if an operator has emptied the directory to log all out. */
	lock->fd = openat(store->dir, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	result = lock->fd < 0 ? RESULT_STORE :
				take_byte(lock->fd, queue->offset, deadline_ms);
	if (result == OK) {
		lock->queue = queue;
		return OK;
	}
	if (lock->fd >= 0)
		close(lock->fd);
	else
		log_event(LOG_LEVEL_ERROR, "store_failed",
		    "call=open_lock "
		    "errno=%d",
		    errno);
	pass_on(queue);
	return result;
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
	close(lock->fd);
	pass_on(lock->queue);
	lock->queue = NULL;
}
