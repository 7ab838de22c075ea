/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peers.h"
#include "../run.h"

#define HIGH_FD 600 /* out of the way */
#define NARROW 32

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
	SCOPED(peers_end) struct peers_setting setting = peers_begin(true);
	SCOPED(peers_end_fd) int other = -1;
	struct connection *connection;
	int peer, fd, i;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &peer, &fd);
	for (i = 0; i < 3; i++) {
		peers_ask(peer);
		connection = connections_wait(setting.connections);
		assert_int_equal(connection->fd, fd);
		peers_serve(&setting, connection);
		peers_expect_answer(peer);
	}
	/* A new one comes although the kept one is idle. */
	other = peers_new();
	peers_ask(other);
	connection = peers_take(&setting, &other);
	assert_int_not_equal(connection->fd, fd);
	connections_drop(setting.connections, connection);
	assert_int_equal(recv(other, &(char){ 0 }, 1, 0), 0);
	/* Its end is seen by whoever waits. */
	close(peer);
	close(other);
	other = peers_new();
	peers_ask(other);
	connections_drop(setting.connections, peers_take(&setting, &other));
	connections_stop(setting.connections);
	assert_null(connections_wait(setting.connections));
	assert_null(strstr(run_said(), "kept_closed"));
}

/* With one more than may be served, a thread is left that sees who asks. */
static void
serves_in_the_order_of_arrival_and_no_more_at_a_time(void)
{
	SCOPED(peers_end) struct peers_setting setting = peers_begin(false);
	struct connection *first, *second;
	const unsigned sleepers = run_sleepers();
	int peers[2], fd, unread = 1;
	pthread_t thread;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &peers[0], &fd);
	peers_keep_one(&setting, &peers[1], &fd);
	peers_ask(peers[0]);
	first = connections_wait(setting.connections);
	assert_false(first->queued);
	pthread_create(&thread, NULL, leave, setting.connections);
	peers_ask(peers[1]);
	/* It has read, and waits again: then it has put the request away. */
	while (unread > 0 || run_sleepers() == sleepers) {
		assert_int_equal(ioctl(peers[1], SIOCOUTQ, &unread), 0);
		usleep(1000);
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

static void
marks_what_becomes_idle_when_too_many_are(void)
{
	SCOPED(peers_end)
	struct peers_setting setting = peers_begin_narrow(4 * NARROW);
	int peers[2 * NARROW + 1], low, fd, i;
	char got[sizeof(peers_mark)];

	if (setting.connections == NULL)
		return;
	for (i = 0; i <= 2 * NARROW; i++) {
		peers_keep_one(&setting, &low, &fd);
		peers[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
		close(low);
	}
	for (i = 0; i < 2 * NARROW; i++)
		assert_int_equal(recv(peers[i], got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(recv(peers[i], got, sizeof(got), MSG_DONTWAIT),
	    sizeof(got));
	assert_memory_equal(got, peers_mark, sizeof(got));
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
	SCOPED(peers_end)
	struct peers_setting setting = peers_begin_narrow(NARROW + 15);
	SCOPED(peers_end_fd) int first = -1;
	SCOPED(peers_end_fd) int third = -1;
	struct connection *connection;
	struct crowd crowd = { 0 };
	pthread_t thread;
	int fd;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &first, &fd);
	peers_keep_one(&setting, &crowd.idle, &fd);
	third = crowd.waiting = peers_new();
	peers_ask(third);
	pthread_create(&thread, NULL, make_room, &crowd);
	connection = peers_take(&setting, &third);
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
	SCOPED(peers_end) struct peers_setting setting = peers_begin(false);
	SCOPED(peers_end_fd) int peer = -1;
	struct server_answer long_one = { .head = BUF(4u << 20) };
	struct connection *connection;
	char *room;

	if (setting.connections == NULL)
		return;
	room = buf_room(&long_one.head, 2u << 20);
	peer = peers_new();
	if (room != NULL) {
		memset(room, 'x', 2u << 20);
		buf_grown(&long_one.head, 2u << 20);
	}
	assert_int_equal(write(peer, peers_request, 16), 16);
	assert_int_equal(write(peer, record, 12), 12);
	assert_int_equal(write(peer, peers_request + 16, 16), 16);
	connection = peers_take(&setting, &peer);
	assert_true(connection->in.params.n == 4 || run_refused());
	connections_answer(setting.connections, connection, &long_one);
	if (room != NULL)
		assert_null(connection->in.params.p);
}

UNIT_TESTS(connections) = {
	TEST(keeps_a_connection_until_its_end),
	TEST(serves_in_the_order_of_arrival_and_no_more_at_a_time),
	TEST(marks_what_becomes_idle_when_too_many_are),
	TEST(takes_no_more_than_there_is_room_for),
	TEST(holds_no_parameters_while_it_sends),
	END_OF_TESTS,
};
