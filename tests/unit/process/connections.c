/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
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

/* An connections and its listening socket. */
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
	setting.connections = connections_open(setting.listener, drain);
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

/* A connection whose ends are in two variables, taken and kept. */
static void
keep_one(const struct setting *setting, int *peer, int *fd)
{
	*peer = new_peer();
	*fd = connections_wait(setting->connections);
	assert_true(*fd >= 0);
	assert_true(connections_keep(setting->connections, *fd));
}

static void *
stop(void *connections)
{
	connections_stop(connections);
	return NULL;
}

static void
close_taken(const struct setting *setting, int fd)
{
	close(fd);
	connections_gone(setting->connections);
}

static void
keeps_a_connection_until_its_end(void)
{
	SCOPED(end) struct setting setting = begin(false);
	SCOPED(end_fd) int other = -1;
	int peer, fd, i;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	for (i = 0; i < 3; i++) {
		assert_int_equal(write(peer, "x", 1), 1);
		assert_int_equal(connections_wait(setting.connections), fd);
		assert_int_equal(read(fd, &(char){ 0 }, 1), 1);
		assert_true(connections_keep(setting.connections, fd));
	}
	/* A new one comes although the kept one is idle. */
	other = new_peer();
	i = connections_wait(setting.connections);
	assert_true(i >= 0 && i != fd);
	close_taken(&setting, i);
	close(peer);
	assert_int_equal(connections_wait(setting.connections), fd);
	assert_int_equal(read(fd, &(char){ 0 }, 1), 0);
	close_taken(&setting, fd);
}

/* With no more than that allowed to be open, half of it may be idle. */
static struct setting
begin_narrow(void)
{
	struct setting setting;
	struct rlimit old, narrow;

	getrlimit(RLIMIT_NOFILE, &old);
	narrow = old;
	narrow.rlim_cur = 2 * NARROW;
	setrlimit(RLIMIT_NOFILE, &narrow);
	setting = begin(false);
	setrlimit(RLIMIT_NOFILE, &old);
	return setting;
}

static void
marks_what_becomes_idle_when_too_many_are(void)
{
	SCOPED(end) struct setting setting = begin_narrow();
	int peers[NARROW + 1], low, fd, i;
	char got[sizeof(mark)];

	if (setting.connections == NULL)
		return;
	for (i = 0; i <= NARROW; i++) {
		low = new_peer();
		peers[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
		close(low);
		fd = connections_wait(setting.connections);
		assert_true(connections_keep(setting.connections, fd));
	}
	for (i = 0; i < NARROW; i++)
		assert_int_equal(recv(peers[i], got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(recv(peers[NARROW], got, sizeof(got), MSG_DONTWAIT),
	    sizeof(got));
	assert_memory_equal(got, mark, sizeof(got));
	for (i = 0; i <= NARROW; i++)
		close(peers[i]);
}

static void
lets_the_peer_close_idle_connections(void)
{
	SCOPED(end) struct setting setting = begin(false);
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
	assert_int_equal(write(peer, "x", 1), 1);
	assert_int_equal(connections_wait(setting.connections), fd);
	assert_int_equal(read(fd, got, 1), 1);
	assert_true(connections_keep(setting.connections, fd));
	close(peer);
	assert_int_equal(connections_wait(setting.connections), fd);
	close_taken(&setting, fd);
	pthread_join(thread, NULL);
	assert_int_equal(connections_wait(setting.connections), -1);
	assert_null(strstr(run_said(), "kept_closed"));
}

/* Again and again, it would fill the peer's buffer for the answer's header. */
static void
marks_no_connection_on_which_a_request_waits(void)
{
	SCOPED(end) struct setting setting = begin(false);
	int peer, fd, other_peer, other_fd;
	char got[2 * sizeof(mark)];
	pthread_t thread;

	if (setting.connections == NULL)
		return;
	keep_one(&setting, &peer, &fd);
	keep_one(&setting, &other_peer, &other_fd);
	assert_int_equal(write(peer, "x", 1), 1);
	pthread_create(&thread, NULL, stop, setting.connections);
	/* Two marks: all have been looked at once at least. */
	assert_int_equal(recv(other_peer, got, sizeof(got), MSG_WAITALL),
	    sizeof(got));
	assert_int_equal(recv(peer, got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(connections_wait(setting.connections), fd);
	close_taken(&setting, fd);
	close(peer);
	close(other_peer);
	assert_int_equal(connections_wait(setting.connections), other_fd);
	close_taken(&setting, other_fd);
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
	assert_int_equal(connections_wait(setting.connections), -1);
	assert_non_null(strstr(run_said(), "event=kept_closed connections=1"));
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	connections_close(setting.connections);
	setting.connections = NULL;
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void
leaves_the_queue_or_serves_it(void)
{
	int drain, fd;

	for (drain = 0; drain <= 1; drain++) {
		SCOPED(end) struct setting setting = begin(drain);
		SCOPED(end_fd) int peer = -1;

		if (setting.connections == NULL)
			return;
		peer = new_peer();
		connections_stop(setting.connections);
		fd = connections_wait(setting.connections);
		if (!drain) {
			assert_int_equal(fd, -1);
			continue;
		}
		assert_true(fd >= 0);
		assert_false(connections_keep(setting.connections, fd));
		close_taken(&setting, fd);
		assert_int_equal(connections_wait(setting.connections), -1);
	}
}

UNIT_TESTS(connections) = {
	TEST(keeps_a_connection_until_its_end),
	TEST(marks_what_becomes_idle_when_too_many_are),
	TEST(lets_the_peer_close_idle_connections),
	TEST(marks_no_connection_on_which_a_request_waits),
	TEST(closes_what_the_peer_does_not),
	TEST(leaves_the_queue_or_serves_it),
	END_OF_TESTS,
};
