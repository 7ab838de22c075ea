/* SPDX-License-Identifier: ISC */
/*
 * Hides the file of the counts: it is mapped, and all processes of the machine
 * have the same pages of it. The file system can be full once it is there: all
 * of it was written when it was made. It is not made durable; a crash of the
 * machine may lose what was counted since the kernel last wrote it, half a
 * minute or so, and a process that is killed loses nothing.
 */
#include "config.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/counts.h"
#include "store/dayring.h"
#include "store/file.h"
#include "store/filelock.h"

#define CELLS 64
#define MAGIC UINT64_C(0x31736e7563666673) /* its first version */
#define MAKE_MS 1000
#define LOCK_NUMBER ((uint64_t)INT64_MAX - 2) /* no id has that */

struct cell {
	_Atomic uint64_t key; /* 0: free */
	struct dayring ring;
};

struct counts_file {
	uint64_t magic, bytes;
	struct cell cell[CELLS];
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
	if (counts->map != NULL)
		munmap(counts->map, sizeof(*counts->map));
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

/*
 * Whether what is mapped is still the file of that name, private and whole:
 * memory behind the end of a file that somebody has cut must not be touched,
 * and who counts in a file that somebody has removed counts alone.
 */
static bool
is_there(const struct counts *counts)
{
	struct stat st;

	return counts->map != NULL && fstat(counts->fd, &st) == 0 &&
	    st.st_nlink == 1 && (st.st_mode & 077) == 0 &&
	    st.st_size == (off_t)sizeof(*counts->map) &&
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
	void *map;

	drop(counts);
	result =
	    file_open_to_change(counts->dir, COUNTS_NAME, &counts->fd, &st);
	if (result != OK)
		return result;
	if (st.st_size == (off_t)sizeof(*counts->map)) {
		map = mmap(NULL, sizeof(*counts->map), PROT_READ | PROT_WRITE,
		    MAP_SHARED, counts->fd, 0);
		if (map == MAP_FAILED)
			result = store_failed("mmap");
		else
			counts->map = map;
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
	result = filelock_take(counts->dir, LOCK_NUMBER,
	    clock_mono_ms() + MAKE_MS, &lock);
	if (result == RESULT_BUSY)
		log_event(LOG_LEVEL_ERROR, "store_failed",
		    "call=make_counts cause=\"another process makes it\"");
	if (result != OK)
		return RESULT_STORE;
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

/* The count of a name, NULL if there is none; or made, and then it is that of
 * somebody else only in a file full of what we never wrote. */
static struct dayring *
find(struct counts_file *map, const char *name, bool make)
{
	uint64_t key = key_of(name), found;
	struct cell *cell;
	size_t i;

	for (i = 0; i < CELLS; i++) {
		cell = &map->cell[(key + i) % CELLS];
		found = 0;
		if (make)
			atomic_compare_exchange_strong(&cell->key, &found, key);
		else
			found = atomic_load(&cell->key);
		if (found == key || (found == 0 && make))
			return &cell->ring;
		if (found == 0)
			return NULL;
	}
	if (!make)
		return NULL;
	cell = &map->cell[key % CELLS];
	atomic_store(&cell->key, key);
	return &cell->ring;
}

enum result
counts_count(struct counts *counts, const char *name, int64_t limit,
    struct store_tally *tally)
{
	enum result result;

	*tally = (struct store_tally){ 0 };
	pthread_mutex_lock(&counts->mutex);
	if ((result = reach(counts)) == OK)
		result = dayring_count(find(counts->map, name, true),
		    clock_now_s(), limit, tally);
	pthread_mutex_unlock(&counts->mutex);
	return result;
}

void
counts_tally(struct counts *counts, const char *name, struct store_tally *tally)
{
	const struct dayring *ring = NULL;

	*tally = (struct store_tally){ 0 };
	pthread_mutex_lock(&counts->mutex);
	if (is_there(counts) || map_file(counts) == OK)
		ring = find(counts->map, name, false);
	if (ring != NULL)
		dayring_tally(ring, clock_now_s(), tally);
	pthread_mutex_unlock(&counts->mutex);
}

void
counts_remark(struct counts *counts, const char *name, int64_t number)
{
	pthread_mutex_lock(&counts->mutex);
	if (reach(counts) == OK)
		dayring_remark(find(counts->map, name, true), clock_now_s(),
		    number);
	pthread_mutex_unlock(&counts->mutex);
}
