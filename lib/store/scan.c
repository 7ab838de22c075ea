/* SPDX-License-Identifier: ISC */
/* Hides SCAN, by which an engine tells its keys a few at a time and does
 * nobody else keep waiting. */
#include "config.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/scan.h"
#include "store/valkeyparts.h"

#define AT_A_TIME 64 /* about: a reply has RESP_ITEMS_MAX at most */

/* PREFIX{ID}:s */
static bool
read_key(struct str key, size_t before, unsigned char id[static STORE_ID_BYTES])
{
	const char *end;
	size_t n;

	return key.n == before + 1 + 2 * STORE_ID_BYTES + 3 &&
	    sodium_hex2bin(id, STORE_ID_BYTES, key.p + before + 1,
		2 * STORE_ID_BYTES, NULL, &n, &end) == 0 &&
	    n == STORE_ID_BYTES;
}

/* Ask for some more keys. The results of valkey_ask(). */
static enum result
ask(const struct valkey *valkey, const char *cursor, struct engine_reply *reply)
{
	char pattern[WORDS_PREFIX_MAX + 8];
	struct words words = { .n = 0 };

	snprintf(pattern, sizeof(pattern), "%s{*}:" RECORD, valkey->prefix);
	words_add(&words, STR("SCAN"));
	words_add(&words, str_of(cursor));
	words_add(&words, STR("MATCH"));
	words_add(&words, str_of(pattern));
	words_add(&words, STR("COUNT"));
	words_number(&words, AT_A_TIME);
	return valkey_ask(valkey, &words, false, reply);
}

static bool
visit_all(const struct resp *keys, size_t before,
    bool (*visit)(void *data, const unsigned char *id), void *data)
{
	unsigned char id[STORE_ID_BYTES];
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (read_key(resp_item(keys, i).text, before, id) &&
		    !visit(data, id))
			return false;
	return true;
}

enum result
scan_each(struct store *store,
    bool (*visit)(void *data, const unsigned char *id), void *data)
{
	const struct valkey *valkey = valkey_of(store);
	char cursor[24] = "0";
	struct engine_reply reply;
	struct resp next, keys;
	enum result result;
	bool more = true;

	do {
		if ((result = ask(valkey, cursor, &reply)) != OK)
			return result;
		next = resp_item(&reply.value, 0);
		keys = resp_item(&reply.value, 1);
		if (next.text.n == 0 || next.text.n >= sizeof(cursor)) {
			result = RESULT_STORE;
		} else {
			memcpy(cursor, next.text.p, next.text.n);
			cursor[next.text.n] = '\0';
			more = visit_all(&keys, strlen(valkey->prefix), visit,
			    data);
		}
		engine_reply_free(&reply);
	} while (result == OK && more && strcmp(cursor, "0") != 0);
	return result;
}
