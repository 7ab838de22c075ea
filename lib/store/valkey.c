/* SPDX-License-Identifier: ISC */
/*
 * Hides the engine. An id has these keys, which all but one end by
 * themselves:
 *
 *	PREFIX{ID}:s	ten digits, the last use, and the record
 *	PREFIX{ID}:c	what is kept beside it, and :p, answers :a, and
 *			changes :n and :np
 *	PREFIX{ID}:l	a lease, and :la, :lp, :ll
 *	PREFIX{ID}:r	room for the next record
 *	PREFIX{ID}:u	a mark: random bytes, by which one's own is known again
 *	PREFIXf:NAME	a fact
 *	PREFIXk:ID	an id that is known; the only one that stays
 *	PREFIXd:ID	a date; d:latest is the one that all have in common
 *	PREFIXn:NAME	a count: hours, and a remark
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/beside.h"
#include "store/claims.h"
#include "store/filelock.h"
#include "store/lease.h"
#include "store/room.h"
#include "store/sitewide.h"
#include "store/tallies.h"
#include "store/trial.h"
#include "store/valkey.h"

/* ---- records ---- */

/* Read a value into a record; the result of load of backend.h. */
static enum result
read_value(struct str value, struct buf *content, struct store_seen *seen)
{
	struct str digits = { value.p, DIGITS };
	uint64_t used_s;

	if (value.n < DIGITS + STORE_VERSION_BYTES ||
	    !str_number(digits, INT64_MAX, &used_s) ||
	    value.n - DIGITS > content->max - content->n)
		return RESULT_ABSENT;
	buf_add(content, value.p + DIGITS, value.n - DIGITS);
	seen->used_s = (int64_t)used_s;
	seen->version = store_version_of(value);
	return buf_result(content);
}

/* In one round trip, the date that is to be compared with the record. */
static enum result
load(struct store *store, const unsigned char *id, struct buf *content,
    struct store_seen *seen)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	struct resp record;
	enum result result;

	words_add(&words, STR("MGET"));
	words_key(&words, valkey->prefix, id, RECORD);
	sitewide_date_key(&words, valkey, NULL);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	record = resp_item(&reply.value, 0);
	if (reply.value.n != 2)
		result = RESULT_STORE;
	else if (record.type == RESP_STRING)
		result = read_value(record.text, content, seen);
	else
		result = record.type == RESP_NIL ? RESULT_ABSENT : RESULT_STORE;
	seen->latest_s = sitewide_number(resp_item(&reply.value, 1).text);
	engine_reply_free(&reply);
	return result;
}

/* Remove a record and what is beside it: whether that is there for certain. */
static enum result
remove_any(const struct valkey *valkey, const unsigned char *id)
{
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	script_words(&words, SCRIPT_REMOVE, 1 + STORE_PLACE__MAX);
	words_key(&words, valkey->prefix, id, RECORD);
	beside_keys(&words, valkey, id);
	if ((result = valkey_ask(valkey, &words, true, &reply)) != OK)
		return result == RESULT_STORE ? RESULT_UNCERTAIN : result;
	if (reply.value.type != RESP_INTEGER || !reply.confirmed)
		result = RESULT_UNCERTAIN;
	engine_reply_free(&reply);
	return result;
}

static void
take_back(const struct valkey *valkey, const unsigned char *id)
{
	struct words words = { .n = 0 };

	words_add(&words, STR("DEL"));
	words_key(&words, valkey->prefix, id, RECORD);
	valkey_give_back(valkey, &words);
}

/* What was sent a second time finds itself there: its version tells. One that
 * too few replicas have is taken back. */
static enum result
create(struct store *store, const struct store_record *record,
    struct store_hold *hold)
{
	const struct valkey *valkey = valkey_of(store);
	struct buf value = BUF(DIGITS + record->content.n + 1);
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;

