/* SPDX-License-Identifier: ISC */
/* What the upstream answers to whom. */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The application that logs people in. */
struct answers {
	const char *issuer;
	const char *client_id;
	const char *client_secret;
};

/* One request; slices of what was received. */
struct asked {
	struct str method, path, query, authorization, body;
};

/* Find a request at the head of a buffer, from which it borrows. Its length,
 * or 0 when it is not all there yet. */
size_t answers_read(const struct buf *in, struct asked *asked);

/* Append the complete HTTP answer. */
void answers_write(const struct answers *answers, const struct asked *asked,
    struct buf *out);

/* The same for a body that somebody else has made. */
void answers_json(struct buf *out, int status, struct str body);

#endif
