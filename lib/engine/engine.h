/* SPDX-License-Identifier: ISC */
/*
 * A Valkey or Redis server, called engine here, and the connections of this
 * process to it.
 *
 * All functions but engine_open() and engine_close() may be called by several
 * threads at once. What goes wrong is logged here, in words, the same trouble
 * once in ten seconds; no key, value or password is.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "engine/dial.h"
#include "engine/info.h"
#include "engine/resp.h"

struct engine; /* opaque */

/*
 * Make ready to call; nothing is connected. The files of TLS are read here.
 * OK: the caller calls engine_close(). RESULT_MISCONFIGURED (a file of TLS is
 * not what it should be, or the hosts are not), RESULT_NO_MEMORY: *engine is
 * NULL.
 */
enum result engine_open(const struct engine_config *config,
    struct engine **engine) __attribute__((warn_unused_result));

/* Close all connections; no thread is in a call. NULL is left alone. */
void engine_close(struct engine *engine);

/* A command: n words of any bytes, and how long one waits for it. */
struct engine_command {
	const struct str *words;
	size_t n;
	int64_t deadline_ms; /* on clock_mono_ms(); at most 1 s counts */
	/* Ask, in the same round trip, how many replicas have it, and wait at
	 * most 500 ms for them; nothing is asked if replicas is 0. */
	bool replicated;
};

struct engine_reply {
	struct resp value; /* never an error */
	/* As many replicas as configured have confirmed; also true where they
	 * were not asked. */
	bool confirmed;
};

/*
 * Send a command and read its reply. A command has to be one that may be done
 * twice: if the connection dies before the reply, it is sent once more.
 * OK: the caller calls engine_reply_free().
 * RESULT_STORE: nothing was done. The engine cannot be reached, and then this
 * comes at once until it is time to try again; or it has refused.
 * RESULT_UNCERTAIN: the command was sent and no reply came, by the deadline or
 * at all; it may have been done, or yet be done.
 * RESULT_NO_MEMORY: nothing was done. Where memory ends with the reply, the
 * result is RESULT_UNCERTAIN.
 * Except after OK, *reply is empty.
 */
enum result engine_call(struct engine *engine,
    const struct engine_command *command, struct engine_reply *reply)
    __attribute__((warn_unused_result));

/* Release; empty afterwards. */
void engine_reply_free(struct engine_reply *reply);

/* What went wrong last, for people: a static sentence, "" if nothing has since
 * the last call that was good. */
const char *engine_trouble(const struct engine *engine);

/*
 * Ask for the facts, by INFO and TIME, until a deadline on clock_mono_ms().
 * Results as of engine_call(), and never RESULT_UNCERTAIN; *facts is filled in
 * only after OK.
 */
enum result engine_facts(struct engine *engine, int64_t deadline_ms,
    struct engine_facts *facts) __attribute__((warn_unused_result));

#endif
