/* SPDX-License-Identifier: ISC */
/* Facts, each a small file: a part of files. */
#ifndef FACT_H
#define FACT_H

#include <stdint.h>

#include "store/store.h"

/* store_fact() and store_set_fact() in the directory dir. */
int64_t fact_read(int dir, const char *name);
void fact_write(int dir, const char *name, int64_t number);

/* know, known and forget of backend.h. */
void fact_know(struct store *store, const unsigned char *id, int64_t number);
enum result fact_known(struct store *store, const unsigned char *id,
    int64_t *number) __attribute__((warn_unused_result));
enum result fact_forget(struct store *store, const unsigned char *id)
    __attribute__((warn_unused_result));

#endif
