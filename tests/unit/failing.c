/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "failing.h"
#include "store/backend.h"

struct failing {
	struct store store;
	struct store *inner;
	enum failing_call call;
	enum result result; /* OK: nothing fails */
	bool done, doubtful;
	unsigned spared; /* so many calls of that kind go well before */
	void (*act)(void *data), (*before_reserve)(void *data);
	void *data;
	unsigned dates; /* so many calls of dates come before act */
	int64_t ends_s; /* of the last date */
};

/* A reservation of the inner store's, in the wrapper's name. */
struct wrapped {
	struct store_reservation reservation;
	struct store_reservation *inner;
};

static struct failing *
own(struct store *store)
{
	return (struct failing *)store;
}

static const struct store_backend *
inner(struct store *store)
{
	return own(store)->inner->backend;
}

/* The result of a call, which is made unless it is to fail undone. */
#define WRAP(store, which, inner_call) \
	do { \
		struct failing *failing = own(store); \
		enum result result = failing->result; \
		if (result == OK || failing->call != (which)) \
			return (inner_call); \
		if (failing->spared > 0) { \
			failing->spared--; \
			return (inner_call); \
		} \
		failing->result = OK; \
		if (failing->done && (inner_call) != OK) \
			abort(); \
		return result; \
	} while (0)

static enum result
failing_load(struct store *store, const unsigned char *id, struct buf *content,
    struct store_seen *seen)
{
	WRAP(store, FAILING_LOAD,
	    inner(store)->load(own(store)->inner, id, content, seen));
}

static enum result
failing_load_kept(struct store *store, const unsigned char *id,
    struct store_piece piece, struct buf *content)
{
	WRAP(store, FAILING_LOAD_KEPT,
	    inner(store)->load_kept(own(store)->inner, id, piece, content));
}

static enum result
failing_create(struct store *store, const struct store_record *record,
    struct store_hold *hold)
{
	WRAP(store, FAILING_CREATE,
	    inner(store)->create(own(store)->inner, record, hold));
}

static void
failing_release(struct store_reservation *reservation)
{
	struct wrapped *wrapped = (struct wrapped *)reservation;

	store_release(wrapped->inner);
	free(wrapped);
}

static enum result
reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	struct wrapped *wrapped = calloc(1, sizeof(*wrapped));
	enum result result = RESULT_NO_MEMORY;

	if (wrapped == NULL)
		return result;
	wrapped->reservation.store = store;
	result = store_reserve(own(store)->inner, wish, &wrapped->inner);
	if (result == OK)
		*reservation = &wrapped->reservation;
	else
		free(wrapped);
	return result;
}

static enum result
failing_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	void (*act)(void *data) = own(store)->before_reserve;

	own(store)->before_reserve = NULL;
	if (act != NULL)
		act(own(store)->data);
	WRAP(store, FAILING_RESERVE, reserve(store, wish, reservation));
}

static enum result
failing_replace(struct store_reservation *reservation,
    const struct store_version *version, struct str content, int64_t ends_s)
{
	struct wrapped *wrapped = (struct wrapped *)reservation;

	WRAP(reservation->store, FAILING_REPLACE,
	    inner(reservation->store)
		->replace(wrapped->inner, version, content, ends_s));
}

static enum result
failing_keep(struct store *store, const unsigned char *id,
    enum store_place place, struct str content)
{
	WRAP(store, FAILING_KEEP,
	    inner(store)->keep(own(store)->inner, id, place, content));
}

static enum result
failing_remove(struct store *store, const unsigned char *id,
    const struct store_version *version)
{
	WRAP(store, FAILING_REMOVE,
	    inner(store)->remove(own(store)->inner, id, version));
}

static enum result
failing_try(struct store *store)
{
	return store_try(own(store)->inner);
}

static void
failing_touch(struct store *store, const unsigned char *id, int64_t now_s,
    int64_t ends_s)
{
	store_touch(own(store)->inner, id, now_s, ends_s);
}

static enum result
failing_claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id)
{
	WRAP(store, FAILING_CLAIM,
	    inner(store)->claim(own(store)->inner, began_s, now_s, id));
}

static int64_t
failing_fact(struct store *store, const char *name)
{
	return store_fact(own(store)->inner, name);
}

static void
failing_set_fact(struct store *store, const char *name, int64_t number)
{
	store_set_fact(own(store)->inner, name, number);
}

