/* SPDX-License-Identifier: ISC */
/* The parameters of a request as NAME=value strings, by libfcgi. */
#ifndef PARAMS_H
#define PARAMS_H

#include <stdbool.h>

#include "base/buf.h"

/* What one thread needs for that. */
struct params;

/* Once, before the others. libfcgi takes SIGPIPE and SIGUSR1 over. False: it
 * cannot. */
bool params_start(void);

/* NULL: no memory or descriptors (errno). */
struct params *params_open(void);

/* Also takes NULL. */
void params_close(struct params *params);

/*
 * The strings of pairs as they travel, whose lengths are right, and which are
 * RECORD_MAX bytes at most; borrowed until params_clear() or params_close(). A
 * list, with NULL at its end. NULL: the system refused (logged).
 */
char *const *params_read(struct params *params, const struct buf *pairs)
    __attribute__((warn_unused_result));

/* Wipe and release what was read. */
void params_clear(struct params *params);

#endif
