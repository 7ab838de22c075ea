/* SPDX-License-Identifier: ISC */
/* Dates, each the time of an empty file: a part of files. */
#ifndef FILEDATE_H
#define FILEDATE_H

#include "store/store.h"

/* date and set_date of backend.h; the first costs one system call. */
enum result filedate_read(struct store *store, const unsigned char *id,
    int64_t *date_s) __attribute__((warn_unused_result));
enum result filedate_set(struct store *store, const unsigned char *id,
    int64_t date_s, int64_t ends_s) __attribute__((warn_unused_result));

#endif
