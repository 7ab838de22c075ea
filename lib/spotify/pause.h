/* SPDX-License-Identifier: ISC */
/* "Not before", said by Spotify and kept by all processes. */
#ifndef PAUSE_H
#define PAUSE_H

#include <stdint.h>

#include "store/store.h"

#define PAUSE_MAX_S 86400

/* Groups of calls that Spotify limits together. */
enum pause_group { PAUSE_TOKEN, PAUSE_ME, PAUSE_FOLLOWING, PAUSE__MAX };

/*
 * Whether calls of a group must not be made yet.
 * OK, or RESULT_RATE_LIMITED or RESULT_QUOTA_EXCEEDED with *left_s, 1 to
 * PAUSE_MAX_S, until the next one may.
 */
enum result pause_check(struct store *store, enum pause_group group,
    int64_t *left_s) __attribute__((warn_unused_result));

/*
 * Note a 429: after_s as in Retry-After, -1 if it gave none. A quota holds
 * for its group only, a rate limit for all of the API.
 */
void pause_note(struct store *store, enum pause_group group, enum result why,
    int64_t after_s);

#endif
