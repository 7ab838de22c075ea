/* SPDX-License-Identifier: ISC */
/* A connection on which somebody has logged in to a master. */
#ifndef LINK_H
#define LINK_H

#include "base/secret.h"
#include "engine/replyerror.h"
#include "engine/wire.h"

struct link {
	struct wire wire;
	struct replyerror error; /* what went wrong, after RESULT_STORE */
	int64_t idle_ms;	 /* since when nobody uses it */
	unsigned generation;	 /* of the pool to which it belongs */
	struct link *next;	 /* in it */
};

struct link_login {
	struct str user;	       /* empty: "default" */
	const struct secret *password; /* NULL or empty: none */
	int database;
};

/*
 * Log in on a connected wire, in one round trip: HELLO with AUTH, and SELECT.
 * OK; RESULT_STORE (refused, or not a master: link->error has why); or as of
 * wire.h.
 */
enum result link_login(struct link *link, const struct link_login *login,
    int64_t deadline_ms) __attribute__((warn_unused_result));

/* What went wrong, for people, after a result that is neither OK nor
 * RESULT_NO_MEMORY. */
struct replyerror link_error(const struct link *link, enum result result);

/* What is sent, and what has come of it. */
struct link_exchange {
	struct str bytes; /* of a command, and of WAIT behind it */
	size_t needed;	  /* of them; with fewer nothing is done */
	bool wait;	  /* WAIT is there */
	/* To be empty before. */
	bool sent;		/* as many as are needed may have gone */
	bool broken;		/* the reply of WAIT did not come */
	struct resp reply;	/* of the command */
	struct resp wait_reply; /* nil if it did not come */
};

/*
 * Send a command, and WAIT behind it, and read the replies. The caller calls
 * resp_free() for both, whatever comes.
 * OK, also if only the reply of WAIT did not come; RESULT_STORE (an error
 * reply: link->error has what it means); or as of wire.h.
 */
enum result link_call(struct link *link, struct link_exchange *exchange,
    int64_t deadline_ms) __attribute__((warn_unused_result));

#endif
