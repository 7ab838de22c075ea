/* SPDX-License-Identifier: ISC */
/* One connection of the web server's, on which requests follow each other. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdint.h>
#include <sys/queue.h>

#include "process/incoming.h"
#include "process/outgoing.h"

/* How long a peer may take, in ms. */
#define CONNECTION_REQUEST_MS 10000 /* for a request, from its first byte on */
#define CONNECTION_END_MS 1000	    /* for the record that ends a body */
#define CONNECTION_TAKE_MS 10000    /* until it takes more of an answer */
#define CONNECTION_ANSWER_MS 60000  /* for all of an answer */
#define CONNECTION_LINGER_MS 10000  /* to see that it has been answered */

enum connection_phase {
	CONNECTION_READING,
	CONNECTION_SERVED, /* by a thread, or it waits for one */
	CONNECTION_SENDING,
	CONNECTION_LINGERING /* answered; the rest of its body is thrown away */
};

/* What it needs to go on. */
enum connection_need {
	CONNECTION_TO_READ,
	CONNECTION_TO_WRITE,
	CONNECTION_TO_SERVE, /* a request is whole */
	CONNECTION_TO_CLOSE
};

struct connection {
	int fd;
	enum connection_phase phase;
	struct incoming in;
	struct buf rest; /* came behind a request: the next one */
	struct outgoing out;
	bool at_end;	    /* the peer sends no more */
	int64_t since_ms;   /* its request has begun, its answer is ready */
	int64_t arrived_ms; /* its request was whole; on clock_mono_ms() */
	int64_t ends_ms;    /* it has to have gone on then; 0: it may be idle */
	size_t lingered;

	/* The rest is the table's. */
	bool waits;   /* in the epoll; no thread has it */
	bool known;   /* the epoll knows it */
	bool queued;  /* its request had to wait for a thread */
	uint64_t who; /* whose request that is; 0: not known, or nobody's */
	int times;    /* he may have as many threads as are left */
	size_t held;  /* bytes that were counted, and those of an answer */
	size_t answered;
	TAILQ_ENTRY(connection) link;
};

/* One without a descriptor; connection_free() releases it. NULL: no memory. */
struct connection *connection_new(void);

/* Begin with a descriptor that was accepted, which is taken over. */
void connection_begin(struct connection *connection, int fd);

/* Close and wipe; it can begin again, with the memory that it has. */
void connection_end(struct connection *connection);

/* Close, wipe and release. */
void connection_free(struct connection *connection);

/* Read, or send, what can be without waiting, and set ends_ms. */
enum connection_need connection_go_on(struct connection *connection)
    __attribute__((warn_unused_result));

/* Its end has come. CONNECTION_TO_SERVE: what is there of its request can be
 * answered, or refused, all the same. */
enum connection_need connection_expire(struct connection *connection)
    __attribute__((warn_unused_result));

/* Answer the request that was whole; takes the answer over. */
enum connection_need connection_answer(struct connection *connection,
    struct server_answer *answer) __attribute__((warn_unused_result));

/* Whether the peer has closed it; one that only sends no more has not. */
bool connection_is_gone(const struct connection *connection);

/*
 * Send the record that says nothing, on which nginx closes an idle connection:
 * unless a request has come on it. To mark that again and again would fill the
 * buffer that the web server has for the header of the answer.
 */
void connection_mark(const struct connection *connection);

/* Bytes of memory that it holds for its peer. */
size_t connection_held(const struct connection *connection);

#endif
