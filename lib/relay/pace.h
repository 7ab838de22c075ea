/* SPDX-License-Identifier: ISC */
/* How often a session may call Spotify through us. */
#ifndef PACE_H
#define PACE_H

#include "spotify/context.h"

#define PACE_CALLS 60
#define PACE_S 60

/*
 * Note a call that a session is about to make. Each process counts for itself,
 * and forgets sessions when there are very many.
 * OK, or RESULT_RATE_LIMITED with context->wait: it has made PACE_CALLS within
 * PACE_S seconds.
 */
enum result pace_take(struct context *context,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

#endif
