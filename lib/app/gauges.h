/* SPDX-License-Identifier: ISC */
/* What is so just now, beside what was counted, for the operator. */
#ifndef GAUGES_H
#define GAUGES_H

#include <stdio.h>

#include "app/metrics.h"
#include "app/storage.h"

/* Count the sessions by age. The results of storage->ages(). */
enum result gauges_ages(const struct conf *conf, const struct storage *storage,
    struct ages *ages) __attribute__((warn_unused_result));

/* Print the sessions, the pauses and the quota in Prometheus' text format, and
 * whether the store is there to tell them. */
void gauges_print(const struct metrics_page *page, const struct conf *conf,
    const struct storage *storage);

/* Print a table for people: of each group of calls what was used of which
 * budget, and until when there is a pause. */
void gauges_print_quota(const struct conf *conf, struct store *store,
    FILE *out);

#endif
