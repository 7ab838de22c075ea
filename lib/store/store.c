/* SPDX-License-Identifier: ISC */
/*
 * Hides the file system. A reader sees a file as it was or as it is to be,
 * never in between; nobody can ask for a new session's before it is whole. A
 * crash leaves at worst a "temp-" file behind, or a session's, perhaps a part
 * of it, that nobody has the cookie of; the clean-up removes both.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/store.h"

#define NAME_BYTES 80
#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static enum result
failed(const char *call)
{
	log_event(LOG_LEVEL_ERROR, "store_failed",
	    "call=%s errno=%d cause=\"%s\"", call, errno, strerror(errno));
	return RESULT_STORE;
}

/* The hex digits of an id behind a prefix. */
static void
write_name(char name[static NAME_BYTES], const char *prefix,
    const unsigned char *id, size_t n)
{
	size_t at = strlen(prefix);

	memcpy(name, prefix, at);
	sodium_bin2hex(name + at, NAME_BYTES - at, id, n);
}

static void
file_name(char name[static NAME_BYTES], enum store_kind kind,
    const unsigned char *id)
{
	write_name(name, kind == STORE_SESSION ? "session-" : "copy-", id,
	    STORE_ID_BYTES);
}

/* Whether an open file is one that we made: plain, ours, private, one name;
 * or none, when it has just been replaced. */
static bool
is_ours(const struct stat *st, size_t max)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    st->st_nlink <= 1 && (st->st_mode & 077) == 0 &&
	    (uintmax_t)st->st_size <= max;
}

/* A link, a socket, or a device that cannot be opened is no file of ours;
 * anything else that cannot be opened is trouble. */
static enum result
cannot_open(const struct store *store, const char *name, size_t max)
{
	int error = errno;
	struct stat st;

	if (error == ENOENT ||
	    (fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!is_ours(&st, max)))
		return RESULT_ABSENT;
	errno = error;
	return failed("open");
}

enum result
store_reader_open(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], size_t max,
    struct store_reader *reader)
{
	char name[NAME_BYTES];
	enum result result;
	struct stat st;

	file_name(name, kind, id);
	reader->fd = openat(store->dir, name, OPEN_FLAGS);
	if (reader->fd < 0)
		return cannot_open(store, name, max);
	if (fstat(reader->fd, &st) != 0) {
		result = failed("fstat");
	} else if (!is_ours(&st, max)) {
		log_event(LOG_LEVEL_WARN, "store_strange_file",
		    "mode=%o links=%u", (unsigned)st.st_mode,
		    (unsigned)st.st_nlink);
		result = RESULT_ABSENT;
	} else {
		reader->left = (size_t)st.st_size;
		reader->used_s = (int64_t)st.st_mtim.tv_sec;
		return OK;
	}
	store_reader_close(reader);
	return result;
}

enum result
store_reader_read(struct store_reader *reader, size_t n, struct buf *content)
{
	size_t have = 0;
	ssize_t got;
	char *room;

	if (n > reader->left)
		return RESULT_ABSENT;
	if ((room = buf_room(content, n)) == NULL)
		return RESULT_NO_MEMORY;
	while (have < n) {
		got = read(reader->fd, room + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed("read");
		if (got == 0)
			return RESULT_ABSENT;
		have += (size_t)got;
	}
	buf_grown(content, n);
	reader->left -= n;
	return OK;
}

void
store_reader_close(struct store_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
}

enum result
store_load(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], size_t max,
    struct buf *content, int64_t *used_s)
{
	struct store_reader reader;
	enum result result = store_reader_open(store, kind, id, max, &reader);

	if (result != OK)
		return result;
	*used_s = reader.used_s;
	result = store_reader_read(&reader, reader.left, content);
	store_reader_close(&reader);
	return result;
}

bool
store_has(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES])
{
	char name[NAME_BYTES];

	file_name(name, kind, id);
	return faccessat(store->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT;
}

static bool
write_all(int fd, struct str content)
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

/* Give a new file its content, and no more of its room than that takes; the
 * descriptor is closed whatever comes. */
static enum result
fill(int fd, size_t room, struct str content, bool durable)
{
	/* The last use is told by our clock, as store_touch() does. */
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)clock_now_s() } };
	enum result result = OK;

	if (!write_all(fd, content))
		result = failed("write");
	else if (content.n < room && ftruncate(fd, (off_t)content.n) != 0)
		result = failed("truncate");
	else if (futimens(fd, times) != 0)
		result = failed("futimens");
	else if (durable && fsync(fd) != 0)
		result = failed("fsync");
	if (close(fd) != 0 && result == OK)
		result = failed("close");
	return result;
}

