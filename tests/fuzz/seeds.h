/* SPDX-License-Identifier: ISC */
/*
 * The files of seeds: one a line; lines that are empty or begin with "#" do
 * not count. Escapes in a seed:
 *
 *	\n \r \t \0 \\	as in C
 *	\xHH		the byte of two hex digits
 *	\{N TEXT}	TEXT, which may have the escapes above, N times
 *	\[TEXT]		the bytes of base64url
 *	\^		the file's first seed
 *	\.		nothing: begins a seed with "#", makes an empty one
 */
#ifndef SEEDS_H
#define SEEDS_H

#include "base/buf.h"

#define SEEDS_MAX (4u << 20) /* bytes of one seed */

/* A file that is read; seeds_close() releases it. */
struct seeds {
	struct buf text, first;
	struct str rest;
	unsigned line; /* where the seed stands that came last */
};

bool seeds_open(struct seeds *seeds, const char *path);

/* Append the next seed. 1, 0 at the end, -1 when it cannot be read. */
int seeds_next(struct seeds *seeds, struct buf *seed);

void seeds_close(struct seeds *seeds);

/* The whole of any file; false when it cannot be read. */
bool seeds_read_file(const char *path, struct buf *text);

/* Append bytes as a line that reads as them. */
void seeds_write(struct str seed, struct buf *line);

#endif
