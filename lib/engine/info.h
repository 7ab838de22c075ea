/* SPDX-License-Identifier: ISC */
/* What an engine says about itself. */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct engine_facts {
	char version[24]; /* as "7.0.15" */
	bool valkey;	  /* not Redis */
	bool cluster;
	char policy[24]; /* what is evicted when memory is full */
	bool append_only;
	int64_t used_memory, max_memory; /* bytes; the second 0: no limit */
	int64_t replicas;
	int64_t ahead_s;       /* its clock, compared with ours */
	int64_t round_trip_ms; /* of the question what time it is */
};

/* Read the answer to INFO. What it does not name, or names in a way that
 * cannot be right, stays empty or 0; the last two members are not set. */
void info_read(struct str text, struct engine_facts *facts);

#endif
