/* SPDX-License-Identifier: ISC */
/*
 * Hides how a file gets into a directory as a whole. It is opened anew each
 * time, as it may come and go. A link instead of a rename never replaces what
 * is there, on every file system that has links.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "store/directory.h"
#include "store/file.h"
#include "store/outbox.h"

#define TEMPORARY ".temp-"
#define TEMPORARY_RANDOM 8

static int
open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Write a file that is new, whatever the umask is, and close it; the results
 * of outbox_put(). */
static const char *
fill(int fd, struct str content)
{
	const char *failed = NULL;
	int error;

	if (fchmod(fd, 0640) != 0)
		failed = "fchmod";
	else if (!file_write(fd, content))
		failed = "write";
	else if (fsync(fd) != 0)
		failed = "fsync";
	error = errno;
	if (close(fd) != 0 && failed == NULL)
		return "close";
	errno = error;
	return failed;
}

/* The same for the file in the open directory. */
static const char *
put(int dir, const char *name, struct str content)
{
	char temporary[sizeof(TEMPORARY) + 2 * TEMPORARY_RANDOM] = TEMPORARY;
	unsigned char random[TEMPORARY_RANDOM];
	const char *failed;
	int fd, error;

	secret_random(random, sizeof(random));
	sodium_bin2hex(temporary + sizeof(TEMPORARY) - 1,
	    2 * TEMPORARY_RANDOM + 1, random, TEMPORARY_RANDOM);
	fd = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return "create";
	failed = fill(fd, content);
	if (failed == NULL && linkat(dir, temporary, dir, name, 0) != 0 &&
	    errno != EEXIST)
		failed = "link";
	error = errno;
	unlinkat(dir, temporary, 0);
	errno = error;
	if (failed == NULL && fsync(dir) != 0)
		failed = "fsync_dir";
	return failed;
}

const char *
outbox_put(const char *path, const char *name, struct str content)
{
	int dir = open_directory(path), error;
	const char *failed;

	if (dir < 0)
		return "open_dir";
	failed = put(dir, name, content);
	error = errno;
	close(dir);
	errno = error;
	return failed;
}

void
outbox_take_back(const char *path, const char *name)
{
	int dir = open_directory(path);

	if (dir < 0)
		return;
	unlinkat(dir, name, 0);
	close(dir);
}

/* ---- before the start ---- */

/* Whether one is in the other, or is it. */
static bool
is_within(const char *path, const char *other)
{
	char *real = realpath(path, NULL), *above = realpath(other, NULL);
	size_t n = above == NULL ? 0 : strlen(above);
	bool within = real != NULL && n > 0 && strncmp(real, above, n) == 0 &&
	    (real[n] == '/' || real[n] == '\0');

	free(real);
	free(above);
	return within;
}

/* Where web servers look for pages, if nobody tells them otherwise. */
static bool
is_served(const char *path)
{
	static const char *const roots[] = { "/var/www", "/srv/www",
		"/srv/http", "/usr/share/nginx", "/usr/share/spotify-fcgi" };
	size_t i;

	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (is_within(path, roots[i]))
			return true;
	return false;
}

/* A full disk is no mistake of the configuration. */
static bool
can_put(const char *path)
{
	const char *failed = outbox_put(path, ".trial", STR(""));
	const int error = errno;

	outbox_take_back(path, ".trial");
	return failed == NULL || error == ENOSPC || error == EDQUOT ||
	    error == EIO || error == EMFILE || error == ENFILE;
}

const char *
outbox_complaint(const char *path, const char *session_dir)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == EACCES ?
		    "cannot be reached by this user" :
		    "does not exist; make it with install -d, see "
		    "spotify-fcgi(8), EVENTS";
	if (S_ISLNK(st.st_mode))
		return "is a symbolic link; name the directory itself";
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	if (st.st_uid != geteuid())
		return "does not belong to the user who runs this; run it as "
		       "the user of the programs, or chown it";
	if ((st.st_mode & 07) != 0)
		return "is open to everybody; chmod o= it";
	if (is_within(path, session_dir) || is_within(session_dir, path))
		return "must not be in session_dir, nor session_dir in it; use "
		       "a directory beside it";
	if (is_served(path))
		return "lies where web servers look for pages; use a place "
		       "that none shows to anybody";
	if (directory_is_exposed(path))
		return "lies below a directory that others can write to, or a "
		       "link on the way to it does";
	return can_put(path) ? NULL : "cannot be written to by this user";
}
