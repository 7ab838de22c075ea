/* SPDX-License-Identifier: ISC */
/*
 * Hides how several processes count without a lock, and what a clock that was
 * set means for hours that have been counted. A slot is an hour of the clock.
 * What was counted in one leaves a day after the hour has ended, so that at no
 * moment more than the limit lie in the day before it; it stays for up to 25
 * hours therefore.
 */
#include "config.h"

#include <stdbool.h>

#include "store/dayring.h"

#define HOUR_S 3600
#define DAY_HOURS 24
/* A process that has looked at its clock just before the hour, and a clock that
 * is set back by a little, meet a slot of the next hour. */
#define AHEAD_HOURS 1
/* No clock that anybody has set goes further ahead: it is damage. */
#define AHEAD_MAX_HOURS (366 * DAY_HOURS)

_Static_assert((DAYRING_SLOTS & (DAYRING_SLOTS - 1)) == 0 &&
	DAYRING_SLOTS >= DAY_HOURS + 1 + AHEAD_HOURS,
    "each hour that counts has a slot of its own");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "locks are not shared");

/* ---- words ---- */

/* Eight bits that a word by chance does not have. */
static uint64_t
check_of(uint64_t content)
{
	return (content * UINT64_C(0x9e3779b97f4a7c15)) >> 56;
}

static uint64_t
pack(int64_t hour, int64_t number)
{
	uint64_t content = ((uint64_t)hour << 24 | (uint64_t)number) << 8;

	return content | check_of(content);
}

/* What a word has: a number, 0 if it is none of ours, with its hour. */
static int64_t
unpack(uint64_t word, int64_t *hour)
{
	uint64_t content = word & ~UINT64_C(0xff);

	if ((word & 0xff) != check_of(content))
		content = 0;
	*hour = (int64_t)(content >> 32);
	return (int64_t)(content >> 8 & DAYRING_MAX);
}

/* The nearest time whose hour a word can have, whatever the clock shows. */
static int64_t
near(int64_t now_s)
{
	const int64_t last_s = UINT32_MAX * (int64_t)HOUR_S;

	return now_s < 0 ? 0 : now_s > last_s ? last_s : now_s;
}

static size_t
place_of(int64_t hour)
{
	return (size_t)hour % DAYRING_SLOTS;
}

/* What slot i has that counts at an hour, and of which hour it is. */
static int64_t
counts_of(const struct dayring *ring, size_t i, int64_t now, int64_t *hour)
{
	int64_t number = unpack(atomic_load(&ring->slot[i]), hour);

	if (place_of(*hour) != i || *hour < now - DAY_HOURS ||
	    *hour > now + AHEAD_MAX_HOURS)
		return 0;
	return number;
}

/* ---- reading ---- */

/* All that counts, but for one slot. */
static int64_t
sum_without(const struct dayring *ring, size_t without, int64_t now)
{
	int64_t sum = 0, hour;
	size_t i;

	for (i = 0; i < DAYRING_SLOTS; i++)
		if (i != without)
			sum += counts_of(ring, i, now, &hour);
	return sum;
}

/* Seconds until so many hours have left that less than limit is there. */
static int64_t
room_after_s(const struct dayring *ring, int64_t now_s, int64_t limit)
{
	int64_t now = now_s / HOUR_S, hour, found, number;
	int64_t left = sum_without(ring, DAYRING_SLOTS, now);

	for (hour = now - DAY_HOURS; hour < now + AHEAD_HOURS; hour++) {
		if (hour < 0)
			continue;
		number = counts_of(ring, place_of(hour), now, &found);
		if (found == hour)
			left -= number;
		if (left < limit)
			break;
	}
	return (hour + DAY_HOURS + 1) * HOUR_S - now_s;
}

void
dayring_tally(const struct dayring *ring, int64_t now_s,
    struct store_tally *tally)
{
	int64_t now, hour;

	now_s = near(now_s);
	now = now_s / HOUR_S;
	*tally = (struct store_tally){ 0 };
	tally->counted = sum_without(ring, DAYRING_SLOTS, now);
	if (unpack(atomic_load(&ring->began), &hour) > 0 && hour <= now)
		tally->counting_s = now_s - hour * HOUR_S;
	tally->remark = unpack(atomic_load(&ring->remark), &hour);
	if (tally->remark > 0)
		tally->remarked_s = hour * HOUR_S;
}