static enum result
create(const struct store *store, const char *name, int *fd)
{
	*fd = openat(store->dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return OK;
	return errno == EEXIST ? RESULT_EXISTS : failed("create");
}

/* Often the first fsync makes the name durable, too: one commit of the file
 * system; the second one is for where it does not. */
enum result
store_create(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], struct str content)
{
	char name[NAME_BYTES];
	enum result result;
	int fd;

	file_name(name, kind, id);
	if ((result = create(store, name, &fd)) != OK)
		return result;
	result = fill(fd, 0, content, true);
	if (result == OK && fsync(store->dir) != 0)
		result = failed("fsync_dir");
	if (result != OK)
		unlinkat(store->dir, name, 0);
	return result;
}

enum result
store_prepare(const struct store *store, size_t n, struct store_file *file)
{
	char name[NAME_BYTES];
	unsigned char random[8];
	enum result result;
	int error = 0;

	file->fd = -1;
	file->room = n;
	secret_random(random, sizeof(random));
	write_name(name, "temp-", random, sizeof(random));
	memcpy(file->name, name, sizeof(file->name));
	if ((result = create(store, file->name, &file->fd)) != OK)
		return result == RESULT_EXISTS ? failed("create") : result;
	if (n > 0)
		do
			error = posix_fallocate(file->fd, 0, (off_t)n);
		while (error == EINTR);
	if (error != 0) {
		errno = error;
		failed("allocate");
		store_abandon(store, file);
		return RESULT_STORE;
	}
	return OK;
}

/* Let two files change places. By its number: musl has no function for it. */
static int
exchange(const struct store *store, const char *one, const char *other)
{
	return (int)syscall(SYS_renameat2, store->dir, one, store->dir, other,
	    RENAME_EXCHANGE);
}

/* Put the file in the place of another one, and see to it that it lasts there;
 * what a logout has removed meanwhile stays removed. */
static enum result
replace(const struct store *store, const struct store_file *file,
    const char *name)
{
	if (exchange(store, file->name, name) != 0)
		return errno == ENOENT ? RESULT_ABSENT : failed("rename");
	if (fsync(store->dir) == 0)
		return OK;
	failed("fsync_dir");
	(void)exchange(store, file->name, name);
	return RESULT_STORE;
}

enum result
store_commit(const struct store *store, struct store_file *file,
    enum store_way way, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], struct str content)
{
	char name[NAME_BYTES];
	enum result result;

	file_name(name, kind, id);
	result = fill(file->fd, file->room, content, way == STORE_REPLACE);
	file->fd = -1;
	if (result == OK && way == STORE_REPLACE)
		result = replace(store, file, name);
	else if (result == OK &&
	    renameat(store->dir, file->name, store->dir, name) != 0)
		result = failed("rename");
	/* After an exchange the old content has the temporary name. */
	if (result != OK || way == STORE_REPLACE)
		unlinkat(store->dir, file->name, 0);
	return result;
}

void
store_abandon(const struct store *store, struct store_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	unlinkat(store->dir, file->name, 0);
	file->fd = -1;
}

enum result
store_remove(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES])
{
	char name[NAME_BYTES];

	file_name(name, kind, id);
	if (unlinkat(store->dir, name, 0) != 0)
		return errno == ENOENT ? OK : failed("unlink");
	/* A copy may come back after a crash; a session must not. */
	if (kind == STORE_SESSION && fsync(store->dir) != 0)
		return failed("fsync_dir");
	return OK;
}

void
store_touch(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], int64_t now_s)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)now_s } };
	char name[NAME_BYTES];

	file_name(name, kind, id);
	if (utimensat(store->dir, name, times, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno != ENOENT)
		failed("utimensat");
}

int64_t
store_fact(const struct store *store, const char *name)
{
	char text[24];
	uint64_t number;
	ssize_t n;
	int fd;

	if ((fd = openat(store->dir, name, OPEN_FLAGS)) < 0)
		return 0;
	while ((n = read(fd, text, sizeof(text))) < 0 && errno == EINTR)
		continue;
	close(fd);
	if (n <= 0 ||
	    !str_number((struct str){ text, (size_t)n }, INT64_MAX, &number))
		return 0;
	return (int64_t)number;
}

void
store_set_fact(const struct store *store, const char *name, int64_t number)
{
	struct store_file file;
	enum result result;
	char text[24];
	int n;

	if (store_prepare(store, 0, &file) != OK)
		return;
	n = snprintf(text, sizeof(text), "%lld", (long long)number);
	result = fill(file.fd, 0, (struct str){ text, (size_t)n }, false);
	if (result == OK &&
	    renameat(store->dir, file.name, store->dir, name) != 0)
		result = failed("rename_fact");
	if (result != OK)
		unlinkat(store->dir, file.name, 0);
}
