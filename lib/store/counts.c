/* SPDX-License-Identifier: ISC */
/*
 * Hides the file of the counts: it is mapped, and all processes of the machine
 * have the same pages of it. It is not made durable; a crash of the machine may
 * lose what was counted since the kernel last wrote it, half a minute or so,
 * and a process that is killed loses nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/counts.h"
#include "store/dayring.h"
#include "store/file.h"
#include "store/filelock.h"
#include "store/mapped.h"

#define MAGIC UINT64_C(0x31736e7563666673) /* its first version */
#define MAKE_MS 1000

/* What is changed together lies in one page: a page is a multiple of this. */
#define CELL_BYTES 512

struct cell {
	_Atomic uint64_t key; /* 0: free */
	struct dayring ring;
	char room[CELL_BYTES - sizeof(uint64_t) - sizeof(struct dayring)];
};

struct counts_file {
	uint64_t magic, bytes;
	char rest[CELL_BYTES - 2 * sizeof(uint64_t)];
	struct cell cell[STORE_COUNTS_MAX];
};

void
counts_init(struct counts *counts, int dir)
{
	*counts = (struct counts){ .dir = dir, .fd = -1 };
	pthread_mutex_init(&counts->mutex, NULL);
}

static void
drop(struct counts *counts)
{
	mapped_free(counts->map);
	if (counts->fd >= 0)
		close(counts->fd);
	counts->map = NULL;
	counts->fd = -1;
}

void
counts_close(struct counts *counts)
{
	drop(counts);
	pthread_mutex_destroy(&counts->mutex);
}

/* ---- the file ---- */

/* Whether what is mapped is still the file, and ours. */
static bool
is_there(const struct counts *counts)
{
	return counts->map != NULL &&
	    mapped_is_file(counts->map, counts->dir, COUNTS_NAME) &&
	    counts->map->magic == MAGIC &&
	    counts->map->bytes == sizeof(*counts->map);
}

/* Map the file that is there. OK, RESULT_ABSENT (also one that is none of
 * ours), RESULT_STORE. */
static enum result
map_file(struct counts *counts)
{
	enum result result;
	struct stat st;

	drop(counts);
	result =
	    file_open_to_change(counts->dir, COUNTS_NAME, &counts->fd, &st);
	if (result != OK)
		return result;
	if (st.st_size == (off_t)sizeof(*counts->map)) {
		counts->map =
		    mapped_new(counts->fd, sizeof(*counts->map), NULL);
		if (counts->map == NULL)
			result = store_failed("mmap");
	}
	if (result == OK && !is_there(counts)) {
		log_event(LOG_LEVEL_WARN, "counts_damaged", "bytes=%lld",
		    (long long)st.st_size);
		result = RESULT_ABSENT;
	}
	if (result != OK)
		drop(counts);
	return result;
}

/* Put an empty one in the place of whatever has its name. */
static enum result
make_file(const struct counts *counts)
{
	struct counts_file empty;

	memset(&empty, 0, sizeof(empty));
	empty.magic = MAGIC;
	empty.bytes = sizeof(empty);
	return file_overwrite(counts->dir, COUNTS_NAME,
	    (struct str){ (const char *)&empty, sizeof(empty) });
}

/* See to it that the file is mapped, and made if need be, once for all. OK, or
 * RESULT_STORE; also if somebody who makes it does not get on. */
static enum result
reach(struct counts *counts)
{
	enum result result;
	int lock;

	if (is_there(counts))
		return OK;
	result =
	    filelock_take_common(counts->dir, FILELOCK_COUNTS, MAKE_MS, &lock);
	if (result != OK)
		return result;
	if ((result = map_file(counts)) == RESULT_ABSENT) {
		result = make_file(counts);
		if (result == OK)
			result = map_file(counts);
	}
	close(lock);
	return result == RESULT_ABSENT ? RESULT_STORE : result;
}

/* ---- the cells ---- */

/* A number for a name, never 0 (FNV-1a). */
static uint64_t
key_of(const char *name)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		key = (key ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return key == 0 ? 1 : key;
}

/* The cell of a key, or the free one that it may have. A file without either is
 * full of what we never wrote: then it is the one where the search began. */
static struct cell *
find(struct counts_file *map, uint64_t key)
{
	struct cell *cell;
	uint64_t found;
	size_t i;

	for (i = 0; i < STORE_COUNTS_MAX; i++) {
		cell = &map->cell[(key + i) % STORE_COUNTS_MAX];
		found = atomic_load(&cell->key);
		if (found == key || found == 0)
			return cell;
	}
	return &map->cell[key % STORE_COUNTS_MAX];
}

/*
 * See to it that a cell can be changed. Where a file system never writes in
 * place (Btrfs), a page that has just been written to the disk needs room on it
 * to be changed again; and who has none when he changes what is mapped loses
 * that, while a write says so.
 */
static enum result
make_room(const struct counts *counts, const struct cell *cell)
{
	off_t at = (const char *)cell->room - (const char *)counts->map;

	return pwrite(counts->fd, "", 1, at) == 1 ? OK : store_failed("write");
}

/* Find the count of a name, or make it, so that it can be changed. OK or
 * RESULT_STORE. */
static enum result
open_cell(struct counts *counts, const char *name, struct dayring **ring)
{
	enum result result = reach(counts);
	uint64_t key = key_of(name), found;
	struct cell *cell;

	if (result != OK)
		return result;
	/* If another process takes a cell meanwhile, look again. */
	do {
		cell = find(counts->map, key);
		if ((result = make_room(counts, cell)) != OK)
			return result;
		found = atomic_load(&cell->key);
	} while (found != key &&
	    !atomic_compare_exchange_strong(&cell->key, &found, key));
	*ring = &cell->ring;
	return OK;
}

enum result
counts_count(struct counts *counts, const char *name, int64_t limit,
    struct store_tally *tally)
{
	struct dayring *ring;
	enum result result;

	*tally = (struct store_tally){ 0 };
	pthread_mutex_lock(&counts->mutex);
	if ((result = open_cell(counts, name, &ring)) == OK)
		result = dayring_count(ring, clock_now_s(), limit, tally);
	/* Nobody knows of what was counted in memory that is no file's. */
	if (result == OK && mapped_is_lost(counts->map)) {
		errno = EIO;
		result = store_failed("count");
	}
	pthread_mutex_unlock(&counts->mutex);
	return result;
}

void
counts_tally(struct counts *counts, const char *name, struct store_tally *tally)
{
	uint64_t key = key_of(name);
	const struct cell *cell;

	*tally = (struct store_tally){ 0 };
	pthread_mutex_lock(&counts->mutex);
	if (is_there(counts) || map_file(counts) == OK) {
		cell = find(counts->map, key);
		if (atomic_load(&cell->key) == key)
			dayring_tally(&cell->ring, clock_now_s(), tally);
	}
	pthread_mutex_unlock(&counts->mutex);
}

void
counts_remark(struct counts *counts, const char *name, int64_t number)
{
	struct dayring *ring;

	pthread_mutex_lock(&counts->mutex);
	if (open_cell(counts, name, &ring) == OK)
		dayring_remark(ring, clock_now_s(), number);
	pthread_mutex_unlock(&counts->mutex);
}
