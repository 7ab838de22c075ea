/* SPDX-License-Identifier: ISC */
/*
 * Hides the marks: empty files in used/WINDOW/, each window a directory that
 * is removed with all its marks when nobody can ask for them any more.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/marks.h"

#define WINDOW_S 600
#define WINDOWS_KEPT 2
#define SWEEP_ONE_IN 16 /* claims, by chance: the others need not look */
#define SWEEP_MAX 256	/* marks removed by it */

static int
open_dir(int parent, const char *name)
{
	return openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Open used/ or one of its windows, making it first if need be. */
static int
open_made(int parent, const char *name)
{
	int fd = open_dir(parent, name);

	if (fd >= 0 || errno != ENOENT ||
	    (mkdirat(parent, name, 0700) != 0 && errno != EEXIST))
		return fd;
	return open_dir(parent, name);
}

/* Remove up to max marks of one window, then the window; what is left of
 * max. */
static int
sweep_window(int used, const char *name, int max)
{
	int fd = open_dir(used, name);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir != NULL && max > 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    unlinkat(fd, entry->d_name, 0) == 0)
			max--;
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	if (max > 0)
		unlinkat(used, name, AT_REMOVEDIR);
	return max;
}

static void
sweep(int used, int64_t now_s)
{
	int fd = fcntl(used, F_DUPFD_CLOEXEC, 0), max = SWEEP_MAX;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t window;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (max > 0 && (entry = readdir(dir)) != NULL)
		if (str_number(str_of(entry->d_name), INT64_MAX, &window) &&
		    (int64_t)window < now_s / WINDOW_S - WINDOWS_KEPT)
			max = sweep_window(used, entry->d_name, max);
	closedir(dir);
}

static enum result
mark(int window, const unsigned char *id)
{
	char name[2 * STORE_ID_BYTES + 1];
	int fd;

	sodium_bin2hex(name, sizeof(name), id, STORE_ID_BYTES);
	fd =
	    openat(window, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? RESULT_EXISTS : RESULT_STORE;
	close(fd);
	return OK;
}

enum result
marks_claim(int dir, int64_t began_s, int64_t now_s, const unsigned char *id)
{
	enum result result = RESULT_STORE;
	int used, window = -1;
	char name[24];

	snprintf(name, sizeof(name), "%lld", (long long)(began_s / WINDOW_S));
	used = open_made(dir, "used");
	if (used >= 0)
		window = open_made(used, name);
	if (window >= 0)
		result = mark(window, id);
	if (result == RESULT_STORE)
		log_errno(LOG_LEVEL_ERROR, "store_failed", "mark");
	/* Chance decides, not the id: a browser can choose among its own. */
	if (result == OK && randombytes_uniform(SWEEP_ONE_IN) == 0)
		sweep(used, now_s);
	if (window >= 0)
		close(window);
	if (used >= 0)
		close(used);
	return result;
}
