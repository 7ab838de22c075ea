/* SPDX-License-Identifier: ISC */
/* Facts, each a small file: a part of files. */
#ifndef FACT_H
#define FACT_H

#include <stdint.h>

/* store_fact() and store_set_fact() in the directory dir; of 0 no file is
 * left. */
int64_t fact_read(int dir, const char *name);
void fact_write(int dir, const char *name, int64_t number);

#endif
