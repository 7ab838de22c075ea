/* SPDX-License-Identifier: ISC */
/* Which connections there are, who has each of them, and how many. Of
 * connections.c only. */
#ifndef TABLE_H
#define TABLE_H

#include <pthread.h>

#include "process/turns.h"

struct table {
	int poll;  /* the epoll in which connections wait */
	int timer; /* readable in it when an end may have come */
	int open_max;
	int idle_max;
	pthread_mutex_t lock;	       /* for the rest */
	struct connection **of;	       /* by descriptor; NULL: none of ours */
	int fds;		       /* how many it has room for */
	struct turns turns;	       /* of whole requests */
	struct connection_list ending; /* wait, and have an end */
	struct connection_list
	    spare; /* without a descriptor, for the next ones */
	int spare_n;
	int open_n;
	int idle_n;	 /* wait, and have no end */
	int reading_n;	 /* wait for bytes of the peer's, and have an end */
	size_t held;	 /* bytes, for all peers */
	size_t answered; /* of them, those of answers */
	bool ticks;	 /* the timer runs, or nobody has seen its end */
	bool closing;	 /* nobody waits any more */
};

/* False: no memory or descriptors. table_close() whatever comes; it also
 * closes the connections that are there. */
bool table_open(struct table *table, int serving_max);
void table_close(struct table *table);

/* Watch another descriptor in the epoll. False: the system refused. */
bool table_watch(const struct table *table, int operation, int fd,
    uint32_t events);

/* A connection that was accepted; it is the caller's. Takes fd over. NULL: no
 * memory, or too many descriptors; it is closed. */
struct connection *table_add(struct table *table, int fd);

/*
 * Give a connection back: it waits in the epoll, with its end if it has one, or
 * in the queue if it is to be served. False: it is to be closed, or to wait and
 * the time for that is over; still the caller's.
 */
bool table_give(struct table *table, struct connection *connection,
    enum connection_need need) __attribute__((warn_unused_result));

/* Take the connection that waits on a descriptor; NULL: none does, or another
 * thread was quicker. */
struct connection *table_take(struct table *table, int fd);

/* Take the next request of turns.h, if answers do not hold too much, or when
 * leaving in any case; NULL: none. */
struct connection *table_take_request(struct table *table, bool leaving);

/* One that was taken is served, and has been given back; whose it was, or 0. */
void table_served(struct table *table, uint64_t who);

/* turns_ask() and turns_put_off() for a request that was taken. */
enum turn table_ask(struct table *table, struct connection *connection,
    uint64_t who, int times) __attribute__((warn_unused_result));
void table_put_off(struct table *table, struct connection *connection);

/*
 * Take one whose end has come; if table_is_crowded(), also one that has not
 * gone on for a second, for want of memory of those that hold a share of it.
 * NULL: none, and the timer runs if one will be. It wakes another thread for
 * another one that there is.
 */
struct connection *table_take_ended(struct table *table);

/* Whether there are as many as may be, or they hold too much. */
bool table_is_crowded(struct table *table);

/* Whether as many requests are served as may be. */
bool table_is_busy(struct table *table);

/* Let the timer be readable in a moment, whatever comes. Whoever sees that it
 * is calls table_ticked(), and then table_take_ended(). */
void table_start_timer(struct table *table);
void table_ticked(struct table *table);

/* Close a connection that is the caller's. */
void table_remove(struct table *table, struct connection *connection);

/* Send the record that says nothing to all that are idle. */
void table_mark(struct table *table);

/* Whether there is any; and whether more than such as wait for their peer to
 * ask, or to go on asking. */
bool table_is_open(struct table *table, bool *busy);

/* Nothing waits from now on: what does is left to table_close(). How many were
 * idle, and how many in the middle of something. */
void table_abandon(struct table *table, int *idle, int *others);

#endif
