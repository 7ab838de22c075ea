/* SPDX-License-Identifier: ISC */
/* What the web server is told when it asks who a visitor is, in header lines of
 * the answer. */
#ifndef VOUCH_H
#define VOUCH_H

#include "session/session.h"

/*
 * Whether it is known whose a session is.
 * OK, or RESULT_REFRESH_FAILED: Spotify has not told yet; context->wait says
 * when it may be asked.
 */
enum result vouch_known(struct context *context, const struct account *account)
    __attribute__((warn_unused_result));

/*
 * X-Spotify-Account-Id, a word that an application may store.
 * The results of vouch_known(), and RESULT_NO_MEMORY.
 */
enum result vouch_account(struct context *context,
    const struct account *account, struct reply *reply)
    __attribute__((warn_unused_result));

/*
 * What auth_pass names, and the scope where it is known. Of a token the caller
 * has just seen to the time it lives. Name and e-mail address are
 * percent-encoded, and left out where Spotify told none.
 * The results of vouch_account(); RESULT_REFRESH_FAILED also for a token that
 * lives for less than TOKEN_PASS_S.
 */
enum result vouch(struct context *context, const struct session *session,
    struct reply *reply) __attribute__((warn_unused_result));

/* OK, or RESULT_SCOPE_MISSING: one of the scopes, separated by blanks, was not
 * granted; the log says which. */
enum result vouch_scope(const struct session *session, struct str scopes)
    __attribute__((warn_unused_result));

#endif
