/* SPDX-License-Identifier: ISC */
/* Units in processes of their own. */
#ifndef APART_H
#define APART_H

#include <stddef.h>

#include "run.h"

/* Run these units, several at a time, each in a process of its own; what one
 * has written comes to stdout as one piece when it ends. How many failed. */
size_t apart_run(const struct unit *const *units, size_t n,
    int (*run)(const struct unit *unit));

#endif
