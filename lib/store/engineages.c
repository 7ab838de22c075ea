/* SPDX-License-Identifier: ISC */
/* Hides that an engine tells the last use of a record with the record alone. */
#include "config.h"

#include "store/ages.h"
#include "store/scan.h"
#include "store/transfer.h"

struct listing {
	struct ages *ages;
	struct store *store;
	enum result result;
};

static bool
look_at(void *data, const unsigned char *id)
{
	struct buf content = BUF(TRANSFER_RECORD_MAX);
	struct listing *listing = data;
	struct store_seen seen;
	enum result result = store_load(listing->store, id, &content, &seen);

	buf_free(&content);
	if (result == OK)
		ages_add(listing->ages, seen.used_s);
	else if (result != RESULT_ABSENT)
		listing->result = result;
	return listing->result == OK;
}

enum result
ages_of_engine(struct ages *ages, struct store *store)
{
	struct listing listing = { .ages = ages, .store = store };
	enum result result = scan_each(store, SCAN_RECORDS, look_at, &listing);

	return result == OK ? listing.result : result;
}
