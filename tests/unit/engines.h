/* SPDX-License-Identifier: ISC */
/*
 * A real Valkey or Redis server for unit tests: one for all of them, without a
 * port, which is started when it is first asked for and ends with the run.
 */
#ifndef ENGINES_H
#define ENGINES_H

#include <stdbool.h>

#include "engine/engine.h"
#include "store/store.h"

/* Whether there is one; says by name what is missing if there is not. */
bool engines_are_here(void);

/* Make ready to call it. OK, or RESULT_NO_MEMORY. */
enum result engines_open(struct engine **engine)
    __attribute__((warn_unused_result));

/* Open a store in it, under a prefix, with a directory for its locks. OK, or
 * RESULT_NO_MEMORY. */
enum result engines_store(const char *prefix, const char *dir,
    struct store **store) __attribute__((warn_unused_result));

/* Go to a new directory and open an empty store. OK, or RESULT_NO_MEMORY. */
enum result engines_scratch(struct store **store)
    __attribute__((warn_unused_result));

/* Send a command of words that are separated by blanks, and say the number
 * that it answers. */
int64_t engines_say(const char *words);

/* The same for one whose answer is OK. */
void engines_tell(const char *words);

#endif
