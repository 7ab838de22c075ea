/* SPDX-License-Identifier: ISC */
/* A lock of the kernel's on one byte of a file: a part of files. */
#ifndef FILELOCK_H
#define FILELOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"

#define FILELOCK_NAME "lock"

/* What no id has, whose numbers are below 2^61: see lock.c. */
#define FILELOCK_TRIAL ((uint64_t)INT64_MAX - 1)
#define FILELOCK_COUNTS ((uint64_t)INT64_MAX - 2)
#define FILELOCK_METERS ((uint64_t)INT64_MAX - 3)
#define FILELOCK_DATES ((uint64_t)INT64_MAX - 4)

/* Make the file, so that taking a lock needs no room. OK or RESULT_STORE. */
enum result filelock_make(int dir) __attribute__((warn_unused_result));

/* Whether a lock of a file that is there is refused to a second description
 * while one has it. False with errno 0: it was not; with another errno, there
 * are none. */
bool filelock_excludes(int dir, const char *name);

/*
 * Lock byte number of the file in the directory dir, waiting until
 * deadline_ms on clock_mono_ms(), if that is not 0. Closing *fd releases it,
 * and so does the death of the process.
 * OK, RESULT_BUSY, RESULT_STORE; *fd is -1 then.
 */
enum result filelock_take(int dir, uint64_t number, int64_t deadline_ms,
    int *fd) __attribute__((warn_unused_result));

/*
 * The same for something that all processes have in common, which is not held
 * for long: waiting for_ms, and that it was in vain is logged.
 * OK, RESULT_STORE; *fd is -1 then.
 */
enum result filelock_take_common(int dir, uint64_t number, int64_t for_ms,
    int *fd) __attribute__((warn_unused_result));

#endif
