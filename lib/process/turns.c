/* SPDX-License-Identifier: ISC */
/*
 * Hides how threads are divided. While one thing is slow that one client asks
 * for again and again, each of his requests would hold a thread, until there is
 * none for anybody else. So he may have as many as are left: half of them all
 * if he is alone; a second such client gets half of the rest, a third half of
 * that, and who asks for one thing at a time is served as long as there is one
 * thread. The others of his requests wait here and hold none. Where he may have
 * four times as many as are left, these are four fifths each time.
 *
 * They need no deadline of their own. Of one client the first is served first,
 * so when the time of a request is over, those before it have ended, and it is
 * served and told so.
 */
#include "config.h"

#include <stdlib.h>

#include "process/turns.h"

/* Somebody, of whom so many requests are served. */
struct turns_share {
	uint64_t who;
	int n;
};

bool
turns_open(struct turns *turns, int serving_max, int put_off_max)
{
	*turns = (struct turns){ .serving_max = serving_max,
		.put_off_max = put_off_max,
		.shares = calloc((size_t)serving_max, sizeof(*turns->shares)) };
	TAILQ_INIT(&turns->queue);
	TAILQ_INIT(&turns->put_off);
	return turns->shares != NULL;
}

void
turns_close(struct turns *turns)
{
	free(turns->shares);
}

/* ---- shares ---- */

static int
count_of(const struct turns *turns, uint64_t who)
{
	int i;

	for (i = 0; i < turns->shares_n; i++)
		if (turns->shares[i].who == who)
			return turns->shares[i].n;
	return 0;
}

/* One more of his is served. There is always room, but for those that are
 * served at the end, when nobody asks. */
static void
count_in(struct turns *turns, struct connection *connection, uint64_t who)
{
	int i = 0;

	while (i < turns->shares_n && turns->shares[i].who != who)
		i++;
	if (i == turns->serving_max)
		return;
	if (i == turns->shares_n)
		turns->shares[turns->shares_n++] =
		    (struct turns_share){ who, 0 };
	turns->shares[i].n++;
	connection->who = who;
}

static void
count_out(struct turns *turns, uint64_t who)
{
	int i = 0;

	while (i < turns->shares_n && turns->shares[i].who != who)
		i++;
	if (i < turns->shares_n && --turns->shares[i].n == 0)
		turns->shares[i] = turns->shares[--turns->shares_n];
}

/* Whether he may have a thread, of which so many are left then. */
static bool
may_have(const struct turns *turns, uint64_t who, int times, int left)
{
	return count_of(turns, who) <= left * times;
}

/* ---- turns ---- */

bool
turns_are_taken(const struct turns *turns)
{
	return turns->serving_n >= turns->serving_max;
}

void
turns_add(struct turns *turns, struct connection *connection)
{
	TAILQ_INSERT_TAIL(&turns->queue, connection, link);
}

/* The first of those that were put off whose turn has come. Mostly they are
 * one's, of whom it is asked once. */
static struct connection *
find_put_off(const struct turns *turns)
{
	const int left = turns->serving_max - turns->serving_n - 1;
	struct connection *one = TAILQ_FIRST(&turns->put_off);
	uint64_t last = 0;

	while (one != NULL &&
	    (one->who == last ||
		!may_have(turns, one->who, one->times, left))) {
		last = one->who;
		one = TAILQ_NEXT(one, link);
	}
	return one;
}

bool
turns_are_due(const struct turns *turns)
{
	return !turns_are_taken(turns) &&
	    (!TAILQ_EMPTY(&turns->queue) || find_put_off(turns) != NULL);
}

static void
take_put_off(struct turns *turns, struct connection *connection)
{
	TAILQ_REMOVE(&turns->put_off, connection, link);
	turns->put_off_n--;
	count_in(turns, connection, connection->who);
}

struct connection *
turns_take(struct turns *turns, bool leaving)
{
	struct connection *next = NULL;

	if (leaving)
		next = TAILQ_FIRST(&turns->put_off);
	else if (!turns_are_taken(turns))
		next = find_put_off(turns);
	if (next != NULL) {
		take_put_off(turns, next);
	} else if (leaving || !turns_are_taken(turns)) {
		next = TAILQ_FIRST(&turns->queue);
		if (next != NULL)
			TAILQ_REMOVE(&turns->queue, next, link);
	}
	turns->serving_n += next != NULL;
	return next;
}

void
turns_end(struct turns *turns, uint64_t who)
{
	turns->serving_n--;
	if (who != 0)
		count_out(turns, who);
}

enum turn
turns_ask(struct turns *turns, struct connection *connection, uint64_t who,
    int times)
{
	const int left = turns->serving_max - turns->serving_n;

	/* It was put off before: it has been counted. */
	if (connection->who != 0)
		return TURN_NOW;
	if (may_have(turns, who, times, left)) {
		count_in(turns, connection, who);
		return TURN_NOW;
	}
	if (turns->put_off_n >= turns->put_off_max)
		return TURN_NEVER;
	connection->who = who;
	connection->times = times;
	return TURN_LATER;
}

void
turns_put_off(struct turns *turns, struct connection *connection)
{
	connection->queued = true;
	TAILQ_INSERT_TAIL(&turns->put_off, connection, link);
	turns->put_off_n++;
	turns->serving_n--;
}
