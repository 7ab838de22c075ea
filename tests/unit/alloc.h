/* SPDX-License-Identifier: ISC */
/* Counting allocations, and refusing one of them. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Count from 0 again; the allocation of this number will fail, 0 for none. */
void alloc_begin(unsigned long refuse);

/* How many allocations there were since then. */
unsigned long alloc_asked(void);

/* How many of them have not been released. */
size_t alloc_live(void);

/* Whether the one was refused. */
bool alloc_refused(void);

#endif
