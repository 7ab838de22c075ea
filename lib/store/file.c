/* SPDX-License-Identifier: ISC */
/*
 * Hides the calls by which one file is read and written, all of which can
 * fail, be interrupted, or do a part of what was asked.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/backend.h"
#include "store/file.h"

void
file_name(char name[static FILE_NAME_BYTES], const char *prefix,
    const unsigned char *id, size_t n)
{
	size_t at = strlen(prefix);

	memcpy(name, prefix, at);
	sodium_bin2hex(name + at, FILE_NAME_BYTES - at, id, n);
}

/* Whether an open file is one that we made: plain, ours, private, one name;
 * or none, when it has just been replaced. */
static bool
is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    st->st_nlink <= 1 && (st->st_mode & 077) == 0;
}

/* A link, a socket, or a device that cannot be opened is no file of ours;
 * anything else that cannot be opened is trouble. */
static enum result
cannot_open(int dir, const char *name)
{
	int error = errno;
	struct stat st;

	if (error == ENOENT ||
	    (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!is_ours(&st)))
		return RESULT_ABSENT;
	errno = error;
	return store_failed("open");
}

/* Open as openat() does with so much more than FILE_OPEN_FLAGS. */
static enum result
open_ours(int dir, const char *name, int more, int *fd, struct stat *st)
{
	enum result result = OK;

	if ((*fd = openat(dir, name, FILE_OPEN_FLAGS | more)) < 0)
		return cannot_open(dir, name);
	if (fstat(*fd, st) != 0) {
		result = store_failed("fstat");
	} else if (!is_ours(st)) {
		log_event(LOG_LEVEL_WARN, "store_strange_file",
		    "mode=%o links=%u", (unsigned)st->st_mode,
		    (unsigned)st->st_nlink);
		result = RESULT_ABSENT;
	}
	if (result != OK) {
		close(*fd);
		*fd = -1;
	}
	return result;
}

enum result
file_open(int dir, const char *name, int *fd, struct stat *st)
{
	return open_ours(dir, name, 0, fd, st);
}

enum result
file_open_to_change(int dir, const char *name, int *fd, struct stat *st)
{
	return open_ours(dir, name, O_RDWR, fd, st);
}

enum result
file_read(int fd, size_t from, char *room, size_t n)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = pread(fd, room + have, n - have, (off_t)(from + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return store_failed("read");
		if (got == 0)
			return RESULT_ABSENT;
		have += (size_t)got;
	}
	return OK;
}

enum result
file_append(int fd, const struct stat *st, size_t from, size_t n,
    struct buf *content)
{
	size_t size = (size_t)st->st_size;
	enum result result;
	char *room;

	if (size < from || (n != STORE_REST && size - from < n))
		return RESULT_ABSENT;
	if (n == STORE_REST)
		n = size - from;
	if (n > content->max - content->n)
		return RESULT_ABSENT;
	if ((room = buf_room(content, n)) == NULL)
		return RESULT_NO_MEMORY;
	if ((result = file_read(fd, from, room, n)) == OK)
		buf_grown(content, n);
	return result;
}

enum result
file_check_version(int dir, const char *name,
    const struct store_version *version)
{
	struct store_version found = { { 0 } };
	struct stat st = { .st_size = 0 };
	enum result result;
	int fd;

	if ((result = file_open(dir, name, &fd, &st)) != OK)
		return result;
	if (st.st_size < STORE_VERSION_BYTES)
		result = RESULT_CHANGED;
	else
		result = file_read(fd, (size_t)st.st_size - STORE_VERSION_BYTES,
		    (char *)found.bytes, sizeof(found.bytes));
	close(fd);
	if (result == OK && memcmp(&found, version, sizeof(found)) != 0)
		result = RESULT_CHANGED;
	return result;
}

bool
file_write(int fd, struct str content)
{
	ssize_t n;

	while (content.n > 0) {
		n = write(fd, content.p, content.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		content.p += n;
		content.n -= (size_t)n;
	}
	return true;
}

enum result
file_fill(int fd, size_t room, struct str content, bool durable)
{
	/* The last use is told by our clock, as store_touch() does. */
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)clock_now_s() } };
	enum result result = OK;

	if (!file_write(fd, content))
		result = store_failed("write");
	else if (content.n < room && ftruncate(fd, (off_t)content.n) != 0)
		result = store_failed("truncate");
	else if (futimens(fd, times) != 0)
		result = store_failed("futimens");
	else if (durable && fsync(fd) != 0)
		result = store_failed("fsync");
	if (close(fd) != 0 && result == OK)
		result = store_failed("close");
	return result;
}

enum result
file_make(int dir, const char *name, int *fd)
{
	*fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return OK;
	return errno == EEXIST ? RESULT_EXISTS : store_failed("create");
}

enum result
file_make_temporary(int dir, char name[static FILE_NAME_BYTES], int *fd)
{
	unsigned char random[8];
	enum result result;

	secret_random(random, sizeof(random));
	file_name(name, "temp-", random, sizeof(random));
	result = file_make(dir, name, fd);
	return result == RESULT_EXISTS ? store_failed("create") : result;
}

int64_t
file_time_s(const struct stat *st)
{
	const int64_t time_s = (int64_t)st->st_mtim.tv_sec;

	return time_s < 0 ? 0 : time_s > FILE_TIME_MAX ? FILE_TIME_MAX : time_s;
}

enum result
file_sync_directory(int dir)
{
	if (fsync(dir) == 0)
		return OK;
	log_errno(LOG_LEVEL_ERROR, "store_failed", "fsync_dir");
	return RESULT_UNCERTAIN;
}

/* By its number: musl has no function for that system call. */
int
file_exchange(int dir, const char *one, const char *other)
{
	return (
	    int)syscall(SYS_renameat2, dir, one, dir, other, RENAME_EXCHANGE);
}

enum result
file_overwrite(int dir, const char *name, struct str content)
{
	char temporary[FILE_NAME_BYTES];
	enum result result;
	int fd;

	if ((result = file_make_temporary(dir, temporary, &fd)) != OK)
		return result;
	result = file_fill(fd, 0, content, false);
	if (result == OK && renameat(dir, temporary, dir, name) != 0)
		result = store_failed("rename");
	if (result != OK)
		unlinkat(dir, temporary, 0);
	return result;
}
