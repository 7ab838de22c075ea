/* SPDX-License-Identifier: ISC */
/* Hides which commands a store needs, and what engines say to somebody who has
 * no right to one. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/rehearsal.h"
#include "base/clock.h"

#define LIMIT_MS 5000 /* of the login, and of each command */
#define WORDS_MAX 8
#define KEY_MAX 64
#define COMMAND_MAX 4096
#define DIGITS_MAX 16

/* A link, and what the steps put in place of @k, @h and @d. */
struct stage {
	struct link link;
	char string[KEY_MAX], hash[KEY_MAX], database[DIGITS_MAX];
};

/* Words and blanks. What store/scripts.c calls has its step here, for an
 * engine asks for the rights of a script's user, too. */
static const char *const steps[] = { "SELECT @d", "SET @k 0123456789 PX 10000",
	"GET @k", "MGET @k @k", "GETRANGE @k 0 1", "SETRANGE @k 0 x",
	"EXISTS @k", "PEXPIRE @k 10000", "PTTL @k", "HSET @h one 1",
	"EXPIRE @h 10", "HSETNX @h two 1", "HINCRBY @h one 1", "HGETALL @h",
	"HDEL @h two", "TIME", "WAIT 0 1", "EVAL return(1) 0", "DEL @k @h" };

/* ---- a command ---- */

static struct str
put(const struct stage *stage, struct str word)
{
	if (str_equal(word, STR("@k")))
		return str_of(stage->string);
	if (str_equal(word, STR("@h")))
		return str_of(stage->hash);
	return str_equal(word, STR("@d")) ? str_of(stage->database) : word;
}

/* Send it and read the reply, also if that is an error. As link_call(). */
static enum result
call(struct stage *stage, const char *command, struct link_exchange *exchange)
{
	struct str rest = str_of(command), words[WORDS_MAX];
	struct buf bytes = BUF(COMMAND_MAX);
	enum result result;
	size_t n = 0;

	while (rest.p != NULL && n < WORDS_MAX)
		words[n++] = put(stage, str_cut(&rest, ' '));
	*exchange = (struct link_exchange){ 0 };
	result = resp_command(&bytes, words, n);
	exchange->needed = bytes.n;
	exchange->bytes = buf_str(&bytes);
	if (result == OK)
		result = link_call(&stage->link, exchange,
		    clock_mono_ms() + LIMIT_MS);
	exchange->bytes = (struct str){ 0 };
	buf_free(&bytes);
	return result;
}

static bool
has(struct str text, const char *word)
{
	return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

/* ---- the rehearsal ---- */

/* What an error reply means. */
static void
note_refusal(struct rehearsal *rehearsal, const char *step, struct str text,
    struct replyerror error)
{
	if (!has(text, "NOPERM")) {
		if (rehearsal->refusal == NULL) {
			rehearsal->refusal = error.words;
			rehearsal->refusal_class = error.class;
		}
	} else if (has(text, " access ")) {
		rehearsal->no_keys = true;
	} else {
		buf_putc(&rehearsal->missing, '+');
		for (; *step != ' ' && *step != '\0'; step++)
			buf_putc(&rehearsal->missing,
			    (char)tolower((unsigned char)*step));
		buf_putc(&rehearsal->missing, ' ');
	}
}

/* What came of a link or a call, if it is the end. */
static enum result
note_trouble(struct rehearsal *rehearsal, const struct link *link,
    enum result result)
{
	struct replyerror error;

	if (result == OK || result == RESULT_NO_MEMORY)
		return result;
	error = link_error(link, result);
	rehearsal->trouble = error.words;
	rehearsal->trouble_class = error.class;
	rehearsal->trouble_errno =
	    result == RESULT_STORE ? 0 : link->wire.trouble_errno;
	return OK;
}

static enum result
take_steps(struct stage *stage, struct rehearsal *rehearsal)
{
	struct link_exchange exchange;
	enum result result = OK;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && result == OK; i++) {
		result = call(stage, steps[i], &exchange);
		if (result == RESULT_STORE) {
			note_refusal(rehearsal, steps[i], exchange.reply.text,
			    stage->link.error);
			result = OK;
		}
		resp_free(&exchange.reply);
	}
	return result;
}

