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
#define LINKS_MAX 40 /* as for the kernel */

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

/* A walk along a path, as the kernel goes: through links and "..". */
struct walk {
	char at[PATH_MAX];	 /* without links; "" for the root */
	char rest[2 * PATH_MAX]; /* still to go, behind it */
	unsigned links;		 /* to go through at most */
};

/* Whether whoever looks up a name in a directory could be shown another one:
 * others can put theirs there, or what is there is somebody else's. */
static bool
is_unsafe(const struct walk *walk, const struct stat *found)
{
	struct stat dir;

	if (stat(walk->at[0] == '\0' ? "/" : walk->at, &dir) != 0 ||
	    is_shared(&dir))
		return true;
	return found->st_uid != 0 && found->st_uid != geteuid() &&
	    (dir.st_mode & 022) != 0;
}

/* Go on with what a link says, and then the rest. */
static bool
follow_link(struct walk *walk, const char *link)
{
	char target[PATH_MAX], rest[sizeof(walk->rest)];
	ssize_t n = readlink(link, target, sizeof(target));
	int length;

	if (n <= 0 || n == (ssize_t)sizeof(target) || walk->links-- == 0)
		return false;
	length =
	    snprintf(rest, sizeof(rest), "%.*s/%s", (int)n, target, walk->rest);
	if (length < 0 || (size_t)length >= sizeof(rest))
		return false;
	if (target[0] == '/')
		walk->at[0] = '\0';
	memcpy(walk->rest, rest, (size_t)length + 1);
	return true;
}

/* Take the next name of the rest; empty at the end, and for two slashes. */
static void
take_name(struct walk *walk, char *name, size_t max)
{
	size_t skip = strspn(walk->rest, "/"), n;

	n = strcspn(walk->rest + skip, "/");
	snprintf(name, max, "%.*s", (int)n, walk->rest + skip);
	memmove(walk->rest, walk->rest + skip + n,
	    strlen(walk->rest + skip + n) + 1);
}

/* Go one name further; false if that is not safe, or not possible. */
static bool
go_on(struct walk *walk)
{
	char name[PATH_MAX], next[PATH_MAX + sizeof(walk->at)], *slash;
	struct stat st;

	take_name(walk, name, sizeof(name));
	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		if ((slash = strrchr(walk->at, '/')) != NULL)
			*slash = '\0';
		return true;
	}
	snprintf(next, sizeof(next), "%s/%s", walk->at, name);
	if (strlen(next) >= sizeof(walk->at) || lstat(next, &st) != 0 ||
	    is_unsafe(walk, &st))
		return false;
	if (S_ISLNK(st.st_mode))
		return follow_link(walk, next);
	memcpy(walk->at, next, strlen(next) + 1);
	return true;
}

bool
directory_is_exposed(const char *path)
{
	struct walk walk = { .links = LINKS_MAX };
	char here[PATH_MAX] = "";
	int n;

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return true;
	n = snprintf(walk.rest, sizeof(walk.rest), "%s/%s", here, path);
	if (n < 0 || (size_t)n >= sizeof(walk.rest))
		return true;
	while (walk.rest[0] != '\0')
		if (!go_on(&walk))
			return true;
	return false;
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
	return "does not exist; make it with install -d -m 700 -o USER, where "
	       "USER runs the programs";
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
		return "lies below a directory that others can write to, or a "
		       "link on the way to it does";
	return NULL;
}
