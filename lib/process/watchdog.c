/* SPDX-License-Identifier: ISC */
/*
 * Hides what a proof is. A thread that only says that it lives would go on to
 * say so while all others hang. So a request goes the way of all requests:
 * through the epoll and the queue to a thread that serves it, and back.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "process/notify.h"
#include "process/record.h"
#include "process/watchdog.h"

#define PROOFS 6	/* within the time that the service manager allows */
#define AGAIN_MS 1000	/* after a request that could not be sent */
#define ENDS_MAX 86400u /* seconds; more is as good as never */

int
watchdog_every_ms(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *limit = getenv("WATCHDOG_USEC");
	uint64_t us, number;

	if (limit == NULL || !str_number(str_of(limit), INT64_MAX, &us) ||
	    us == 0)
		return 0;
	if (pid != NULL &&
	    (!str_number(str_of(pid), INT64_MAX, &number) ||
		number != (uint64_t)getpid()))
		return 0;
	if (us > ENDS_MAX * UINT64_C(1000000))
		us = ENDS_MAX * UINT64_C(1000000);
	us /= PROOFS * UINT64_C(1000);
	return us == 0 ? 1 : (int)us;
}

/* Ask; a descriptor on which the answer will come, or -1. */
static int
ask(struct connections *connections, const struct probe *probe)
{
	struct buf records = BUF(512);
	int pair[2];
	bool sent;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	/* Sent when it is waited for: that wakes a thread. */
	connections_add(connections, pair[1]);
	probe_write(probe, &records);
	sent = buf_result(&records) == OK &&
	    send(pair[0], records.p, records.n, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)records.n;
	buf_free(&records);
	if (sent)
		return pair[0];
	close(pair[0]);
	return -1;
}

/* Something can be read of it; whether that is an answer. */
static bool
is_answered(int fd)
{
	char start[RECORD_HEADER];

	return recv(fd, start, sizeof(start), MSG_DONTWAIT) > 0;
}

/* An answer has come, or the time to ask again. */
static int
go_on(struct connections *connections, const struct probe *probe, int *asked,
    int every_ms)
{
	bool good;

	if (*asked < 0) {
		*asked = ask(connections, probe);
		return *asked < 0 ? AGAIN_MS : -1;
	}
	if ((good = is_answered(*asked)))
		notify("WATCHDOG=1");
	close(*asked);
	*asked = -1;
	return good ? every_ms : AGAIN_MS;
}

void
watchdog_wait(struct connections *connections, const struct probe *probe,
    const sigset_t *ends, int every_ms)
{
	int asked = -1, wait_ms = every_ms, number;
	struct pollfd watched[] = {
		{ .fd = signalfd(-1, ends, SFD_CLOEXEC), .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (watched[0].fd < 0)
		log_errno(LOG_LEVEL_ERROR, "watchdog_failed", "signalfd");
	while (watched[0].fd >= 0) {
		watched[1].fd = asked;
		if (poll(watched, 2, wait_ms) < 0)
			continue;
		if (watched[0].revents != 0)
			break;
		wait_ms = go_on(connections, probe, &asked, every_ms);
	}
	if (asked >= 0)
		close(asked);
	if (watched[0].fd >= 0)
		close(watched[0].fd);
	sigwait(ends, &number);
}
