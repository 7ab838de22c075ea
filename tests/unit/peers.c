/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "peers.h"
#include "run.h"

static const struct sockaddr_un place = { .sun_family = AF_UNIX,
	.sun_path = "socket" };
/* The end of an answer without content. */
static const char answer[] = "\1\6\0\1\0\0\0\0\1\3\0\1\0\10\0\0"
			     "\0\0\0\0\0\0\0\0";
#define ANSWER_N (sizeof(answer) - 1)

const char peers_mark[PEERS_MARK_N] = { 1, 7, 0, 1, 0, 0, 0, 0 };
const char peers_request[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
			     "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0";

void
peers_end(struct peers_setting *setting)
{
	if (setting->connections != NULL)
		connections_close(setting->connections);
	close(setting->listener);
}

void
peers_end_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct peers_setting
peers_begin(bool drain)
{
	struct peers_setting setting = { .listener = socket(AF_UNIX,
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

int
peers_new(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	return fd;
}

void
peers_ask(int peer)
{
	assert_int_equal(write(peer, peers_request, PEERS_REQUEST_N),
	    PEERS_REQUEST_N);
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
		asker->peer = peers_new();
		peers_ask(asker->peer);
	}
	return NULL;
}

/* The next request, which this peer has just sent, or sends again. */
struct connection *
peers_take(const struct peers_setting *setting, int *peer)
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

void
peers_serve(const struct peers_setting *setting, struct connection *connection)
{
	struct server_answer none = { .head = BUF(0) };

	connections_answer(setting->connections, connection, &none);
}

void
peers_expect_answer(int peer)
{
	char got[ANSWER_N];

	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), ANSWER_N);
	assert_memory_equal(got, answer, ANSWER_N);
}

/* A connection whose ends are in two variables, served and kept. */
void
peers_keep_one(const struct peers_setting *setting, int *peer, int *fd)
{
	struct connection *connection;

	*peer = peers_new();
	peers_ask(*peer);
	connection = peers_take(setting, peer);
	*fd = connection->fd;
	peers_serve(setting, connection);
	peers_expect_answer(*peer);
}

/* With no more than that allowed to be open, half of it may be idle. */
struct peers_setting
peers_begin_narrow(rlim_t files)
{
	struct peers_setting setting;
	struct rlimit old, narrow;

	getrlimit(RLIMIT_NOFILE, &old);
	narrow = old;
	narrow.rlim_cur = files;
	setrlimit(RLIMIT_NOFILE, &narrow);
	setting = peers_begin(false);
	setrlimit(RLIMIT_NOFILE, &old);
	return setting;
}
