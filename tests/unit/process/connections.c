/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/connections.h"
#include "../run.h"

#define HIGH_FD 600 /* out of the way */
#define NARROW 32

static const struct sockaddr_un place = { .sun_family = AF_UNIX,
	.sun_path = "socket" };
static const char mark[8] = { 1, 7, 0, 1, 0, 0, 0, 0 };
/* Without parameters; the connection is to be kept. */
static const char request[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
			      "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0";
/* The end of an answer without content. */
static const char answer[] = "\1\6\0\1\0\0\0\0\1\3\0\1\0\10\0\0"
			     "\0\0\0\0\0\0\0\0";
#define REQUEST_N (sizeof(request) - 1)
#define ANSWER_N (sizeof(answer) - 1)

/* Connections and their listening socket. */
struct setting {
	struct connections *connections;
	int listener;
};

static void
end(struct setting *setting)
{
	if (setting->connections != NULL)
		connections_close(setting->connections);
	close(setting->listener);
}

static void
end_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct setting
begin(bool drain)
{
	struct setting setting = { .listener = socket(AF_UNIX,
				       SOCK_STREAM | SOCK_NONBLOCK, 0) };

	run_in_scratch();
	assert_int_equal(bind(setting.listener, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	assert_int_equal(listen(setting.listener, 8), 0);
	setting.connections = connections_open(setting.listener, 1, drain);
	assert_true(setting.connections != NULL || run_refused());
	return setting;
}

static int
new_peer(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	return fd;
}

static void
ask(int peer)
{
	assert_int_equal(write(peer, request, REQUEST_N), REQUEST_N);
}

/* ---- a peer that asks again when it is refused for want of memory ---- */

struct asker {
	int peer;
	int served; /* an eventfd */
};

static void *
ask_again(void *data)
{
	struct asker *asker = data;
	struct pollfd watched[] = { { .fd = asker->peer },
		{ .fd = asker->served, .events = POLLIN } };

	poll(watched, 2, -1);
	if (watched[1].revents == 0) {
		close(asker->peer);
		asker->peer = new_peer();
		ask(asker->peer);
	}
	return NULL;
}

/* The next request, which this peer has just sent, or sends again. */
static struct connection *
take(const struct setting *setting, int *peer)
{
	struct asker asker = { *peer, eventfd(0, EFD_CLOEXEC) };
	struct connection *connection;
	pthread_t thread;

	pthread_create(&thread, NULL, ask_again, &asker);
	connection = connections_wait(setting->connections);
	assert_non_null(connection);
	assert_int_equal(write(asker.served, &(uint64_t){ 1 }, 8), 8);
	pthread_join(thread, NULL);
	close(asker.served);
	*peer = asker.peer;
	return connection;
}

static void
serve(const struct setting *setting, struct connection *connection)
{
	struct server_answer none = { .head = BUF(0) };

	connections_answer(setting->connections, connection, &none);
}

static void
expect_answer(int peer)
{
	char got[ANSWER_N];

	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), ANSWER_N);
	assert_memory_equal(got, answer, ANSWER_N);
}

/* A connection whose ends are in two variables, served and kept. */
static void
keep_one(const struct setting *setting, int *peer, int *fd)
{
	struct connection *connection;

	*peer = new_peer();
	ask(*peer);
	connection = take(setting, peer);
	*fd = connection->fd;
	serve(setting, connection);
	expect_answer(*peer);
}

static void *
stop(void *connections)
{
	connections_stop(connections);
	return NULL;
}

/* Another thread, for which there is nothing to serve. */
static void *
leave(void *connections)
{
	assert_null(connections_wait(connections));
	return NULL;
}

static void
keeps_a_connection_until_its_end(void)
{
	SCOPED(end) struct setting setting = begin(true);
	SCOPED(end_fd) int other = -1;
	struct connection *connection;
	int peer, fd, i;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	for (i = 0; i < 3; i++) {
		ask(peer);
		connection = connections_wait(setting.connections);
		assert_int_equal(connection->fd, fd);
		serve(&setting, connection);
		expect_answer(peer);
	}
	/* A new one comes although the kept one is idle. */
	other = new_peer();
	ask(other);
	connection = take(&setting, &other);
	assert_int_not_equal(connection->fd, fd);
	connections_drop(setting.connections, connection);
	assert_int_equal(recv(other, &(char){ 0 }, 1, 0), 0);
	/* Its end is seen by whoever waits. */
	close(peer);
	close(other);
	other = new_peer();
	ask(other);
	connections_drop(setting.connections, take(&setting, &other));
	connections_stop(setting.connections);
	assert_null(connections_wait(setting.connections));
	assert_null(strstr(run_said(), "kept_closed"));
}

/* With one more than may be served, a thread is left that sees who asks. */
static void
serves_in_the_order_of_arrival_and_no_more_at_a_time(void)
{
	SCOPED(end) struct setting setting = begin(false);
	struct connection *first, *second;
	int peers[2], fd, unread = 1;
	pthread_t thread;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peers[0], &fd);
	keep_one(&setting, &peers[1], &fd);
	ask(peers[0]);
	first = connections_wait(setting.connections);
	assert_false(first->queued);
	pthread_create(&thread, NULL, leave, setting.connections);
	ask(peers[1]);
	while (unread > 0) {
		assert_int_equal(ioctl(peers[1], SIOCOUTQ, &unread), 0);
		sched_yield();
	}
	connections_drop(setting.connections, first);
	second = connections_wait(setting.connections);
	assert_true(second->queued);
	connections_drop(setting.connections, second);
	connections_stop(setting.connections);
	pthread_join(thread, NULL);
	close(peers[0]);
	close(peers[1]);
}