static void
failing_know(struct store *store, const unsigned char *id, int64_t number)
{
	store_know(own(store)->inner, id, number);
}

static enum result
failing_known(struct store *store, const unsigned char *id, int64_t *number)
{
	WRAP(store, FAILING_KNOWN,
	    inner(store)->known(own(store)->inner, id, number));
}

static enum result
failing_forget(struct store *store, const unsigned char *id)
{
	WRAP(store, FAILING_FORGET,
	    inner(store)->forget(own(store)->inner, id));
}

/* Somebody else comes just now. */
static void
meanwhile(struct failing *failing)
{
	void (*act)(void *data) = failing->act;

	if (act == NULL || failing->dates-- > 0)
		return;
	failing->act = NULL;
	act(failing->data);
}

static enum result
failing_date(struct store *store, const unsigned char *id, int64_t *date_s)
{
	meanwhile(own(store));
	WRAP(store, FAILING_DATE,
	    inner(store)->date(own(store)->inner, id, date_s));
}

static enum result
failing_set_date(struct store *store, const unsigned char *id, int64_t date_s,
    int64_t ends_s)
{
	meanwhile(own(store));
	own(store)->ends_s = ends_s;
	WRAP(store, FAILING_SET_DATE,
	    inner(store)->set_date(own(store)->inner, id, date_s, ends_s));
}

static enum result
failing_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally)
{
	WRAP(store, FAILING_COUNT,
	    inner(store)->count(own(store)->inner, name, limit, tally));
}

static void
failing_tally(struct store *store, const char *name, struct store_tally *tally)
{
	store_tally(own(store)->inner, name, tally);
}

static void
failing_remark(struct store *store, const char *name, int64_t number)
{
	store_remark(own(store)->inner, name, number);
}

static enum result
lock(struct store *store, struct store_hold *hold, int64_t deadline_ms)
{
	enum result result =
	    inner(store)->lock(own(store)->inner, hold, deadline_ms);

	hold->doubtful |= own(store)->doubtful;
	return result;
}

static enum result
failing_lock(struct store *store, struct store_hold *hold, int64_t deadline_ms)
{
	WRAP(store, FAILING_LOCK, lock(store, hold, deadline_ms));
}

static void
failing_unlock(struct store *store, struct store_hold *hold)
{
	inner(store)->unlock(own(store)->inner, hold);
}

static void
failing_close(struct store *store)
{
	store_close(own(store)->inner);
	free(store);
}

static const struct store_backend backend = {
	.close = failing_close,
	.load = failing_load,
	.load_kept = failing_load_kept,
	.create = failing_create,
	.reserve = failing_reserve,
	.replace = failing_replace,
	.release = failing_release,
	.keep = failing_keep,
	.remove = failing_remove,
	.try_write = failing_try,
	.touch = failing_touch,
	.claim = failing_claim,
	.fact = failing_fact,
	.set_fact = failing_set_fact,
	.know = failing_know,
	.known = failing_known,
	.forget = failing_forget,
	.date = failing_date,
	.set_date = failing_set_date,
	.count = failing_count,
	.tally = failing_tally,
	.remark = failing_remark,
	.lock = failing_lock,
	.unlock = failing_unlock,
};

enum result
failing_open(struct store *inner, struct store **store)
{
	struct failing *failing = calloc(1, sizeof(*failing));

	*store = NULL;
	if (failing == NULL) {
		store_close(inner);
		return RESULT_NO_MEMORY;
	}
	failing->store.backend = &backend;
	failing->inner = inner;
	*store = &failing->store;
	return OK;
}

void
failing_doubt(struct store *store, bool doubtful)
{
	own(store)->doubtful = doubtful;
}

void
failing_next(struct store *store, enum failing_call call, enum result result,
    bool done)
{
	own(store)->call = call;
	own(store)->result = result;
	own(store)->done = done;
	own(store)->spared = 0;
}

void
failing_after(struct store *store, unsigned n)
{
	own(store)->spared = n;
}

bool
failing_meanwhile(struct store *store, unsigned n, void (*act)(void *data),
    void *data)
{
	bool was_to_come = own(store)->act != NULL;

	own(store)->act = act;
	own(store)->data = data;
	own(store)->dates = n;
	return was_to_come;
}

void
failing_before_reserve(struct store *store, void (*act)(void *data), void *data)
{
	own(store)->before_reserve = act;
	own(store)->data = data;
}

int64_t
failing_date_ends_s(struct store *store)
{
	return own(store)->ends_s;
}
