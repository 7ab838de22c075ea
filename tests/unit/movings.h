/* SPDX-License-Identifier: ISC */
/* Stores that are on their way between files and an engine. */
#ifndef MOVINGS_H
#define MOVINGS_H

#include <stdbool.h>

#include "store/store.h"

/* Go to a new directory and open an empty store. OK, or RESULT_NO_MEMORY. */
enum result movings_into_engine(struct store **store)
    __attribute__((warn_unused_result));
enum result movings_into_files(struct store **store)
    __attribute__((warn_unused_result));

/* Open one of those in this directory, and under a prefix, with records of a
 * process that was here before. OK, or RESULT_NO_MEMORY. */
enum result movings_open(const char *prefix, bool into_engine,
    struct store **store) __attribute__((warn_unused_result));

/* Make up a prefix that nobody has. */
#define MOVINGS_PREFIX_BYTES 16
void movings_prefix(char prefix[static MOVINGS_PREFIX_BYTES]);

#endif
