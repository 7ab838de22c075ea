/* SPDX-License-Identifier: ISC */
/*
 * Hides the count. Many requests of one session at a time are usual, as when a
 * browser opens its tabs again, and a quick list answers them all; so they may
 * wait a moment. But only a few wait as long as a slow list takes.
 */
#include "config.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "artists/crowd.h"
#include "base/clock.h"

#define PATIENT 3 /* of a session: who fetches, and two more */
#define LONG_MS 12000
#define SHORT_MS 8000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct crowd_place *places;

/* Deadlines are on the clock that does not jump. */
static void
init(void)
{

	clock_cond_init(&changed);
}

/* What is left of a number without its share of one in so many, of which there
 * is always one; but not nothing. */
static unsigned
without(unsigned n, unsigned in)
{
	unsigned share = n / in > 1 ? n / in : 1;

	return n > share ? n - share : 1;
}

/* How many are there: of a session, fetching, in all. */
struct count {
	unsigned of_session, fetching, all;
};

static struct count
count_places(const unsigned char *id)
{
	struct count n = { 0 };
	const struct crowd_place *place;

	for (place = places; place != NULL; place = place->next) {
		n.all++;
		n.fetching += place->fetching;
		n.of_session += memcmp(place->id, id, STORE_ID_BYTES) == 0;
	}
	return n;
}

enum result
crowd_enter(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], struct crowd_place *place)
{
	unsigned most = without(context->threads, 8);
	struct count n;

	pthread_once(&once, init);
	*place = (struct crowd_place){ .id = id };
	pthread_mutex_lock(&mutex);
	n = count_places(id);
	if (n.all < most && n.of_session < without(most, 14)) {
		place->inside = true;
		place->patient = n.of_session < PATIENT;
		place->next = places;
		places = place;
	}
	pthread_mutex_unlock(&mutex);
	return place->inside ? OK : RESULT_BUSY;
}

enum result
crowd_fetch(const struct context *context, int64_t deadline_ms,
    struct crowd_place *place)
{
	unsigned half = context->threads > 1 ? context->threads / 2 : 1;
	int64_t until_ms = clock_until_ms(deadline_ms, SHORT_MS);
	struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };
	bool in_time = true;

	pthread_mutex_lock(&mutex);
	while (in_time && count_places(place->id).fetching >= half)
		in_time = pthread_cond_timedwait(&changed, &mutex, &until) == 0;
	place->fetching = count_places(place->id).fetching < half;
	pthread_mutex_unlock(&mutex);
	return place->fetching ? OK : RESULT_BUSY;
}

int64_t
crowd_until_ms(const struct context *context, const struct crowd_place *place)
{
	return clock_until_ms(context->deadline_ms,
	    place->patient ? LONG_MS : SHORT_MS);
}

void
crowd_leave(struct crowd_place *place)
{
	struct crowd_place **at;

	if (!place->inside)
		return;
	pthread_mutex_lock(&mutex);
	for (at = &places; *at != place; at = &(*at)->next)
		continue;
	*at = place->next;
	if (place->fetching)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	*place = (struct crowd_place){ .inside = false };
}
