/* SPDX-License-Identifier: ISC */
/* Facts, and what is known, in two places: a part of moving. */
#ifndef MOVINGFACT_H
#define MOVINGFACT_H

#include "store/store.h"

/* fact, set_fact, know, known and forget of backend.h. */
int64_t movingfact_read(struct store *store, const char *name);
void movingfact_set(struct store *store, const char *name, int64_t number);
void movingfact_know(struct store *store, const unsigned char *id,
    int64_t number);
enum result movingfact_known(struct store *store, const unsigned char *id,
    int64_t *number) __attribute__((warn_unused_result));
enum result movingfact_forget(struct store *store, const unsigned char *id)
    __attribute__((warn_unused_result));

#endif
