/* SPDX-License-Identifier: ISC */
/* The web server's connections, while no thread serves a request of theirs. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>

#include "process/turns.h"

/* Shared by all threads of a process. */
struct connections;

/*
 * Take connections in from a listening socket that does not block; it stays
 * the caller's. At most so many requests are served at a time: with one thread
 * more, one is always here. With drain, connections that wait in the socket's
 * queue are taken in before the end. NULL: no memory or descriptors (errno).
 */
struct connections *connections_open(int listener, int serving_max, bool drain);

/* After all threads have left. */
void connections_close(struct connections *connections);

/*
 * Take in one that does not come from the listening socket; fd is taken over,
 * and closed if there is no room. What is sent on it after this wakes a thread.
 */
void connections_add(struct connections *connections, int fd);

/*
 * Wait for a request that is whole, in the order of their arrival, and see to
 * all other connections meanwhile. The caller gives it back by
 * connections_answer() or connections_drop(). NULL: it is time to leave.
 */
struct connection *connections_wait(struct connections *connections);

/*
 * Send the answer, which is taken over, as far and as fast as the peer reads;
 * no thread waits for that. Then the connection is kept for the next request
 * if that is what the peer means (FastCGI 1.0, section 3.5), or closed.
 */
void connections_answer(struct connections *connections,
    struct connection *connection, struct server_answer *answer);

/*
 * Whether a request may go on, now that it is known whose it is: a number for
 * somebody, which is not 0; times is that of turns_ask(). TURN_LATER: it goes
 * back by connections_put_off(), and connections_wait() gives it again when
 * others have threads.
 */
enum turn connections_ask(struct connections *connections,
    struct connection *connection, uint64_t who, int times)
    __attribute__((warn_unused_result));
void connections_put_off(struct connections *connections,
    struct connection *connection);

/* Close it without an answer. */
void connections_drop(struct connections *connections,
    struct connection *connection);

/*
 * Take no new ones in, and wait until all that were taken are served and
 * closed, kept ones by the peer, or after a second by us; after ten seconds
 * whatever is not in a thread's hands. Then connections_wait() lets the
 * threads go.
 */
void connections_stop(struct connections *connections);

#endif
