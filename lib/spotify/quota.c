/* SPDX-License-Identifier: ISC */
/*
 * Hides how much of Spotify's quota may be used. It is a number that Spotify
 * does not tell, and those who use it up wait for hours: so it is asked for by
 * the operator, and learned from the refusal that comes all the same.
 */
#include "config.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "spotify/pause.h"
#include "spotify/quota.h"

#define DAY_S 86400
#define LEARNED_S (7 * DAY_S)
#define LEARNED_PERCENT 95
#define LEARNED_LEAST 10 /* quota_per_day divided by this */
#define RESERVE_PERCENT 10
#define WARN_PERCENT 80

static const struct {
	const char *name;  /* for people */
	const char *count; /* in the store */
	bool logins;	   /* have a reserve */
} buckets[] = {
	[QUOTA_ME] = { "me", "quota-me", true },
	[QUOTA_FOLLOWING] = { "following", "quota-following", false },
	[QUOTA_TOP] = { "top", "quota-top", false },
	[QUOTA_MY_PLAYLISTS] = { "my-playlists", "quota-my-playlists", false },
	[QUOTA_PLAYLISTS] = { "playlists", "quota-playlists", false },
	[QUOTA_SAVED] = { "saved", "quota-saved", false },
	[QUOTA_RECENT] = { "recent", "quota-recent", false },
	[QUOTA_PLAYER] = { "player", "quota-player", false },
	[QUOTA_ARTIST] = { "artist", "quota-artist", false },
	[QUOTA_ARTIST_ALBUMS] = { "artist-albums", "quota-artist-albums",
	    false },
	[QUOTA_ALBUM] = { "album", "quota-album", false },
	[QUOTA_TRACK] = { "track", "quota-track", false },
	[QUOTA_SEARCH] = { "search", "quota-search", false },
	[QUOTA_CONTAINS] = { "contains", "quota-contains", false },
};
_Static_assert(sizeof(buckets) / sizeof(buckets[0]) == QUOTA__MAX,
    "every bucket has its names");
_Static_assert(QUOTA__MAX <= STORE_COUNTS_MAX, "and a count");

const char *
quota_name(enum quota_bucket bucket)
{
	return buckets[bucket].name;
}

/* A part of a number, rounded up. */
static int64_t
percent(int64_t number, int64_t parts)
{
	return (number * parts + 99) / 100;
}

/* What was learned and holds; 0: nothing. More than a day ahead, the clock was
 * so wrong then that it says nothing. */
static int64_t
learned(const struct store_tally *tally)
{
	int64_t ago_s = clock_now_s() - tally->remarked_s;

	return ago_s >= -DAY_S && ago_s < LEARNED_S ? tally->remark : 0;
}

static int64_t
budget_of(const struct conf *conf, const struct store_tally *tally)
{
	int64_t known = learned(tally) * LEARNED_PERCENT / 100;

	if (learned(tally) > 0 && known < conf->quota_per_day)
		return known < 1 ? 1 : known;
	return conf->quota_per_day;
}

/* One caller has each number, until an hour has left: so a line is written
 * once, however many processes there are. */
static void
log_use(enum quota_bucket bucket, int64_t counted, int64_t most, int64_t budget)
{
	const char *event = NULL;

	if (counted == most)
		event = "quota_used_up";
	else if (counted == percent(budget, WARN_PERCENT))
		event = "quota_low";
	if (event != NULL)
		log_event(LOG_LEVEL_WARN, event,
		    "bucket=%s used=%lld budget=%lld", buckets[bucket].name,
		    (long long)counted, (long long)budget);
}

enum result
quota_take(struct context *context, enum quota_bucket bucket,
    enum quota_caller caller)
{
	const char *count = buckets[bucket].count;
	struct store_tally tally;
	int64_t budget, most;
	enum result result;

	if (context->conf->quota_per_day == 0)
		return OK;
	store_tally(context->store, count, &tally);
	most = budget = budget_of(context->conf, &tally);
	if (buckets[bucket].logins && caller != QUOTA_LOGIN)
		most -= percent(budget, RESERVE_PERCENT);
	result = store_count(context->store, count, most, &tally);
	if (result == RESULT_QUOTA_EXCEEDED) {
		if (tally.room_s > PAUSE_MAX_S)
			tally.room_s = PAUSE_MAX_S;
		context->wait = (struct wait){ result, tally.room_s };
	}
	if (result == OK)
		log_use(bucket, tally.counted, most, budget);
	return result;
}

/* Why what was counted says nothing; NULL: it does. */
static const char *
doubt(const struct conf *conf, const struct store_tally *tally)
{
	if (tally->counting_s < DAY_S)
		return "counted_for_less_than_a_day";
	if (tally->counted * LEARNED_LEAST < conf->quota_per_day)
		return "too_few";
	return NULL;
}

void
quota_refused(struct context *context, enum quota_bucket bucket)
{
	const struct conf *conf = context->conf;
	const char *count = buckets[bucket].count, *why;
	struct store_tally tally;

	if (conf->quota_per_day == 0)
		return;
	store_tally(context->store, count, &tally);
	/* Those refused after the first were counted as well. */
	if (learned(&tally) > 0 && learned(&tally) <= tally.counted &&
	    clock_now_s() - tally.remarked_s < DAY_S)
		return;
	if ((why = doubt(conf, &tally)) != NULL) {
		log_event(LOG_LEVEL_WARN, "quota_not_learned",
		    "bucket=%s used=%lld why=%s", buckets[bucket].name,
		    (long long)tally.counted, why);
		return;
	}
	store_remark(context->store, count, tally.counted);
	store_tally(context->store, count, &tally);
	log_event(LOG_LEVEL_WARN, "quota_learned",
	    "bucket=%s used=%lld budget=%lld for_s=%d", buckets[bucket].name,
	    (long long)tally.remark, (long long)budget_of(conf, &tally),
	    LEARNED_S);
}

void
quota_look(const struct conf *conf, struct store *store,
    enum quota_bucket bucket, struct quota_state *state)
{
	struct store_tally tally;

	*state = (struct quota_state){ 0 };
	if (conf->quota_per_day == 0)
		return;
	store_tally(store, buckets[bucket].count, &tally);
	state->used = tally.counted;
	state->budget = budget_of(conf, &tally);
	if ((state->learned = learned(&tally)) > 0)
		state->learned_until_s = tally.remarked_s + LEARNED_S;
}

static void
print_learned(const struct quota_state *state, FILE *out)
{
	time_t until_s = (time_t)state->learned_until_s;
	char until[32] = "?";
	struct tm tm;

	if (gmtime_r(&until_s, &tm) != NULL)
		strftime(until, sizeof(until), "%Y-%m-%d %H:%M", &tm);
	fprintf(out, ", learned at %lld, until %s UTC",
	    (long long)state->learned, until);
}

void
quota_print(const struct conf *conf, struct store *store, FILE *out)
{
	struct quota_state state;
	unsigned i;

	for (i = 0; i < QUOTA__MAX; i++) {
		quota_look(conf, store, (enum quota_bucket)i, &state);
		/* Pages can call nothing: no other calls are made. */
		if (conf->api_allow == NULL && i != QUOTA_ME &&
		    i != QUOTA_FOLLOWING && state.used == 0 &&
		    state.learned == 0)
			continue;
		fprintf(out, "# quota %s: %lld of %lld used", buckets[i].name,
		    (long long)state.used, (long long)state.budget);
		if (state.learned > 0)
			print_learned(&state, out);
		putc('\n', out);
	}
}
