/* SPDX-License-Identifier: ISC */
/*
 * Hides how threads wait: all in one epoll, of which each event wakes one
 * (EPOLLONESHOT). There they find new connections and those that the web
 * server keeps for later, which therefore hold no thread.
 *
 * FastCGI has no word for "I shall close this", and a request that is on its
 * way when we do is lost: the web server cannot know whether it was served. So
 * a connection that the peer means to use again is left to it to close. When
 * we have to end, or too many are idle, they get a record that says nothing.
 * By the protocol it is of no importance where an answer is due, so a request
 * on its way is served as ever; on an idle connection nginx takes it for a
 * reason to close.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/intake.h"
#include "base/log.h"

#define FDS_MAX 65536 /* more than any of our units may open */
#define IDLE_MAX 512  /* above it, the peer is to close what becomes idle */
#define MARK_MS 2     /* between two records that say nothing */
#define QUIET_MS 1000 /* for a peer that does not close */
/* For a peer that never ceases to ask. What is being served then ends within
 * 18 s, and all within TimeoutStopSec of the unit. */
#define STOP_MS 10000

struct intake {
	int poll;
	int listener;
	int stop;     /* an eventfd that stays readable */
	int idle_max; /* at most IDLE_MAX, and half of what may be open */
	bool drain;
	pthread_mutex_t lock; /* for the rest */
	bool *idle;	      /* by descriptor */
	int fds;	      /* how many it has room for */
	int idle_n;
	int busy_n;   /* taken, not given back */
	bool closing; /* nothing is kept any more */
};

static bool
watch(const struct intake *intake, int operation, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(intake->poll, operation, fd, &event) == 0;
}

/* Room for every descriptor there can be; half of them may be idle, the others
 * are for new connections, files and Spotify. */
static bool
make_room(struct intake *intake)
{
	struct rlimit limit;

	intake->fds = FDS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FDS_MAX)
		intake->fds = (int)limit.rlim_cur;
	intake->idle_max =
	    intake->fds / 2 < IDLE_MAX ? intake->fds / 2 : IDLE_MAX;
	intake->idle = calloc((size_t)intake->fds, sizeof(*intake->idle));
	return intake->idle != NULL;
}

struct intake *
intake_open(int listener, bool drain)
{
	struct intake *intake = calloc(1, sizeof(*intake));

	if (intake == NULL)
		return NULL;
	pthread_mutex_init(&intake->lock, NULL);
	intake->listener = listener;
	intake->drain = drain;
	intake->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	intake->poll = epoll_create1(EPOLL_CLOEXEC);
	if (make_room(intake) && intake->stop >= 0 && intake->poll >= 0 &&
	    watch(intake, EPOLL_CTL_ADD, intake->stop, EPOLLIN) &&
	    watch(intake, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLONESHOT))
		return intake;
	intake_close(intake);
	return NULL;
}

void
intake_close(struct intake *intake)
{
	int fd;

	for (fd = 0; intake->idle_n > 0 && fd < intake->fds; fd++)
		if (intake->idle[fd])
			close(fd);
	free(intake->idle);
	if (intake->stop >= 0)
		close(intake->stop);
	if (intake->poll >= 0)
		close(intake->poll);
	pthread_mutex_destroy(&intake->lock);
	free(intake);
}

