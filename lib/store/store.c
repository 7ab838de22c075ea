/* SPDX-License-Identifier: ISC */
/*
 * Hides which back end keeps a promise, and has what holds for all of them:
 * the version of a record, and how a failure is logged.
 */
#include "config.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/meter.h"
#include "store/backend.h"

/* Of the request that the thread is at; 0: of none. */
static _Thread_local int64_t deadline_of_thread_ms;

void
store_set_deadline(int64_t deadline_ms)
{
	deadline_of_thread_ms = deadline_ms;
}

int64_t
store_until_ms(int64_t cap_ms)
{
	const int64_t deadline_ms = deadline_of_thread_ms;

	return deadline_ms == 0 ? clock_mono_ms() + cap_ms :
				  clock_until_ms(deadline_ms, cap_ms);
}

enum result
store_failed(const char *call)
{
	log_errno(LOG_LEVEL_ERROR, "store_failed", call);
	return RESULT_STORE;
}

enum result
store_counted(const struct store *store, enum result result)
{
	if ((result == RESULT_STORE || result == RESULT_UNCERTAIN) &&
	    !store->backend->stands_on_others)
		meter_count(METER_STORE_ERRORS);
	return result;
}

struct store_version
store_version_of(struct str content)
{
	struct store_version version;

	assert(content.n >= STORE_VERSION_BYTES);
	memcpy(version.bytes, content.p + content.n - STORE_VERSION_BYTES,
	    STORE_VERSION_BYTES);
	return version;
}

void
store_close(struct store *store)
{
	if (store != NULL)
		store->backend->close(store);
}

enum result
store_load(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    struct buf *content, struct store_seen *seen)
{
	seen->latest_s = 0;
	return store_counted(store,
	    store->backend->load(store, id, content, seen));
}

enum result
store_load_kept(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], struct store_piece piece,
    struct buf *content)
{
	return store_counted(store,
	    store->backend->load_kept(store, id, piece, content));
}

enum result
store_create(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    struct str content, int64_t ends_s, struct store_version *version)
{
	const struct store_record record = { id, content, ends_s };

	*version = store_version_of(content);
	return store_counted(store,
	    store->backend->create(store, &record, NULL));
}

enum result
store_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	*reservation = NULL;
	return store_counted(store,
	    store->backend->reserve(store, wish, reservation));
}

enum result
store_replace(struct store_reservation *reservation,
    struct store_version *version, struct str content, int64_t ends_s)
{
	struct store_version after = store_version_of(content);
	const struct store *store = reservation->store;
	enum result result = store_counted(store,
	    store->backend->replace(reservation, version, content, ends_s));

	if (result == OK)
		*version = after;
	return result;
}

void
store_refuse(struct store_reservation *reservation)
{
	if (reservation->store->backend->refuse != NULL)
		reservation->store->backend->refuse(reservation);
}

void
store_release(struct store_reservation *reservation)
{
	if (reservation != NULL)
		reservation->store->backend->release(reservation);
}

enum result
store_keep(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    enum store_place place, struct str content)
{
	return store_counted(store,
	    store->backend->keep(store, id, place, content));
}

enum result
store_remove(struct store *store, const unsigned char id[static STORE_ID_BYTES])
{
	return store_counted(store, store->backend->remove(store, id, NULL));
}

enum result
store_remove_if(struct store *store,
    const unsigned char id[static STORE_ID_BYTES],
    const struct store_version *version)
{
	return store_counted(store, store->backend->remove(store, id, version));
}

enum result
store_try(struct store *store)
{
	return store_counted(store, store->backend->try_write(store));
}

void
store_touch(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    int64_t now_s, int64_t ends_s)
{
	store->backend->touch(store, id, now_s, ends_s);
}

enum result
store_claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char id[static STORE_ID_BYTES])
{
	return store_counted(store,
	    store->backend->claim(store, began_s, now_s, id));
}

int64_t
store_fact(struct store *store, const char *name)
{
	return store->backend->fact(store, name);
}

void
store_facts(struct store *store, const char *const names[static 2],
    int64_t numbers[static 2])
{
	if (store->backend->facts != NULL) {
		store->backend->facts(store, names, numbers);
		return;
	}
	numbers[0] = store_fact(store, names[0]);
	numbers[1] = store_fact(store, names[1]);
}

void
store_set_fact(struct store *store, const char *name, int64_t number)
{
	store->backend->set_fact(store, name, number);
}

void
store_know(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    int64_t number)
{
	store->backend->know(store, id, number);
}

enum result
store_known(struct store *store, const unsigned char id[static STORE_ID_BYTES],
    int64_t *number)
{
	*number = 0;
	return store_counted(store, store->backend->known(store, id, number));
}

enum result
store_forget(struct store *store, const unsigned char id[static STORE_ID_BYTES])
{
	return store_counted(store, store->backend->forget(store, id));
}

enum result
store_date(struct store *store, const unsigned char *id, int64_t *date_s)
{
	*date_s = 0;
	return store_counted(store, store->backend->date(store, id, date_s));
}

enum result
store_dates(struct store *store, const unsigned char *const ids[static 2],
    int64_t dates_s[static 2])
{
	enum result result;

	dates_s[0] = dates_s[1] = 0;
	if (store->backend->dates != NULL)
		return store_counted(store,
		    store->backend->dates(store, ids, dates_s));
	result = store_date(store, ids[0], &dates_s[0]);
	return result == OK ? store_date(store, ids[1], &dates_s[1]) : result;
}

enum result
store_set_date(struct store *store, const unsigned char *id, int64_t date_s,
    int64_t ends_s)
{
	return store_counted(store,
	    store->backend->set_date(store, id, date_s, ends_s));
}

enum result
store_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally)
{
	return store_counted(store,
	    store->backend->count(store, name, limit, tally));
}

void
store_tally(struct store *store, const char *name, struct store_tally *tally)
{
	store->backend->tally(store, name, tally);
}

void
store_remark(struct store *store, const char *name, int64_t number)
{
	store->backend->remark(store, name, number);
}
