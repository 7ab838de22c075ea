/* SPDX-License-Identifier: ISC */
/* How sessions end because somebody wants them to. */
#ifndef LOGOUT_H
#define LOGOUT_H

#include "spotify/context.h"

/* End the session that the Cookie header names, if it names one.
 * OK or RESULT_STORE. */
enum result logout_one(struct context *context, struct str cookies)
    __attribute__((warn_unused_result));

/*
 * End all sessions of the account of the one that the Cookie header names,
 * which has to be one: else nobody knows whose they are.
 * OK; those of session_open(), of vouch_known() and of everywhere_set(), after
 * which it has to be asked for again.
 */
enum result logout_everywhere(struct context *context, struct str cookies)
    __attribute__((warn_unused_result));

#endif
