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
#include "process/connections.h"
#include "base/log.h"

#define FDS_MAX 65536 /* more than any of our units may open */
#define IDLE_MAX 512  /* above it, the peer is to close what becomes idle */
#define MARK_MS 2     /* between two records that say nothing */
#define QUIET_MS 1000 /* for a peer that does not close */
/* For a peer that never ceases to ask. What is being served then ends within
 * 18 s, and all within TimeoutStopSec of the unit. */
#define STOP_MS 10000

struct connections {
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
watch(const struct connections *connections, int operation, int fd,
    uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(connections->poll, operation, fd, &event) == 0;
}

/* Room for every descriptor there can be; half of them may be idle, the others
 * are for new connections, files and Spotify. */
static bool
make_room(struct connections *connections)
{
	struct rlimit limit;

	connections->fds = FDS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FDS_MAX)
		connections->fds = (int)limit.rlim_cur;
	connections->idle_max =
	    connections->fds / 2 < IDLE_MAX ? connections->fds / 2 : IDLE_MAX;
	connections->idle =
	    calloc((size_t)connections->fds, sizeof(*connections->idle));
	return connections->idle != NULL;
}

struct connections *
connections_open(int listener, bool drain)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (connections == NULL)
		return NULL;
	pthread_mutex_init(&connections->lock, NULL);
	connections->listener = listener;
	connections->drain = drain;
	connections->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	connections->poll = epoll_create1(EPOLL_CLOEXEC);
	if (make_room(connections) && connections->stop >= 0 &&
	    connections->poll >= 0 &&
	    watch(connections, EPOLL_CTL_ADD, connections->stop, EPOLLIN) &&
	    watch(connections, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLONESHOT))
		return connections;
	connections_close(connections);
	return NULL;
}

void
connections_close(struct connections *connections)
{
	int fd;

	for (fd = 0; connections->idle_n > 0 && fd < connections->fds; fd++)
		if (connections->idle[fd])
			close(fd);
	free(connections->idle);
	if (connections->stop >= 0)
		close(connections->stop);
	if (connections->poll >= 0)
		close(connections->poll);
	pthread_mutex_destroy(&connections->lock);
	free(connections);
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
mark_idle(struct connections *connections)
{
	char next;
	int fd;

	pthread_mutex_lock(&connections->lock);
	for (fd = 0; connections->idle_n > 0 && fd < connections->fds; fd++)
		if (connections->idle[fd] &&
		    recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
			mark(fd);
	pthread_mutex_unlock(&connections->lock);
}

static void
add_busy(struct connections *connections, int n)
{
	pthread_mutex_lock(&connections->lock);
	connections->busy_n += n;
	pthread_mutex_unlock(&connections->lock);
}

static int
accept_one(struct connections *connections)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	const struct timeval limit = { .tv_sec = CONNECTIONS_PEER_S };
	int fd;

	/* Before it is there, or connections_stop() could overlook it. */
	add_busy(connections, 1);
	fd = accept4(connections->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		return fd;
	}
	add_busy(connections, -1);
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_errno(LOG_LEVEL_ERROR, "accept_failed", NULL);
		mark_idle(connections);
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* The next one is another thread's. */
static int
take_new(struct connections *connections)
{
	int fd = accept_one(connections);

	watch(connections, EPOLL_CTL_MOD, connections->listener,
	    EPOLLIN | EPOLLONESHOT);
	return fd;
}

/* Count a taken connection among the idle ones, or (by -1) the other way
 * round. */
static void
set_idle(struct connections *connections, int fd, int by)
{
	connections->idle[fd] = by > 0;
	connections->idle_n += by;
	connections->busy_n -= by;
}

static int
take_kept(struct connections *connections, int fd)
{
	pthread_mutex_lock(&connections->lock);
	set_idle(connections, fd, -1);
	pthread_mutex_unlock(&connections->lock);
	return fd;
}

int
connections_wait(struct connections *connections)
{
	struct epoll_event event;
	int fd = -1;

	while (fd < 0) {
		if (epoll_wait(connections->poll, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == connections->listener)
			fd = take_new(connections);
		else if (event.data.fd != connections->stop)
			fd = take_kept(connections, event.data.fd);
		else
			return connections->drain ? accept_one(connections) :
						    -1;
	}
	return fd;
}

bool
connections_keep(struct connections *connections, int fd)
{
	bool keep;

	pthread_mutex_lock(&connections->lock);
	keep = fd < connections->fds && !connections->closing;
	if (keep) {
		set_idle(connections, fd, 1);
		if (connections->idle_n > connections->idle_max)
			mark(fd);
	}
	pthread_mutex_unlock(&connections->lock);
	/* Known, unless this was its first request. */
	if (keep &&
	    (watch(connections, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT) ||
		watch(connections, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT)))
		return true;
	if (keep)
		take_kept(connections, fd);
	return false;
}

void
connections_gone(struct connections *connections)
{
	add_busy(connections, -1);
}

/* Whether anything is open; and whether a request is being served. */
static bool
is_open(struct connections *connections, bool *busy)
{
	bool open;

	pthread_mutex_lock(&connections->lock);
	*busy = connections->busy_n > 0;
	open = *busy || connections->idle_n > 0;
	pthread_mutex_unlock(&connections->lock);
	return open;
}

/* Until the peer has closed all, or does not seem to be about to. */
static void
wait_for_peer(struct connections *connections)
{
	const struct timespec pause = { .tv_nsec = MARK_MS * 1000000 };
	int64_t now_ms = clock_mono_ms(), quiet_ms = now_ms;
	const int64_t end_ms = now_ms + STOP_MS;
	bool busy;

	while (is_open(connections, &busy) && now_ms < end_ms &&
	    now_ms < quiet_ms + QUIET_MS) {
		mark_idle(connections);
		nanosleep(&pause, NULL);
		now_ms = clock_mono_ms();
		if (busy)
			quiet_ms = now_ms;
	}
}

/* Leave what is still idle to connections_close(); how many that are. */
static int
abandon(struct connections *connections)
{
	int fd, left;

	pthread_mutex_lock(&connections->lock);
	connections->closing = true;
	left = connections->idle_n;
	for (fd = 0; left > 0 && fd < connections->fds; fd++)
		if (connections->idle[fd])
			epoll_ctl(connections->poll, EPOLL_CTL_DEL, fd, NULL);
	pthread_mutex_unlock(&connections->lock);
	return left;
}

void
connections_stop(struct connections *connections)
{
	const uint64_t one = 1;
	int left;

	if (!connections->drain)
		epoll_ctl(connections->poll, EPOLL_CTL_DEL,
		    connections->listener, NULL);
	wait_for_peer(connections);
	if ((left = abandon(connections)) > 0)
		log_event(LOG_LEVEL_INFO, "kept_closed", "connections=%d",
		    left);
	if (write(connections->stop, &one, sizeof(one)) < 0)
		log_errno(LOG_LEVEL_ERROR, "stop_failed", NULL);
}
