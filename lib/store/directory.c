/* SPDX-License-Identifier: ISC */
/*
 * Hides what makes a directory unfit for the files of a store: who else can
 * reach it, and what its file system promises.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/directory.h"

#define CIFS_MAGIC 0xff534d42u
#define SMB2_MAGIC 0xfe534d42u
#define LINKS_MAX 8 /* one behind the other */

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

/*
 * Whether somebody else can rename what is in a directory. A volume that is
 * given to a container by its group is root's, with the group of the programs
 * and the bit that hands it on, and that group is theirs alone.
 */
static bool
is_shared(const struct stat *st)
{
	bool volume = st->st_uid == 0 && (st->st_mode & S_ISGID) != 0 &&
	    st->st_gid == getegid();

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return true;
	return (st->st_mode & (volume ? 02 : 022)) != 0 &&
	    (st->st_mode & S_ISVTX) == 0;
}

/* Whether a directory or one above it is shared, of which this is the path
 * without links; it is cut meanwhile. */
static bool
is_below_shared(char *real)
{
	struct stat st;
	char *slash;

	for (;;) {
		if (stat(real, &st) != 0 || is_shared(&st))
			return true;
		if (strcmp(real, "/") == 0)
			return false;
		slash = strrchr(real, '/');
		slash[slash == real ? 1 : 0] = '\0';
	}
}

/* Whether one of the links on a path can be exchanged by others. */
static bool goes_astray(const char *path, unsigned links);

/* Whether somebody has a link of his own in a directory where others can put
 * what is theirs. */
static bool
is_others_own(const struct stat *link, const char *dir)
{
	struct stat st;

	return link->st_uid != 0 && link->st_uid != geteuid() &&
	    (stat(dir, &st) != 0 || (st.st_mode & 022) != 0);
}

/* The same as of a path for a link: for where it lies, and where it leads. */
static bool
leads_astray(const char *link, const struct stat *st, unsigned links)
{
	char path[2 * PATH_MAX], target[PATH_MAX], *real;
	const char *slash = strrchr(link, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - link) + 1;
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	bool shared;

	if (length <= 0 || links == 0 || n > PATH_MAX)
		return true;
	target[length] = '\0';
	snprintf(path, sizeof(path), "%.*s", n == 0 ? 1 : (int)n,
	    n == 0 ? "." : link);
	real = realpath(path, NULL);
	shared =
	    real == NULL || is_others_own(st, real) || is_below_shared(real);
	free(real);
	snprintf(path, sizeof(path), "%.*s%s", (int)(target[0] == '/' ? 0 : n),
	    link, target);
	return shared || goes_astray(path, links - 1);
}

static bool
goes_astray(const char *path, unsigned links)
{
	char begin[2 * PATH_MAX];
	const char *end = path;
	struct stat st;

	while (end != NULL && *end != '\0') {
		end = strchr(end + 1, '/');
		snprintf(begin, sizeof(begin), "%.*s",
		    end == NULL ? PATH_MAX : (int)(end - path), path);
		if (lstat(begin, &st) == 0 && S_ISLNK(st.st_mode) &&
		    leads_astray(begin, &st, links))
			return true;
	}
	return false;
}

bool
directory_is_exposed(const char *path)
{
	char *real = realpath(path, NULL), *slash;
	bool exposed = true;

	if (real != NULL) {
		slash = strrchr(real, '/');
		slash[slash == real ? 1 : 0] = '\0';
		exposed = is_below_shared(real) || goes_astray(path, LINKS_MAX);
	}
	free(real);
	return exposed;
}

/* It is not there, or not for us; systemd's units hide some places. */
static const char *
missing_complaint(const char *path)
{
	if (errno == EACCES)
		return "cannot be reached by this user; systemd's units may "
		       "hide /home and /root";
	if (strncmp(path, "/tmp/", 5) == 0 ||
	    strncmp(path, "/var/tmp/", 9) == 0)
		return "does not exist, or a systemd unit has a /tmp of its "
		       "own; use another place";
	return "does not exist; make it with install -d -m 700 -o and the "
	       "user of the programs";
}

const char *
directory_complaint(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return missing_complaint(path);
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	if (st.st_uid != geteuid())
		return "does not belong to the user who runs this; run it as "
		       "the user of the programs, or chown it";
	if ((st.st_mode & 077) != 0)
		return "is open to others; chmod 700 it";
	if (access(path, W_OK | X_OK) != 0)
		return errno == EROFS ?
		    "is read-only here; a systemd unit has to name it in "
		    "ReadWritePaths=, see spotify-fcgi(8)" :
		    "cannot be written to by this user";
	if (is_remote(path))
		return "lies on a network file system; use a local one";
	if (directory_is_exposed(path))
		return "lies below a directory that others can write to";
	return NULL;
}
