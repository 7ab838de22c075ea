/* SPDX-License-Identifier: ISC */
/* The addresses of a host, and a name server that cannot hold up a call. */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/result.h"
#include "base/str.h"

#define NAMES_MAX 8 /* addresses of a host that are used */

struct names; /* opaque; for all threads */

struct names_address {
	struct sockaddr_storage place;
	socklen_t n;
};

/*
 * A host, "name:port", "1.2.3.4:port" or "[::1]:port"; nothing is looked up
 * yet. OK: the caller calls names_close(). RESULT_MISCONFIGURED (it is none of
 * these), RESULT_NO_MEMORY: *names is NULL.
 */
enum result names_open(struct str host, struct names **names)
    __attribute__((warn_unused_result));

/* NULL is left alone. A lookup that is under way ends by itself. */
void names_close(struct names *names);

/* The host without the port, and without brackets; terminated; borrowed until
 * names_close(). */
const char *names_host(const struct names *names);

/*
 * Its addresses, in the resolver's order, and how many they are. They are
 * looked up by a thread, again after 30 s or after names_doubt(); meanwhile
 * those of the last time are good. Only the first time is waited for, until a
 * deadline on clock_mono_ms().
 * OK, RESULT_UPSTREAM_FAILED (there is no such host, or no thread for it),
 * RESULT_UPSTREAM_TIMEOUT.
 */
enum result names_get(struct names *names, int64_t deadline_ms,
    struct names_address addresses[static NAMES_MAX], size_t *n)
    __attribute__((warn_unused_result));

/* Nobody could be reached there: they are looked up again the next time. */
void names_doubt(struct names *names);

#endif
