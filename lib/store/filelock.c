/* SPDX-License-Identifier: ISC */
/*
 * Hides how processes exclude each other. A lock is a byte of one file, held
 * by an open file description (F_OFD_SETLK): it has no time to live and dies
 * with its holder.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/meter.h"
#include "store/backend.h"
#include "store/filelock.h"

#define POLL_MIN_MS 2
#define POLL_MAX_MS 25

/* An offset of 32 bits would be cut, and two sessions would share a byte. */
_Static_assert(sizeof(off_t) == 8, "large files");

static int
open_file(int dir)
{
	return openat(dir, FILELOCK_NAME,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

enum result
filelock_make(int dir)
{
	int fd = open_file(dir);

	if (fd < 0)
		return store_failed("open_lock");
	close(fd);
	return OK;
}

static struct flock
byte_of(uint64_t number)
{
	return (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)number,
		.l_len = 1 };
}

static bool
is_taken(int error)
{
	return error == EAGAIN || error == EACCES;
}

bool
filelock_excludes(int dir, const char *name)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	struct flock byte = byte_of(FILELOCK_TRIAL);
	int first = openat(dir, name, flags), error = 0;
	int second = openat(dir, name, flags);

	if (first < 0 || second < 0 ||
	    (fcntl(first, F_OFD_SETLK, &byte) != 0 && !is_taken(errno)) ||
	    fcntl(second, F_OFD_SETLK, &byte) != 0)
		error = errno;
	if (first >= 0)
		close(first);
	if (second >= 0)
		close(second);
	errno = is_taken(error) ? 0 : error;
	return is_taken(error);
}

/* Ask the kernel until it gives us the byte or time is up. */
static enum result
take_byte(int fd, uint64_t number, int64_t deadline_ms)
{
	struct flock range = byte_of(number);
	struct timespec pause = { 0 };
	int64_t pause_ms = POLL_MIN_MS;

	while (fcntl(fd, F_OFD_SETLK, &range) != 0) {
		if (!is_taken(errno) && errno != EINTR)
			return store_failed("lock");
		if (clock_left_ms(deadline_ms, 1) == 0)
			return RESULT_BUSY;
		if (pause.tv_nsec == 0)
			meter_count(
			    METER_LOCK_WAITS + (unsigned)METER_FOR_PROCESSES);
		pause.tv_nsec = (long)pause_ms * 1000000;
		nanosleep(&pause, NULL);
		pause_ms =
		    pause_ms * 2 > POLL_MAX_MS ? POLL_MAX_MS : pause_ms * 2;
	}
	return OK;
}

enum result
filelock_take(int dir, uint64_t number, int64_t deadline_ms, int *fd)
{
	enum result result;

	/* Opened anew each time: the lock belongs to the description. Made
	 * anew if an operator has emptied the directory to log all out. */
	if ((*fd = open_file(dir)) < 0)
		return store_failed("open_lock");
	if ((result = take_byte(*fd, number, deadline_ms)) != OK) {
		close(*fd);
		*fd = -1;
	}
	return result;
}

enum result
filelock_take_common(int dir, uint64_t number, int64_t for_ms, int *fd)
{
	enum result result =
	    filelock_take(dir, number, clock_mono_ms() + for_ms, fd);

	if (result == RESULT_BUSY)
		log_event(LOG_LEVEL_ERROR, "store_failed",
		    "call=lock cause=timeout");
	return result == OK ? OK : RESULT_STORE;
}
