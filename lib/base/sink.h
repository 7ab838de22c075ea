/* SPDX-License-Identifier: ISC */
/* Standard error, for one who must not wait for its reader: a part of log. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>

/* What a line may have at most: a pipe takes it whole or not at all. */
#define SINK_LINE_MAX 1024

/* Look at what standard error is; before threads start, and again if it has
 * become another. Until then it is taken for a file. */
void sink_open(void);

/*
 * Write a line to it, without waiting until somebody makes room. False: it has
 * not been written, or only a part of it, whose line the next one then ends.
 */
bool sink_put(const char *line, size_t n);

#endif
