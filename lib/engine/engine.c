/* SPDX-License-Identifier: ISC */
/*
 * Hides what may have become of a command whose answer is lost, and when it is
 * sent again.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "base/clock.h"
#include "engine/pool.h"

#define CALL_MS 1000
#define WAIT_MS 500
#define WAIT_MARGIN_MS 100 /* for its way back */
#define SCRIPT_MAX 65536   /* what a command has beside the largest value */

struct engine {
	const struct engine_config *config;
	struct pool *pool;
};

enum result
engine_open(const struct engine_config *config, struct engine **engine)
{
	struct engine *new = calloc(1, sizeof(*new));
	enum result result = RESULT_NO_MEMORY;

	*engine = NULL;
	if (new != NULL)
		result = pool_open(config, &new->pool);
	if (result != OK) {
		free(new);
		return result;
	}
	new->config = config;
	*engine = new;
	return OK;
}

void
engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	pool_close(engine->pool);
	free(engine);
}

const char *
engine_trouble(const struct engine *engine)
{
	return pool_trouble(engine->pool);
}

/* ---- calls ---- */

/* Send it once. *again: it is worth a second time, on a new link. */
static enum result
attempt(struct engine *engine, struct link_exchange *exchange,
    int64_t deadline_ms, bool *again)
{
	const bool first = !*again;
	struct link *link;
	enum result result;

	*again = false;
	result = pool_take(engine->pool, !first, deadline_ms, &link);
	if (result != OK)
		return result;
	result = link_call(link, exchange, deadline_ms);
	*again = first &&
	    (result == RESULT_UPSTREAM_FAILED ||
		(result == RESULT_STORE &&
		    link->error.class == REPLYERROR_MOVED));
	if (!*again)
		pool_tell_link(engine->pool, link, result);
	if (!*again && !exchange->broken &&
	    (result == OK || result == RESULT_STORE))
		pool_give(engine->pool, link);
	else
		pool_drop(engine->pool, link);
	return result;
}

static enum result
encode(const struct engine *engine, const struct engine_command *command,
    int64_t deadline_ms, struct buf *to, struct link_exchange *exchange)
{
	int64_t left_ms = clock_left_ms(deadline_ms, CALL_MS) - WAIT_MARGIN_MS;
	char number[16], limit[16];
	const struct str wait[] = { STR("WAIT"), { number, 0 }, { limit, 0 } };
	struct str words[3] = { wait[0], wait[1], wait[2] };
	enum result result = resp_command(to, command->words, command->n);

	exchange->needed = to->n;
	exchange->wait = command->replicated && engine->config->replicas > 0;
	if (result == OK && exchange->wait) {
		/* 0 would be for ever. */
		left_ms = left_ms < 1 ? 1 :
		    left_ms > WAIT_MS ? WAIT_MS :
					left_ms;
		words[1].n = (size_t)snprintf(number, sizeof(number), "%d",
		    engine->config->replicas);
		words[2].n =
		    (size_t)snprintf(limit, sizeof(limit), "%d", (int)left_ms);
		result = resp_command(to, words, 3);
	}
	exchange->bytes = buf_str(to);
	return result == RESULT_TOO_LARGE ? RESULT_STORE : result;
}

/* Hand over what has come. */
static void
take_reply(struct engine *engine, struct link_exchange *exchange,
    struct engine_reply *reply)
{
	static const struct replyerror late = { REPLYERROR_REPLICAS,
		"too few replicas have confirmed in time" };

	reply->value = exchange->reply;
	exchange->reply = (struct resp){ 0 };
	reply->confirmed = !exchange->wait ||
	    (exchange->wait_reply.type == RESP_INTEGER &&
		exchange->wait_reply.integer >= engine->config->replicas);
	if (reply->confirmed)
		pool_tell_good(engine->pool);
	else if (exchange->wait_reply.type == RESP_ERROR)
		pool_tell(engine->pool,
		    replyerror_of(exchange->wait_reply.text), 0);
	else
		pool_tell(engine->pool, late, 0);
}

static void
free_replies(struct link_exchange *exchange)
{
	resp_free(&exchange->reply);
	resp_free(&exchange->wait_reply);
}

enum result
engine_call(struct engine *engine, const struct engine_command *command,
    struct engine_reply *reply)
{
	const int64_t deadline_ms =
	    clock_until_ms(command->deadline_ms, CALL_MS);
	struct buf bytes = BUF(engine->config->reply_max + SCRIPT_MAX);
	struct link_exchange exchange = { 0 };
	bool again = false, doubt = false;
	enum result result;

	*reply = (struct engine_reply){ 0 };
	result = encode(engine, command, deadline_ms, &bytes, &exchange);
	if (result == OK)
		result = attempt(engine, &exchange, deadline_ms, &again);
	if (again) {
		doubt = exchange.sent && result == RESULT_UPSTREAM_FAILED;
		free_replies(&exchange);
		exchange.sent = false;
		result = attempt(engine, &exchange, deadline_ms, &again);
	}
	if (result == OK)
		take_reply(engine, &exchange, reply);
	else if (doubt || (exchange.sent && result != RESULT_STORE))
		result = RESULT_UNCERTAIN;
	else if (result != RESULT_NO_MEMORY)
		result = RESULT_STORE;
	free_replies(&exchange);
	buf_free(&bytes);
	return result;
}

void
engine_reply_free(struct engine_reply *reply)
{
	resp_free(&reply->value);
	*reply = (struct engine_reply){ 0 };
}

/* ---- facts ---- */

static enum result
ask(struct engine *engine, struct str word, int64_t deadline_ms,
    struct engine_reply *reply)
{
	const struct engine_command command = { .words = &word,
		.n = 1,
		.deadline_ms = deadline_ms };
	enum result result = engine_call(engine, &command, reply);

	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

enum result
engine_facts(struct engine *engine, int64_t deadline_ms,
    struct engine_facts *facts)
{
	struct engine_reply info = { 0 }, time = { 0 };
	struct engine_facts read;
	int64_t began_ms = 0;
	uint64_t seconds = 0;
	enum result result;

	result = ask(engine, STR("INFO"), deadline_ms, &info);
	if (result == OK) {
		info_read(info.value.text, &read);
		began_ms = clock_mono_ms();
		result = ask(engine, STR("TIME"), deadline_ms, &time);
	}
	if (result == OK) {
		read.round_trip_ms = clock_mono_ms() - began_ms;
		if (!str_number(resp_item(&time.value, 0).text, INT64_MAX / 2,
			&seconds))
			result = RESULT_STORE;
		read.ahead_s = (int64_t)seconds - clock_now_s();
		*facts = read;
	}
	engine_reply_free(&info);
	engine_reply_free(&time);
	return result;
}
