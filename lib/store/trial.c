/* SPDX-License-Identifier: ISC */
/*
 * Hides which file systems are fit. Their names do not tell: what lies below
 * FUSE or an overlay decides, and the version of both. Without this one that
 * cannot exchange files would do for an hour, and then cost a refresh token
 * with each request.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/directory.h"
#include "store/file.h"
#include "store/filelock.h"
#include "store/trial.h"

#define ROOM 64 /* bytes */
#define LEFT 2	/* of them */
#define TIME_S 1000000000

/* Two files of ours, by their names, and the one that is locked: that of the
 * store, if there is one. */
struct trial {
	int dir;
	char one[FILE_NAME_BYTES], two[FILE_NAME_BYTES];
	const char *lock;
};

/* ---- what is tried: true, or errno; 0 if it was done, but not so ---- */

static bool
keeps_owner_and_mode(const struct trial *trial)
{
	enum result result;
	struct stat st;
	int fd;

	errno = 0;
	result = file_open(trial->dir, trial->one, &fd, &st);
	if (result == RESULT_ABSENT)
		errno = 0;
	if (result == OK)
		close(fd);
	return result == OK;
}

static bool
makes_once(const struct trial *trial)
{
	enum result result;
	int fd;

	errno = 0;
	result = file_make(trial->dir, trial->one, &fd);
	if (result == OK)
		close(fd);
	return result == RESULT_EXISTS;
}

static bool
has_size(const struct trial *trial, const char *name, off_t size)
{
	struct stat st;

	errno = 0;
	return fstatat(trial->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size == size;
}

static bool
sets_room_aside(const struct trial *trial)
{
	int fd =
	    openat(trial->dir, trial->one, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int error = fd < 0 ? errno : posix_fallocate(fd, 0, ROOM);

	if (error == 0 && ftruncate(fd, LEFT) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return error == 0 && has_size(trial, trial->one, LEFT);
}

static bool
keeps_times(const struct trial *trial)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = TIME_S } };
	struct stat st;

	errno = 0;
	return utimensat(trial->dir, trial->one, times, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    fstatat(trial->dir, trial->one, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtim.tv_sec == TIME_S;
}

static bool
excludes(const struct trial *trial)
{
	return filelock_excludes(trial->dir, trial->lock);
}

/* The lock file of the store, if it is there, in which there is nothing to
 * write back: a new file's commit would make every start wait for the disk. */
static bool
makes_durable(const struct trial *trial)
{
	int fd =
	    openat(trial->dir, trial->lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0 && fsync(trial->dir) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return done;
}

static bool
exchanges(const struct trial *trial)
{
	if (file_exchange(trial->dir, trial->one, trial->two) != 0)
		return false;
	if (has_size(trial, trial->one, 0) && has_size(trial, trial->two, LEFT))
		return true;
	/* Also when one is gone: it was a rename as any other. */
	errno = 0;
	return false;
}

static bool
replaces(const struct trial *trial)
{
	return renameat(trial->dir, trial->one, trial->dir, trial->two) == 0 &&
	    has_size(trial, trial->two, 0);
}

/* ---- all of it ---- */

#define LACK(what) \
	"lies on a file system that " what "; use ext4, XFS or Btrfs, " \
	"say"

/* In this order: each finds the files as the one before has left them. */
static const struct {
	bool (*works)(const struct trial *trial);
	const char *lack;
} steps[] = {
	{ keeps_owner_and_mode,
	    LACK("does not keep owner and mode of a file") },
	{ makes_once, LACK("makes a file that is there already (O_EXCL)") },
	{ sets_room_aside, LACK("cannot set room aside (posix_fallocate)") },
	{ exchanges, LACK("cannot exchange two files (RENAME_EXCHANGE)") },
	{ keeps_times, LACK("does not keep the time of a file (utimensat)") },
	{ excludes, LACK("has no locks that exclude others (F_OFD_SETLK)") },
	{ makes_durable, LACK("cannot make files durable (fsync)") },
	{ replaces, LACK("cannot put a file in another's place (rename)") },
};

/* Whether a call has failed for a reason that may be gone tomorrow, or that
 * one of ours or the operator was quicker. */
static bool
is_passing(int error)
{
	static const int passing[] = { ENOSPC, EDQUOT, EFBIG, EIO, EMFILE,
		ENFILE, ENOMEM, EINTR, ENOENT };
	size_t i;

	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (error == passing[i])
			return true;
	return false;
}

/* Make the two files; what has been made has a name. */
static bool
make(struct trial *trial)
{
	int fd;

	if (file_make_temporary(trial->dir, trial->one, &fd) != OK)
		return false;
	close(fd);
	if (file_make_temporary(trial->dir, trial->two, &fd) != OK)
		return false;
	close(fd);
	return true;
}

/* What somebody else has left there, who tried it for the programs, stops them
 * all. */
static const char *
find_lock(struct trial *trial, int *untried)
{
	int fd =
	    openat(trial->dir, FILELOCK_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	trial->lock = fd >= 0 ? FILELOCK_NAME : trial->one;
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT && is_passing(errno))
		*untried = errno;
	else if (errno != ENOENT)
		return "holds a file \"lock\" that the user of the programs "
		       "cannot write; chown -R it to that user";
	return NULL;
}

/* All steps; as trial_complaint(). */
static const char *
try_all(int dir, int *untried)
{
	struct trial trial = { .dir = dir };
	const char *complaint = find_lock(&trial, untried);
	size_t i = 0;

	if (complaint == NULL && *untried == 0 && !make(&trial)) {
		if (errno == EACCES || errno == EPERM)
			complaint = "takes no files from this user, although "
				    "its mode permits them; see lsattr(1), and "
				    "the log of AppArmor or SELinux";
		else
			*untried = errno;
	}
	while (*untried == 0 && complaint == NULL &&
	    i < sizeof(steps) / sizeof(steps[0])) {
		if (!steps[i].works(&trial)) {
			if (is_passing(errno))
				*untried = errno;
			else
				complaint = steps[i].lack;
		}
		i++;
	}
	if (trial.one[0] != '\0')
		unlinkat(dir, trial.one, 0);
	if (trial.two[0] != '\0')
		unlinkat(dir, trial.two, 0);
	return complaint;
}

const char *
trial_complaint(const char *path, int *untried)
{
	const char *complaint = directory_complaint(path);
	int dir = -1;

	*untried = 0;
	if (complaint != NULL)
		return complaint;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == EACCES)
		complaint = "cannot be read by its own user; chmod 700 it";
	else if (dir < 0)
		*untried = errno;
	else if ((complaint = try_all(dir, untried)) != NULL)
		/* Somebody who empties the directory just then looks like
		 * it, but not twice. */
		complaint = try_all(dir, untried);
	if (dir >= 0)
		close(dir);
	return complaint;
}

bool
trial_passed(const char *path)
{
	int untried;
	const char *complaint = trial_complaint(path, &untried);

	if (complaint != NULL) {
		log_event(LOG_LEVEL_ERROR, "store_refused",
		    "dir=%s cause=\"%s\"", path, complaint);
	} else if (untried != 0) {
		errno = untried;
		log_errno(LOG_LEVEL_WARN, "store_untried", NULL);
	}
	return complaint == NULL;
}