/* ---- changing ---- */

/* Add to the slot of an hour, or take from it what is there at most. */
static void
change(struct dayring *ring, int64_t hour, int64_t by)
{
	_Atomic uint64_t *slot = &ring->slot[place_of(hour)];
	uint64_t word = atomic_load(slot);
	int64_t number, found;

	do {
		number = unpack(word, &found);
		if (found != hour)
			number = 0;
		number += by;
		if (number < 0)
			number = 0;
		if (number > DAYRING_MAX)
			number = DAYRING_MAX;
	} while (
	    !atomic_compare_exchange_weak(slot, &word, pack(hour, number)));
}

/* What a slot has of an hour that the clock has yet to reach; 0: nothing. */
static int64_t
ahead(uint64_t word, size_t i, int64_t now)
{
	int64_t hour, number = unpack(word, &hour);

	return hour > now + AHEAD_HOURS && hour <= now + AHEAD_MAX_HOURS &&
		place_of(hour) == i ?
	    number :
	    0;
}

/*
 * The clock was ahead, and has been set: what was counted then was counted
 * lately, nobody knows when, and counts as of now. It is added first and taken
 * away then, for too much in between does no harm.
 */
static void
redate(struct dayring *ring, int64_t now)
{
	size_t own = place_of(now), i;
	uint64_t word = atomic_load(&ring->slot[own]);
	int64_t number = ahead(word, own, now);

	/* This first: others are added to it. */
	if (number > 0)
		atomic_compare_exchange_strong(&ring->slot[own], &word,
		    pack(now, number));
	for (i = 0; i < DAYRING_SLOTS; i++) {
		word = atomic_load(&ring->slot[i]);
		if (i == own || (number = ahead(word, i, now)) == 0)
			continue;
		change(ring, now, number);
		if (!atomic_compare_exchange_strong(&ring->slot[i], &word,
			pack(0, 0)))
			change(ring, now, -number);
	}
}

/* From the first count on all is counted; a clock that was ahead begins
 * anew. */
static void
begin(struct dayring *ring, int64_t now)
{
	uint64_t word = atomic_load(&ring->began);
	int64_t hour;

	if (unpack(word, &hour) == 0 || hour > now + AHEAD_HOURS)
		atomic_compare_exchange_strong(&ring->began, &word,
		    pack(now, 1));
}

/*
 * Add one, if what there is then is not more than limit. Two who add to the
 * same hour cannot both have seen the same word. Two who take the hour for two
 * different ones can; so each looks again, and takes its one back if it is too
 * much: perhaps both do, but never none.
 */
static bool
add_one(struct dayring *ring, int64_t now, int64_t limit, int64_t *counted)
{
	size_t own = place_of(now);
	uint64_t word = atomic_load(&ring->slot[own]);
	int64_t number, hour;

	do {
		number = unpack(word, &hour);
		if (hour != now)
			number = 0;
		*counted = sum_without(ring, own, now) + number;
		if (*counted >= limit || number >= DAYRING_MAX)
			return false;
	} while (!atomic_compare_exchange_weak(&ring->slot[own], &word,
	    pack(now, number + 1)));
	*counted = sum_without(ring, own, now) + number + 1;
	if (*counted <= limit)
		return true;
	change(ring, now, -1);
	--*counted;
	return false;
}

enum result
dayring_count(struct dayring *ring, int64_t now_s, int64_t limit,
    struct store_tally *tally)
{
	int64_t now, counted;
	bool added;

	now_s = near(now_s);
	now = now_s / HOUR_S;
	begin(ring, now);
	redate(ring, now);
	added = add_one(ring, now, limit, &counted);
	dayring_tally(ring, now_s, tally);
	/* Not what others have added since: each number is one caller's. */
	tally->counted = counted;
	if (!added)
		tally->room_s = room_after_s(ring, now_s, limit);
	return added ? OK : RESULT_QUOTA_EXCEEDED;
}

void
dayring_remark(struct dayring *ring, int64_t now_s, int64_t number)
{
	if (number > DAYRING_MAX)
		number = DAYRING_MAX;
	atomic_store(&ring->remark,
	    number <= 0 ? 0 : pack(near(now_s) / HOUR_S, number));
}
