/* SPDX-License-Identifier: ISC */
/* What the Web API means by 403: it says so in words only. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

#include "base/result.h"
#include "base/str.h"

/*
 * What the body of a 403 says, in whatever form and letters.
 * RESULT_NOT_ON_ALLOWLIST, RESULT_OWNER_NOT_PREMIUM, RESULT_SCOPE_MISSING, or
 * RESULT_SPOTIFY_REFUSED for all else: no 403 goes away by itself.
 * RESULT_NO_MEMORY.
 */
enum result refusal_read(struct str body) __attribute__((warn_unused_result));

/* Whether a result is one of these refusals, which last. */
bool refusal_is(enum result result);

/* The form of a body, for the log: "empty", "html", "json" or "text", by its
 * first letter; static. */
const char *refusal_form(struct str body);

#endif
