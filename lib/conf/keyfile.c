/* SPDX-License-Identifier: ISC */
/*
 * Hides where a secret lies and who else could read it. The checks are made
 * on the open file, so it cannot be exchanged in between.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/codec.h"
#include "conf/keyfile.h"

#define KEYFILE_MAX 4096
#define PASSWORD_MAX 512

/* Open beside another file: its directory and the name. */
static int
open_beside(const char *neighbour, const char *name)
{
	struct buf path = BUF(PATH_MAX);
	const char *slash = strrchr(neighbour, '/');
	int fd = -1;

	if (slash != NULL)
		buf_add(&path, neighbour, (size_t)(slash - neighbour) + 1);
	buf_puts(&path, name);
	if (buf_result(&path) == OK)
		fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	buf_free(&path);
	return fd;
}

static int
open_key(const struct keyfile *key, bool *credential)
{
	const char *name = key->name;
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = BUF(PATH_MAX);
	int fd = -1;

	*credential = false;
	if (strchr(name, '/') != NULL)
		return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (directory != NULL) {
		buf_printf(&path, "%s/%s", directory, name);
		if (buf_result(&path) == OK)
			fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		buf_free(&path);
		*credential = fd >= 0;
	}
	return fd >= 0 ? fd : open_beside(key->conf_file, name);
}

/*
 * Whether a credential that others can read is one nevertheless. An engine of
 * containers gives secrets so: a file of root's, which nobody else can write,
 * on a mount that is read-only. Who else is in that container is the
 * operator's choice, and so is the directory of credentials.
 */
static bool
is_mounted_for_us(int fd, const struct stat *st)
{
	struct statvfs fs;

	return st->st_uid == 0 && (st->st_mode & 033) == 0 &&
	    fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

static const char *
check(int fd, const struct keyfile *key, bool credential)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_uid != geteuid() && st.st_uid != 0 && !key->any_owner)
		return "does not belong to the user who runs this; run it as "
		       "the user of the programs, or chown it";
	if ((st.st_mode & 07) != 0 &&
	    !(credential && is_mounted_for_us(fd, &st)))
		return "can be read by others; chmod 600 it";
	if ((st.st_mode & 070) != 0 && !credential)
		return "can be read by the group; chmod 600 it";
	if (st.st_size > KEYFILE_MAX)
		return "is too large for a secret";
	if (st.st_size == 0)
		return "is empty, or missing";
	return NULL;
}

static const char *
read_all(int fd, struct buf *content)
{
	char *room = buf_room(content, KEYFILE_MAX);
	ssize_t n;

	if (room == NULL)
		return "does not fit into memory";
	while ((n = read(fd, room, KEYFILE_MAX)) < 0 && errno == EINTR)
		continue;
	if (n < 0)
		return "cannot be read";
	buf_grown(content, (size_t)n);
	return NULL;
}

/* What a secret is made of, and hardly ever the name of a file. */
static bool
is_secret(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (memchr("0123456789abcdefABCDEF", name.p[i], 22) == NULL)
			return false;
	return name.n >= 32;
}

static const char *
cannot_open(const struct keyfile *key)
{
	if (errno == EACCES)
		return "cannot be opened by this user";
	if (errno != ENOENT)
		return "cannot be opened";
	if (is_secret(str_of(key->name)))
		return "put the secret into a file, and write its name here";
	if (strchr(key->name, '/') != NULL)
		return "does not exist";
	return "does not exist; a plain name is looked for with the service "
	       "manager's credentials and beside this file";
}

static const char *
read_file(const struct keyfile *key, struct buf *content)
{
	const char *complaint;
	bool credential;
	int fd;

	if ((fd = open_key(key, &credential)) < 0)
		return cannot_open(key);
	if ((complaint = check(fd, key, credential)) == NULL)
		complaint = read_all(fd, content);
	close(fd);
	return complaint;
}

/* Read a file of one line; the line is borrowed from the content, and its end
 * belongs to nobody. */
static const char *
read_line(const struct keyfile *key, struct buf *content, struct str *line)
{
	const char *complaint = read_file(key, content);

	*line = buf_str(content);
	if (str_ends(*line, STR("\n")))
		line->n--;
	if (str_ends(*line, STR("\r")))
		line->n--;
	if (complaint == NULL && line->n == 0)
		complaint = "is empty, or missing";
	return complaint;
}

const char *
keyfile_client_secret(const struct keyfile *key, struct secret *secret)
{
	struct buf content = BUF(KEYFILE_MAX);
	struct str line;
	const char *complaint = read_line(key, &content, &line);

	if (complaint == NULL) {
		if (memchr(line.p, '"', line.n) != NULL ||
		    memchr(line.p, '\'', line.n) != NULL)
			complaint = "quotes are not needed; leave them out";
		else if (line.n < 16 && str_graphic(line))
			complaint = "has too few characters for a client "
				    "secret; copy all of it from Spotify's "
				    "dashboard";
		else if (line.n < 16 || !str_graphic(line))
			complaint =
			    "must hold the client secret from "
			    "Spotify's dashboard, one line, nothing else";
		else if (secret_set(secret, line.p, line.n) != OK)
			complaint = "does not fit into memory";
	}
	buf_free(&content);
	return complaint;
}

static bool
has_control(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == '\x7f')
			return true;
	return false;
}

const char *
keyfile_password(const struct keyfile *key, struct secret *secret)
{
	struct buf content = BUF(KEYFILE_MAX);
	struct str line;
	const char *complaint = read_line(key, &content, &line);

	if (complaint == NULL) {
		if (line.n > PASSWORD_MAX || has_control(line))
			complaint = "must hold the password, one line of at "
				    "most 512 bytes, nothing else";
		else if (secret_set(secret, line.p, line.n) != OK)
			complaint = "does not fit into memory";
	}
	buf_free(&content);
	return complaint;
}

/* Whether all bytes are the same: a placeholder that somebody forgot. */
static bool
is_placeholder(const unsigned char *key)
{
	size_t i;

	for (i = 1; i < SEAL_KEY_BYTES; i++)
		if (key[i] != key[0])
			return false;
	return true;
}

static const char *
add_server_key(struct seal_ring *ring, struct str line)
{
	unsigned char key[SEAL_KEY_BYTES];
	enum result result;

	if (!codec_unhex(line, key, sizeof(key)) || is_placeholder(key))
		return "must be 64 random hex digits; make it with "
		       "'openssl rand -hex 32'";
	result = seal_ring_add(ring, key);
	secret_wipe(key, sizeof(key));
	return result == OK	    ? NULL :
	    result == RESULT_EXISTS ? "has a key that comes twice; remove one" :
				      "is one key too many: eight may be there";
}

const char *
keyfile_server_key(struct keyfile *key, struct seal_ring *ring)
{
	struct buf content = BUF(KEYFILE_MAX);
	const char *complaint;
	struct str rest, line;

	key->line = 0;
	complaint = read_file(key, &content);
	rest = buf_str(&content);
	while (complaint == NULL && rest.p != NULL) {
		line = str_cut(&rest, '\n');
		key->line++;
		if (str_ends(line, STR("\r")))
			line.n--;
		if (line.n > 0)
			complaint = add_server_key(ring, line);
	}
	if (complaint == NULL && ring->n == 0) {
		key->line = 0;
		complaint = "is empty, or missing";
	}
	buf_free(&content);
	return complaint;
}
