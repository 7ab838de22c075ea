/* SPDX-License-Identifier: ISC */
/* Hides how a call of the engine is tried again, and for how long. */
#include "config.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/valkeyparts.h"

#define AGAIN_MIN_MS 20
/* With less nothing is begun: an answer that is not waited for costs all
 * connections. */
#define LEAST_MS 20
#define GIVE_BACK_MS 200
#define EXTRA_S 3600 /* a record is kept so much longer */

struct valkey *
valkey_of(struct store *store)
{
	return (struct valkey *)store;
}

/* ---- calls ---- */

bool
valkey_has_time(void)
{
	return clock_left_ms(store_until_ms(CALL_MS), LEAST_MS) >= LEAST_MS;
}

static enum result
ask_until(const struct valkey *valkey, const struct words *words,
    bool replicated, int64_t until_ms, struct engine_reply *reply)
{
	const struct engine_command command = { .words = words->at,
		.n = words->n,
		.deadline_ms = until_ms,
		.replicated = replicated };
	enum result result;

	*reply = (struct engine_reply){ 0 };
	if (clock_left_ms(until_ms, LEAST_MS) < LEAST_MS)
		return RESULT_STORE;
	result = engine_call(valkey->engine, &command, reply);
	/* Once more, if it was not the time that ended. */
	if (result == RESULT_UNCERTAIN &&
	    clock_left_ms(until_ms, CALL_MS) > CALL_MS / 2)
		result = engine_call(valkey->engine, &command, reply);
	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

enum result
valkey_ask(const struct valkey *valkey, const struct words *words,
    bool replicated, struct engine_reply *reply)
{
	return ask_until(valkey, words, replicated, store_until_ms(CALL_MS),
	    reply);
}

static void
give_back_until(const struct valkey *valkey, const struct words *words,
    int64_t until_ms)
{
	struct engine_reply reply;

	if (ask_until(valkey, words, false, until_ms, &reply) == OK)
		engine_reply_free(&reply);
}

void
valkey_give_back(const struct valkey *valkey, const struct words *words)
{
	const int64_t until_ms = store_until_ms(CALL_MS),
		      least_ms = clock_mono_ms() + GIVE_BACK_MS;

	give_back_until(valkey, words,
	    until_ms > least_ms ? until_ms : least_ms);
}

void
valkey_give_back_lost(const struct valkey *valkey, const struct words *words)
{
	give_back_until(valkey, words, clock_mono_ms() + GIVE_BACK_MS);
}

enum result
valkey_tell(const struct valkey *valkey, const struct words *words)
{
	struct engine_reply reply;
	enum result result = valkey_ask(valkey, words, false, &reply);

	if (result == OK)
		engine_reply_free(&reply);
	return result;
}

enum result
valkey_number(const struct valkey *valkey, const struct words *words,
    int64_t *number)
{
	struct engine_reply reply;
	enum result result = valkey_ask(valkey, words, false, &reply);

	if (result != OK)
		return result;
	if (reply.value.type != RESP_INTEGER)
		result = RESULT_STORE;
	*number = reply.value.integer;
	engine_reply_free(&reply);
	return result;
}

/* Ask until it is done, or time is up; who does not insist, only while it may
 * have been done. */
static enum result
repeat(const struct valkey *valkey, const struct words *words, int64_t until_ms,
    bool insist, struct engine_reply *reply)
{
	struct engine_command command = { .words = words->at,
		.n = words->n,
		.replicated = true };
	int64_t pause_ms = AGAIN_MIN_MS;
	struct timespec pause = { .tv_sec = 0 };
	bool uncertain = false;
	enum result result;

	for (;;) {
		command.deadline_ms = clock_until_ms(until_ms, CALL_MS);
		result = engine_call(valkey->engine, &command, reply);
		uncertain |= result == RESULT_UNCERTAIN;
		if (result == OK || (!insist && !uncertain) ||
		    clock_left_ms(until_ms, 2 * pause_ms) < 2 * pause_ms)
			break;
		pause.tv_nsec = (long)pause_ms * 1000000;
		nanosleep(&pause, NULL);
		pause_ms *= 2;
	}
	return result != OK && uncertain ? RESULT_UNCERTAIN : result;
}

enum result
valkey_save(const struct valkey *valkey, const struct words *words,
    struct engine_reply *reply)
{
	enum result result =
	    repeat(valkey, words, clock_mono_ms() + STORE_SAVE_MS, true, reply);

	if (result == OK && !reply->confirmed)
		log_event(LOG_LEVEL_WARN, "replica_late", "cause=timeout");
	return result;
}

enum result
valkey_settle(const struct valkey *valkey, const struct words *words,
    struct engine_reply *reply)
{
	const int64_t until_ms = store_until_ms(STORE_SAVE_MS);

	*reply = (struct engine_reply){ 0 };
	return clock_left_ms(until_ms, LEAST_MS) < LEAST_MS ?
	    RESULT_STORE :
	    repeat(valkey, words, until_ms, false, reply);
}

int64_t
valkey_life_ms(int64_t ends_s)
{
	int64_t left_s = ends_s - clock_now_s();

	if (left_s < 0)
		left_s = 0;
	return (left_s + EXTRA_S) * 1000;
}
