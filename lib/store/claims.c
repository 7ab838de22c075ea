/* SPDX-License-Identifier: ISC */
/*
 * Hides how a mark is made once: by random bytes under its key. Who sends his
 * own again, because no answer came, knows them again. What stays in doubt is
 * taken back: it was nobody's who went on.
 */
#include "config.h"

#include "base/secret.h"
#include "store/claims.h"
#include "store/lease.h"
#include "store/lock.h"
#include "store/sitewide.h"

#define MARK_MS (20 * 60 * 1000) /* a login lasts ten minutes */

/* What the script answers with, in its order. */
enum { STATE, STOLEN, FACTS, LATEST = FACTS + 2, ALL };

/* One claim: its token is that of the lease, if there is one. */
struct attempt {
	const struct valkey *valkey;
	const unsigned char *id, *token;
	const struct store_hold *hold; /* NULL: no lease */
	const struct lock_claim *claim;
};

static void
add_keys(struct words *words, const struct attempt *attempt)
{
	words_key(words, attempt->valkey->prefix, attempt->id, MARK);
	if (attempt->hold != NULL)
		lease_key(words, attempt->valkey, attempt->hold);
}

static void
take_back(const struct attempt *attempt)
{
	struct words words = { .n = 0 };

	script_words(&words, SCRIPT_FREE, attempt->hold == NULL ? 1 : 2);
	add_keys(&words, attempt);
	words_add(&words,
	    (struct str){ (const char *)attempt->token, STORE_TOKEN_BYTES });
	valkey_give_back(attempt->valkey, &words);
}

/* What an answer says; the results of lock_claim(). */
static enum result
read_answer(const struct attempt *attempt, const struct engine_reply *reply)
{
	const struct resp *value = &reply->value;
	const int64_t state = resp_item(value, STATE).integer;
	size_t i;

	if (value->type != RESP_ARRAY || value->n < FACTS)
		return RESULT_UNCERTAIN;
	if (state < 0)
		return RESULT_BUSY;
	if (state == 1 && !reply->confirmed)
		return RESULT_UNCERTAIN;
	if (resp_item(value, STOLEN).integer != 0)
		lease_tell_stolen(attempt->hold);
	if (state != 1)
		return RESULT_EXISTS;
	if (attempt->claim == NULL)
		return OK;
	if (value->n != ALL)
		return RESULT_UNCERTAIN;
	for (i = 0; i < 2; i++)
		attempt->claim->numbers[i] =
		    sitewide_number(resp_item(value, FACTS + i).text);
	*attempt->claim->latest_s =
	    sitewide_number(resp_item(value, LATEST).text);
	return OK;
}

static enum result
make(const struct attempt *attempt)
{
	const bool locks = attempt->hold != NULL;
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	size_t i;

	script_words(&words, SCRIPT_CLAIM, locks ? 5 : 1);
	add_keys(&words, attempt);
	for (i = 0; locks && i < 2; i++)
		words_name(&words, attempt->valkey->prefix, "f",
		    attempt->claim->facts[i]);
	if (locks)
		sitewide_date_key(&words, attempt->valkey, NULL);
	words_add(&words,
	    (struct str){ (const char *)attempt->token, STORE_TOKEN_BYTES });
	words_number(&words, MARK_MS);
	words_number(&words, locks ? lease_ms(attempt->hold) : 0);
	result = valkey_settle(attempt->valkey, &words, &reply);
	if (result == OK) {
		result = read_answer(attempt, &reply);
		engine_reply_free(&reply);
	}
	if (result == RESULT_UNCERTAIN)
		take_back(attempt);
	return result;
}

enum result
claims_mark(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id)
{
	unsigned char token[STORE_TOKEN_BYTES];
	const struct attempt attempt = { .valkey = valkey_of(store),
		.id = id,
		.token = token };

	(void)began_s;
	(void)now_s;
	secret_random(token, sizeof(token));
	return make(&attempt);
}

enum result
claims_lock(struct store *store, struct store_hold *hold,
    const struct lock_claim *claim)
{
	const struct attempt attempt = { .valkey = valkey_of(store),
		.id = claim->id,
		.token = hold->token,
		.hold = hold,
		.claim = claim };
	enum result result = lease_begin(attempt.valkey, hold, 0);

	if (result != OK)
		return result;
	result = make(&attempt);
	if (result != OK && result != RESULT_EXISTS)
		lease_end(hold);
	return result;
}
