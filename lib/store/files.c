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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/fact.h"
#include "store/file.h"
#include "store/filedate.h"
#include "store/filelist.h"
#include "store/filelock.h"
#include "store/fileparts.h"
#include "store/files.h"
#include "store/marks.h"
#include "store/trial.h"

#define RECORD FILELIST_RECORDS

/* A file on its way: it exists under a name that nobody reads. */
struct reservation {
	struct store_reservation reservation;
	char record[FILE_NAME_BYTES]; /* what it is for */
	int fd;			      /* -1: used up */
	size_t room;		      /* bytes taken in advance */
	char name[FILE_NAME_BYTES];
};

static enum result
files_load(struct store *store, const unsigned char *id, struct buf *content,
    struct store_seen *seen)
{
	char name[FILE_NAME_BYTES];
	enum result result;
	struct stat st;
	int fd;

	file_name(name, RECORD, id, STORE_ID_BYTES);
	if ((result = file_open(files_dir(store), name, &fd, &st)) != OK)
		return result;
	if (st.st_size < STORE_VERSION_BYTES)
		result = RESULT_ABSENT;
	else
		result = file_append(fd, &st, 0, STORE_REST, content);
	close(fd);
	if (result != OK)
		return result;
	seen->used_s = file_time_s(&st);
	seen->version = store_version_of(buf_str(content));
	return filedate_read(store, NULL, &seen->latest_s);
}

static enum result
files_load_kept(struct store *store, const unsigned char *id,
    struct store_piece piece, struct buf *content)
{
	char name[FILE_NAME_BYTES];
	enum result result;
	struct stat st;
	int fd;

	file_name(name, filelist_kept[piece.place], id, STORE_ID_BYTES);
	if ((result = file_open(files_dir(store), name, &fd, &st)) != OK)
		return result;
	result = file_append(fd, &st, piece.from, piece.n, content);
	close(fd);
	return result;
}

/* On most file systems the fsync of a new file makes its name durable, too, and
 * the fsync of the directory that follows finds nothing left to do. */
static enum result
files_create(struct store *store, const struct store_record *record,
    struct store_hold *hold)
{
	int dir = files_dir(store), fd;
	char name[FILE_NAME_BYTES];
	enum result result;

	(void)hold;
	file_name(name, RECORD, record->id, STORE_ID_BYTES);
	if ((result = file_make(dir, name, &fd)) != OK)
		return result;
	result = file_fill(fd, 0, record->content, true);
	if (result == OK)
		result = file_sync_directory(dir);
	if (result != OK && unlinkat(dir, name, 0) != 0)
		result = RESULT_UNCERTAIN;
	return result;
}

static void
files_release(struct store_reservation *reservation)
{
	struct reservation *own = (struct reservation *)reservation;

	if (own->fd >= 0) {
		close(own->fd);
		unlinkat(files_dir(reservation->store), own->name, 0);
	}
	free(own);
}

static enum result
files_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	struct reservation *own = malloc(sizeof(*own));
	enum result result;
	int error;

	if (own == NULL)
		return RESULT_NO_MEMORY;
	own->reservation.store = store;
	own->room = wish->n;
	file_name(own->record, RECORD, wish->id, STORE_ID_BYTES);
	result = file_make_temporary(files_dir(store), own->name, &own->fd);
	if (result != OK) {
		free(own);
		return result;
	}
	do
		error = posix_fallocate(own->fd, 0, (off_t)wish->n);
	while (error == EINTR);
	if (error != 0) {
		errno = error;
		log_errno(LOG_LEVEL_ERROR, "store_failed", "allocate");
		files_release(&own->reservation);
		return RESULT_STORE;
	}
	*reservation = &own->reservation;
	return OK;
}

/*
 * Let two files change places; what a logout has removed meanwhile stays
 * removed. When the directory cannot be made durable the new file stays all
 * the same: its caller has spent what the old one held.
 */
static enum result
exchange(int dir, const char *new, const char *old)
{
	if (file_exchange(dir, new, old) != 0)
		return errno == ENOENT ? RESULT_ABSENT : store_failed("rename");
	return file_sync_directory(dir);
}

static enum result
files_replace(struct store_reservation *reservation,
    const struct store_version *version, struct str content, int64_t ends_s)
{
	struct reservation *own = (struct reservation *)reservation;
	int dir = files_dir(reservation->store);
	enum result result;

	(void)ends_s;
	result = file_fill(own->fd, own->room, content, true);
	own->fd = -1;
	/* Writing takes a while, in which the record may have been replaced:
	 * so its version is looked at after it, and not before. */
	if (result == OK)
		result = file_check_version(dir, own->record, version);
	if (result == OK)
		result = exchange(dir, own->name, own->record);
	/* After an exchange the old content has the temporary name. */
	unlinkat(dir, own->name, 0);
	return result;
}

/* OK also when there was none. */
static enum result
remove_file(int dir, const char *prefix, const unsigned char *id)
{
	char name[FILE_NAME_BYTES];

	file_name(name, prefix, id, STORE_ID_BYTES);
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT ?
	    OK :
	    store_failed("unlink");
}