/* With no more than that allowed to be open, half of it may be idle. */
static struct setting
begin_narrow(rlim_t files)
{
	struct setting setting;
	struct rlimit old, narrow;

	getrlimit(RLIMIT_NOFILE, &old);
	narrow = old;
	narrow.rlim_cur = files;
	setrlimit(RLIMIT_NOFILE, &narrow);
	setting = begin(false);
	setrlimit(RLIMIT_NOFILE, &old);
	return setting;
}

static void
marks_what_becomes_idle_when_too_many_are(void)
{
	SCOPED(end) struct setting setting = begin_narrow(4 * NARROW);
	int peers[2 * NARROW + 1], low, fd, i;
	char got[sizeof(mark)];

	if (setting.connections == NULL)
		return;
	for (i = 0; i <= 2 * NARROW; i++) {
		keep_one(&setting, &low, &fd);
		peers[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
		close(low);
	}
	for (i = 0; i < 2 * NARROW; i++)
		assert_int_equal(recv(peers[i], got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(recv(peers[i], got, sizeof(got), MSG_DONTWAIT),
	    sizeof(got));
	assert_memory_equal(got, mark, sizeof(got));
	for (i = 0; i <= 2 * NARROW; i++)
		close(peers[i]);
}

struct crowd {
	int idle, waiting; /* peers */
	bool marked;
	int unread; /* of the one that waits, when the other was marked */
};

static void *
make_room(void *data)
{
	struct crowd *crowd = data;
	struct pollfd watched = { .fd = crowd->idle, .events = POLLIN };

	crowd->marked = poll(&watched, 1, 10000) > 0;
	ioctl(crowd->waiting, SIOCOUTQ, &crowd->unread);
	close(crowd->idle);
	return NULL;
}

/* What is left is for the files of requests that are served. */
static void
takes_no_more_than_there_is_room_for(void)
{
	SCOPED(end) struct setting setting = begin_narrow(NARROW + 15);
	SCOPED(end_fd) int first = -1;
	SCOPED(end_fd) int third = -1;
	struct connection *connection;
	struct crowd crowd = { 0 };
	pthread_t thread;
	int fd;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &first, &fd);
	keep_one(&setting, &crowd.idle, &fd);
	third = crowd.waiting = new_peer();
	ask(third);
	pthread_create(&thread, NULL, make_room, &crowd);
	connection = take(&setting, &third);
	pthread_join(thread, NULL);
	assert_true(crowd.marked);
	assert_true(crowd.unread > 0);
	connections_drop(setting.connections, connection);
}

/* Cookies and codes; the peer may read for a minute. */
static void
holds_no_parameters_while_it_sends(void)
{
	static const char record[] = "\1\4\0\1\0\4\0\0\1\1xy";
	SCOPED(end) struct setting setting = begin(false);
	SCOPED(end_fd) int peer = -1;
	struct server_answer long_one = { .head = BUF(4u << 20) };
	struct connection *connection;
	char *room;

	if (setting.connections == NULL)
		return;
	room = buf_room(&long_one.head, 2u << 20);
	peer = new_peer();
	if (room != NULL) {
		memset(room, 'x', 2u << 20);
		buf_grown(&long_one.head, 2u << 20);
	}
	assert_int_equal(write(peer, request, 16), 16);
	assert_int_equal(write(peer, record, 12), 12);
	assert_int_equal(write(peer, request + 16, 16), 16);
	connection = take(&setting, &peer);
	assert_true(connection->in.params.n == 4 || run_refused());
	connections_answer(setting.connections, connection, &long_one);
	if (room != NULL)
		assert_null(connection->in.params.p);
}

static void
lets_the_peer_close_idle_connections(void)
{
	SCOPED(end) struct setting setting = begin(false);
	struct connection *connection;
	char got[sizeof(mark)];
	pthread_t thread;
	int peer, fd;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	pthread_create(&thread, NULL, stop, setting.connections);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_memory_equal(got, mark, sizeof(got));
	/* It may have sent a request before; then it is kept for another. */
	ask(peer);
	connection = connections_wait(setting.connections);
	assert_int_equal(connection->fd, fd);
	serve(&setting, connection);
	close(peer);
	assert_null(connections_wait(setting.connections));
	pthread_join(thread, NULL);
	assert_null(strstr(run_said(), "kept_closed"));
}

/* Again and again, it would fill the peer's buffer for the answer's header. */
static void
marks_no_connection_on_which_a_request_waits(void)
{
	SCOPED(end) struct setting setting = begin(false);
	int peer, fd, other_peer, other_fd;
	char got[2 * sizeof(mark)];
	struct connection *connection;
	pthread_t thread;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	keep_one(&setting, &other_peer, &other_fd);
	ask(peer);
	pthread_create(&thread, NULL, stop, setting.connections);
	/* Two marks: all have been looked at once at least. */
	assert_int_equal(recv(other_peer, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_int_equal(recv(peer, got, 1, MSG_DONTWAIT), -1);
	connection = connections_wait(setting.connections);
	assert_int_equal(connection->fd, fd);
	connections_drop(setting.connections, connection);
	close(peer);
	close(other_peer);
	assert_null(connections_wait(setting.connections));
	pthread_join(thread, NULL);
}

static void
closes_what_the_peer_does_not(void)
{
	SCOPED(end) struct setting setting = begin(false);
	SCOPED(end_fd) int peer = -1;
	int fd;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	connections_stop(setting.connections);
	assert_null(connections_wait(setting.connections));
	assert_non_null(strstr(run_said(), "event=kept_closed connections=1"));
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	connections_close(setting.connections);
	setting.connections = NULL;
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void
leaves_the_queue_or_serves_it(void)
{
	struct connection *connection;
	pthread_t thread;
	int drain;

	for (drain = 0; drain <= 1; drain++) {
		SCOPED(end) struct setting setting = begin(drain);
		SCOPED(end_fd) int peer = -1;

		if (setting.connections == NULL)
			return;
		peer = new_peer();
		ask(peer);
		if (!drain) {
			connections_stop(setting.connections);
			assert_null(connections_wait(setting.connections));
			continue;
		}
		pthread_create(&thread, NULL, stop, setting.connections);
		connection = connections_wait(setting.connections);
		assert_true(connection != NULL || run_refused());
		if (connection != NULL)
			serve(&setting, connection);
		close(peer);
		peer = -1;
		assert_null(connections_wait(setting.connections));
		pthread_join(thread, NULL);
	}
}

UNIT_TESTS(connections) = {
	TEST(keeps_a_connection_until_its_end),
	TEST(serves_in_the_order_of_arrival_and_no_more_at_a_time),
	TEST(marks_what_becomes_idle_when_too_many_are),
	TEST(takes_no_more_than_there_is_room_for),
	TEST(holds_no_parameters_while_it_sends),
	TEST(lets_the_peer_close_idle_connections),
	TEST(marks_no_connection_on_which_a_request_waits),
	TEST(closes_what_the_peer_does_not),
	TEST(leaves_the_queue_or_serves_it),
	END_OF_TESTS,
};
