/* SPDX-License-Identifier: ISC */
/* Reading the files that hold secrets. */
#ifndef KEYFILE_H
#define KEYFILE_H

#include "base/seal.h"
#include "base/secret.h"

/*
 * Both functions read a secret file. A name with a slash is a path; one
 * without is looked up in $CREDENTIALS_DIRECTORY (systemd.exec(5)) and then
 * beside the configuration file conf_file. Refused: anything but a regular
 * file of at most 4 KiB, another owner than this user or root, any permission
 * for others, and for the group unless it lies in the credentials directory.
 * They return NULL, or a static sentence that says what is wrong and never
 * contains what the file holds.
 */

/* One line of at least 16 graphic bytes: the client secret. */
const char *keyfile_client_secret(const char *name, const char *conf_file,
    struct secret *secret);

/* 64 hex digits a line, at most SEAL_RING_MAX lines; the first key seals. */
const char *keyfile_server_key(const char *name, const char *conf_file,
    struct seal_ring *ring);

#endif
