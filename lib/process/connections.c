/* SPDX-License-Identifier: ISC */
/*
 * Hides how threads wait: all in one epoll, of which each event wakes one
 * (EPOLLONESHOT). Who is woken goes on with that connection without waiting
 * for its peer, and serves the request itself if it is whole. As there is one
 * thread more than may serve, one is always here, and knows when a request
 * came although all others are busy.
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
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/connections.h"
#include "base/log.h"
#include "process/table.h"

#define MARK_MS 2     /* between two records that say nothing */
#define TAKEN_MAX 256 /* new ones at once */
#define QUIET_MS 1000 /* for a peer that does not close */
/* For a peer that never ceases to ask. What is being served then ends within
 * 18 s, and all within TimeoutStopSec of the unit. */
#define STOP_MS 10000

struct connections {
	struct table table;
	int listener;
	int stop; /* an eventfd that stays readable */
	bool drain;
	atomic_bool polite;   /* new ones are left to other processes */
	atomic_bool stopping; /* no new ones are taken any more */
};

struct connections *
connections_open(int listener, int serving_max, bool drain)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (connections == NULL)
		return NULL;
	connections->listener = listener;
	connections->drain = drain;
	connections->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (table_open(&connections->table, serving_max) &&
	    connections->stop >= 0 &&
	    table_watch(&connections->table, EPOLL_CTL_ADD, connections->stop,
		EPOLLIN) &&
	    table_watch(&connections->table, EPOLL_CTL_ADD, listener,
		EPOLLIN | EPOLLONESHOT))
		return connections;
	connections_close(connections);
	return NULL;
}

void
connections_close(struct connections *connections)
{
	table_close(&connections->table);
	if (connections->stop >= 0)
		close(connections->stop);
	free(connections);
}

/* ---- what comes of an event ---- */

/* A last answer, when nobody would come back to it. */
static void
finish(struct connection *connection)
{
	struct pollfd writable = { .fd = connection->fd, .events = POLLOUT };
	const int64_t end_ms = clock_mono_ms() + QUIET_MS;
	enum connection_need need = CONNECTION_TO_WRITE;

	while (need == CONNECTION_TO_WRITE &&
	    poll(&writable, 1, (int)clock_left_ms(end_ms, QUIET_MS)) > 0)
		need = connection_go_on(connection);
}

/* Give a connection back with what it needs. */
static void
settle(struct connections *connections, struct connection *connection,
    enum connection_need need)
{
	if (table_give(&connections->table, connection, need))
		return;
	if (need == CONNECTION_TO_WRITE)
		finish(connection);
	table_remove(&connections->table, connection);
}

static void
expire(struct connections *connections)
{
	struct connection *one = table_take_ended(&connections->table);

	if (one != NULL)
		settle(connections, one, connection_expire(one));
}

