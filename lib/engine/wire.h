/* SPDX-License-Identifier: ISC */
/*
 * One connection to an engine, over which commands and replies travel. Each
 * function has a deadline on clock_mono_ms() and ends by then, whatever the
 * peer does. Their results, of which all but OK end the use of a connection:
 *
 * OK; RESULT_UPSTREAM_FAILED (nobody is there, or it was closed),
 * RESULT_UPSTREAM_TIMEOUT, RESULT_BAD_TEXT (what came is no reply),
 * RESULT_MISCONFIGURED (TLS cannot be agreed upon), RESULT_NO_MEMORY.
 */
#ifndef WIRE_H
#define WIRE_H

#include <sys/socket.h>

#include "engine/resp.h"
#include "engine/tls.h"

/* A connection. */
struct wire {
	int fd;
	SSL *ssl;	     /* NULL: plain */
	struct buf in;	     /* what has come */
	size_t taken;	     /* of it, by replies */
	const char *trouble; /* the last failure, for people; static */
	int trouble_errno;   /* its errno; 0: none */
};
#define WIRE_NONE ((struct wire){ .fd = -1, .trouble = "" })

/*
 * Connect to an address. The wire takes no reply longer than reply_max bytes.
 * The caller calls wire_close(), whatever comes.
 */
enum result wire_connect(struct wire *wire, const struct sockaddr *place,
    socklen_t n, size_t reply_max, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* Let TLS begin, with a host whose certificate has to name it. */
enum result wire_secure(struct wire *wire, SSL_CTX *tls, const char *host,
    int64_t deadline_ms) __attribute__((warn_unused_result));

/* Send bytes; *sent is how many of them may have gone, also after a failure. */
enum result wire_send(struct wire *wire, struct str bytes, int64_t deadline_ms,
    size_t *sent) __attribute__((warn_unused_result));

/* Read the next reply. OK: the caller calls resp_free(); else it is nil. */
enum result wire_reply(struct wire *wire, int64_t deadline_ms,
    struct resp *reply) __attribute__((warn_unused_result));

/* Whether it is open, as far as one can see without asking, and nothing has
 * come that nobody has asked for. */
bool wire_is_quiet(struct wire *wire);

/* Close, and wipe what has come. */
void wire_close(struct wire *wire);

#endif
