/* SPDX-License-Identifier: ISC */
/*
 * One count of a rolling day in memory that processes share: a part of counts.
 * Nothing here waits, allocates or asks the kernel, and whoever is killed in
 * the middle leaves at worst one more counted than was.
 */
#ifndef DAYRING_H
#define DAYRING_H

#include <stdatomic.h>

#include "store/store.h"

/* A power of two, and more than the hours that a call can count in. */
#define DAYRING_SLOTS 32
#define DAYRING_MAX ((INT64_C(1) << 24) - 1) /* of one hour, and of a remark */

/*
 * Each word has an hour, a number, and a check of both, so that one compare and
 * exchange changes all three, and whatever else is there counts as nothing. All
 * zero is a count of nothing that has never been used.
 */
struct dayring {
	_Atomic uint64_t began;	 /* since when all is counted */
	_Atomic uint64_t remark; /* store_remark() */
	_Atomic uint64_t slot[DAYRING_SLOTS];
};

/* store_count(), at now_s. OK or RESULT_QUOTA_EXCEEDED. */
enum result dayring_count(struct dayring *ring, int64_t now_s, int64_t limit,
    struct store_tally *tally) __attribute__((warn_unused_result));

/* store_tally() and store_remark(), at now_s. */
void dayring_tally(const struct dayring *ring, int64_t now_s,
    struct store_tally *tally);
void dayring_remark(struct dayring *ring, int64_t now_s, int64_t number);

#endif
