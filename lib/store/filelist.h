/* SPDX-License-Identifier: ISC */
/* Which records and dates a directory has, and how its files are named: a part
 * of files, for who moves them or cleans up. */
#ifndef FILELIST_H
#define FILELIST_H

#include <stdbool.h>

#include "store/store.h"

/* What the names of files begin with; an id follows. */
#define FILELIST_RECORDS "session-"
#define FILELIST_DATES "since-"
extern const char *const filelist_kept[STORE_PLACE__MAX]; /* beside a record */

/*
 * Call a function for the id of each record, or each date, until it returns
 * false. Those that are made or removed meanwhile may be among them or not.
 * OK, or RESULT_STORE: not all could be read, and the cause was logged.
 */
enum result filelist_each(const char *path, const char *kind,
    bool (*visit)(void *data, const unsigned char *id), void *data)
    __attribute__((warn_unused_result));

#endif
