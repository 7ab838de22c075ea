/* SPDX-License-Identifier: ISC */
/*
 * Hides the counters: a table of fixed size, in which a session has a place by
 * its id, which is a hash already. Whose place somebody else has taken begins
 * anew: a counter too few does no harm, and Spotify has limits of its own.
 */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "relay/pace.h"

#define PLACES 4096
#define KEY_BYTES 8

static struct place {
	unsigned char key[KEY_BYTES];
	unsigned calls;
	int64_t began_ms; /* on clock_mono_ms() */
} places[PACE__MAX][PLACES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const struct {
	unsigned calls;
	int64_t s;
} limits[] = {
	[PACE_CALL] = { PACE_CALLS, PACE_S },
	[PACE_FOLLOW] = { PACE_FOLLOWS, PACE_FOLLOW_S },
};

enum result
pace_take(struct context *context, enum pace pace,
    const unsigned char id[static STORE_ID_BYTES])
{
	size_t at = ((size_t)id[KEY_BYTES] << 8 | id[KEY_BYTES + 1]) % PLACES;
	struct place *place = &places[pace][at];
	int64_t now_ms = clock_mono_ms(), ago_ms;
	enum result result = OK;

	pthread_mutex_lock(&mutex);
	ago_ms = now_ms - place->began_ms;
	if (place->calls == 0 || ago_ms >= limits[pace].s * 1000 ||
	    memcmp(place->key, id, KEY_BYTES) != 0) {
		memcpy(place->key, id, KEY_BYTES);
		place->began_ms = now_ms;
		place->calls = 0;
		ago_ms = 0;
	}
	if (place->calls == limits[pace].calls)
		result = RESULT_RATE_LIMITED;
	else
		place->calls++;
	pthread_mutex_unlock(&mutex);
	if (result != OK)
		context->wait = (struct wait){ result,
			(limits[pace].s * 1000 - ago_ms + 999) / 1000 };
	return result;
}