/* The record that says nothing. */
static void
mark(int fd)
{
	/* FCGI_STDERR of request 1, without content. */
	static const char record[8] = { 1, 7, 0, 1, 0, 0, 0, 0 };

	send(fd, record, sizeof(record), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * To all that are idle. Not where a request waits for a thread: to mark it
 * again and again would fill the buffer that the web server has for the header
 * of the answer.
 */
static void
mark_idle(struct intake *intake)
{
	char next;
	int fd;

	pthread_mutex_lock(&intake->lock);
	for (fd = 0; intake->idle_n > 0 && fd < intake->fds; fd++)
		if (intake->idle[fd] &&
		    recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
			mark(fd);
	pthread_mutex_unlock(&intake->lock);
}

static void
add_busy(struct intake *intake, int n)
{
	pthread_mutex_lock(&intake->lock);
	intake->busy_n += n;
	pthread_mutex_unlock(&intake->lock);
}

static int
accept_one(struct intake *intake)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	const struct timeval limit = { .tv_sec = INTAKE_PEER_S };
	int fd;

	/* Before it is there, or intake_stop() could overlook it. */
	add_busy(intake, 1);
	fd = accept4(intake->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		return fd;
	}
	add_busy(intake, -1);
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_errno(LOG_LEVEL_ERROR, "accept_failed", NULL);
		mark_idle(intake);
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* The next one is another thread's. */
static int
take_new(struct intake *intake)
{
	int fd = accept_one(intake);

	watch(intake, EPOLL_CTL_MOD, intake->listener, EPOLLIN | EPOLLONESHOT);
	return fd;
}

/* Count a taken connection among the idle ones, or (by -1) the other way
 * round. */
static void
set_idle(struct intake *intake, int fd, int by)
{
	intake->idle[fd] = by > 0;
	intake->idle_n += by;
	intake->busy_n -= by;
}

static int
take_kept(struct intake *intake, int fd)
{
	pthread_mutex_lock(&intake->lock);
	set_idle(intake, fd, -1);
	pthread_mutex_unlock(&intake->lock);
	return fd;
}

int
intake_wait(struct intake *intake)
{
	struct epoll_event event;
	int fd = -1;

	while (fd < 0) {
		if (epoll_wait(intake->poll, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == intake->listener)
			fd = take_new(intake);
		else if (event.data.fd != intake->stop)
			fd = take_kept(intake, event.data.fd);
		else
			return intake->drain ? accept_one(intake) : -1;
	}
	return fd;
}

bool
intake_keep(struct intake *intake, int fd)
{
	bool keep;

	pthread_mutex_lock(&intake->lock);
	keep = fd < intake->fds && !intake->closing;
	if (keep) {
		set_idle(intake, fd, 1);
		if (intake->idle_n > intake->idle_max)
			mark(fd);
	}
	pthread_mutex_unlock(&intake->lock);
	/* Known, unless this was its first request. */
	if (keep &&
	    (watch(intake, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT) ||
		watch(intake, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT)))
		return true;
	if (keep)
		take_kept(intake, fd);
	return false;
}

void
intake_gone(struct intake *intake)
{
	add_busy(intake, -1);
}

/* Whether anything is open; and whether a request is being served. */
static bool
is_open(struct intake *intake, bool *busy)
{
	bool open;

	pthread_mutex_lock(&intake->lock);
	*busy = intake->busy_n > 0;
	open = *busy || intake->idle_n > 0;
	pthread_mutex_unlock(&intake->lock);
	return open;
}

/* Until the peer has closed all, or does not seem to be about to. */
static void
wait_for_peer(struct intake *intake)
{
	const struct timespec pause = { .tv_nsec = MARK_MS * 1000000 };
	int64_t now_ms = clock_mono_ms(), quiet_ms = now_ms;
	const int64_t end_ms = now_ms + STOP_MS;
	bool busy;

	while (is_open(intake, &busy) && now_ms < end_ms &&
	    now_ms < quiet_ms + QUIET_MS) {
		mark_idle(intake);
		nanosleep(&pause, NULL);
		now_ms = clock_mono_ms();
		if (busy)
			quiet_ms = now_ms;
	}
}

/* Leave what is still idle to intake_close(); how many that are. */
static int
abandon(struct intake *intake)
{
	int fd, left;

	pthread_mutex_lock(&intake->lock);
	intake->closing = true;
	left = intake->idle_n;
	for (fd = 0; left > 0 && fd < intake->fds; fd++)
		if (intake->idle[fd])
			epoll_ctl(intake->poll, EPOLL_CTL_DEL, fd, NULL);
	pthread_mutex_unlock(&intake->lock);
	return left;
}

void
intake_stop(struct intake *intake)
{
	const uint64_t one = 1;
	int left;

	if (!intake->drain)
		epoll_ctl(intake->poll, EPOLL_CTL_DEL, intake->listener, NULL);
	wait_for_peer(intake);
	if ((left = abandon(intake)) > 0)
		log_event(LOG_LEVEL_INFO, "kept_closed", "connections=%d",
		    left);
	if (write(intake->stop, &one, sizeof(one)) < 0)
		log_errno(LOG_LEVEL_ERROR, "stop_failed", NULL);
}
