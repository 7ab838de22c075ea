/* SPDX-License-Identifier: ISC */
/*
 * Hides how little an engine's memory is good for copies. They would need a
 * hundred times the memory of the sessions, so they are the first to go without
 * when it gets full: logins come before them.
 */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/beside.h"

#define ASK_EVERY_MS 10000
#define FULL_PERCENT 80

static const char *const things[] = { [STORE_COPY] = COPY,
	[STORE_PARTIAL] = PARTIAL,
	[STORE_CHANGE] = CHANGE,
	[STORE_COMMAND] = COMMAND,
	[STORE_ANSWERS] = ANSWERS };
_Static_assert(sizeof(things) / sizeof(things[0]) == STORE_PLACE__MAX,
    "every place has its key");

void
beside_keys(struct words *words, const struct valkey *valkey,
    const unsigned char *id)
{
	size_t i;

	for (i = 0; i < STORE_PLACE__MAX; i++)
		words_key(words, valkey->prefix, id, things[i]);
}

/* Whether the engine has no memory for copies; who asks next asks it, once in
 * ten seconds. Nobody waits for his answer. */
static bool
is_full(struct valkey *valkey)
{
	int64_t now_ms = clock_mono_ms();
	struct engine_facts facts;
	bool full, ask;

	pthread_mutex_lock(&valkey->mutex);
	ask =
	    valkey->asked_ms == 0 || now_ms - valkey->asked_ms >= ASK_EVERY_MS;
	if (ask)
		valkey->asked_ms = now_ms;
	full = valkey->full;
	pthread_mutex_unlock(&valkey->mutex);
	if (!ask ||
	    engine_facts(valkey->engine, store_until_ms(CALL_MS), &facts) != OK)
		return full;
	full = facts.max_memory > 0 &&
	    facts.used_memory / FULL_PERCENT >= facts.max_memory / 100;
	pthread_mutex_lock(&valkey->mutex);
	valkey->full = full;
	pthread_mutex_unlock(&valkey->mutex);
	return full;
}

static enum result
drop(const struct valkey *valkey, const unsigned char *id,
    enum store_place place)
{
	struct words words = { .n = 0 };
	int64_t removed;

	words_add(&words, STR("DEL"));
	words_key(&words, valkey->prefix, id, things[place]);
	return valkey_number(valkey, &words, &removed);
}

enum result
beside_keep(struct store *store, const unsigned char *id,
    enum store_place place, struct str content)
{
	struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	bool large = content.n > BESIDE_MAX,
	     known = place == STORE_CHANGE || place == STORE_COMMAND;
	enum result result;
	int64_t kept;

	if (content.n == 0)
		return drop(valkey, id, place);
	/* A change must be known; it is small. */
	if (large || (!known && is_full(valkey))) {
		log_event(LOG_LEVEL_INFO, "copy_not_kept", "cause=%s bytes=%zu",
		    large ? "size" : "full", content.n);
		result = drop(valkey, id, place);
		return result == OK ? RESULT_STORE : result;
	}
	script_words(&words, SCRIPT_KEEP, 2);
	words_key(&words, valkey->prefix, id, RECORD);
	words_key(&words, valkey->prefix, id, things[place]);
	words_add(&words, content);
	words_number(&words, valkey->kept_ms);
	return valkey_number(valkey, &words, &kept);
}

/* The byte before the piece is asked for, too: of a key that is not there, and
 * from the end on of one that is, an engine gives the same. */
enum result
beside_load(struct store *store, const unsigned char *id,
    struct store_piece piece, struct buf *content)
{
	const struct valkey *valkey = valkey_of(store);
	size_t before = piece.from > 0 ? 1 : 0;
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	struct str text;

	words_add(&words, STR("GETRANGE"));
	words_key(&words, valkey->prefix, id, things[piece.place]);
	words_number(&words, (int64_t)(piece.from - before));
	words_number(&words,
	    piece.n == STORE_REST ? -1 : (int64_t)(piece.from + piece.n) - 1);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	text = reply.value.text;
	if (reply.value.type != RESP_STRING)
		result = RESULT_STORE;
	else if (text.n == 0 || text.n < before ||
	    (piece.n != STORE_REST && text.n - before < piece.n) ||
	    text.n - before > content->max - content->n)
		result = RESULT_ABSENT;
	else
		buf_add(content, text.p + before, text.n - before);
	engine_reply_free(&reply);
	return result == OK ? buf_result(content) : result;
}
