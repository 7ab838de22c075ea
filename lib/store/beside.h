/* SPDX-License-Identifier: ISC */
/* What the back end valkey keeps beside a record: a part of it. */
#ifndef BESIDE_H
#define BESIDE_H

#include "store/valkeyparts.h"

#define BESIDE_MAX (1u << 20) /* a larger one stalls an engine for all others */

/* The keys of all places of an id: STORE_PLACE__MAX. */
void beside_keys(struct words *words, const struct valkey *valkey,
    const unsigned char *id);

/* keep and load_kept of backend.h. */
enum result beside_keep(struct store *store, const unsigned char *id,
    enum store_place place, struct str content)
    __attribute__((warn_unused_result));
enum result beside_load(struct store *store, const unsigned char *id,
    struct store_piece piece, struct buf *content)
    __attribute__((warn_unused_result));

#endif
