/* SPDX-License-Identifier: ISC */
/* A record's move from one back end to another: a part of moving. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "store/lock.h"

#define TRANSFER_RECORD_MAX (64u << 10) /* of any record */

/* The stores are borrowed. */
struct transfer {
	struct store *to, *from, *files; /* the last is one of the two */
	int64_t kept_s;	      /* what was not used for so long is over */
	int64_t dates_kept_s; /* so long is a date needed */
};

/* What has become of a record: there was none where it should leave; it is in
 * the new place alone; it is over, and was left alone. */
enum transfer_fate { TRANSFER_NONE, TRANSFER_DONE, TRANSFER_OVER };

/*
 * Take the gate of an id: whoever removes its record holds it, from before he
 * removes it in the old place until he has in the new one.
 * OK (lock_release() must follow), RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result transfer_gate(const struct transfer *transfer,
    const unsigned char id[static STORE_ID_BYTES], struct lock *gate)
    __attribute__((warn_unused_result));

/*
 * Move a record, and of what is beside it the marks of changes, waiting until
 * deadline_ms for who replaces it where it is; one that is over only if
 * over_too. While it is in doubt whether a holder comes back to it, it stays.
 * OK with its fate; RESULT_BUSY, RESULT_STORE, RESULT_NO_MEMORY: it is where it
 * was, and perhaps in both places, the same.
 */
enum result transfer_move(const struct transfer *transfer,
    const unsigned char id[static STORE_ID_BYTES], bool over_too,
    int64_t deadline_ms, enum transfer_fate *fate)
    __attribute__((warn_unused_result));

#endif
