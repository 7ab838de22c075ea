/* SPDX-License-Identifier: ISC */
/* A set of Spotify's ids, in a few bytes for each. */
#ifndef IDSET_H
#define IDSET_H

#include <stdint.h>

#include "base/buf.h"

#define IDSET_ID_BYTES 22

/* idset_free() releases it. */
struct idset {
	struct buf ids;	  /* all of them, one behind the other */
	struct buf slots; /* a table of places in ids, by hash */
	uint64_t seed;
};

/* An empty set; allocates nothing yet. */
void idset_init(struct idset *set);

/* Add an id; false if it was there already, or could not be added. */
bool idset_add(struct idset *set, const char id[static IDSET_ID_BYTES]);

/* OK, or why the first id was not added that was not: RESULT_NO_MEMORY,
 * RESULT_TOO_LARGE. */
enum result idset_result(const struct idset *set)
    __attribute__((warn_unused_result));

void idset_free(struct idset *set);

#endif
