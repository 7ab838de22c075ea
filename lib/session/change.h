/* SPDX-License-Identifier: ISC */
/*
 * That a session has changed something at Spotify, for whoever keeps or shares
 * answers: one that was asked for before the change may be older than it. All
 * processes and machines know of it, by the store.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "session/session.h"
#include "spotify/context.h"

/* The last change that is known; of none all bytes are 0. */
struct change {
	unsigned char bytes[16];
};

/*
 * Look which change was the last, before Spotify is asked. If that cannot be
 * read, it is one that equals no other: what follows it is never kept.
 */
void change_read(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], struct change *change);

/* Whether there was none since: to be asked before and after an answer is
 * kept, for it may be kept just when a change is noted. */
bool change_is_last(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], const struct change *change);

/*
 * Note a change that Spotify has perhaps made. What was kept is dropped by who
 * knows it, before as well as after this: then nothing from before the change
 * is found by who reads this one. A failure is logged.
 */
void change_note(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES]);

#endif
