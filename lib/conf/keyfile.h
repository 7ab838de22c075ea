/* SPDX-License-Identifier: ISC */
/* Reading the files that hold secrets. */
#ifndef KEYFILE_H
#define KEYFILE_H

#include <stdbool.h>

#include "base/seal.h"
#include "base/secret.h"

/* Which file holds a secret. */
struct keyfile {
	const char *name;
	const char *conf_file; /* the configuration that names it */
	bool any_owner;	       /* for root, who checks for another user */
	unsigned line;	       /* of it, with which something is wrong; or 0 */
};

/*
 * Both functions read a secret file. A name with a slash is a path; one
 * without is looked up in $CREDENTIALS_DIRECTORY (systemd.exec(5)) and then
 * beside the configuration file. Refused: anything but a regular file of at
 * most 4 KiB, another owner than this user or root, any permission for others,
 * and for the group unless it lies in the credentials directory. There others
 * may read it, too, if it is root's, nobody else can write it, and it lies on a
 * read-only mount, as the secrets of containers do.
 * They return NULL, or a static sentence that says what is wrong and never
 * contains what the file holds.
 */

/* One line of at least 16 graphic bytes: the client secret. */
const char *keyfile_client_secret(const struct keyfile *key,
    struct secret *secret);

/* One line of 1 to 512 bytes without control characters: the password of an
 * engine. */
const char *keyfile_password(const struct keyfile *key, struct secret *secret);

/* 64 hex digits a line, at most SEAL_RING_MAX lines; the first key seals. Sets
 * key->line. */
const char *keyfile_server_key(struct keyfile *key, struct seal_ring *ring);

#endif
