/* SPDX-License-Identifier: ISC */
/* A request of our own, for who wants to know whether a program serves. */
#ifndef PROBE_H
#define PROBE_H

#include "base/buf.h"

/* Its one parameter, of at most 127 bytes each. */
struct probe {
	const char *name, *value;
};

/* Append its records, after which the program closes the connection. */
void probe_write(const struct probe *probe, struct buf *out);

/*
 * Ask it of whoever listens on a unix socket, and append the header block of
 * the answer, and what of the body comes with it, waiting for 20 seconds at
 * most. NULL, or a sentence about why there is no answer, static until the
 * next call of strerror().
 */
const char *probe_ask(const char *path, const struct probe *probe,
    struct buf *answer) __attribute__((warn_unused_result));

#endif
