/* SPDX-License-Identifier: ISC */
/*
 * Hides where the pauses are kept. Calling on while limited lengthens the
 * ban, and nobody can sleep for a day inside a request: the time is written
 * down, and everybody answers at once until it has come.
 */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/meter.h"
#include "spotify/pause.h"
#include "base/log.h"
#include "base/result.h"

/* Rate limits are by group, too: what Spotify means for all of an application
 * lasts some seconds only, and a limit of hours is one of an endpoint's. */
static const struct {
	const char *rate;
	const char *quota;
	int64_t max_s;
} groups[] = {
	[PAUSE_TOKEN] = { "limit-token-rate", "limit-token-quota",
	    PAUSE_TOKEN_MAX_S },
	[PAUSE_ME] = { "limit-me-rate", "limit-me-quota", PAUSE_MAX_S },
	[PAUSE_FOLLOWING] = { "limit-following-rate", "limit-following-quota",
	    PAUSE_MAX_S },
	[PAUSE_TOP] = { "limit-top-rate", "limit-top-quota", PAUSE_MAX_S },
	[PAUSE_MY_PLAYLISTS] = { "limit-my-playlists-rate",
	    "limit-my-playlists-quota", PAUSE_MAX_S },
	[PAUSE_PLAYLISTS] = { "limit-playlists-rate", "limit-playlists-quota",
	    PAUSE_MAX_S },
	[PAUSE_SAVED] = { "limit-saved-rate", "limit-saved-quota",
	    PAUSE_MAX_S },
	[PAUSE_RECENT] = { "limit-recent-rate", "limit-recent-quota",
	    PAUSE_MAX_S },
	[PAUSE_PLAYER] = { "limit-player-rate", "limit-player-quota",
	    PAUSE_MAX_S },
	[PAUSE_ARTIST] = { "limit-artist-rate", "limit-artist-quota",
	    PAUSE_MAX_S },
	[PAUSE_ARTIST_ALBUMS] = { "limit-artist-albums-rate",
	    "limit-artist-albums-quota", PAUSE_MAX_S },
	[PAUSE_ALBUM] = { "limit-album-rate", "limit-album-quota",
	    PAUSE_MAX_S },
	[PAUSE_TRACK] = { "limit-track-rate", "limit-track-quota",
	    PAUSE_MAX_S },
	[PAUSE_SEARCH] = { "limit-search-rate", "limit-search-quota",
	    PAUSE_MAX_S },
	[PAUSE_CONTAINS] = { "limit-contains-rate", "limit-contains-quota",
	    PAUSE_MAX_S },
};
_Static_assert(sizeof(groups) / sizeof(groups[0]) == PAUSE__MAX,
    "every group has its facts");
_Static_assert(PAUSE__MAX <= METER_GROUPS, "and its counts");

/*
 * A fact is one number: when a pause was noted, and behind it, in the last five
 * digits, for how many seconds. The first version wrote the end only, which as
 * such a number is a moment of 1970.
 */
#define LENGTHS 100000
_Static_assert(PAUSE_MAX_S < LENGTHS, "a length has its place");

static void
write_fact(struct store *store, const char *fact, int64_t now_s, int64_t for_s)
{
	if (now_s > 0 && now_s < INT64_MAX / LENGTHS - 1)
		store_set_fact(store, fact, now_s * LENGTHS + for_s);
}

/*
 * What is left of a pause. One that was noted in the future comes from a clock
 * that has been set back since: it begins anew, for nobody knows how much of it
 * is over. More than a day ahead, the clock was so wrong that it says nothing.
 * Without a store that is not written.
 */
static int64_t
read_number(struct store *store, const char *fact, int64_t number,
    int64_t max_s)
{
	int64_t now_s = clock_now_s();
	int64_t for_s = number % LENGTHS, ago_s = now_s - number / LENGTHS;

	if (for_s > max_s)
		for_s = max_s;
	if (ago_s < -PAUSE_MAX_S || ago_s >= for_s)
		return 0;
	if (ago_s >= 0)
		return for_s - ago_s;
	if (store != NULL)
		write_fact(store, fact, now_s, for_s);
	return for_s;
}

void
pause_facts(enum pause_group group, const char *facts[static 2])
{
	facts[0] = groups[group].quota;
	facts[1] = groups[group].rate;
}

enum result
pause_check(struct store *store, enum pause_group group, int64_t *left_s)
{
	const char *facts[2];
	int64_t numbers[2];

	pause_facts(group, facts);
	store_facts(store, facts, numbers);
	return pause_read(store, group, numbers, left_s);
}

enum result
pause_read(struct store *store, enum pause_group group,
    const int64_t numbers[static 2], int64_t *left_s)
{
	const char *facts[2];
	const int64_t max_s = groups[group].max_s;

	pause_facts(group, facts);
	*left_s = read_number(store, facts[0], numbers[0], max_s);
	if (*left_s > 0)
		return RESULT_QUOTA_EXCEEDED;
	*left_s = read_number(store, facts[1], numbers[1], max_s);
	return *left_s > 0 ? RESULT_RATE_LIMITED : OK;
}

int64_t
pause_left_s(struct store *store, enum pause_group group)
{
	const char *facts[2];
	int64_t numbers[2], left_s;

	pause_facts(group, facts);
	store_facts(store, facts, numbers);
	return pause_read(NULL, group, numbers, &left_s) == OK ? 0 : left_s;
}

void
pause_name(enum pause_group group, char name[static PAUSE_NAME_BYTES])
{
	struct str fact = str_of(groups[group].rate);
	const size_t before = sizeof("limit-") - 1;
	const size_t behind = sizeof("-rate") - 1;

	snprintf(name, PAUSE_NAME_BYTES, "%.*s",
	    (int)(fact.n - before - behind), fact.p + before);
}

void
pause_count_call(enum pause_group group, int status)
{
	meter_count(METER_CALLS + (unsigned)group * METER_CLASSES +
	    meter_class(status));
}

int64_t
pause_note(struct store *store, enum pause_group group, enum result why,
    int64_t after_s)
{
	const char *fact = why == RESULT_QUOTA_EXCEEDED ? groups[group].quota :
							  groups[group].rate;
	int64_t left_s = read_number(store, fact, store_fact(store, fact),
	    groups[group].max_s);

	meter_count(METER_PAUSES + (unsigned)group * METER_LIMITS +
	    (why == RESULT_QUOTA_EXCEEDED ? METER_QUOTA : METER_RATE));
	if (after_s < 0)
		after_s = result_row(why)->retry_after_s;
	if (after_s < 1)
		after_s = 1;
	if (after_s > groups[group].max_s)
		after_s = groups[group].max_s;
	log_event(LOG_LEVEL_WARN, "limited", "fact=%s for_s=%lld", fact,
	    (long long)after_s);
	if (left_s > after_s)
		return left_s;
	write_fact(store, fact, clock_now_s(), after_s);
	return after_s;
}
