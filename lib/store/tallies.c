/* SPDX-License-Identifier: ISC */
/* Hides the form of a count in an engine: a hash, with a field per hour. */
#include "config.h"

#include "base/clock.h"
#include "store/tallies.h"

#define LOOK (-1)		/* instead of a limit */
#define MOST (INT64_C(1) << 40) /* calls, and seconds: more is damage */

/* What the script answers with, in its order. */
enum { DONE, COUNTED, ROOM_S, COUNTING_S, REMARK, REMARKED_S, NUMBERS };

/* Run the script of a count. It waits for no replica: what a crash may lose of
 * it, another master may, too. */
static enum result
ask(const struct valkey *valkey, const char *name, int64_t limit,
    int64_t numbers[static NUMBERS])
{
	struct words words = { .n = 0 };
	struct engine_reply reply;
	enum result result;
	size_t i;

	script_words(&words, SCRIPT_COUNT, 1);
	words_name(&words, valkey->prefix, "n", name);
	words_number(&words, limit);
	result = valkey_ask(valkey, &words, false, &reply);
	if (result != OK)
		return result;
	if (reply.value.n != NUMBERS)
		result = RESULT_STORE;
	for (i = 0; i < NUMBERS; i++)
		numbers[i] = resp_item(&reply.value, i).integer;
	engine_reply_free(&reply);
	return result;
}

/* Whoever else can write to the engine can put any number there. */
static int64_t
bounded(int64_t number)
{
	return number < 0 ? 0 : number > MOST ? MOST : number;
}

static void
fill(struct store_tally *tally, const int64_t numbers[static NUMBERS])
{
	*tally = (struct store_tally){ .counted = bounded(numbers[COUNTED]),
		.room_s = bounded(numbers[ROOM_S]),
		.counting_s = bounded(numbers[COUNTING_S]),
		.remark = bounded(numbers[REMARK]),
		.remarked_s = bounded(numbers[REMARKED_S]) };
}

enum result
tallies_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally)
{
	int64_t numbers[NUMBERS] = { 0 };
	enum result result = ask(valkey_of(store), name, limit, numbers);

	fill(tally, numbers);
	if (result == OK && numbers[DONE] == 0)
		result = RESULT_QUOTA_EXCEEDED;
	return result;
}

void
tallies_look(struct store *store, const char *name, struct store_tally *tally)
{
	int64_t numbers[NUMBERS] = { 0 };

	*tally = (struct store_tally){ 0 };
	if (ask(valkey_of(store), name, LOOK, numbers) == OK)
		fill(tally, numbers);
}

void
tallies_remark(struct store *store, const char *name, int64_t number)
{
	const struct valkey *valkey = valkey_of(store);
	struct words words = { .n = 0 };

	words_add(&words, STR("HSET"));
	words_name(&words, valkey->prefix, "n", name);
	words_add(&words, STR("r"));
	words_number(&words, number);
	words_add(&words, STR("at"));
	words_number(&words, clock_now_s());
	/* A failure has been logged. */
	(void)!valkey_tell(valkey, &words);
}
