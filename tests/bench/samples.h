/* SPDX-License-Identifier: ISC */
/* Times that were measured, all of them, and what they come to. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdint.h>
#include <stdio.h>

struct samples {
	int64_t *ns;
	size_t n, size;
};

/* Nanoseconds on a clock that never jumps. */
int64_t samples_now_ns(void);

/* Add one; without memory the program ends. */
void samples_add(struct samples *samples, int64_t ns);

/* Print a JSON object: n, and p50, p99, max and mean in microseconds. Sorts
 * them. */
void samples_print(struct samples *samples, FILE *out);

void samples_free(struct samples *samples);

#endif
