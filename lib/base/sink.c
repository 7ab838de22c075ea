/* SPDX-License-Identifier: ISC */
/*
 * Hides what standard error is. A reader who has stopped reading must not hold
 * up those who write. But O_NONBLOCK belongs to the open file description,
 * which others have as well, and who does not know about it loses lines: so we
 * do not set it there.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sink.h"

#define PATIENCE_S 1

/* How a line is written without waiting. */
static enum {
	PLAIN,	/* a file: nobody has to read it */
	SOCKET, /* each call says that it does not wait */
	OWN,	/* a pipe or a terminal, by a description of our own */
	SHARED, /* one that cannot be opened again: look first */
} kind;

static int own = -1;
static atomic_bool torn; /* the last line has no end */

/* Whose turn it is with one that is shared. A mutex with a time limit would go
 * by the clock that can be set; a condition need not. */
static struct {
	pthread_once_t made;
	pthread_mutex_t mutex;
	pthread_cond_t given;
	bool taken;
} turn = { .made = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER };

static void
make_turn(void)
{

	clock_cond_init(&turn.given);
}

static bool
take_turn(void)
{
	struct timespec until;
	bool mine;

	pthread_once(&turn.made, make_turn);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&turn.mutex);
	while (turn.taken &&
	    pthread_cond_timedwait(&turn.given, &turn.mutex, &until) !=
		ETIMEDOUT)
		continue;
	mine = !turn.taken;
	turn.taken = true;
	pthread_mutex_unlock(&turn.mutex);
	return mine;
}

static void
give_turn(void)
{
	pthread_mutex_lock(&turn.mutex);
	turn.taken = false;
	pthread_cond_signal(&turn.given);
	pthread_mutex_unlock(&turn.mutex);
}

void
sink_open(void)
{
	struct stat st = { 0 };

	if (own >= 0)
		close(own);
	own = -1;
	atomic_store(&torn, false);
	kind = PLAIN;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode)) {
		kind = SOCKET;
	} else if (S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)) {
		own = open("/proc/self/fd/2",
		    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		kind = own >= 0 ? OWN : SHARED;
	}
}

/*
 * Whether a line fits now, and still does when others have written theirs
 * meanwhile: we stop at half of what a pipe holds. A pipe without a reader
 * counts as one with room, for writing to it fails at once.
 */
static bool
has_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int taken = 0, holds = fcntl(STDERR_FILENO, F_GETPIPE_SZ);

	if (poll(&out, 1, 0) <= 0)
		return false;
	return holds < 0 || ioctl(STDERR_FILENO, FIONREAD, &taken) != 0 ||
	    taken <= holds / 2;
}

/* One thread at a time looks and writes. Should it have to wait after all,
 * because somebody else was quicker, the others do not wait for it for ever. */
static ssize_t
put_shared(const char *p, size_t n)
{
	ssize_t put = -1;

	if (!take_turn())
		return -1;
	if (has_room())
		put = write(STDERR_FILENO, p, n);
	give_turn();
	return put;
}

static ssize_t
put(const char *p, size_t n)
{
	switch (kind) {
	case SOCKET:
		return send(STDERR_FILENO, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case OWN: return write(own, p, n);
	case SHARED: return put_shared(p, n);
	case PLAIN: break;
	}
	return write(STDERR_FILENO, p, n);
}

bool
sink_put(const char *line, size_t n)
{
	ssize_t written;

	if (atomic_load(&torn) && put("\n", 1) != 1)
		return false;
	written = put(line, n);
	atomic_store(&torn, written > 0 && (size_t)written < n);
	return written == (ssize_t)n;
}
