/* SPDX-License-Identifier: ISC */
/*
 * Hides how a count finds its place in a file that programs of two versions
 * may share: by a hash of its name, so that each version has the places of
 * the names that it knows.
 *
 * The file is made by one process at a time, is none before it has its full
 * size, and never grows. Room that is missing all the same (somebody has cut
 * the file, or made one with holes; a file system that writes nowhere in place
 * is full) shows itself at any count: then its memory becomes the process's own
 * (mapped.h), and the count goes on there.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/file.h"
#include "store/filelock.h"
#include "store/mapped.h"
#include "store/meters.h"

#define MAGIC UINT64_C(0x31726574656d6673) /* its first version */
#define MAKE_MS 1000

struct cell {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint64_t value;
};

struct meters_copy {
	uint64_t magic, bytes;
	struct cell cell[METERS_MAX];
};

/* What is mapped: the last two files, for a thread may still count in the one
 * before. A place in memory that was once used for it is used again. */
static struct meters_copy *maps[2];
static unsigned current;

/* ---- the file ---- */

static bool
is_whole(const struct meters_copy *copy)
{
	return copy->magic == MAGIC && copy->bytes == sizeof(*copy);
}

/* Map an open file into a slot. As map_file(). */
static enum result
map_into(unsigned slot, int fd, const struct stat *st)
{
	void *at = maps[slot];
	int error = 0;

	if (st->st_size != (off_t)sizeof(struct meters_copy))
		return RESULT_ABSENT;
	/* Holes are filled now, and not when something is counted there. */
	if (st->st_blocks * 512 < st->st_size)
		error = posix_fallocate(fd, 0, st->st_size);
	if (error != 0) {
		errno = error;
		return store_failed("allocate");
	}
	at = mapped_new(fd, sizeof(struct meters_copy), at);
	if (at == NULL)
		return store_failed("mmap");
	maps[slot] = at;
	return is_whole(maps[slot]) ? OK : RESULT_ABSENT;
}

/* Map the file that is there, beside the one that is in use. says: if it is
 * none of ours, for nobody is making it just now. OK, RESULT_ABSENT (also
 * then), RESULT_STORE. */
static enum result
map_file(int dir, bool says)
{
	unsigned slot = 1 - current;
	enum result result;
	struct stat st;
	int fd;

	result = file_open_to_change(dir, METERS_NAME, &fd, &st);
	if (result != OK)
		return result;
	result = map_into(slot, fd, &st);
	close(fd);
	if (result == RESULT_ABSENT && says)
		log_event(LOG_LEVEL_WARN, "metrics_damaged", "bytes=%lld",
		    (long long)st.st_size);
	if (result == OK)
		current = slot;
	return result;
}

/* Make an empty one in the place of whatever has its name. Nobody else makes it
 * meanwhile; and should somebody empty the directory just then, it is gone. */
static enum result
make_file(int dir)
{
	enum result result;
	int fd;

	static const struct meters_copy empty = { .magic = MAGIC,
		.bytes = sizeof(empty) };

	if (unlinkat(dir, METERS_NAME, 0) != 0 && errno != ENOENT)
		return store_failed("unlink");
	if ((result = file_make(dir, METERS_NAME, &fd)) != OK)
		return result;
	return file_fill(fd, 0,
	    (struct str){ (const char *)&empty, sizeof(empty) }, false);
}

/* Map what is there, or make it, one process for all. */
static enum result
map_or_make(int dir)
{
	enum result result = map_file(dir, false);
	int lock;

	if (result != RESULT_ABSENT)
		return result;
	result = filelock_take_common(dir, FILELOCK_METERS, MAKE_MS, &lock);
	if (result != OK)
		return result;
	if ((result = map_file(dir, true)) == RESULT_ABSENT &&
	    (result = make_file(dir)) == OK)
		result = map_file(dir, false);
	close(lock);
	return result == OK ? OK : RESULT_STORE;
}

enum result
meters_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum result result;

	if (fd < 0)
		return store_failed("open_dir");
	result = map_or_make(fd);
	close(fd);
	return result;
}

bool
meters_is_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool same;

	if (fd < 0)
		return false;
	same = maps[current] != NULL &&
	    mapped_is_file(maps[current], fd, METERS_NAME);
	close(fd);
	return same && is_whole(maps[current]);
}

/* ---- the places ---- */

/* A number for a name, never 0 (FNV-1a). */
static uint64_t
key_of(const char *name)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		key = (key ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return key == 0 ? 1 : key;
}

_Atomic uint64_t *
meters_place(const char *name)
{
	struct meters_copy *map = maps[current];
	uint64_t key = key_of(name), found;
	struct cell *cell;
	size_t i;

	for (i = 0; map != NULL && i < METERS_MAX; i++) {
		cell = &map->cell[(key + i) % METERS_MAX];
		found = atomic_load(&cell->key);
		if (found == 0 &&
		    atomic_compare_exchange_strong(&cell->key, &found, key))
			found = key;
		if (found == key)
			return &cell->value;
	}
	return NULL;
}

uint64_t
meters_value(const struct meters_copy *copy, const char *name)
{
	uint64_t key = key_of(name), found;
	const struct cell *cell;
	size_t i;

	for (i = 0; i < METERS_MAX; i++) {
		cell = &copy->cell[(key + i) % METERS_MAX];
		found = atomic_load(&cell->key);
		if (found == key)
			return atomic_load(&cell->value);
		if (found == 0)
			break;
	}
	return 0;
}

/* A read() does not end us, whatever becomes of the file. */
static enum result
read_file(int dir, struct meters_copy *copy)
{
	enum result result;
	struct stat st;
	int fd;

	result = file_open(dir, METERS_NAME, &fd, &st);
	if (result != OK)
		return result;
	if (st.st_size != (off_t)sizeof(*copy))
		result = RESULT_ABSENT;
	else
		result = file_read(fd, 0, (char *)copy, sizeof(*copy));
	close(fd);
	return result == OK && !is_whole(copy) ? RESULT_ABSENT : result;
}

enum result
meters_read(const char *dir, struct meters_copy **copy)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum result result = RESULT_NO_MEMORY;

	*copy = NULL;
	if (fd < 0)
		return store_failed("open_dir");
	if ((*copy = malloc(sizeof(**copy))) != NULL)
		result = read_file(fd, *copy);
	close(fd);
	if (result != OK) {
		free(*copy);
		*copy = NULL;
	}
	return result;
}
