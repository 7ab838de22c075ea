/* SPDX-License-Identifier: ISC */
/* The marks of the back end valkey: a part of it. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "store/valkeyparts.h"

/* claim and lock_claim of backend.h. */
enum result claims_mark(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id) __attribute__((warn_unused_result));
enum result claims_lock(struct store *store, struct store_hold *hold,
    const struct lock_claim *claim) __attribute__((warn_unused_result));

#endif
