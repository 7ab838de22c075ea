/* SPDX-License-Identifier: ISC */
/* A lock of the kernel's on one byte of a file: a part of files. */
#ifndef FILELOCK_H
#define FILELOCK_H

#include <stdint.h>

#include "base/result.h"

/* Make the file, so that taking a lock needs no room. OK or RESULT_STORE. */
enum result filelock_make(int dir) __attribute__((warn_unused_result));

/*
 * Lock byte number of the file in the directory dir, waiting until
 * deadline_ms on clock_mono_ms(), if that is not 0. Closing *fd releases it,
 * and so does the death of the process.
 * OK, RESULT_BUSY, RESULT_STORE; *fd is -1 then.
 */
enum result filelock_take(int dir, uint64_t number, int64_t deadline_ms,
    int *fd) __attribute__((warn_unused_result));

#endif
