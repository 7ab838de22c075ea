/* SPDX-License-Identifier: ISC */
/*
 * Hides what the names in the directory of a store say. No key is needed to
 * know that a record is over: its time is that of the last use.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/backend.h"
#include "store/directory.h"
#include "store/file.h"
#include "store/filelist.h"
#include "store/removal.h"

#define TEMPORARY_S 86400 /* a file is written within seconds */
#define TEMPORARY_DIGITS 16
#define EVENT_S (7 * 86400)

/* What a clean-up works with. */
struct work {
	int dir;
	int64_t now_s, age_s, dates_s;
	int64_t (*lifetime)(const struct work *work, struct str name);
	struct removal *removal;
	enum result result;
};

/* Whether so many hexadecimal digits follow a prefix, and nothing else. */
static bool
is_name(struct str name, struct str prefix, size_t digits)
{
	size_t i;

	if (!str_starts(name, prefix) || name.n != prefix.n + digits)
		return false;
	for (i = prefix.n; i < name.n; i++)
		if (memchr("0123456789abcdef", name.p[i], 16) == NULL)
			return false;
	return true;
}

/* For how many seconds a file of this name is left alone; 0: for ever. */
static int64_t
lifetime(const struct work *work, struct str name)
{
	size_t i;

	if (is_name(name, STR(FILELIST_RECORDS), 2 * STORE_ID_BYTES))
		return work->age_s;
	for (i = 0; i < STORE_PLACE__MAX; i++)
		if (is_name(name, str_of(filelist_kept[i]), 2 * STORE_ID_BYTES))
			return work->age_s;
	if (is_name(name, STR(FILELIST_DATES), 2 * STORE_ID_BYTES))
		return work->dates_s;
	return is_name(name, STR("temp-"), TEMPORARY_DIGITS) ? TEMPORARY_S : 0;
}

/* The same in an outbox. */
static int64_t
lifetime_outside(const struct work *work, struct str name)
{
	if (str_starts(name, STR("event-")) && str_ends(name, STR(".json")))
		return work->age_s;
	return is_name(name, STR(".temp-"), TEMPORARY_DIGITS) ? TEMPORARY_S : 0;
}

static void
look_at(struct work *work, const char *name)
{
	int64_t lifetime_s = work->lifetime(work, str_of(name));
	struct stat st;

	if (lifetime_s == 0 ||
	    fstatat(work->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if (work->now_s - file_time_s(&st) <= lifetime_s)
		work->removal->left++;
	else if (unlinkat(work->dir, name, 0) == 0)
		work->removal->removed++;
	else if (errno != ENOENT)
		work->result = store_failed("unlink");
}

/* Takes the descriptor over. */
static void
look_at_all(struct work *work)
{
	DIR *dir = fdopendir(work->dir);
	const struct dirent *entry;

	if (dir == NULL) {
		work->result = store_failed("open_dir");
		close(work->dir);
		return;
	}
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		look_at(work, entry->d_name);
		errno = 0;
	}
	if (errno != 0)
		work->result = store_failed("read_dir");
	closedir(dir);
}

enum result
removal_run(const char *path, int64_t now_s, int64_t age_s, int64_t dates_s,
    struct removal *removal)
{
	struct work work = { .now_s = now_s,
		.age_s = age_s,
		.dates_s = dates_s,
		.lifetime = lifetime,
		.removal = removal };
	const char *complaint = directory_complaint(path);

	*removal = (struct removal){ 0 };
	if (complaint != NULL) {
		log_event(LOG_LEVEL_ERROR, "store_refused",
		    "dir=%s cause=\"%s\"", path, complaint);
		return RESULT_STORE;
	}
	work.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work.dir < 0)
		return store_failed("open_dir");
	look_at_all(&work);
	return work.result;
}

enum result
removal_outbox(const char *path, int64_t now_s, struct removal *removal)
{
	struct work work = { .now_s = now_s,
		.age_s = EVENT_S,
		.lifetime = lifetime_outside,
		.removal = removal };

	*removal = (struct removal){ 0 };
	work.dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work.dir < 0)
		return store_failed("open_dir");
	look_at_all(&work);
	return work.result;
}
