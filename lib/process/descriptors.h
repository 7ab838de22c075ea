/* SPDX-License-Identifier: ISC */
/* How many files a process may have open, and for what. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>

/*
 * Let so many threads have what they need: raise the soft limit, as far as the
 * hard one allows. False: it does not allow it, and stderr says so, with what
 * to do. To be called once, at the start, or by a check.
 */
bool descriptors_raise(int threads) __attribute__((warn_unused_result));

/* One more than the highest descriptor there can be. */
int descriptors_max(void);

/* How many connections of the web server leave enough for so many threads. */
int descriptors_for_connections(int threads);

#endif
