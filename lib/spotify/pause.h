/* SPDX-License-Identifier: ISC */
/* "Not before", said by Spotify and kept by all processes. */
#ifndef PAUSE_H
#define PAUSE_H

#include <stdint.h>

#include "store/store.h"

#define PAUSE_MAX_S 86400
#define PAUSE_TOKEN_MAX_S 600

/* Groups of calls that Spotify limits together. */
enum pause_group {
	PAUSE_TOKEN,
	PAUSE_ME,
	PAUSE_FOLLOWING,
	PAUSE_TOP,
	PAUSE_MY_PLAYLISTS,
	PAUSE_PLAYLISTS,
	PAUSE_SAVED,
	PAUSE_RECENT,
	PAUSE_PLAYER,
	PAUSE_ARTIST,
	PAUSE_ARTIST_ALBUMS,
	PAUSE_ALBUM,
	PAUSE_TRACK,
	PAUSE_SEARCH,
	PAUSE_CONTAINS,
	PAUSE__MAX
};

/*
 * Whether calls of a group must not be made yet.
 * OK, or RESULT_RATE_LIMITED or RESULT_QUOTA_EXCEEDED with *left_s, 1 to
 * PAUSE_MAX_S, until the next one may. A clock that was set back makes a pause
 * end later, but at most by as much as it lasts.
 */
enum result pause_check(struct store *store, enum pause_group group,
    int64_t *left_s) __attribute__((warn_unused_result));

/* What is left of a pause, 0: nothing, for who only looks: unlike
 * pause_check() it writes nothing, whatever the clock did. */
int64_t pause_left_s(struct store *store, enum pause_group group);

/* The names of the facts of a group, for who looks at them together with
 * something else: store_facts(). */
void pause_facts(enum pause_group group, const char *facts[static 2]);

/* What they mean: as pause_check(). With NULL for the store nothing is written:
 * a pause that was noted by a clock that was set back since does not begin
 * anew, and is as long as it was at the next look. */
enum result pause_read(struct store *store, enum pause_group group,
    const int64_t numbers[static 2], int64_t *left_s)
    __attribute__((warn_unused_result));

#define PAUSE_NAME_BYTES 32

/* The name of a group, for people: of calls that have a bucket, that of the
 * bucket. */
void pause_name(enum pause_group group, char name[static PAUSE_NAME_BYTES]);

/* Count a call of a group that has been made, by the status of its answer; 0:
 * none came, or not the whole of it. */
void pause_count_call(enum pause_group group, int status);

/*
 * Note a 429, and count it: after_s as in Retry-After, -1 if it gave none. It
 * holds for its group, and a day at most; for tokens, without which nothing
 * goes, ten minutes. The seconds until the next call may be made, which are
 * more if a longer pause is under way.
 */
int64_t pause_note(struct store *store, enum pause_group group, enum result why,
    int64_t after_s);

#endif
