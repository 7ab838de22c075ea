/* SPDX-License-Identifier: ISC */
/* An empty store in a directory of its own, for tests of any room. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "store/files.h"

/* Go to a new directory and open it as a store. OK or RESULT_NO_MEMORY. */
enum result scratch_open(struct store **store)
    __attribute__((warn_unused_result));

/* For SCOPED. */
void scratch_close(struct store **store);
void scratch_release(struct store_reservation **reservation);

#endif
