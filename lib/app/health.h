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
 * Whether the site can be served on this machine: the process serves, or this
 * would not be called; if it has a store, that has taken a file in the last
 * second; and of all programs that have one none in the last ten minutes began
 * with a mistake in its configuration, had no CA certificates, or was told by
 * Spotify that the client's secret is wrong, unless that is over. Nobody is
 * asked for it. OK, or the result with which requests fail.
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
