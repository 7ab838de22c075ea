/* SPDX-License-Identifier: ISC */
/* Hides where a count lies. */
#include "config.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/meter.h"

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "locks are not shared");

static _Atomic uint64_t own[METER__MAX];
static _Atomic(_Atomic uint64_t *) places[METER__MAX]; /* NULL: own */

static _Atomic uint64_t *
place_of(unsigned at)
{
	_Atomic uint64_t *place =
	    atomic_load_explicit(&places[at], memory_order_acquire);

	return place != NULL ? place : &own[at];
}

void
meter_count(unsigned at)
{
	if (at < METER__MAX)
		atomic_fetch_add_explicit(place_of(at), 1,
		    memory_order_relaxed);
}

void
meter_note(unsigned at, uint64_t number)
{
	if (at < METER__MAX)
		atomic_store(place_of(at), number);
}

uint64_t
meter_value(unsigned at)
{
	return at < METER__MAX ? atomic_load(place_of(at)) : 0;
}

unsigned
meter_class(int status)
{
	return status >= 200 && status < 600 ? (unsigned)status / 100 - 1 : 0;
}

const char *
meter_class_word(unsigned class)
{
	static const char *const words[] = { "none", "2xx", "3xx", "4xx",
		"5xx" };

	_Static_assert(sizeof(words) / sizeof(words[0]) == METER_CLASSES,
	    "every class has its word");
	return words[class < METER_CLASSES ? class : 0];
}

void
meter_place(unsigned at, _Atomic uint64_t *place)
{
	if (at < METER__MAX)
		atomic_store_explicit(&places[at], place, memory_order_release);
}