static struct connection *
accept_one(struct connections *connections)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int fd = accept4(connections->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return table_add(&connections->table, fd);
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_errno(LOG_LEVEL_ERROR, "accept_failed", NULL);
		table_mark(&connections->table);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
listen_again(const struct connections *connections)
{
	table_watch(&connections->table, EPOLL_CTL_MOD, connections->listener,
	    EPOLLIN | EPOLLONESHOT);
}

/*
 * Whether one more may come, for which another may have to go. What is left of
 * descriptors is for what requests open that are served.
 */
static bool
make_room(struct connections *connections)
{
	if (!table_is_crowded(&connections->table))
		return true;
	expire(connections);
	if (!table_is_crowded(&connections->table))
		return true;
	table_mark(&connections->table);
	return false;
}

/*
 * Take one; the next is another thread's. If all of them are busy, another
 * process may share the socket and have one to spare: it has a moment's time,
 * and so has the peer where there is no room.
 */
static struct connection *
take_new(struct connections *connections)
{
	struct table *table = &connections->table;
	struct connection *connection;

	if (table_is_busy(table) || !make_room(connections)) {
		atomic_store(&connections->polite, true);
		table_start_timer(table);
		/* Unless a thread has come back just now. */
		if (table_is_busy(table) || table_is_crowded(table) ||
		    !atomic_exchange(&connections->polite, false))
			return NULL;
	}
	connection = accept_one(connections);
	listen_again(connections);
	return connection;
}

void
connections_add(struct connections *connections, int fd)
{
	struct connection *one = table_add(&connections->table, fd);

	if (one != NULL)
		settle(connections, one, connection_go_on(one));
}

/* Nobody else wanted them: their time runs. */
static void
take_all(struct connections *connections)
{
	struct connection *connection;
	int n = 0;

	while (n++ < TAKEN_MAX && make_room(connections) &&
	    (connection = accept_one(connections)) != NULL)
		settle(connections, connection, connection_go_on(connection));
	listen_again(connections);
}

static void
keep_time(struct connections *connections)
{
	table_ticked(&connections->table);
	if (atomic_exchange(&connections->polite, false) &&
	    !atomic_load(&connections->stopping))
		take_all(connections);
	expire(connections);
}

/* Go on with whatever something has happened to; false: the end has come. */
static bool
go_on(struct connections *connections)
{
	struct connection *connection = NULL;
	struct epoll_event event;

	if (epoll_wait(connections->table.poll, &event, 1, -1) != 1)
		return true;
	if (event.data.fd == connections->stop)
		return false;
	if (event.data.fd == connections->table.timer)
		keep_time(connections);
	else if (event.data.fd == connections->listener)
		connection = take_new(connections);
	else
		connection = table_take(&connections->table, event.data.fd);
	if (connection != NULL)
		settle(connections, connection, connection_go_on(connection));
	return true;
}

struct connection *
connections_wait(struct connections *connections)
{
	struct connection *connection;

	do {
		connection = table_take_request(&connections->table, false);
		if (connection != NULL)
			return connection;
	} while (go_on(connections));
	return table_take_request(&connections->table, true);
}

/* There is a thread for others. */
static void
be_ready(struct connections *connections)
{
	if (atomic_exchange(&connections->polite, false))
		listen_again(connections);
}

/* A request is not served any more; what comes next on its connection may be
 * somebody else's. */
static uint64_t
forget_who(struct connection *connection)
{
	const uint64_t who = connection->who;

	connection->who = 0;
	return who;
}

void
connections_answer(struct connections *connections,
    struct connection *connection, struct server_answer *answer)
{
	const uint64_t who = forget_who(connection);

	settle(connections, connection, connection_answer(connection, answer));
	table_served(&connections->table, who);
	be_ready(connections);
}

void
connections_drop(struct connections *connections, struct connection *connection)
{
	const uint64_t who = forget_who(connection);

	table_remove(&connections->table, connection);
	table_served(&connections->table, who);
	be_ready(connections);
}

enum turn
connections_ask(struct connections *connections, struct connection *connection,
    uint64_t who, int times)
{
	return table_ask(&connections->table, connection, who, times);
}

void
connections_put_off(struct connections *connections,
    struct connection *connection)
{
	table_put_off(&connections->table, connection);
	be_ready(connections);
}

/* ---- the end ---- */

/* Until the peer has closed all, or does not seem to be about to. */
static void
wait_for_peer(struct connections *connections)
{
	const struct timespec pause = { .tv_nsec = MARK_MS * 1000000 };
	int64_t now_ms = clock_mono_ms(), quiet_ms = now_ms;
	const int64_t end_ms = now_ms + STOP_MS;
	bool busy;

	while (table_is_open(&connections->table, &busy) && now_ms < end_ms &&
	    now_ms < quiet_ms + QUIET_MS) {
		table_mark(&connections->table);
		nanosleep(&pause, NULL);
		now_ms = clock_mono_ms();
		if (busy)
			quiet_ms = now_ms;
	}
}

void
connections_stop(struct connections *connections)
{
	const uint64_t one = 1;
	struct connection *last;
	int idle, others;

	atomic_store(&connections->stopping, true);
	epoll_ctl(connections->table.poll, EPOLL_CTL_DEL, connections->listener,
	    NULL);
	while (connections->drain && (last = accept_one(connections)) != NULL)
		settle(connections, last, CONNECTION_TO_READ);
	wait_for_peer(connections);
	table_abandon(&connections->table, &idle, &others);
	if (idle > 0)
		log_event(LOG_LEVEL_INFO, "kept_closed", "connections=%d",
		    idle);
	if (others > 0)
		log_event(LOG_LEVEL_INFO, "cut_off", "connections=%d", others);
	if (write(connections->stop, &one, sizeof(one)) < 0)
		log_errno(LOG_LEVEL_ERROR, "stop_failed", NULL);
}
