/* SPDX-License-Identifier: ISC */
/*
 * Hides what the store needs beside its files: the directory and whether it
 * may hold sessions at all, and the marks of logins that are used up. Part of
 * store.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store.h"

#define WINDOW_S 600
#define WINDOWS_KEPT 2
#define SWEEP_ONE_IN 16 /* claims, by chance: the others need not look */
#define SWEEP_MAX 256	/* marks removed by it */
#define SEED "mark"	/* what the marks of a window are links to */
#define CIFS_MAGIC 0xff534d42u
#define SMB2_MAGIC 0xfe534d42u

/* Kernel locks and renames of a network file system are not to be trusted. */
static bool
is_remote(const char *path)
{
	struct statfs fs;
	unsigned type;

	if (statfs(path, &fs) != 0)
		return false;
	type = (unsigned)fs.f_type;
	return type == NFS_SUPER_MAGIC || type == CIFS_MAGIC ||
	    type == SMB2_MAGIC || type == SMB_SUPER_MAGIC;
}

/* Whether somebody else could exchange a directory on the way. */
static bool
is_path_shared(const char *path)
{
	char *real = realpath(path, NULL), *slash;
	bool shared = real == NULL;
	struct stat st;

	while (!shared && (slash = strrchr(real, '/')) != NULL) {
		slash[slash == real ? 1 : 0] = '\0';
		if (stat(real, &st) != 0 ||
		    (st.st_uid != 0 && st.st_uid != geteuid()) ||
		    ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0))
			shared = true;
		if (slash == real)
			break;
	}
	free(real);
	return shared;
}

const char *
store_complaint(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == EACCES ?
		    "cannot be reached by this user" :
		    "does not exist; make it with mkdir -m 700";
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	if (st.st_uid != geteuid())
		return "does not belong to the user who runs this; run it as "
		       "the user of the programs, or chown it";
	if ((st.st_mode & 077) != 0)
		return "is open to others; chmod 700 it";
	if (access(path, W_OK | X_OK) != 0)
		return "cannot be written to by this user";
	if (is_remote(path))
		return "lies on a network file system; use a local one";
	if (is_path_shared(path))
		return "lies below a directory that others can write to";
	return NULL;
}

static enum result
failed(const char *call)
{
	log_event(LOG_LEVEL_ERROR, "store_failed",
	    "call=%s errno=%d cause=\"%s\"", call, errno, strerror(errno));
	return RESULT_STORE;
}

enum result
store_open(const char *path, struct store *store)
{
	const char *complaint = store_complaint(path);
	int fd;

	store->dir = -1;
	if (complaint != NULL) {
		log_event(LOG_LEVEL_ERROR, "store_refused",
		    "dir=%s cause=\"%s\"", path, complaint);
		return RESULT_STORE;
	}
	store->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		return failed("open_dir");
	/* The lock file is made here, so that taking a lock needs no room. */
	fd = openat(store->dir, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("open_lock");
	close(fd);
	return OK;
}

void
store_close(struct store *store)
{
	if (store->dir >= 0)
		close(store->dir);
	store->dir = -1;
}

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

/* A mark is a name only. The first of a window is a file; the others are
 * links to it, which costs less, as far as there can be links. */
static enum result
mark(int window, const unsigned char *id)
{
	char name[2 * STORE_ID_BYTES + 1];
	int fd;

	sodium_bin2hex(name, sizeof(name), id, STORE_ID_BYTES);
	if (linkat(window, SEED, window, name, 0) == 0)
		return OK;
	if (errno == EEXIST)
		return RESULT_EXISTS;
	fd =
	    openat(window, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? RESULT_EXISTS : RESULT_STORE;
	close(fd);
	if (linkat(window, name, window, SEED, 0) != 0 && errno != EEXIST)
		log_event(LOG_LEVEL_DEBUG, "mark_not_linked", "errno=%d",
		    errno);
	return OK;
}

enum result
store_claim(const struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char id[static STORE_ID_BYTES])
{
	enum result result = RESULT_STORE;
	int used, window = -1;
	char name[24];

	snprintf(name, sizeof(name), "%lld", (long long)(began_s / WINDOW_S));
	used = open_made(store->dir, "used");
	if (used >= 0)
		window = open_made(used, name);
	if (window >= 0)
		result = mark(window, id);
	if (result == RESULT_STORE)
		failed("mark");
	/* An id would not do for that: a browser can choose among its own. */
	if (result == OK && randombytes_uniform(SWEEP_ONE_IN) == 0)
		sweep(used, now_s);
	if (window >= 0)
		close(window);
	if (used >= 0)
		close(used);
	return result;
}
