/* SPDX-License-Identifier: ISC */
/* The counts of the back end valkey: a part of it. */
#ifndef TALLIES_H
#define TALLIES_H

#include "store/valkeyparts.h"

/* count, tally and remark of backend.h. The day is that of the engine's clock,
 * and the same for all machines. */
enum result tallies_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally) __attribute__((warn_unused_result));
void tallies_look(struct store *store, const char *name,
    struct store_tally *tally);
void tallies_remark(struct store *store, const char *name, int64_t number);

#endif
