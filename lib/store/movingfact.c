/* SPDX-License-Identifier: ISC */
/* Hides that facts, and what is known, are in two places. */
#include "config.h"

#include "store/movingfact.h"
#include "store/movingparts.h"

/*
 * Most facts are pauses, which are times: the later one holds. The others say
 * by which way artists are followed. Of those the greater number holds, which
 * may be the older one where one place has failed: that costs a call by a way
 * that is closed, until the move is over.
 */
static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

int64_t
movingfact_read(struct store *store, const char *name)
{
	return later(store_fact(moving_of(store)->to, name),
	    store_fact(moving_of(store)->from, name));
}

void
movingfact_set(struct store *store, const char *name, int64_t number)
{
	store_set_fact(moving_of(store)->to, name, number);
	store_set_fact(moving_of(store)->from, name, number);
}

void
movingfact_know(struct store *store, const unsigned char *id, int64_t number)
{
	store_know(moving_of(store)->to, id, number);
	store_know(moving_of(store)->from, id, number);
}

/* Who is known in the old place alone gets known in the new one. */
enum result
movingfact_known(struct store *store, const unsigned char *id, int64_t *number)
{
	const struct moving *moving = moving_of(store);
	enum result result = store_known(moving->to, id, number), other;

	if (*number > 0)
		return OK;
	other = store_known(moving->from, id, number);
	if (*number > 0)
		store_know(moving->to, id, *number);
	return result == OK || *number > 0 ? other : result;
}

/* In each place, also when the other one has failed. */
enum result
movingfact_forget(struct store *store, const unsigned char *id)
{
	enum result result = store_forget(moving_of(store)->to, id),
		    other = store_forget(moving_of(store)->from, id);

	return result == other ? result : RESULT_UNCERTAIN;
}
