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

/* What is before and behind an id in a key, after the prefix. */
static const struct {
	const char *before, *behind;
} forms
    [] = { [SCAN_RECORDS] = { "{", "}:" RECORD }, [SCAN_DATES] = { "d:", "" } };

/* What one looks for. */
struct search {
	const struct valkey *valkey;
	enum scan_kind kind;
	bool (*visit)(void *data, const unsigned char *id);
	void *data;
};

static bool
read_key(const struct search *search, struct str key,
    unsigned char id[static STORE_ID_BYTES])
{
	size_t before =
	    strlen(search->valkey->prefix) + strlen(forms[search->kind].before);
	const char *end;
	size_t n;

	return key.n ==
	    before + 2 * STORE_ID_BYTES + strlen(forms[search->kind].behind) &&
	    sodium_hex2bin(id, STORE_ID_BYTES, key.p + before,
		2 * STORE_ID_BYTES, NULL, &n, &end) == 0 &&
	    n == STORE_ID_BYTES;
}

/* Ask for some more keys. The results of valkey_ask(). */
static enum result
ask(const struct search *search, const char *cursor, struct engine_reply *reply)
{
	char pattern[WORDS_PREFIX_MAX + 8];
	struct words words = { .n = 0 };

	snprintf(pattern, sizeof(pattern), "%s%s*%s", search->valkey->prefix,
	    forms[search->kind].before, forms[search->kind].behind);
	words_add(&words, STR("SCAN"));
	words_add(&words, str_of(cursor));
	words_add(&words, STR("MATCH"));
	words_add(&words, str_of(pattern));
	words_add(&words, STR("COUNT"));
	words_number(&words, AT_A_TIME);
	return valkey_ask(search->valkey, &words, false, reply);
}

static bool
visit_all(const struct search *search, const struct resp *keys)
{
	unsigned char id[STORE_ID_BYTES];
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (read_key(search, resp_item(keys, i).text, id) &&
		    !search->visit(search->data, id))
			return false;
	return true;
}

enum result
scan_each(struct store *store, enum scan_kind kind,
    bool (*visit)(void *data, const unsigned char *id), void *data)
{
	const struct search search = { valkey_of(store), kind, visit, data };
	char cursor[24] = "0";
	struct engine_reply reply;
	struct resp next, keys;
	enum result result;
	bool more = true;

	do {
		if ((result = ask(&search, cursor, &reply)) != OK)
			return result;
		next = resp_item(&reply.value, 0);
		keys = resp_item(&reply.value, 1);
		if (next.text.n == 0 || next.text.n >= sizeof(cursor)) {
			result = RESULT_STORE;
		} else {
			memcpy(cursor, next.text.p, next.text.n);
			cursor[next.text.n] = '\0';
			more = visit_all(&search, &keys);
		}
		engine_reply_free(&reply);
	} while (result == OK && more && strcmp(cursor, "0") != 0);
	return result;
}
