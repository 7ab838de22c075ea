/* SPDX-License-Identifier: ISC */
/* How often a session may call Spotify through us. */
#ifndef PACE_H
#define PACE_H

#include "spotify/context.h"

/* What is counted: calls, and clicks that follow an artist or a playlist, or no
 * more, of which Spotify's policy wants each to be a person's own. */
enum pace { PACE_CALL, PACE_FOLLOW, PACE__MAX };

#define PACE_CALLS 60
#define PACE_S 60
#define PACE_FOLLOWS 30
#define PACE_FOLLOW_S 3600

/*
 * Note what a session is about to do. Each process counts for itself, and
 * forgets sessions when there are very many.
 * OK, or RESULT_RATE_LIMITED with context->wait: it has made PACE_CALLS within
 * PACE_S seconds, or PACE_FOLLOWS within PACE_FOLLOW_S.
 */
enum result pace_take(struct context *context, enum pace pace,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

#endif
