/* SPDX-License-Identifier: ISC */
/* Hides where each of these is asked for. What cannot be told is left out: a
 * number that is missing is seen, and one that is wrong is not. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "app/gauges.h"
#include "base/clock.h"
#include "spotify/pause.h"
#include "spotify/quota.h"

enum result
gauges_ages(const struct conf *conf, const struct storage *storage,
    struct ages *ages)
{
	*ages = (struct ages){ .now_s = clock_now_s(),
		.kept_s = conf->idle_limit_s < conf->absolute_limit_s ?
		    conf->idle_limit_s :
		    conf->absolute_limit_s };
	return storage->ages(conf, ages);
}

/* The bucket that has a group's name; QUOTA__MAX: none. */
static enum quota_bucket
bucket_of(const char *group)
{
	unsigned i = 0;

	while (i < QUOTA__MAX &&
	    strcmp(quota_name((enum quota_bucket)i), group) != 0)
		i++;
	return (enum quota_bucket)i;
}

/* ---- for programs ---- */

#define LABELS_BYTES (PAUSE_NAME_BYTES + 32)

static void
print_sessions(const struct metrics_page *page, const struct conf *conf,
    const struct storage *storage)
{
	char labels[LABELS_BYTES];
	struct ages ages;
	unsigned i;

	if (gauges_ages(conf, storage, &ages) != OK)
		return;
	metrics_print_family(page, "sessions", "gauge",
	    "Sessions in the store, by their last use.");
	for (i = 0; i < AGES; i++) {
		snprintf(labels, sizeof(labels), "last_used=\"%s\"",
		    age_word((enum age)i));
		metrics_print_number(page, "sessions", labels, ages.n[i]);
	}
}

static void
print_pauses(const struct metrics_page *page, struct store *store)
{
	char group[PAUSE_NAME_BYTES], labels[LABELS_BYTES];
	unsigned i;

	metrics_print_family(page, "pause_seconds", "gauge",
	    "What is left of a pause that Spotify has asked for.");
	for (i = 0; i < PAUSE__MAX; i++) {
		pause_name((enum pause_group)i, group);
		snprintf(labels, sizeof(labels), "group=\"%s\"", group);
		metrics_print_number(page, "pause_seconds", labels,
		    (unsigned long long)pause_left_s(store,
			(enum pause_group)i));
	}
}

static int64_t
used_of(const struct quota_state *state)
{
	return state->used;
}

static int64_t
budget_of(const struct quota_state *state)
{
	return state->budget;
}

static int64_t
learned_of(const struct quota_state *state)
{
	return state->learned;
}

static void
print_quota(const struct metrics_page *page, const struct conf *conf,
    struct store *store)
{
	static const struct {
		const char *name, *help;
		int64_t (*of)(const struct quota_state *state);
	} gauges[] = {
		{ "quota_used", "Calls of the last day.", used_of },
		{ "quota_budget", "Calls that a day may have.", budget_of },
		{ "quota_learned",
		    "Calls of a day at which Spotify refused; 0: unknown.",
		    learned_of },
	};
	char labels[LABELS_BYTES];
	struct quota_state state;
	unsigned i;
	size_t g;

	for (g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
		metrics_print_family(page, gauges[g].name, "gauge",
		    gauges[g].help);
		for (i = 0; i < QUOTA__MAX; i++) {
			quota_look(conf, store, (enum quota_bucket)i, &state);
			snprintf(labels, sizeof(labels), "bucket=\"%s\"",
			    quota_name((enum quota_bucket)i));
			metrics_print_number(page, gauges[g].name, labels,
			    (unsigned long long)gauges[g].of(&state));
		}
	}
}

void
gauges_print(const struct metrics_page *page, const struct conf *conf,
    const struct storage *storage)
{
	struct store *store = NULL;
	bool works;

	print_sessions(page, conf, storage);
	works = storage->open(conf, &store) == OK && store_try(store) == OK;
	metrics_print_family(page, "store_works", "gauge",
	    "Whether the store has just taken a file; 0: it has not.");
	metrics_print_number(page, "store_works", "", works);
	/* An engine that is away would be waited for again and again. */
	if (works)
		print_pauses(page, store);
	if (works && conf->quota_per_day > 0)
		print_quota(page, conf, store);
	store_close(store);
}

/* ---- for people ---- */

static void
print_until(int64_t until_s, FILE *out)
{
	time_t at = (time_t)until_s;
	char text[32] = "?";
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(out, "  until %s UTC", text);
}

static void
print_group(const struct conf *conf, struct store *store,
    enum pause_group group, FILE *out)
{
	long long left_s = (long long)pause_left_s(store, group);
	char name[PAUSE_NAME_BYTES];
	enum quota_bucket bucket;
	struct quota_state state;

	pause_name(group, name);
	bucket = bucket_of(name);
	fprintf(out, "%-14s", name);
	if (bucket == QUOTA__MAX || conf->quota_per_day == 0) {
		fprintf(out, " %8s %8s %8s", "-", "-", "-");
	} else {
		quota_look(conf, store, bucket, &state);
		fprintf(out, " %8lld %8lld", (long long)state.used,
		    (long long)state.budget);
		if (state.learned > 0)
			fprintf(out, " %8lld", (long long)state.learned);
		else
			fprintf(out, " %8s", "-");
	}
	if (left_s > 0)
		print_until(clock_now_s() + left_s, out);
	else
		fputs("  none", out);
	putc('\n', out);
}

void
gauges_print_quota(const struct conf *conf, struct store *store, FILE *out)
{
	unsigned i;

	fprintf(out, "%-14s %8s %8s %8s  %s\n", "calls", "used", "budget",
	    "learned", "pause");
	for (i = 0; i < PAUSE__MAX; i++)
		print_group(conf, store, (enum pause_group)i, out);
	if (conf->quota_per_day == 0)
		fputs("quota_per_day is 0: calls are not counted.\n", out);
}
