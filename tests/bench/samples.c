/* SPDX-License-Identifier: ISC */
/* All times are kept: a percentile that is guessed from classes would hide the
 * few that matter. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "samples.h"

int64_t
samples_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
samples_add(struct samples *samples, int64_t ns)
{
	if (samples->n == samples->size) {
		samples->size = samples->size == 0 ? 4096 : samples->size * 2;
		samples->ns = reallocarray(samples->ns, samples->size,
		    sizeof(*samples->ns));
		if (samples->ns == NULL)
			abort();
	}
	samples->ns[samples->n++] = ns;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* In microseconds, for a share of per mille. */
static double
percentile(const struct samples *samples, size_t share)
{
	return samples->n == 0 ?
	    0 :
	    (double)samples->ns[(samples->n - 1) * share / 1000] / 1e3;
}

void
samples_print(struct samples *samples, FILE *out)
{
	double sum = 0;
	size_t i;

	if (samples->n > 0)
		qsort(samples->ns, samples->n, sizeof(*samples->ns), compare);
	for (i = 0; i < samples->n; i++)
		sum += (double)samples->ns[i] / 1e3;
	fprintf(out,
	    "{\"n\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,"
	    "\"mean_us\":%.1f}",
	    samples->n, percentile(samples, 500), percentile(samples, 990),
	    percentile(samples, 1000),
	    samples->n == 0 ? 0 : sum / (double)samples->n);
}

void
samples_free(struct samples *samples)
{
	free(samples->ns);
	*samples = (struct samples){ .n = 0 };
}
