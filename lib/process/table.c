/* SPDX-License-Identifier: ISC */
/*
 * Hides the lock. A connection is in one of three places: in the epoll, where
 * it waits for its peer; in the queue, where its request waits for a thread; or
 * with a thread, which alone may touch it then.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/descriptors.h"
#include "process/table.h"

#define IDLE_MAX 512	      /* above it, the peer is to close what is idle */
#define HELD_MAX (128u << 20) /* bytes of requests and answers under way */
/* Ends are so much earlier then: nobody is cut off who goes on each second. */
#define CROWDED_MS 9000
#define SPARE_MAX 64
#define TICK_MS 250 /* how exactly ends are kept */

bool
table_watch(const struct table *table, int operation, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(table->poll, operation, fd, &event) == 0;
}

/* Half of all descriptors may be idle, the others are for new connections,
 * files and Spotify. */
bool
table_open(struct table *table, int serving_max)
{
	const int fds = descriptors_max();

	*table = (struct table){ .fds = fds,
		.open_max = descriptors_for_connections(serving_max),
		.idle_max = fds / 2 < IDLE_MAX ? fds / 2 : IDLE_MAX,
		.poll = epoll_create1(EPOLL_CLOEXEC),
		.timer =
		    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.of = calloc((size_t)fds, sizeof(struct connection *)) };
	pthread_mutex_init(&table->lock, NULL);
	TAILQ_INIT(&table->ending);
	TAILQ_INIT(&table->spare);
	return turns_open(&table->turns, serving_max, table->open_max / 2) &&
	    table->of != NULL && table->poll >= 0 && table->timer >= 0 &&
	    table_watch(table, EPOLL_CTL_ADD, table->timer, EPOLLIN | EPOLLET);
}

static struct connection *
take_spare(struct table *table)
{
	struct connection *spare = TAILQ_FIRST(&table->spare);

	if (spare != NULL) {
		TAILQ_REMOVE(&table->spare, spare, link);
		table->spare_n--;
	}
	return spare;
}

void
table_close(struct table *table)
{
	struct connection *spare;
	int fd;

	for (fd = 0; table->open_n > 0 && fd < table->fds; fd++)
		if (table->of[fd] != NULL)
			connection_free(table->of[fd]);
	while ((spare = take_spare(table)) != NULL)
		connection_free(spare);
	turns_close(&table->turns);
	free(table->of);
	if (table->poll >= 0)
		close(table->poll);
	if (table->timer >= 0)
		close(table->timer);
	pthread_mutex_destroy(&table->lock);
}

struct connection *
table_add(struct table *table, int fd)
{
	struct connection *connection = NULL;

	pthread_mutex_lock(&table->lock);
	if (fd < table->fds && (connection = take_spare(table)) == NULL)
		connection = connection_new();
	if (connection != NULL) {
		connection_begin(connection, fd);
		table->of[fd] = connection;
		table->open_n++;
	}
	pthread_mutex_unlock(&table->lock);
	if (connection == NULL)
		close(fd);
	return connection;
}

/* ---- with the lock ---- */

static void
count(struct table *table, struct connection *connection, size_t held,
    size_t answered)
{
	table->held += held - connection->held;
	table->answered += answered - connection->answered;
	connection->held = held;
	connection->answered = answered;
}

/* Whether peers take the answers that there are too slowly: then none more is
 * made. Those who take nothing are cut off soon. */
static bool
is_clogged(const struct table *table)
{
	return table->answered > HELD_MAX;
}

/* What is asked for again and again is not put off again and again. */
static void
start_timer(struct table *table, long ms)
{
	const struct itimerspec tick = { .it_value.tv_nsec = ms * 1000000 + 1 };

	if (table->ticks && ms > 0)
		return;
	table->ticks = true;
	timerfd_settime(table->timer, 0, &tick, NULL);
}

static bool
begin_wait(struct table *table, struct connection *connection,
    enum connection_need need)
{
	uint32_t events = need == CONNECTION_TO_READ ? EPOLLIN : EPOLLOUT;

	if (table->closing ||
	    !table_watch(table,
		connection->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		connection->fd, events | EPOLLONESHOT))
		return false;
	connection->known = connection->waits = true;
	if (connection->ends_ms == 0) {
		if (++table->idle_n > table->idle_max)
			connection_mark(connection);
		return true;
	}
	table->reading_n += need == CONNECTION_TO_READ;
	if (TAILQ_EMPTY(&table->ending))
		start_timer(table, TICK_MS);
	TAILQ_INSERT_TAIL(&table->ending, connection, link);
	return true;
}

static void
end_wait(struct table *table, struct connection *connection)
{
	connection->waits = false;
	if (connection->ends_ms == 0) {
		table->idle_n--;
		return;
	}
	table->reading_n -= connection->phase != CONNECTION_SENDING;
	TAILQ_REMOVE(&table->ending, connection, link);
}

static bool
is_crowded(const struct table *table)
{
	return table->open_n >= table->open_max || table->held > HELD_MAX;
}

/* ---- giving and taking ---- */

bool
table_give(struct table *table, struct connection *connection,
    enum connection_need need)
{
	bool given = need != CONNECTION_TO_CLOSE;

