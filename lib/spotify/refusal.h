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

/*
 * The same for any status of an answer to a call that a page has asked for:
 * what it means for that call. For 403 also RESULT_PREMIUM_REQUIRED, of the
 * account, and RESULT_NOT_FOR_THIS_APP, which is what Spotify means by a bare
 * "Forbidden" or a 405: it has taken the call away from applications of this
 * kind. RESULT_REFUSED_REQUEST (400), RESULT_NO_ACTIVE_DEVICE or
 * RESULT_REFUSED_ABSENT (404), RESULT_REFUSED_CONFLICT (409), and
 * RESULT_UPSTREAM_FAILED for the others. RESULT_NO_MEMORY.
 */
enum result refusal_of(int status, struct str body)
    __attribute__((warn_unused_result));

/* Whether a result is one of these refusals, which last. */
bool refusal_is(enum result result);

/* The form of a body, for the log: "empty", "html", "json" or "text", by its
 * first letter; static. */
const char *refusal_form(struct str body);

#endif
