/* SPDX-License-Identifier: ISC */
/*
 * That a session has changed something at Spotify, for whoever keeps or shares
 * answers: one that was asked for before the change may be older than it. All
 * processes and machines know of it, by the store. There is a last change of
 * each part of what can be changed, and each has a place of its own there: two
 * that were kept together could only be written together, and of two who do
 * that at once one would undo the other's.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "session/session.h"
#include "spotify/context.h"

/* What an answer can be about. */
enum change_part {
	CHANGE_NONE,	/* what no call of ours changes: it has no changes */
	CHANGE_LIBRARY, /* what is saved and followed, playlists */
	CHANGE_PLAYER	/* what plays, and where */
};

/* The last change of a part that is known; of none all bytes are 0. */
struct change {
	enum change_part part;
	unsigned char bytes[16];
};

/*
 * Look which change of a part was the last, before Spotify is asked. If that
 * cannot be read, it is one that equals no other: what follows it is never
 * kept.
 */
void change_read(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], enum change_part part,
    struct change *change);

/* Whether two are the same. */
bool change_is(const struct change *one, const struct change *other);

/* Whether there was none of its part since: to be asked before and after an
 * answer is kept, for it may be kept just when a change is noted. */
bool change_is_last(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], const struct change *change);

/*
 * Note a change of a part, not CHANGE_NONE, that Spotify has perhaps made. What
 * was kept without the change that it follows is dropped by who knows it,
 * before as well as after this: then nothing from before the change is found
 * by who reads this one.
 * OK; RESULT_STORE, which was logged, RESULT_NO_MEMORY: perhaps nobody else
 * will know of it.
 */
enum result change_note(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], enum change_part part)
    __attribute__((warn_unused_result));

#endif
