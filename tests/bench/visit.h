/* SPDX-License-Identifier: ISC */
/* What one user does: a single request, or a login and what comes after. */
#ifndef BENCH_VISIT_H
#define BENCH_VISIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "jar.h"

#define VISIT_STEPS_MAX 8
#define VISIT_LOGIN_STEPS 2 /* the redirect, and the callback */

/* The same for all users. */
struct visit_plan {
	bool login; /* the first path begins one */
	size_t follows;
	struct buf headers; /* lines that go with each request */
	char **paths;
	size_t paths_n;
};

struct visit {
	const struct visit_plan *plan;
	struct jar jar;
	size_t step;
	struct buf callback; /* path and query */
};

enum visit_state { VISIT_GOES_ON, VISIT_OVER, VISIT_FAILED };

/* How many requests it takes: with a login, one more than paths. */
size_t visit_steps(const struct visit_plan *plan);

/* Begin, as somebody who was never here. */
void visit_begin(struct visit *visit);

/* Write the request of the step that it has reached. */
void visit_request(const struct visit *visit, struct buf *out);

/* Take the answer to it. VISIT_FAILED also for a status that is none of a
 * success. */
enum visit_state visit_answer(struct visit *visit, int status, struct str head);

void visit_free(struct visit *visit);

#endif