static enum result
files_keep(struct store *store, const unsigned char *id, enum store_place place,
    struct str content)
{
	char name[FILE_NAME_BYTES], record[FILE_NAME_BYTES];
	int dir = files_dir(store);
	enum result result;
	struct stat st;

	if (content.n == 0)
		return remove_file(dir, filelist_kept[place], id);
	file_name(name, filelist_kept[place], id, STORE_ID_BYTES);
	file_name(record, RECORD, id, STORE_ID_BYTES);
	result = file_overwrite(dir, name, content);
	/* A logout removes first the record and then what is kept beside it,
	 * which was perhaps not there yet. */
	if (result == OK &&
	    fstatat(dir, record, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		result = remove_file(dir, filelist_kept[place], id);
	return result;
}

/* As much as a session takes. */
static enum result
files_try(struct store *store)
{
	static const unsigned char nobody[STORE_ID_BYTES];
	const struct store_wish wish = { .id = nobody, .n = 512 };
	struct store_reservation *reservation;
	enum result result = files_reserve(store, &wish, &reservation);

	if (result == OK)
		files_release(reservation);
	return result;
}

/* What is kept may come back after a crash; a record must not. Of a record that
 * was gone already nobody knows whether that lasts. */
static enum result
files_remove(struct store *store, const unsigned char *id,
    const struct store_version *version)
{
	int dir = files_dir(store);
	char name[FILE_NAME_BYTES];
	enum result result = OK;
	size_t i;

	file_name(name, RECORD, id, STORE_ID_BYTES);
	if (version != NULL)
		result = file_check_version(dir, name, version);
	if (result == OK || result == RESULT_ABSENT)
		result = remove_file(dir, RECORD, id);
	if (result != OK)
		return result;
	result = file_sync_directory(dir);
	for (i = 0; i < STORE_PLACE__MAX; i++)
		if (remove_file(dir, filelist_kept[i], id) != OK)
			result = RESULT_UNCERTAIN;
	return result;
}

static void
files_touch(struct store *store, const unsigned char *id, int64_t now_s,
    int64_t ends_s)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)now_s } };
	char name[FILE_NAME_BYTES];

	(void)ends_s;
	file_name(name, RECORD, id, STORE_ID_BYTES);
	if (utimensat(files_dir(store), name, times, AT_SYMLINK_NOFOLLOW) !=
		0 &&
	    errno != ENOENT)
		log_errno(LOG_LEVEL_ERROR, "store_failed", "utimensat");
}

static enum result
files_claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id)
{
	return marks_claim(files_dir(store), began_s, now_s, id);
}

static int64_t
files_fact(struct store *store, const char *name)
{
	return fact_read(files_dir(store), name);
}

static void
files_set_fact(struct store *store, const char *name, int64_t number)
{
	fact_write(files_dir(store), name, number);
}

/* ---- counts ---- */

static struct counts *
counts_of(struct store *store)
{
	return &((struct files *)store)->counts;
}

static enum result
files_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally)
{
	return counts_count(counts_of(store), name, limit, tally);
}

static void
files_tally(struct store *store, const char *name, struct store_tally *tally)
{
	counts_tally(counts_of(store), name, tally);
}

static void
files_remark(struct store *store, const char *name, int64_t number)
{
	counts_remark(counts_of(store), name, number);
}

static enum result
files_lock(struct store *store, struct store_hold *hold, int64_t deadline_ms)
{
	return filelock_take(files_dir(store), hold->number, deadline_ms,
	    &hold->fd);
}

static void
files_unlock(struct store *store, struct store_hold *hold)
{
	(void)store;
	close(hold->fd);
}

static void
files_close(struct store *store)
{
	counts_close(counts_of(store));
	close(files_dir(store));
	free(store);
}

static const struct store_backend backend = {
	.close = files_close,
	.load = files_load,
	.load_kept = files_load_kept,
	.create = files_create,
	.reserve = files_reserve,
	.replace = files_replace,
	.release = files_release,
	.keep = files_keep,
	.remove = files_remove,
	.try_write = files_try,
	.touch = files_touch,
	.claim = files_claim,
	.fact = files_fact,
	.set_fact = files_set_fact,
	.know = fact_know,
	.known = fact_known,
	.forget = fact_forget,
	.date = filedate_read,
	.set_date = filedate_set,
	.count = files_count,
	.tally = files_tally,
	.remark = files_remark,
	.lock = files_lock,
	.unlock = files_unlock,
};

enum result
files_open(const char *path, struct store **store)
{
	struct files *files;
	enum result result = OK;

	*store = NULL;
	if (!trial_passed(path))
		return RESULT_STORE;
	if ((files = malloc(sizeof(*files))) == NULL)
		return RESULT_NO_MEMORY;
	files->store.backend = &backend;
	files->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->dir < 0)
		result = store_failed("open_dir");
	else if ((result = filelock_make(files->dir)) != OK)
		close(files->dir);
	if (result != OK) {
		free(files);
		return result;
	}
	counts_init(&files->counts, files->dir);
	*store = &files->store;
	return OK;
}
