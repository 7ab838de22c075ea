/* SPDX-License-Identifier: ISC */
/* Taking requests in, as FastCGI or as one plain CGI request. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* One request; borrowed while it is served. */
struct server_call {
	char *const *envp;   /* NAME=value strings */
	bool broken;	     /* cut short, or not for a RESPONDER */
	int64_t deadline_ms; /* on clock_mono_ms() */
	/* Read up to n bytes of the body; fewer at its end only. */
	size_t (*read)(struct server_call *call, char *p, size_t n);
	/* Whether more has arrived than was read; does not wait. */
	bool (*has_more)(struct server_call *call);
	void *stream;
};

#define SERVER_PARTS 3 /* of a body */

/* What a program answers; all parts are sent, one after the other. Those of the
 * body have no room of their own. */
struct server_answer {
	struct buf head;
	struct buf body[SERVER_PARTS];
};

/* What is done with requests. */
struct server_work {
	int threads;
	int for_s; /* serve so many seconds; 0: until a signal */
	/* What a thread needs for itself; NULL: no memory. */
	void *(*begin)(const void *data);
	void (*end)(void *own);
	/* Append the header block to the head, and move what follows it into
	 * the body. */
	void (*serve)(void *own, struct server_call *call,
	    struct server_answer *answer);
	const void *data;
};

/*
 * Hold back TERM, INT and USR1 until a server takes them. To be called before
 * there is anything that would be left behind or cut short.
 */
void server_hold_signals(void);

/*
 * Serve until TERM, INT or USR1, which are held, or for as long as the work
 * says, then finish what was accepted. The service manager is told when there
 * is somebody to serve, unless the work ends by itself. With path, which is
 * removed, also what waits in the queue; without it the queue stays for the
 * next process. False: threads could not be started (logged).
 */
bool server_run(int listener, const char *path, const struct server_work *work);

/* Answer the one request in the environment, as CGI (RFC 3875). False when
 * the answer could not be written. */
bool server_run_cgi(const struct server_work *work);

#endif
