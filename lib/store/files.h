/* SPDX-License-Identifier: ISC */
/* The store in the files of one directory. */
#ifndef FILES_H
#define FILES_H

#include "store/store.h"

/*
 * Open a directory of which trial_complaint() has nothing to say. A lock is
 * free as soon as its holder dies; what is durable is so before anybody uses
 * it; one machine.
 * OK (store_close() must follow), or logged why: RESULT_STORE,
 * RESULT_NO_MEMORY; *store is NULL then.
 */
enum result files_open(const char *path, struct store **store)
    __attribute__((warn_unused_result));

#endif
