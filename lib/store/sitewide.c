/* SPDX-License-Identifier: ISC */
/*
 * Hides how a mark is made once: by random bytes under its key. Who sends his
 * own a second time, because no answer came, knows them again.
 */
#include "config.h"

#include <sodium.h>

#include "base/secret.h"
#include "store/sitewide.h"

#define MARK_MS (20 * 60 * 1000) /* a login lasts ten minutes */
#define FACT_MS (25 * 3600 * 1000)
#define TRIAL_MS 1000

/* Whether what a key holds is ours; the results of store_claim(). */
static enum result
is_own_mark(const struct valkey *valkey, struct str key, struct str value)
{
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	words_add(&words, STR("GET"));
	words_add(&words, key);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	if (!str_equal(reply.value.text, value))
		result = RESULT_EXISTS;
	engine_reply_free(&reply);
	return result;
}

enum result
sitewide_claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char *id)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1], random[16];
	struct str value = { random, sizeof(random) };
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	(void)began_s;
	(void)now_s;
	secret_random((unsigned char *)random, sizeof(random));
	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_add(&words, STR("SET"));
	words_name(&words, valkey->prefix, "u", hex);
	words_add(&words, value);
	words_add(&words, STR("NX"));
	words_add(&words, STR("PX"));
	words_number(&words, MARK_MS);
	if ((result = valkey_ask(valkey, &words, true, &reply)) != OK)
		return result;
	if (reply.value.type == RESP_NIL)
		result = is_own_mark(valkey, words.at[1], value);
	engine_reply_free(&reply);
	return result;
}

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

/* 0 for what is none. */
static int64_t
number_of(struct str text)
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
	number = number_of(reply.value.text);
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
	script_words(&words, SCRIPT_FACTS, 2);
	for (i = 0; i < 2; i++)
		words_name(&words, valkey->prefix, "f", names[i]);
	if (valkey_ask(valkey, &words, false, &reply) != OK)
		return;
	for (i = 0; i < 2; i++)
		numbers[i] = number_of(resp_item(&reply.value, (size_t)i).text);
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
sitewide_know(struct store *store, const unsigned char *id, int64_t now_s)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1];
	struct words words = { .n = 0 };

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_add(&words, STR("SET"));
	words_name(&words, valkey->prefix, "k", hex);
	words_number(&words, now_s);
	/* A failure has been logged. */
	(void)!valkey_tell(valkey, &words);
}

bool
sitewide_knows(struct store *store, const unsigned char *id)
{
	const struct valkey *valkey = valkey_of(store);
	char hex[2 * STORE_ID_BYTES + 1];
	struct words words = { .n = 0 };
	struct engine_reply reply;
	bool knows;

	sodium_bin2hex(hex, sizeof(hex), id, STORE_ID_BYTES);
	words_add(&words, STR("GET"));
	words_name(&words, valkey->prefix, "k", hex);
	if (valkey_ask(valkey, &words, false, &reply) != OK)
		return false;
	knows = number_of(reply.value.text) > 0;
	engine_reply_free(&reply);
	return knows;
}
