/* SPDX-License-Identifier: ISC */
/* The locks of the back end valkey: a part of it. */
#ifndef LEASE_H
#define LEASE_H

#include "store/valkeyparts.h"

#define LEASE_SPEND_MS 13000 /* from a reservation on: a call and a save */

/* The key of the lease of a task. */
void lease_key(struct words *words, const struct valkey *valkey,
    const struct store_hold *hold);

/* lock and unlock of backend.h. */
enum result lease_lock(struct store *store, struct store_hold *hold,
    int64_t deadline_ms) __attribute__((warn_unused_result));
void lease_unlock(struct store *store, struct store_hold *hold);

#endif
