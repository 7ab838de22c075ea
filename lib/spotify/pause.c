/* SPDX-License-Identifier: ISC */
/*
 * Hides where the pauses are kept. Calling on while limited lengthens the
 * ban, and nobody can sleep for a day inside a request: the time is written
 * down, and everybody answers at once until it has come.
 */
#include "config.h"

#include "base/clock.h"
#include "spotify/pause.h"
#include "base/log.h"
#include "base/result.h"

static const struct {
	const char *rate;
	const char *quota;
} facts[] = {
	[PAUSE_TOKEN] = { "limit-token-rate", "limit-token-quota" },
	[PAUSE_ME] = { "limit-api-rate", "limit-me-quota" },
	[PAUSE_FOLLOWING] = { "limit-api-rate", "limit-following-quota" },
};
_Static_assert(sizeof(facts) / sizeof(facts[0]) == PAUSE__MAX,
    "every group has its facts");

/* A time further off than any limit comes from a clock that was wrong. */
static int64_t
left_until(int64_t at_s)
{
	int64_t left_s = at_s - clock_now_s();

	return left_s < 0 || left_s > PAUSE_MAX_S ? 0 : left_s;
}

enum result
pause_check(struct store *store, enum pause_group group, int64_t *left_s)
{
	*left_s = left_until(store_fact(store, facts[group].quota));
	if (*left_s > 0)
		return RESULT_QUOTA_EXCEEDED;
	*left_s = left_until(store_fact(store, facts[group].rate));
	return *left_s > 0 ? RESULT_RATE_LIMITED : OK;
}

void
pause_note(struct store *store, enum pause_group group, enum result why,
    int64_t after_s)
{
	const char *fact = why == RESULT_QUOTA_EXCEEDED ? facts[group].quota :
							  facts[group].rate;
	int64_t until_s;

	if (after_s < 0)
		after_s = result_row(why)->retry_after_s;
	if (after_s < 1)
		after_s = 1;
	if (after_s > PAUSE_MAX_S)
		after_s = PAUSE_MAX_S;
	until_s = clock_now_s() + after_s;
	log_event(LOG_LEVEL_WARN, "limited", "fact=%s for_s=%lld", fact,
	    (long long)after_s);
	if (until_s > store_fact(store, fact) ||
	    left_until(store_fact(store, fact)) == 0)
		store_set_fact(store, fact, until_s);
}
