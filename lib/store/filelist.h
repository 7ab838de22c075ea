/* SPDX-License-Identifier: ISC */
/* Which records a directory has: a part of files, for who moves them. */
#ifndef FILELIST_H
#define FILELIST_H

#include <stdbool.h>

#include "base/result.h"

/*
 * Call a function for the id of each record, until it returns false. Those that
 * are made or removed meanwhile may be among them or not.
 * OK, or RESULT_STORE: not all could be read, and the cause was logged.
 */
enum result filelist_each(const char *path,
    bool (*visit)(void *data, const unsigned char *id), void *data)
    __attribute__((warn_unused_result));

#endif