	pthread_mutex_lock(&table->lock);
	if (need == CONNECTION_TO_SERVE) {
		connection->queued =
		    turns_are_taken(&table->turns) || is_clogged(table);
		turns_add(&table->turns, connection);
	} else if (given) {
		given = begin_wait(table, connection, need);
	}
	if (given)
		count(table, connection, connection_held(connection),
		    connection->out.n);
	if (given && is_crowded(table))
		start_timer(table, 0);
	pthread_mutex_unlock(&table->lock);
	return given;
}

/* An event may be about one that has ended since, and whose descriptor is
 * another's: to go on with that does no harm. */
struct connection *
table_take(struct table *table, int fd)
{
	struct connection *connection;

	pthread_mutex_lock(&table->lock);
	connection = table->of[fd];
	if (connection != NULL && connection->waits)
		end_wait(table, connection);
	else
		connection = NULL;
	pthread_mutex_unlock(&table->lock);
	return connection;
}

struct connection *
table_take_request(struct table *table, bool leaving)
{
	struct connection *connection = NULL;

	pthread_mutex_lock(&table->lock);
	if (leaving || !is_clogged(table))
		connection = turns_take(&table->turns, leaving);
	/* Another thread may be idle, and not know. */
	if (connection != NULL && turns_are_due(&table->turns))
		start_timer(table, 0);
	pthread_mutex_unlock(&table->lock);
	return connection;
}

/* Whether one may go before its end, as it has not gone on for a second: for
 * want of descriptors any may, for want of memory only such as hold a share. */
static bool
may_go(const struct table *table, const struct connection *one, int64_t now_ms)
{
	if (one->ends_ms > now_ms + CROWDED_MS)
		return false;
	if (table->open_n >= table->open_max)
		return true;
	return table->held > HELD_MAX &&
	    one->held * (size_t)table->open_n >= table->held;
}

struct connection *
table_take_ended(struct table *table)
{
	const int64_t now_ms = clock_mono_ms();
	struct connection *one, *first = NULL;

	pthread_mutex_lock(&table->lock);
	TAILQ_FOREACH(one, &table->ending, link)
	if ((one->ends_ms <= now_ms || may_go(table, one, now_ms)) &&
	    (first == NULL || one->ends_ms < first->ends_ms))
		first = one;
	if (first != NULL)
		end_wait(table, first);
	if (!TAILQ_EMPTY(&table->ending))
		start_timer(table, first != NULL ? 0 : TICK_MS);
	pthread_mutex_unlock(&table->lock);
	return first;
}

bool
table_is_crowded(struct table *table)
{
	bool crowded;

	pthread_mutex_lock(&table->lock);
	crowded = is_crowded(table);
	pthread_mutex_unlock(&table->lock);
	return crowded;
}

void
table_start_timer(struct table *table)
{
	pthread_mutex_lock(&table->lock);
	start_timer(table, TICK_MS);
	pthread_mutex_unlock(&table->lock);
}

void
table_ticked(struct table *table)
{
	pthread_mutex_lock(&table->lock);
	table->ticks = false;
	pthread_mutex_unlock(&table->lock);
}

/* Nothing is allocated for most requests, then. */
static bool
give_spare(struct table *table, struct connection *connection)
{
	bool given;

	pthread_mutex_lock(&table->lock);
	given = table->spare_n < SPARE_MAX;
	if (given) {
		TAILQ_INSERT_HEAD(&table->spare, connection, link);
		table->spare_n++;
	}
	pthread_mutex_unlock(&table->lock);
	return given;
}

void
table_remove(struct table *table, struct connection *connection)
{
	pthread_mutex_lock(&table->lock);
	count(table, connection, 0, 0);
	/* Before the descriptor can be another's. */
	table->of[connection->fd] = NULL;
	table->open_n--;
	pthread_mutex_unlock(&table->lock);
	connection_end(connection);
	if (!give_spare(table, connection))
		connection_free(connection);
}

/* ---- all of them ---- */

void
table_mark(struct table *table)
{
	const struct connection *one;
	int fd;

	pthread_mutex_lock(&table->lock);
	for (fd = 0; table->idle_n > 0 && fd < table->fds; fd++) {
		one = table->of[fd];
		if (one != NULL && one->waits && one->ends_ms == 0)
			connection_mark(one);
	}
	pthread_mutex_unlock(&table->lock);
}

bool
table_is_open(struct table *table, bool *busy)
{
	bool open;

	pthread_mutex_lock(&table->lock);
	open = table->open_n > 0;
	*busy = table->open_n > table->idle_n + table->reading_n;
	pthread_mutex_unlock(&table->lock);
	return open;
}

void
table_abandon(struct table *table, int *idle, int *others)
{
	struct connection *one;
	int fd;

	*others = 0;
	pthread_mutex_lock(&table->lock);
	table->closing = true;
	*idle = table->idle_n;
	for (fd = 0; fd < table->fds; fd++) {
		one = table->of[fd];
		if (one == NULL || !one->waits)
			continue;
		*others += one->ends_ms != 0;
		end_wait(table, one);
		epoll_ctl(table->poll, EPOLL_CTL_DEL, fd, NULL);
	}
	pthread_mutex_unlock(&table->lock);
}
