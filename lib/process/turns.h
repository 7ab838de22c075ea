/* SPDX-License-Identifier: ISC */
/* Which request a thread serves next, and how many threads somebody may have.
 * A part of table.c, which has the lock. */
#ifndef TURNS_H
#define TURNS_H

#include "process/connection.h"

TAILQ_HEAD(connection_list, connection);

struct turns {
	int serving_max;
	int serving_n;
	struct connection_list queue;	/* whole requests, in their order */
	struct connection_list put_off; /* for others to have threads */
	int put_off_n;
	int put_off_max;
	struct turns_share *shares; /* of whom requests are served now */
	int shares_n;
};

/* What becomes of a request when it is known whose it is. */
enum turn {
	TURN_NOW,
	TURN_LATER, /* it is to be put off */
	TURN_NEVER  /* too many have been put off already */
};

/* False: no memory. turns_close() whatever comes. */
bool turns_open(struct turns *turns, int serving_max, int put_off_max);
void turns_close(struct turns *turns);

/* Whether as many requests are served as may be. */
bool turns_are_taken(const struct turns *turns);

/* A request that is whole. */
void turns_add(struct turns *turns, struct connection *connection);

/* Whether turns_take() would find one. */
bool turns_are_due(const struct turns *turns);

/*
 * Take the next request to be served: one that was put off, as soon as its
 * turn has come, or the first of the queue. With leaving, any there is. NULL:
 * none.
 */
struct connection *turns_take(struct turns *turns, bool leaving);

/* A request that was taken is served no more; whose it was, or 0. */
void turns_end(struct turns *turns, uint64_t who);

/*
 * Whether a request that was taken may go on, now that it is known whose it is.
 * With L threads left for others, somebody has at most L * times of them: with
 * 1 half of all, with 4 four fifths.
 */
enum turn turns_ask(struct turns *turns, struct connection *connection,
    uint64_t who, int times);

/* Put a request off that was taken. */
void turns_put_off(struct turns *turns, struct connection *connection);

#endif
