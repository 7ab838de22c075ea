/* SPDX-License-Identifier: ISC */
/* Dates in two places: a part of moving. */
#ifndef MOVINGDATE_H
#define MOVINGDATE_H

#include "store/transfer.h"

/*
 * date and set_date of backend.h. Whoever sets a date sets it in both places,
 * but one of before is in the old place alone until movingdate_all() has set it
 * in the new one. So both have to tell: one that cannot be read is not none.
 */
enum result movingdate_read(const struct transfer *transfer,
    const unsigned char *id, int64_t *date_s)
    __attribute__((warn_unused_result));
enum result movingdate_set(const struct transfer *transfer,
    const unsigned char *id, int64_t date_s, int64_t ends_s)
    __attribute__((warn_unused_result));

/*
 * The later of a date and the one that all have in common in a place; while
 * that is away, the date alone. So session_load() takes what the one place says
 * that answers. If it is the latest that the session has kept, no account is
 * asked for; else that of the account is, which both have to tell.
 */
int64_t movingdate_latest(struct store *place, int64_t date_s);

/*
 * Set in the new place what is only in the old one, of which dir is the
 * directory if it is one.
 * OK, RESULT_STORE: not all may be there; RESULT_NO_MEMORY.
 */
enum result movingdate_all(const struct transfer *transfer, const char *dir)
    __attribute__((warn_unused_result));

#endif