/* By which others than the programs find sessions. OK: it may or not. */
static enum result
try_scan(struct stage *stage, struct rehearsal *rehearsal)
{
	struct link_exchange exchange;
	enum result result = call(stage, "SCAN 0 MATCH @k COUNT 1", &exchange);

	rehearsal->scans = result == OK;
	resp_free(&exchange.reply);
	return result == RESULT_STORE ? OK : result;
}

/* INFO, and TIME for the distance of the clocks. OK: informed or not. */
static enum result
look(struct stage *stage, struct rehearsal *rehearsal)
{
	struct link_exchange info, time = { 0 };
	enum result result = call(stage, "INFO", &info);
	int64_t began_ms = clock_mono_ms();
	uint64_t seconds;

	if (result == OK)
		result = call(stage, "TIME", &time);
	if (result == OK &&
	    str_number(resp_item(&time.reply, 0).text, INT64_MAX / 2,
		&seconds)) {
		info_read(info.reply.text, &rehearsal->facts);
		rehearsal->facts.ahead_s = (int64_t)seconds - clock_now_s();
		rehearsal->facts.round_trip_ms = clock_mono_ms() - began_ms;
		rehearsal->informed = true;
	}
	resp_free(&info.reply);
	resp_free(&time.reply);
	return result == RESULT_STORE ? OK : result;
}

/* A setting of the engine's, "" if nobody may ask; *told: somebody may. */
static enum result
ask_setting(struct stage *stage, const char *command, char value[static 16],
    bool *told)
{
	struct link_exchange exchange;
	enum result result = call(stage, command, &exchange);
	struct str text = resp_item(&exchange.reply, 1).text;

	*told = result == OK && exchange.reply.n == 2;
	snprintf(value, 16, "%.*s", (int)text.n, text.n > 0 ? text.p : "");
	resp_free(&exchange.reply);
	return result == RESULT_STORE ? OK : result;
}

static enum result
look_closer(struct stage *stage, struct rehearsal *rehearsal)
{
	char save[16], number[16];
	bool told[3] = { false };
	uint64_t replicas = 0;
	enum result result = ask_setting(stage, "CONFIG GET appendfsync",
	    rehearsal->appendfsync, &told[0]);

	if (result == OK)
		result = ask_setting(stage, "CONFIG GET save", save, &told[1]);
	if (result != OK)
		return result;
	result = ask_setting(stage, "CONFIG GET min-replicas-to-write", number,
	    &told[2]);
	rehearsal->configured = told[0] && told[1] && told[2] &&
	    str_number(str_of(number), INT32_MAX, &replicas);
	rehearsal->snapshots = save[0] != '\0';
	rehearsal->min_replicas = (int64_t)replicas;
	return result;
}

static enum result
play(struct stage *stage, const char *prefix, struct rehearsal *rehearsal)
{
	unsigned char chance[16];
	char hex[33] = "";
	enum result result;
	size_t i;

	secret_random(chance, sizeof(chance));
	for (i = 0; i < sizeof(chance); i++)
		snprintf(hex + 2 * i, 3, "%02x", chance[i]);
	snprintf(stage->string, KEY_MAX, "%s{%s}:try", prefix, hex);
	snprintf(stage->hash, KEY_MAX, "%s{%s}:tried", prefix, hex);
	result = take_steps(stage, rehearsal);
	if (result == OK)
		result = try_scan(stage, rehearsal);
	if (result == OK)
		result = look(stage, rehearsal);
	return result == OK ? look_closer(stage, rehearsal) : result;
}

enum result
rehearsal_run(const struct engine_config *config, const char *prefix,
    struct rehearsal *rehearsal)
{
	/* The database is chosen by a step, so that its right is seen to. */
	struct engine_config first = *config;
	struct stage stage;
	struct dial *dial;
	enum result result;

	*rehearsal = (struct rehearsal){ .missing = BUF(1024) };
	first.database = 0;
	snprintf(stage.database, sizeof(stage.database), "%d",
	    config->database);
	if ((result = dial_open(&first, &dial)) != OK)
		return result;
	result = dial_link(dial, &stage.link, clock_mono_ms() + LIMIT_MS);
	if (result == OK)
		result = play(&stage, prefix, rehearsal);
	result = note_trouble(rehearsal, &stage.link, result);
	wire_close(&stage.link.wire);
	dial_close(dial);
	return result == OK ? buf_result(&rehearsal->missing) : result;
}

void
rehearsal_free(struct rehearsal *rehearsal)
{
	buf_free(&rehearsal->missing);
}
