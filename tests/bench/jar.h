/* SPDX-License-Identifier: ISC */
/* The cookies of one user at one site. */
#ifndef BENCH_JAR_H
#define BENCH_JAR_H

#include "base/buf.h"

#define JAR_MAX 16

struct jar {
	struct {
		struct buf name, value;
	} cookies[JAR_MAX];
	size_t n;
};

/* Keep what the Set-Cookie lines of a head say. Paths and hosts do not count,
 * an empty value or Max-Age=0 deletes. */
void jar_take(struct jar *jar, struct str head);

/* Append the value of the Cookie header; nothing when there are none. */
void jar_write(const struct jar *jar, struct buf *out);

void jar_free(struct jar *jar);

#endif
