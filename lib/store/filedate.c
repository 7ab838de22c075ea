/* SPDX-License-Identifier: ISC */
/*
 * Hides that a date is the modification time of a file, in whole seconds, for
 * every file system keeps those. So nothing has to be opened to read it, and
 * the clean-up knows how old it is.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/file.h"
#include "store/filedate.h"
#include "store/filelock.h"
#include "store/fileparts.h"

#define DATE "since-"
#define LATEST DATE "latest"

static void
name_of(char name[static FILE_NAME_BYTES], const unsigned char *id)
{
	if (id == NULL)
		memcpy(name, LATEST, sizeof(LATEST));
	else
		file_name(name, DATE, id, STORE_ID_BYTES);
}

static enum result
read_name(int dir, const char *name, int64_t *date_s)
{
	struct stat st;

	*date_s = 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? OK : store_failed("fstatat");
	if (!S_ISREG(st.st_mode)) {
		log_event(LOG_LEVEL_WARN, "store_strange_file", "mode=%o",
		    (unsigned)st.st_mode);
		return RESULT_STORE;
	}
	*date_s = file_time_s(&st);
	return OK;
}

enum result
filedate_read(struct store *store, const unsigned char *id, int64_t *date_s)
{
	char name[FILE_NAME_BYTES];

	name_of(name, id);
	return read_name(files_dir(store), name, date_s);
}

/* Make an empty file of that time, whole and durable before it has its name. */
static enum result
put(int dir, const char *name, int64_t date_s)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)date_s } };
	char temporary[FILE_NAME_BYTES];
	enum result result;
	int fd;

	if ((result = file_make_temporary(dir, temporary, &fd)) != OK)
		return result;
	if (futimens(fd, times) != 0)
		result = store_failed("futimens");
	else if (fsync(fd) != 0)
		result = store_failed("fsync");
	if (close(fd) != 0 && result == OK)
		result = store_failed("close");
	if (result == OK && renameat(dir, temporary, dir, name) != 0)
		result = store_failed("rename");
	if (result != OK) {
		unlinkat(dir, temporary, 0);
		return result;
	}
	return file_sync_directory(dir);
}

/* One that is there already may be somebody's who has not made it durable yet,
 * or died before he did. */
enum result
filedate_set(struct store *store, const unsigned char *id, int64_t date_s,
    int64_t ends_s)
{
	int dir = files_dir(store), lock;
	char name[FILE_NAME_BYTES];
	int64_t there_s;
	enum result result;

	(void)ends_s;
	name_of(name, id);
	result =
	    filelock_take_common(dir, FILELOCK_DATES, STORE_SAVE_MS, &lock);
	if (result != OK)
		return result;
	result = read_name(dir, name, &there_s);
	if (result == OK)
		result = there_s >= date_s ? file_sync_directory(dir) :
					     put(dir, name, date_s);
	close(lock);
	return result;
}
