/* SPDX-License-Identifier: ISC */
/* Hides that a fact is a key of its own. */
#include "config.h"

#include <sodium.h>

#include "store/sitewide.h"

#define FACT_MS (25 * 3600 * 1000)
#define TRIAL_MS 1000

enum result
sitewide_try(struct store *store)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };

	words_add(&words, STR("SET"));
	words_name(&words, valkey->prefix, "f", "trial");
	words_add(&words, STR("1"));
	words_add(&words, STR("PX"));
	words_number(&words, TRIAL_MS);
	return valkey_tell(valkey, &words);
}

int64_t
sitewide_number(struct str text)
{
	uint64_t number;

	return str_number(text, INT64_MAX, &number) ? (int64_t)number : 0;
}

int64_t
sitewide_fact(struct store *store, const char *name)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	int64_t number;

	words_add(&words, STR("GET"));
	words_name(&words, valkey->prefix, "f", name);
	if (valkey_ask(valkey, &words, false, &reply) != OK)
		return 0;
	number = sitewide_number(reply.value.text);
	engine_reply_free(&reply);
	return number;
}

void
sitewide_facts(struct store *store, const char *const *names, int64_t *numbers)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	int i;

	numbers[0] = numbers[1] = 0;
	words_add(&words, STR("MGET"));
	for (i = 0; i < 2; i++)
		words_name(&words, valkey->prefix, "f", names[i]);
	if (valkey_ask(valkey, &words, false, &reply) != OK)
		return;
	for (i = 0; i < 2; i++)
		numbers[i] =
		    sitewide_number(resp_item(&reply.value, (size_t)i).text);
	engine_reply_free(&reply);
}

void
sitewide_set_fact(struct store *store, const char *name, int64_t number)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };

	words_add(&words, STR("SET"));
	words_name(&words, valkey->prefix, "f", name);
	words_number(&words, number);
	words_add(&words, STR("PX"));
	words_number(&words, FACT_MS);
	/* A failure has been logged. */
	(void)!valkey_tell(valkey, &words);
}

void
sitewide_know(struct store *store, const unsigned char *id, int64_t number)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1];
	struct words words = { .n = 0 };

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_add(&words, STR("SET"));
	words_name(&words, valkey->prefix, "k", hex);
	words_number(&words, number);
	/* A failure has been logged. */
	(void)!valkey_tell(valkey, &words);
}

enum result
sitewide_known(struct store *store, const unsigned char *id, int64_t *number)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1];
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_add(&words, STR("GET"));
	words_name(&words, valkey->prefix, "k", hex);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	*number = sitewide_number(reply.value.text);
	engine_reply_free(&reply);
	return OK;
}

enum result
sitewide_forget(struct store *store, const unsigned char *id)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1];
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	script_words(&words, SCRIPT_REMOVE, 1);
	words_name(&words, valkey->prefix, "k", hex);
	if ((result = valkey_ask(valkey, &words, true, &reply)) != OK)
		return result == RESULT_STORE ? RESULT_UNCERTAIN : result;
	if (reply.value.type != RESP_INTEGER || !reply.confirmed)
		result = RESULT_UNCERTAIN;
	engine_reply_free(&reply);
	return result;
}

/* ---- dates ---- */

void
sitewide_date_key(struct words *words, const struct valkey *valkey,
    const unsigned char *id)
{
	char hex[2 * STORE_ID_BYTES + 1] = "latest";

	if (id != NULL)
		sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_name(words, valkey->prefix, "d", hex);
}

enum result
sitewide_date(struct store *store, const unsigned char *id, int64_t *date_s)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	words_add(&words, STR("GET"));
	sitewide_date_key(&words, valkey, id);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	if (reply.value.type == RESP_STRING)
		*date_s = sitewide_number(reply.value.text);
	else if (reply.value.type != RESP_NIL)
		result = RESULT_STORE;
	engine_reply_free(&reply);
	return result;
}

enum result
sitewide_dates(struct store *store, const unsigned char *const *ids,
    int64_t *dates_s)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	int i;

	words_add(&words, STR("MGET"));
	for (i = 0; i < 2; i++)
		sitewide_date_key(&words, valkey, ids[i]);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	if (reply.value.n != 2)
		result = RESULT_STORE;
	for (i = 0; i < 2; i++)
		dates_s[i] =
		    sitewide_number(resp_item(&reply.value, (size_t)i).text);
	engine_reply_free(&reply);
	return result;
}

enum result
sitewide_set_date(struct store *store, const unsigned char *id, int64_t date_s,
    int64_t ends_s)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	script_words(&words, SCRIPT_DATE, 1);
	sitewide_date_key(&words, valkey, id);
	words_number(&words, date_s);
	words_number(&words, valkey_life_ms(ends_s));
	if ((result = valkey_save(valkey, &words, &reply)) != OK)
		return result;
	if (reply.value.type != RESP_INTEGER || !reply.confirmed)
		result = RESULT_UNCERTAIN;
	engine_reply_free(&reply);
	return result;
}
