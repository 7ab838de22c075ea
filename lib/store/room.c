/* SPDX-License-Identifier: ISC */
/*
 * Hides how an engine is asked for room: by a key as large as the record that
 * will come, beside it. So an engine that is full, or a replica, or takes no
 * writes for another reason, says so before the refresh token is spent; and who
 * comes after a holder that was stopped sees that he has begun to spend it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/lease.h"
#include "store/room.h"

#define ROOM_MS 60000 /* how long a doubt lasts */
/* What a reservation may take of its lease. */
#define ASK_MAX_MS 3000
#define DIGITS 10

struct reservation {
	struct store_reservation reservation;
	unsigned char id[STORE_ID_BYTES];
	unsigned char token[STORE_TOKEN_BYTES];
	bool doubtful; /* the room may be somebody's who lives */
	bool used;
};

static struct str
bytes(const unsigned char *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

static enum result
prepare(const struct valkey *valkey, const struct store_wish *wish)
{
	const struct store_hold *hold = wish->hold;
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	int64_t said;

	script_words(&words, SCRIPT_PREPARE, 3);
	words_key(&words, valkey->prefix, wish->id, RECORD);
	lease_key(&words, valkey, hold);
	words_key(&words, valkey->prefix, wish->id, ROOM);
	words_add(&words, bytes(hold->token, sizeof(hold->token)));
	words_add(&words,
	    bytes(wish->version->bytes, sizeof(wish->version->bytes)));
	words_add(&words, hold->doubtful ? STR(MARK_DOUBT) : STR(MARK_OWN));
	words_number(&words, (int64_t)(wish->n + 1024));
	words_number(&words, ROOM_MS);
	words_number(&words, LEASE_SPEND_MS);
	if ((result = valkey_ask(valkey, &words, true, &reply)) != OK)
		return result;
	said = reply.value.integer;
	if (reply.value.type != RESP_INTEGER || !reply.confirmed)
		result = RESULT_STORE;
	else if (said == -2)
		result = RESULT_BUSY;
	else if (said != 1)
		result = said == 0 ? RESULT_ABSENT : RESULT_CHANGED;
	engine_reply_free(&reply);
	return result;
}

/* Remove the room, unless it was somebody else's, who may come back. */
static void
leave(struct valkey *valkey, const struct reservation *own)
{
	struct words words = { .n = 0 };

	if (own->used || own->doubtful)
		return;
	script_words(&words, SCRIPT_FREE, 1);
	words_key(&words, valkey->prefix, own->id, ROOM);
	words_add(&words, bytes(own->token, sizeof(own->token)));
	valkey_give_back(valkey, &words);
}

enum result
room_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	int64_t began_ms = clock_mono_ms();
	struct reservation *own;
	enum result result;

	if (wish->hold == NULL)
		return RESULT_BUSY;
	if ((own = calloc(1, sizeof(*own))) == NULL)
		return RESULT_NO_MEMORY;
	own->reservation.store = store;
	own->doubtful = wish->hold->doubtful;
	memcpy(own->id, wish->id, sizeof(own->id));
	memcpy(own->token, wish->hold->token, sizeof(own->token));
	result = prepare(valkey_of(store), wish);
	/* Whoever was stopped meanwhile has too little of the lease left. */
	if (result == OK && clock_mono_ms() - began_ms > ASK_MAX_MS)
		result = RESULT_BUSY;
	if (result == OK) {
		*reservation = &own->reservation;
	} else {
		leave(valkey_of(store), own);
		free(own);
	}
	return result;
}

static enum result
commit(const struct valkey *valkey, const struct words *words)
{
	struct engine_reply reply;
	enum result result = valkey_save(valkey, words, &reply);
	int64_t said;

	if (result != OK)
		return result;
	said = reply.value.integer;
	if (reply.value.type != RESP_INTEGER)
		result = RESULT_UNCERTAIN;
	else if (said != 1)
		result = said == 0 ? RESULT_ABSENT : RESULT_CHANGED;
	engine_reply_free(&reply);
	return result;
}

enum result
room_replace(struct store_reservation *reservation,
    const struct store_version *version, struct str content, int64_t ends_s)
{
	struct reservation *own = (struct reservation *)reservation;
	struct valkey *valkey = valkey_of(reservation->store);
	struct buf value = BUF(DIGITS + content.n + 1);
	struct words words = { .n = 0 };
	enum result result;

	buf_printf(&value, "%010lld", (long long)clock_now_s());
	buf_add_str(&value, content);
	script_words(&words, SCRIPT_COMMIT, 2);
	words_key(&words, valkey->prefix, own->id, RECORD);
	words_key(&words, valkey->prefix, own->id, ROOM);
	words_add(&words, bytes(own->token, sizeof(own->token)));
	words_add(&words, bytes(version->bytes, sizeof(version->bytes)));
	words_add(&words, buf_str(&value));
	words_number(&words, valkey_life_ms(ends_s));
	if ((result = buf_result(&value)) == OK) {
		result = commit(valkey, &words);
		own->used = result == OK || result == RESULT_UNCERTAIN;
	}
	if (result == RESULT_CHANGED)
		log_event(LOG_LEVEL_WARN, "save_stale", "cause=\"lease lost\"");
	buf_free(&value);
	return result;
}

void
room_refuse(struct store_reservation *reservation)
{
	struct reservation *own = (struct reservation *)reservation;
	struct valkey *valkey = valkey_of(reservation->store);
	struct words words = { .n = 0 };

	script_words(&words, SCRIPT_MARK, 1);
	words_key(&words, valkey->prefix, own->id, ROOM);
	words_add(&words, bytes(own->token, sizeof(own->token)));
	words_add(&words, STR(MARK_REFUSED));
	valkey_give_back(valkey, &words);
}

void
room_release(struct store_reservation *reservation)
{
	leave(valkey_of(reservation->store), (struct reservation *)reservation);
	free(reservation);
}
