/* SPDX-License-Identifier: ISC */
/*
 * Hides the list of flights, which is as long as the process has threads at
 * most. Nothing is hashed: who shares an answer has the same session, the same
 * row and the same URL, byte for byte.
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "relay/flight.h"

#define BODY_MAX (1u << 20)

struct flight {
	struct flight *next; /* among those that have not landed */
	unsigned char id[STORE_ID_BYTES];
	const struct row *row;
	struct change change; /* the last one when it began */
	struct buf url;
	unsigned seats;
	bool closed; /* to those who are not in it yet */
	bool landed;
	struct flight_outcome outcome; /* fixed once it has landed */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct flight *flights;

/* Deadlines are on the clock that does not jump. */
static void
init(void)
{

	clock_cond_init(&changed);
}

/* The one under way that asks for what another would. */
static struct flight *
find(const struct flight *own)
{
	struct flight *flight;

	for (flight = flights; flight != NULL; flight = flight->next)
		if (flight->row == own->row && !flight->closed &&
		    memcmp(flight->id, own->id, STORE_ID_BYTES) == 0 &&
		    change_is(&flight->change, &own->change) &&
		    str_equal(buf_str(&flight->url), buf_str(&own->url)))
			return flight;
	return NULL;
}

static void
release(struct flight *flight)
{
	buf_free(&flight->url);
	flight_outcome_free(&flight->outcome);
	free(flight);
}

/* A flight that nobody knows yet; it takes the URL over. */
static struct flight *
make(const unsigned char *id, const struct row *row, struct buf *url)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	if (flight == NULL)
		return NULL;
	memcpy(flight->id, id, STORE_ID_BYTES);
	flight->row = row;
	flight->closed = row_writes(row);
	buf_move(&flight->url, url);
	return flight;
}

/* Take a place, with the lock held; a new flight is used if there is none. */
static void
take(struct flight **fresh, struct flight_seat *seat)
{
	struct flight *own = *fresh, *there;

	there = find(own);
	seat->leads = there == NULL;
	if (there == NULL) {
		own->next = flights;
		flights = there = own;
		*fresh = NULL;
	}
	there->seats++;
	seat->flight = there;
}

enum result
flight_join(const unsigned char id[static STORE_ID_BYTES],
    const struct change *since, const struct rowurl *rowurl,
    struct flight_seat *seat)
{
	struct buf url = BUF(rowurl->path.max + rowurl->query.max);
	struct flight *fresh = NULL;
	enum result result;

	pthread_once(&once, init);
	*seat = (struct flight_seat){ .flight = NULL };
	buf_add_str(&url, buf_str(&rowurl->path));
	buf_add_str(&url, buf_str(&rowurl->query));
	result = buf_result(&url);
	if (result == OK && (fresh = make(id, rowurl->row, &url)) == NULL)
		result = RESULT_NO_MEMORY;
	if (result == OK) {
		fresh->change = *since;
		pthread_mutex_lock(&mutex);
		take(&fresh, seat);
		pthread_mutex_unlock(&mutex);
	}
	if (fresh != NULL)
		release(fresh);
	buf_free(&url);
	return result;
}

void
flight_close(const unsigned char id[static STORE_ID_BYTES],
    enum change_part part)
{
	struct flight *flight;

	pthread_mutex_lock(&mutex);
	for (flight = flights; flight != NULL; flight = flight->next)
		if (flight->change.part == part &&
		    memcmp(flight->id, id, STORE_ID_BYTES) == 0)
			flight->closed = true;
	pthread_mutex_unlock(&mutex);
}

/* Copy an outcome. */
static enum result
copy(const struct flight_outcome *from, struct flight_outcome *to)
{
	*to = (struct flight_outcome){ .result = from->result,
		.wait = from->wait,
		.status = from->status,
		.body = BUF(BODY_MAX) };
	if (from->body.n > 0)
		buf_add_str(&to->body, buf_str(&from->body));
	return buf_result(&to->body);
}

/* The flight is over; the lock is held. */
static void
end(struct flight *flight)
{
	struct flight **at;

	for (at = &flights; *at != flight; at = &(*at)->next)
		continue;
	*at = flight->next;
	flight->landed = true;
	pthread_cond_broadcast(&changed);
}

void
flight_land(const struct flight_seat *seat,
    const struct flight_outcome *outcome)
{
	struct flight *flight = seat->flight;
	bool alone;

	/* Those who come while the answer is copied still get it. */
	pthread_mutex_lock(&mutex);
	alone = flight->seats == 1;
	if (alone)
		end(flight);
	pthread_mutex_unlock(&mutex);
	if (alone)
		return;
	if (copy(outcome, &flight->outcome) != OK)
		flight->outcome.result = RESULT_NO_MEMORY;
	pthread_mutex_lock(&mutex);
	end(flight);
	pthread_mutex_unlock(&mutex);
}

enum result
flight_wait(const struct context *context, const struct flight_seat *seat,
    struct flight_outcome *outcome)
{
	struct timespec until = { .tv_sec = context->deadline_ms / 1000,
		.tv_nsec = context->deadline_ms % 1000 * 1000000 };
	bool in_time = true, landed;

	*outcome = (struct flight_outcome){ .result = RESULT_BUSY };
	pthread_mutex_lock(&mutex);
	while (!seat->flight->landed && in_time)
		in_time = pthread_cond_timedwait(&changed, &mutex, &until) == 0;
	landed = seat->flight->landed;
	pthread_mutex_unlock(&mutex);
	/* Nobody changes it any more, and our place keeps it. */
	return landed ? copy(&seat->flight->outcome, outcome) : RESULT_BUSY;
}

void
flight_leave(struct flight_seat *seat)
{
	struct flight *flight = seat->flight;
	bool last;

	if (flight == NULL)
		return;
	pthread_mutex_lock(&mutex);
	if (seat->leads && !flight->landed) {
		flight->outcome.result = RESULT_BUSY;
		end(flight);
	}
	last = --flight->seats == 0;
	pthread_mutex_unlock(&mutex);
	if (last)
		release(flight);
	*seat = (struct flight_seat){ .flight = NULL };
}

void
flight_outcome_free(struct flight_outcome *outcome)
{
	buf_free(&outcome->body);
}
