/* SPDX-License-Identifier: ISC */
/* Counts that all processes of the machine share: a part of files. */
#ifndef COUNTS_H
#define COUNTS_H

#include <pthread.h>
#include <sys/types.h>

#include "store/store.h"

#define COUNTS_NAME "counts"

struct counts_file;

/* The file of a directory, mapped when it is first needed. */
struct counts {
	pthread_mutex_t mutex; /* held for some hundred instructions */
	int dir;	       /* borrowed */
	int fd;		       /* -1: not open */
	struct counts_file *map;
};

/* Begin to use the file in a directory, which is borrowed; there need not be
 * one yet. counts_close() must follow. */
void counts_init(struct counts *counts, int dir);
void counts_close(struct counts *counts);

/* store_count(), store_tally() and store_remark(). The file is made by the
 * first count, and again after somebody has removed or spoilt it; what comes
 * just then may be RESULT_STORE. */
enum result counts_count(struct counts *counts, const char *name, int64_t limit,
    struct store_tally *tally) __attribute__((warn_unused_result));
void counts_tally(struct counts *counts, const char *name,
    struct store_tally *tally);
void counts_remark(struct counts *counts, const char *name, int64_t number);

#endif
