/* SPDX-License-Identifier: ISC */
/* What the units of the back end valkey share; for them only. */
#ifndef VALKEYPARTS_H
#define VALKEYPARTS_H

#include <pthread.h>

#include "engine/engine.h"
#include "store/backend.h"
#include "store/scripts.h"

#define CALL_MS 1000 /* what a call may take */

/* The things that an id has, as in their keys. */
#define RECORD "s"
#define COPY "c"
#define PARTIAL "p"
#define CHANGE "n"
#define COMMAND "np"
#define ANSWERS "a"
#define ROOM "r"
#define MARK "u"

#define DIGITS 10 /* of the last use, with which a record begins */

struct valkey {
	struct store store;
	struct engine *engine;
	char prefix[WORDS_PREFIX_MAX];
	int dir; /* of the kernel's locks */
	int64_t kept_ms;
	/* How full the engine is, and when that was asked. */
	pthread_mutex_t mutex;
	int64_t asked_ms;
	bool full;
};

/* The one that a store is. */
struct valkey *valkey_of(struct store *store);

/* Whether store_set_deadline() has left enough time for a call: with less, all
 * have RESULT_STORE, though nothing is wrong with the engine. */
bool valkey_has_time(void);

/* Ask, at most for a second, and until store_until_ms(). OK: the caller calls
 * engine_reply_free(); RESULT_STORE: nobody knows whether it was done;
 * RESULT_NO_MEMORY. */
enum result valkey_ask(const struct valkey *valkey, const struct words *words,
    bool replicated, struct engine_reply *reply)
    __attribute__((warn_unused_result));

/* Ask for something whose answer says nothing but that it was done. The results
 * of valkey_ask(). */
enum result valkey_tell(const struct valkey *valkey, const struct words *words)
    __attribute__((warn_unused_result));

/* The number that a script answers with. The results of valkey_ask(). */
enum result valkey_number(const struct valkey *valkey,
    const struct words *words, int64_t *number)
    __attribute__((warn_unused_result));

/* Give back what is this holder's, at best; a failure has been logged. Also
 * when the request has no time left: else others would wait for it. */
void valkey_give_back(const struct valkey *valkey, const struct words *words);

/* The same when the answer to who took it was lost, in 200 ms at most: an
 * engine that hangs has cost a second already. */
void valkey_give_back_lost(const struct valkey *valkey,
    const struct words *words);

/*
 * The same as valkey_ask() for what must be saved, tried again and again for
 * STORE_SAVE_MS; who has fewer replicas than he asked for logs that.
 * OK, RESULT_STORE: it was not done; RESULT_UNCERTAIN, RESULT_NO_MEMORY.
 */
enum result valkey_save(const struct valkey *valkey, const struct words *words,
    struct engine_reply *reply) __attribute__((warn_unused_result));

/*
 * The same for what is not worth waiting for, unless its answer is lost: then
 * it is asked for again, until store_until_ms(STORE_SAVE_MS). Its words tell
 * what they have done themselves from what somebody else has.
 */
enum result valkey_settle(const struct valkey *valkey,
    const struct words *words, struct engine_reply *reply)
    __attribute__((warn_unused_result));

/* How long a record that ends then is kept: an hour longer, in ms. */
int64_t valkey_life_ms(int64_t ends_s);

#endif
