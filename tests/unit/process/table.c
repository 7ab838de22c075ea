/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peers.h"
#include "../run.h"

static void *
stop(void *connections)
{
	connections_stop(connections);
	return NULL;
}

static void
lets_the_peer_close_idle_connections(void)
{
	SCOPED(peers_end) struct peers_setting setting = peers_begin(false);
	struct connection *connection;
	char got[sizeof(peers_mark)];
	pthread_t thread;
	int peer, fd;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &peer, &fd);
	pthread_create(&thread, NULL, stop, setting.connections);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_memory_equal(got, peers_mark, sizeof(got));
	/* It may have sent a request before; then it is kept for another. */
	peers_ask(peer);
	connection = connections_wait(setting.connections);
	assert_non_null(connection);
	assert_int_equal(connection->fd, fd);
	peers_serve(&setting, connection);
	close(peer);
	assert_null(connections_wait(setting.connections));
	pthread_join(thread, NULL);
	assert_null(strstr(run_said(), "kept_closed"));
}

/* Again and again, it would fill the peer's buffer for the answer's header. */
static void
marks_no_connection_on_which_a_request_waits(void)
{
	SCOPED(peers_end) struct peers_setting setting = peers_begin(false);
	int peer, fd, other_peer, other_fd;
	char got[2 * sizeof(peers_mark)];
	struct connection *connection;
	pthread_t thread;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &peer, &fd);
	peers_keep_one(&setting, &other_peer, &other_fd);
	peers_ask(peer);
	pthread_create(&thread, NULL, stop, setting.connections);
	/* Two marks: all have been looked at once at least. */
	assert_int_equal(recv(other_peer, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_int_equal(recv(peer, got, 1, MSG_DONTWAIT), -1);
	connection = connections_wait(setting.connections);
	assert_non_null(connection);
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
	SCOPED(peers_end) struct peers_setting setting = peers_begin(false);
	SCOPED(peers_end_fd) int peer = -1;
	int fd;

	if (setting.connections == NULL)
		return;
	peers_keep_one(&setting, &peer, &fd);
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
		SCOPED(peers_end)
		struct peers_setting setting = peers_begin(drain);
		SCOPED(peers_end_fd) int peer = -1;

		if (setting.connections == NULL)
			return;
		peer = peers_new();
		peers_ask(peer);
		if (!drain) {
			connections_stop(setting.connections);
			assert_null(connections_wait(setting.connections));
			continue;
		}
		pthread_create(&thread, NULL, stop, setting.connections);
		connection = connections_wait(setting.connections);
		assert_true(connection != NULL || run_refused());
		if (connection != NULL)
			peers_serve(&setting, connection);
		close(peer);
		peer = -1;
		assert_null(connections_wait(setting.connections));
		pthread_join(thread, NULL);
	}
}

UNIT_TESTS(table) = {
	TEST(lets_the_peer_close_idle_connections),
	TEST(marks_no_connection_on_which_a_request_waits),
	TEST(closes_what_the_peer_does_not),
	TEST(leaves_the_queue_or_serves_it),
	END_OF_TESTS,
};
