/* SPDX-License-Identifier: ISC */
/* The marks of logins that are used up: a part of files. */
#ifndef MARKS_H
#define MARKS_H

#include "store/store.h"

/* store_claim() in the directory dir. */
enum result marks_claim(int dir, int64_t began_s, int64_t now_s,
    const unsigned char *id) __attribute__((warn_unused_result));

#endif
