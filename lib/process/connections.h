/* SPDX-License-Identifier: ISC */
/* The web server's connections, until a thread reads from them. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>

/* Seconds that a read or write on a connection waits for the peer. */
#define CONNECTIONS_PEER_S 10

/* Shared by all threads of a process. */
struct connections;

/*
 * Take connections in from a listening socket that does not block; it stays
 * the caller's. With drain, those that wait in its queue are served before the
 * end. NULL: no memory or descriptors (errno).
 */
struct connections *connections_open(int listener, bool drain);

/* After all threads have left. */
void connections_close(struct connections *connections);

/*
 * Wait for a new connection, or for a kept one from which there is something
 * to read, be it its end. The caller gives it back by connections_keep() or
 * connections_gone(). -1: it is time to leave.
 */
int connections_wait(struct connections *connections);

/*
 * Keep a connection for the peer's next request (FastCGI 1.0, section 3.5),
 * which it must not send before it has the end of this answer; no thread waits
 * for that. The last request has been read to its end. False: the process is
 * about to leave, or the system refused; still the caller's, who closes it.
 */
bool connections_keep(struct connections *connections, int fd);

/* The caller has closed a connection. */
void connections_gone(struct connections *connections);

/*
 * Take no new ones in, and wait until all that were taken are served and
 * closed, kept ones by the peer, or after a second by us. Then
 * connections_wait() lets the threads go.
 */
void connections_stop(struct connections *connections);

#endif
