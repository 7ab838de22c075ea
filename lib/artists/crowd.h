/* SPDX-License-Identifier: ISC */
/*
 * Who of this process may wait, for a lock or for Spotify. A thread that waits
 * serves nobody, so some are always left for those whose copy will do, and no
 * session takes all of the others.
 */
#ifndef CROWD_H
#define CROWD_H

#include "spotify/context.h"

/* A place among those who wait; crowd_leave() gives it back. */
struct crowd_place {
	struct crowd_place *next;
	const unsigned char *id;
	bool patient;  /* one of the session's first: may wait long */
	bool fetching; /* crowd_fetch() was OK */
	bool inside;
};

/*
 * Take a place, without waiting; place and id are borrowed until it is given
 * back. An eighth of the threads, one at least, is left to others; a session's
 * share leaves at least one place to another session, where there are two.
 * OK or RESULT_BUSY.
 */
enum result crowd_enter(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], struct crowd_place *place)
    __attribute__((warn_unused_result));

/*
 * Before Spotify is asked for a list: wait, for a short time and not beyond
 * deadline_ms, until fewer than half of the threads are at that.
 * OK or RESULT_BUSY.
 */
enum result crowd_fetch(const struct context *context, int64_t deadline_ms,
    struct crowd_place *place) __attribute__((warn_unused_result));

/* When this one has to stop waiting for a lock, on clock_mono_ms(). */
int64_t crowd_until_ms(const struct context *context,
    const struct crowd_place *place);

/* Give a place back; one that was not taken is left alone. */
void crowd_leave(struct crowd_place *place);

#endif
