/* SPDX-License-Identifier: ISC */
/*
 * Rationing: calls of the Web API are counted before they are made, by all
 * processes together, and none is made beyond quota_per_day. With a
 * quota_per_day of 0 nothing is counted. Token requests are no calls of the
 * Web API, and are not counted.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdio.h>

#include "spotify/context.h"

/* Calls that are counted together. Spotify does not tell which it counts so;
 * two buckets that are one for Spotify are told apart until it says no. */
enum quota_bucket {
	QUOTA_ME,
	QUOTA_FOLLOWING,
	QUOTA_TOP,
	QUOTA_MY_PLAYLISTS,
	QUOTA_PLAYLISTS,
	QUOTA_SAVED,
	QUOTA_RECENT,
	QUOTA_PLAYER,
	QUOTA_ARTIST,
	QUOTA_ARTIST_ALBUMS,
	QUOTA_ALBUM,
	QUOTA_TRACK,
	QUOTA_SEARCH,
	QUOTA_CONTAINS,
	QUOTA__MAX
};

/* Its name, for people; static. */
const char *quota_name(enum quota_bucket bucket);

/* Who calls: of a bucket in which logins ask, a tenth is left to them. */
enum quota_caller { QUOTA_LOGIN, QUOTA_OTHER };

/*
 * Count a call that is to be made.
 * OK; RESULT_QUOTA_EXCEEDED with context->wait, until the next call may be made
 * and PAUSE_MAX_S at most, and it must not be made;
 * RESULT_STORE: it cannot be counted, and must not be made.
 */
enum result quota_take(struct context *context, enum quota_bucket bucket,
    enum quota_caller caller) __attribute__((warn_unused_result));

/*
 * Spotify has refused a call of a bucket for its quota: what was counted by
 * then is learned, and 95 % of it is the budget for seven days, if that is
 * less than quota_per_day. Not learned is what says nothing about the quota:
 * counted for less than a day, or less than a tenth of quota_per_day, for then
 * something else has used it up.
 */
void quota_refused(struct context *context, enum quota_bucket bucket);

/* Where a bucket stands. */
struct quota_state {
	int64_t used, budget;	 /* of the last day */
	int64_t learned;	 /* what Spotify refused at; 0: nothing */
	int64_t learned_until_s; /* so long that holds, since 1970 */
};

/* Look where a bucket stands; all 0 if nothing is counted. */
void quota_look(const struct conf *conf, struct store *store,
    enum quota_bucket bucket, struct quota_state *state);

/* Print where each bucket stands, as comments of the configuration. */
void quota_print(const struct conf *conf, struct store *store, FILE *out);

#endif
