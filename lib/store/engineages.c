/* SPDX-License-Identifier: ISC */
/* Hides that a record in an engine begins with its last use, and that several
 * are asked for at once. */
#include "config.h"

#include <string.h>

#include "store/ages.h"
#include "store/scan.h"
#include "store/valkeyparts.h"

#define AT_ONCE (WORDS_OWN - 1) /* how many they are is a word, too */

/* Those that have been found, and have not been asked for. */
struct listing {
	struct ages *ages;
	const struct valkey *valkey;
	unsigned char ids[AT_ONCE][STORE_ID_BYTES];
	int n;
	enum result result;
};

/* One that has gone meanwhile has no digits. */
static void
add(struct ages *ages, struct str digits)
{
	uint64_t used_s;

	if (digits.n == DIGITS && str_number(digits, INT64_MAX, &used_s))
		ages_add(ages, (int64_t)used_s);
}

static enum result
ask(struct listing *listing)
{
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	int i;

	script_words(&words, SCRIPT_USES, listing->n);
	for (i = 0; i < listing->n; i++)
		words_key(&words, listing->valkey->prefix, listing->ids[i],
		    RECORD);
	if ((result = valkey_ask(listing->valkey, &words, false, &reply)) != OK)
		return result;
	if (reply.value.n != (size_t)listing->n)
		result = RESULT_STORE;
	for (i = 0; result == OK && i < listing->n; i++)
		add(listing->ages, resp_item(&reply.value, (size_t)i).text);
	engine_reply_free(&reply);
	listing->n = 0;
	return result;
}

static bool
look_at(void *data, const unsigned char *id)
{
	struct listing *listing = data;

	memcpy(listing->ids[listing->n++], id, STORE_ID_BYTES);
	if (listing->n == AT_ONCE)
		listing->result = ask(listing);
	return listing->result == OK;
}

enum result
ages_of_engine(struct ages *ages, struct store *store)
{
	struct listing listing = { .ages = ages, .valkey = valkey_of(store) };
	enum result result = scan_each(store, SCAN_RECORDS, look_at, &listing);

	if (result == OK)
		result = listing.result;
	return result == OK && listing.n > 0 ? ask(&listing) : result;
}
