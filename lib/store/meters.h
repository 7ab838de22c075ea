/* SPDX-License-Identifier: ISC */
/*
 * The file in which all processes of the machine count what happens, mapped
 * into each. It is not for what must not be lost: a process that is killed
 * loses nothing, but a crash of the machine may lose the last half minute, and
 * a file that was spoilt or removed begins anew.
 */
#ifndef METERS_H
#define METERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"

#define METERS_NAME "metrics"
#define METERS_MAX 1023 /* names */

/*
 * Map the file of a directory, which is made if there is none, or none of ours.
 * Once it is there it can be called again, by one thread at a time, to map the
 * one that is there now: whoever still counts in the old one does so in memory
 * that stays for that long.
 * OK, RESULT_STORE: nothing is mapped that was not, and it was logged.
 */
enum result meters_open(const char *dir) __attribute__((warn_unused_result));

/* Whether what is mapped still is the file of the directory. */
bool meters_is_open(const char *dir);

/*
 * The place of the count of a name, the same in each process; NULL if there is
 * none left, or nothing is mapped. Memory behind the end of a file that
 * somebody cuts, or for which a disk has no room, becomes the process's own.
 */
_Atomic uint64_t *meters_place(const char *name);

/* What was counted by that name in a file as it was read. */
struct meters_copy;
uint64_t meters_value(const struct meters_copy *copy, const char *name);

/*
 * Read the file of a directory, which the caller frees.
 * OK, RESULT_ABSENT: there is none, or none of ours; RESULT_STORE,
 * RESULT_NO_MEMORY.
 */
enum result meters_read(const char *dir, struct meters_copy **copy)
    __attribute__((warn_unused_result));

#endif