	buf_printf(&value, "%010lld", (long long)clock_now_s());
	buf_add_str(&value, record->content);
	script_words(&words, SCRIPT_CREATE, hold == NULL ? 1 : 2);
	words_key(&words, valkey->prefix, record->id, RECORD);
	if (hold != NULL)
		lease_key(&words, valkey, hold);
	words_add(&words, buf_str(&value));
	words_number(&words, valkey_life_ms(record->ends_s));
	if (hold != NULL)
		words_add(&words,
		    (struct str){ (const char *)hold->token,
			sizeof(hold->token) });
	if ((result = buf_result(&value)) == OK)
		result = valkey_save(valkey, &words, &reply);
	if (result == OK) {
		if (hold != NULL)
			hold->given_back = true;
		if (reply.value.type == RESP_INTEGER &&
		    reply.value.integer != 1)
			result = RESULT_EXISTS;
		else if (reply.value.type != RESP_INTEGER || !reply.confirmed)
			result = RESULT_UNCERTAIN;
		engine_reply_free(&reply);
	}
	/* It may come yet, but nobody has its cookie. */
	if (result == RESULT_UNCERTAIN)
		take_back(valkey, record->id);
	buf_free(&value);
	return result;
}

static enum result
remove_record(struct store *store, const unsigned char *id,
    const struct store_version *version)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	enum result result;
	int64_t said;

	if (version == NULL)
		return remove_any(valkey, id);
	script_words(&words, SCRIPT_REMOVE_IF, 1 + STORE_PLACE__MAX);
	words_key(&words, valkey->prefix, id, RECORD);
	beside_keys(&words, valkey, id);
	words_add(&words,
	    (struct str){ (const char *)version->bytes,
		sizeof(version->bytes) });
	/* No replica is waited for: if one brings it back, its refresh token is
	 * refused again. */
	result = valkey_number(valkey, &words, &said);
	if (result == OK && said != 1)
		result = RESULT_CHANGED;
	return result == RESULT_STORE ? RESULT_UNCERTAIN : result;
}

static void
touch(struct store *store, const unsigned char *id, int64_t now_s,
    int64_t ends_s)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };
	char digits[DIGITS + 11];
	int64_t touched;

	snprintf(digits, sizeof(digits), "%010lld", (long long)now_s);
	script_words(&words, SCRIPT_TOUCH, 1);
	words_key(&words, valkey->prefix, id, RECORD);
	words_add(&words, str_of(digits));
	words_number(&words, valkey_life_ms(ends_s));
	/* A failure has been logged. */
	(void)!valkey_number(valkey, &words, &touched);
}

/* ---- the whole ---- */

static void
close_all(struct store *store)
{
	struct valkey *valkey = valkey_of(store);

	engine_close(valkey->engine);
	if (valkey->dir >= 0)
		close(valkey->dir);
	pthread_mutex_destroy(&valkey->mutex);
	free(valkey);
}

static const struct store_backend backend = {
	.close = close_all,
	.load = load,
	.load_kept = beside_load,
	.create = create,
	.reserve = room_reserve,
	.replace = room_replace,
	.release = room_release,
	.refuse = room_refuse,
	.keep = beside_keep,
	.remove = remove_record,
	.touch = touch,
	.claim = claims_mark,
	.fact = sitewide_fact,
	.facts = sitewide_facts,
	.set_fact = sitewide_set_fact,
	.know = sitewide_know,
	.known = sitewide_known,
	.forget = sitewide_forget,
	.try_write = sitewide_try,
	.date = sitewide_date,
	.dates = sitewide_dates,
	.set_date = sitewide_set_date,
	.count = tallies_count,
	.tally = tallies_look,
	.remark = tallies_remark,
	.lock = lease_lock,
	.unlock = lease_unlock,
	.lock_claim = claims_lock,
};

enum result
valkey_open(struct engine *engine, const struct valkey_config *config,
    struct store **store)
{
	struct valkey *valkey = NULL;
	enum result result = RESULT_STORE;

	*store = NULL;
	if (trial_passed(config->dir)) {
		result = RESULT_NO_MEMORY;
		valkey = calloc(1, sizeof(*valkey));
	}
	if (valkey == NULL) {
		engine_close(engine);
		return result;
	}
	*valkey = (struct valkey){ .store = { &backend },
		.engine = engine,
		.kept_ms = config->kept_s * 1000,
		.dir = open(config->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	pthread_mutex_init(&valkey->mutex, NULL);
	snprintf(valkey->prefix, sizeof(valkey->prefix), "%s", config->prefix);
	if (valkey->dir < 0)
		result = store_failed("open_dir");
	else
		result = filelock_make(valkey->dir);
	if (result == OK)
		*store = &valkey->store;
	else
		close_all(&valkey->store);
	return result;
}
