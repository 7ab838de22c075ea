/* SPDX-License-Identifier: ISC */
/*
 * One call for all who ask the same at the same time: a browser that opens its
 * tabs again costs one call, and all of them get its answer. Within a process.
 * Who waits here holds a thread; how many a session has, dispatch sees to.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "relay/rowurl.h"
#include "session/change.h"

/* What has come of a call. */
struct flight_outcome {
	enum result result;
	struct wait wait;
	int status;	 /* of Spotify's answer */
	struct buf body; /* of that; flight_outcome_free() releases it */
};

/* A place in a flight; flight_leave() gives it back. */
struct flight_seat {
	struct flight *flight; /* NULL: none was taken */
	bool leads;	       /* makes the call */
};

/*
 * Take a place in the flight of a session that asks for what was read, or begin
 * one, in which case the place leads: its owner makes the call and calls
 * flight_land(). Never shared is what changes something, nor what began when
 * another change than since was the last.
 * OK, RESULT_NO_MEMORY.
 */
enum result flight_join(const unsigned char id[static STORE_ID_BYTES],
    const struct change *since, const struct rowurl *rowurl,
    struct flight_seat *seat) __attribute__((warn_unused_result));

/*
 * Let nobody else join what a session has under way about a part in this
 * process: it has changed something there, and these answers may be older.
 * Other processes know it by change_note(); this holds also if that has failed.
 */
void flight_close(const unsigned char id[static STORE_ID_BYTES],
    enum change_part part);

/* Tell those in the flight what has come of it; outcome stays the caller's. */
void flight_land(const struct flight_seat *seat,
    const struct flight_outcome *outcome);

/*
 * Wait for who leads until the context's deadline, and copy what has come of
 * it. The caller calls flight_outcome_free() whatever comes.
 * OK, and the result is in the outcome; RESULT_BUSY: not in time;
 * RESULT_NO_MEMORY.
 */
enum result flight_wait(const struct context *context,
    const struct flight_seat *seat, struct flight_outcome *outcome)
    __attribute__((warn_unused_result));

/* Give a place back. Who leads and has not landed lets the others fail with
 * RESULT_BUSY. */
void flight_leave(struct flight_seat *seat);

void flight_outcome_free(struct flight_outcome *outcome);

#endif
