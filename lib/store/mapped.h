/* SPDX-License-Identifier: ISC */
/*
 * Files as memory that all processes have in common: a part of counts and of
 * meters. Whoever may write such a file may cut it at any moment, and a disk
 * may have no room for a page of it; what is read or written there then would
 * end the process by SIGBUS. Here that memory becomes the process's own
 * instead, all zero, and whoever uses it finds out afterwards.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stddef.h>

#define MAPPED_MAX 8 /* at a time */

/*
 * Map n bytes of an open file, which need not stay open, to be read and
 * written: at a place of its own, or in the place of at, which is NULL or was
 * mapped with the same n. mapped_free() must follow, unless it is to stay.
 * NULL: it cannot be, and errno says why; there may be too many.
 */
void *mapped_new(int fd, size_t n, void *at)
    __attribute__((warn_unused_result));

/* Whether it is no longer the file's, but memory of this process alone. */
bool mapped_is_lost(const void *map);

/* Whether it is still the file of that name in a directory, private and whole:
 * who writes to one that was removed, moved or cut does so alone. */
bool mapped_is_file(const void *map, int dir, const char *name);

/* No thread uses it any more; NULL is left alone. */
void mapped_free(void *map);

#endif
