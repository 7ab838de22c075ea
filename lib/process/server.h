/* SPDX-License-Identifier: ISC */
/* Taking requests in, as FastCGI or as one plain CGI request. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "process/outgoing.h"
#include "process/probe.h"
#include "process/turns.h"

struct connections;

/* One request; borrowed while it is served. */
struct server_call {
	char *const *envp;   /* NAME=value strings */
	bool broken;	     /* cut short, or not for a RESPONDER */
	bool too_large;	     /* envp may be empty, and the body was not read */
	uint64_t body_n;     /* bytes of the body that have come */
	struct str body;     /* them, unless there are too many */
	int64_t arrived_ms;  /* it was whole, on clock_mono_ms() */
	bool was_put_off;    /* since then, by ask_turn */
	int64_t deadline_ms; /* on the same clock */
	/* Whether nobody is there any more to be answered; does not wait. */
	bool (*is_gone)(const struct server_call *call);
	/*
	 * Whether to go on, now that it is known whose request this is: a
	 * number for somebody, which is not 0; times is that of turns_ask().
	 * TURN_LATER: to return without an answer; it comes again when others
	 * have threads. TURN_NEVER: there is no room for it.
	 */
	enum turn (
	    *ask_turn)(struct server_call *call, uint64_t who, int times);
	bool is_put_off; /* by that */
	struct connections *connections;
	struct connection *peer;
};

/* What is done with requests. */
struct server_work {
	int threads;
	int for_s; /* serve so many seconds; 0: until a signal */
	const struct probe *probe; /* for the service manager's watchdog */
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
 * is somebody to serve, and if it wants to know, again and again that requests
 * are; unless the work ends by itself. With path, which is
 * removed, also what waits in the queue; without it the queue stays for the
 * next process. False: threads could not be started (logged).
 */
bool server_run(int listener, const char *path, const struct server_work *work);

/* Answer the one request in the environment, as CGI (RFC 3875). False when
 * the answer could not be written. */
bool server_run_cgi(const struct server_work *work);

#endif
