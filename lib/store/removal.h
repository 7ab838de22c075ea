/* SPDX-License-Identifier: ISC */
/* Removing from the directory of a store, or from an outbox, what is over: for
 * the clean-up. */
#ifndef REMOVAL_H
#define REMOVAL_H

#include <stdint.h>

#include "base/result.h"

struct removal {
	unsigned long long removed, left; /* files */
};

/*
 * Remove records, and what is kept beside them, that were not used since
 * age_s seconds before now_s, dates of ids that are dates_s older than that,
 * and temporary files a day old. Only plain files by a whole name of ours are
 * looked at, whoever has them; links are not followed, and a file that is dated
 * later than now is left. Others may use the store meanwhile: a record as old
 * as that is over for them, too.
 * OK; RESULT_STORE (the cause was logged): the directory is unfit for a store,
 * or a file could not be removed, and all others were.
 */
enum result removal_run(const char *path, int64_t now_s, int64_t age_s,
    int64_t dates_s, struct removal *removal)
    __attribute__((warn_unused_result));

/*
 * The same in an outbox: events that nobody has taken for seven days, and what
 * was never finished for one. OK or RESULT_STORE.
 */
enum result removal_outbox(const char *path, int64_t now_s,
    struct removal *removal) __attribute__((warn_unused_result));

#endif
