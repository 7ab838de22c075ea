/* SPDX-License-Identifier: ISC */
/*
 * Calls of lib/engine, for tests of it against real engines.
 *
 *	engine KEY=VALUE ...
 *
 * opens an engine; the keys are the members of struct engine_config, and
 * "password". Then each line of standard input is done, and its result printed
 * as a line of JSON:
 *
 *	[replicated] call WORD ...	one command
 *	many THREADS CALLS		so many pings in so many threads at once
 *	limit MS			how long a call may take from now on
 *	facts
 *	trouble
 */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"

#define REPLY_MAX (1 << 20)
#define WORDS_MAX 16
#define LINE_MAX_BYTES (2 << 20)
#define THREADS_MAX 64

static struct engine *engine;
static int64_t limit_ms = 1000;

static const char *
name_of(enum result result)
{
	switch (result) {
	case OK: return "ok";
	case RESULT_STORE: return "store";
	case RESULT_UNCERTAIN: return "uncertain";
	case RESULT_NO_MEMORY: return "no_memory";
	case RESULT_MISCONFIGURED: return "misconfigured";
	default: return "another";
	}
}

/* Texts of the tests have nothing that JSON escapes. */
static void
print_value(const struct resp *value)
{
	struct resp item;
	size_t i;

	switch (value->type) {
	case RESP_INTEGER: printf("%lld", (long long)value->integer); break;
	case RESP_STRING:
		printf("\"%.*s\"", (int)value->text.n, value->text.p);
		break;
	case RESP_ARRAY:
		for (i = 0; i < value->n; i++) {
			item = resp_item(value, i);
			printf("%s", i == 0 ? "[" : ", ");
			print_value(&item);
		}
		printf("]");
		break;
	default: printf("null"); break;
	}
}

static void
call(struct str rest, bool replicated)
{
	struct str words[WORDS_MAX];
	struct engine_command command = { .words = words,
		.replicated = replicated };
	struct engine_reply reply;
	int64_t began_ms = clock_mono_ms();
	enum result result;

	while (rest.p != NULL && command.n < WORDS_MAX)
		words[command.n++] = str_cut(&rest, ' ');
	command.deadline_ms = began_ms + limit_ms;
	result = engine_call(engine, &command, &reply);
	printf("{\"result\": \"%s\", \"confirmed\": %s, \"ms\": %lld, "
	       "\"value\": ",
	    name_of(result), reply.confirmed ? "true" : "false",
	    (long long)(clock_mono_ms() - began_ms));
	print_value(&reply.value);
	printf("}\n");
	engine_reply_free(&reply);
}

/* Calls of a thread; how many of them were good. */
static void *
ping(void *data)
{
	const struct str word = STR("PING");
	struct engine_command command = { .words = &word, .n = 1 };
	struct engine_reply reply;
	size_t *left = data, good = 0;

	for (; *left > 0; --*left) {
		command.deadline_ms = clock_mono_ms() + limit_ms;
		good += engine_call(engine, &command, &reply) == OK &&
		    str_equal(reply.value.text, STR("PONG"));
		engine_reply_free(&reply);
	}
	*left = good;
	return NULL;
}

static void
many(struct str rest)
{
	pthread_t threads[THREADS_MAX];
	size_t calls[THREADS_MAX], i, good = 0;
	int64_t began_ms = clock_mono_ms();
	uint64_t n = 0, each = 0;

	if (!str_number(str_cut(&rest, ' '), THREADS_MAX, &n) ||
	    !str_number(rest, 1000000, &each))
		abort();
	for (i = 0; i < n; i++) {
		calls[i] = each;
		if (pthread_create(&threads[i], NULL, ping, &calls[i]) != 0)
			abort();
	}
	for (i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		good += calls[i];
	}
	printf("{\"good\": %zu, \"ms\": %lld}\n", good,
	    (long long)(clock_mono_ms() - began_ms));
}

static void
print_facts(void)
{
	struct engine_facts facts = { 0 };
	enum result result =
	    engine_facts(engine, clock_mono_ms() + limit_ms, &facts);

	printf("{\"result\": \"%s\", \"version\": \"%s\", \"valkey\": %d, "
	       "\"cluster\": %d, \"policy\": \"%s\", \"append_only\": %d, "
	       "\"used_memory\": %lld, \"max_memory\": %lld, "
	       "\"replicas\": %lld, \"ahead_s\": %lld}\n",
	    name_of(result), facts.version, facts.valkey, facts.cluster,
	    facts.policy, facts.append_only, (long long)facts.used_memory,
	    (long long)facts.max_memory, (long long)facts.replicas,
	    (long long)facts.ahead_s);
}

static void
do_line(struct str line)
{
	struct str rest = line, word = str_cut(&rest, ' ');
	bool replicated = str_equal(word, STR("replicated"));
	uint64_t number;

	if (replicated)
		word = str_cut(&rest, ' ');
	if (str_equal(word, STR("call"))) {
		call(rest, replicated);
	} else if (str_equal(word, STR("many"))) {
		many(rest);
	} else if (str_equal(word, STR("facts"))) {
		print_facts();
	} else if (str_equal(word, STR("trouble"))) {
		printf("\"%s\"\n", engine_trouble(engine));
	} else if (str_equal(word, STR("limit")) &&
	    str_number(rest, 100000, &number)) {
		limit_ms = (int64_t)number;
		printf("null\n");
	} else {
		printf("\"what?\"\n");
	}
	fflush(stdout);
}

/* Put a KEY=VALUE where it belongs. */
static void
set_key(struct engine_config *config, struct secret *password, char *argument)
{
	struct str value = str_of(argument), key = str_cut(&value, '=');
	uint64_t number = 0;

	str_number(value, INT32_MAX, &number);
	if (str_equal(key, STR("socket")))
		config->socket = value;
	else if (str_equal(key, STR("hosts")))
		config->hosts = value;
	else if (str_equal(key, STR("master")))
		config->master = value;
	else if (str_equal(key, STR("database")))
		config->database = (int)number;
	else if (str_equal(key, STR("tls")))
		config->tls = true;
	else if (str_equal(key, STR("ca_file")))
		config->ca_file = value.p;
	else if (str_equal(key, STR("cert_file")))
		config->cert_file = value.p;
	else if (str_equal(key, STR("key_file")))
		config->key_file = value.p;
	else if (str_equal(key, STR("user")))
		config->user = value;
	else if (str_equal(key, STR("replicas")))
		config->replicas = (int)number;
	else if (!str_equal(key, STR("password")) ||
	    secret_set(password, value.p, value.n) != OK)
		abort();
	/* Only the copy is looked for in memory. */
	if (str_equal(key, STR("password")))
		secret_wipe(argument, key.n + 1 + value.n);
}

int
main(int argc, char **argv)
{
	static char line[LINE_MAX_BYTES];
	struct secret password = { 0 };
	struct engine_config config = { .password = &password,
		.reply_max = REPLY_MAX };
	enum result result;
	int i;

	signal(SIGPIPE, SIG_IGN);
	log_init("engine", LOG_LEVEL_DEBUG);
	for (i = 1; i < argc; i++)
		set_key(&config, &password, argv[i]);
	result = engine_open(&config, &engine);
	printf("\"%s\"\n", name_of(result));
	fflush(stdout);
	while (result == OK && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		do_line(str_of(line));
	}
	engine_close(engine);
	secret_free(&password);
	return 0;
}
