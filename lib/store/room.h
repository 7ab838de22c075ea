/* SPDX-License-Identifier: ISC */
/* The reservations of the back end valkey: a part of it. */
#ifndef ROOM_H
#define ROOM_H

#include "store/valkeyparts.h"

/* The functions of these names of backend.h. */
enum result room_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation) __attribute__((warn_unused_result));
enum result room_replace(struct store_reservation *reservation,
    const struct store_version *version, struct str content, int64_t ends_s)
    __attribute__((warn_unused_result));
void room_refuse(struct store_reservation *reservation);
void room_release(struct store_reservation *reservation);

#endif
