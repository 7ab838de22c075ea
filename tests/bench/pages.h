/* SPDX-License-Identifier: ISC */
/* Pages of followed artists, as the Web API sends them. */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include "base/buf.h"
#include "base/str.h"

#define PAGES_ARTISTS_MAX 10000
#define PAGES_LIMIT 50

/*
 * Append the page of a list of total artists that follows the artist after,
 * or the first one when it is empty or unknown. Pages are always of 50, and
 * their artists are the same in every list.
 */
void pages_write(struct buf *out, struct str after, size_t total);

#endif
