/* SPDX-License-Identifier: ISC */
/* Two machines, which have an engine in common, for unit tests. */
#ifndef SITE_H
#define SITE_H

#include "engines.h"
#include "store/lock.h"

#define SITE_MAX 100 /* bytes of a record */
#define SITE_RECORD STR("a record ends with its version 1")

extern const unsigned char site_id[STORE_ID_BYTES];

struct site {
	char prefix[16];
	struct store *one, *two;
	struct store_version version; /* of the record */
	struct lock lock_one, lock_two;
	struct store_reservation *room_one, *room_two;
};

/* Make the machines, each with a directory of its own, and SITE_RECORD under
 * site_id, which ends in an hour. OK or RESULT_NO_MEMORY. */
enum result site_begin(struct site *s) __attribute__((warn_unused_result));

/* For SCOPED. */
void site_leave(struct site *s);

/* The number that the engine answers to a command about one of the record's
 * keys, and what follows. */
int64_t site_say(const struct site *s, const char *command, const char *thing,
    const char *rest);

/* store_reserve() for the next record, of at most SITE_MAX. */
enum result site_reserve(struct store *store, const struct lock *lock,
    const struct store_version *version, struct store_reservation **room)
    __attribute__((warn_unused_result));

#endif
