/* SPDX-License-Identifier: ISC */
/* How the cookies of a site are named. */
#ifndef COOKIENAMES_H
#define COOKIENAMES_H

#include <stdbool.h>

#include "base/result.h"
#include "base/str.h"

#define COOKIENAMES_MAX 40 /* with the NUL at the end */

/*
 * Write the name of the session's cookie, and how those of logins begin, of the
 * site whose programs lie below a directory, "/" or "/music/". secure: with
 * __Host-, which browsers take only by https. OK, RESULT_NO_MEMORY.
 */
enum result cookienames_write(struct str directory, bool secure,
    char session[static COOKIENAMES_MAX], char login[static COOKIENAMES_MAX])
    __attribute__((warn_unused_result));

#endif
