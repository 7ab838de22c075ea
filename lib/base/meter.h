/* SPDX-License-Identifier: ISC */
/*
 * Counting what happens, for the operator: each count goes up and never down.
 * Whose memory the counts lie in, and what they are called, is said elsewhere;
 * until then they are the process's own.
 */
#ifndef METER_H
#define METER_H

#include <stdint.h>

/* What a count tells apart. */
#define METER_PROGRAMS 16
#define METER_RESULTS 64
#define METER_GROUPS 32 /* of calls of Spotify */
/* Classes of an HTTP status: none came, 2xx to 5xx. */
#define METER_CLASSES 5
enum meter_waits { METER_FOR_THREADS, METER_FOR_PROCESSES, METER_WAITS };
enum meter_limits { METER_RATE, METER_QUOTA, METER_LIMITS };

/* The first count of each family; the others of it follow. */
enum meter {
	METER_ANSWERS = 0, /* [program][class] */
	METER_LOGINS = METER_ANSWERS + METER_PROGRAMS * METER_CLASSES,
	METER_REFRESHES =
	    METER_LOGINS + METER_RESULTS,	       /* [result], as logins */
	METER_CALLS = METER_REFRESHES + METER_RESULTS, /* [group][class] */
	METER_PAUSES = METER_CALLS + METER_GROUPS * METER_CLASSES,
	METER_STALE = METER_PAUSES + METER_GROUPS * METER_LIMITS,
	METER_LOCK_WAITS, /* [for whom] */
	METER_STORE_ERRORS = METER_LOCK_WAITS + METER_WAITS,
	/* These are no counts, but tell when: seconds since 1970, or 0. */
	METER_CLIENT_REFUSED,
	METER_CA_UNREADABLE,
	METER_MISCONFIGURED, /* [program] */
	METER__MAX = METER_MISCONFIGURED + METER_PROGRAMS
};

/* Count one more. at is a family's first count plus what it tells apart; one
 * that is out of range is left alone. No system call, no lock. */
void meter_count(unsigned at);

/* For those that are no counts: put a number there. */
void meter_note(unsigned at, uint64_t number);

uint64_t meter_value(unsigned at);

/* The class of a status; 0: none came. */
unsigned meter_class(int status);

/* The word for a class, as in a label; static. */
const char *meter_class_word(unsigned class);

/* Count here from now on; NULL: in the process's own memory. What has been
 * counted stays where it was. */
void meter_place(unsigned at, _Atomic uint64_t *place);

#endif
