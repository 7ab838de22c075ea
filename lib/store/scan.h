/* SPDX-License-Identifier: ISC */
/* Which records and dates an engine has: a part of valkey, for who moves
 * them. */
#ifndef SCAN_H
#define SCAN_H

#include "store/store.h"

enum scan_kind { SCAN_RECORDS, SCAN_DATES };

/*
 * Call a function for the id of each record, or each date, of this site, until
 * it returns false. Those that are made or removed meanwhile may be among them
 * or not, and one may come twice.
 * OK, RESULT_STORE: not all could be asked for; RESULT_NO_MEMORY.
 */
enum result scan_each(struct store *store, enum scan_kind kind,
    bool (*visit)(void *data, const unsigned char *id), void *data)
    __attribute__((warn_unused_result));

#endif
