/* SPDX-License-Identifier: ISC */
/* The listening socket. */
#ifndef LISTENER_H
#define LISTENER_H

/*
 * The listening socket, non-blocking: a new one at path, which only user and
 * group may connect to, or one that was handed over (LISTEN_FDS, fd 0) if
 * path is NULL. Open until the process ends.
 * -1: none was handed over, or the reason has been printed.
 */
int listener_open(const char *path);

#endif
