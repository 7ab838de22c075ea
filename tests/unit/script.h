/* SPDX-License-Identifier: ISC */
/* A thread that is taken for an engine, for tests of lib/engine. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <pthread.h>

#include "engine/engine.h"

/* What a master answers to HELLO. */
#define SCRIPT_GREETING \
	"*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$4\r\nmode\r\n$5\r\nalone\r\n"
#define SCRIPT_HANG_UP ""

/*
 * It listens at a unix socket, and gives to whatever comes on a connection the
 * next answer of a list; at SCRIPT_HANG_UP, and at the end of the list, it
 * closes the connection.
 */
struct script {
	const char *const *answers; /* ends with NULL */
	int listener;
	pthread_t thread;
	int connections;
	int ends[2];	   /* a pipe: closed when it is over */
	char heard[16384]; /* all that came */
	struct secret password;
	struct engine_config config; /* leads there; to be changed */
	struct engine *engine;	     /* NULL: not yet opened */
};

/* Go to an empty directory and begin to listen there; script_stop() ends it,
 * and the engine. */
void script_start(struct script *script, const char *const *answers);
void script_stop(struct script *script);

/* A call of the engine, a replicated one. */
enum result script_call(struct script *script, struct engine_reply *reply)
    __attribute__((warn_unused_result));

/* Open the engine, and make so many calls; the result of the last. */
enum result script_calls(struct script *script, unsigned n)
    __attribute__((warn_unused_result));

#endif
