/* SPDX-License-Identifier: ISC */
/* Whether a program that runs can serve. */
#ifndef HEALTH_H
#define HEALTH_H

#include "app/app.h"
#include "process/options.h"
#include "process/probe.h"
#include "store/store.h"

/* Asked of a process by itself, for the service manager. */
extern const struct probe health_of_threads;

/*
 * Whether the process can do what its requests need: it serves, or this would
 * not be called; if it has a store, that has taken a file in the last second;
 * and Spotify has not refused the client's secret to any program in the last
 * ten minutes. Spotify is not asked. OK, or the result with which requests
 * fail.
 */
enum result health_check(struct store *store)
    __attribute__((warn_unused_result));

/* Answer with that: 200 or 503, and not a word more, for the answer may be for
 * strangers. */
void health_answer(enum result result, struct reply *reply);

/*
 * Ask the process that listens on the socket of the command line, or on the
 * one where the shipped units have it, and print what it says (-p). Returns
 * the exit status: 0, or 1 if it does not serve.
 */
int health_ask(const struct options *options, const char *program);

#endif
