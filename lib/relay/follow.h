/* SPDX-License-Identifier: ISC */
/* Following an artist, which Spotify has two ways for. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "relay/rowurl.h"
#include "session/session.h"

/*
 * Do what a call of a row of ours says: follow the artist, follow him no more,
 * or tell whether he is followed, as {"following":true}. The library is asked
 * first, and, if it does not take the call (400, 403, 404), the older call,
 * which Spotify leaves to some applications; which of them has worked is
 * remembered for all processes. As long as the way that comes first was not
 * seen to work, the artist is looked at before and after the call: if it was to
 * change something and has not, also when looked at again twice within a
 * second, it is RESULT_NOT_FOR_THIS_APP, logged as an error, and the other way
 * is taken first the next time.
 * OK, also if a look fails or there is no time for one; the errors of call.h.
 * Of two refusals the first one counts.
 */
enum result follow_do(struct context *context, struct session *session,
    const struct rowurl *rowurl, struct buf *body)
    __attribute__((warn_unused_result));

#endif
