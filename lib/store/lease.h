/* SPDX-License-Identifier: ISC */
/* The locks of the back end valkey: a part of it. */
#ifndef LEASE_H
#define LEASE_H

#include "store/valkeyparts.h"

/* From a reservation on: longer than any request may take, with its save, so
 * that it ends under none that runs. */
#define LEASE_SPEND_MS 19000

/* The key of the lease of a task. */
void lease_key(struct words *words, const struct valkey *valkey,
    const struct store_hold *hold);

/* How long it lasts, unless it is lengthened. */
int64_t lease_ms(const struct store_hold *hold);

/* Take the kernel's lock, and make the token for a lease; lease_end() gives the
 * first back. The results of filelock_take(). */
enum result lease_begin(const struct valkey *valkey, struct store_hold *hold,
    int64_t deadline_ms) __attribute__((warn_unused_result));
void lease_end(struct store_hold *hold);

/* Log that a lease was a dead holder's. */
void lease_tell_stolen(const struct store_hold *hold);

/* lock and unlock of backend.h. */
enum result lease_lock(struct store *store, struct store_hold *hold,
    int64_t deadline_ms) __attribute__((warn_unused_result));
void lease_unlock(struct store *store, struct store_hold *hold);

#endif
