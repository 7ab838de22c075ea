/* SPDX-License-Identifier: ISC */
/*
 * Logging an account out everywhere: all sessions that it had are over, in all
 * browsers, and one that begins afterwards is not. No session of it is needed,
 * and none is looked for.
 */
#ifndef EVERYWHERE_H
#define EVERYWHERE_H

#include "spotify/account.h"
#include "spotify/context.h"

/*
 * End all sessions of an account, which is named as account_write_key() does
 * and as applications know it: by its account_id, or "user:" and its id.
 * Durable, and true for all who share the store.
 * OK; RESULT_STORE: it may have been done, or not, and has to be asked for
 * again; RESULT_NO_MEMORY: the same.
 */
enum result everywhere_set(const struct context *context, struct str key)
    __attribute__((warn_unused_result));

/*
 * The same, by all names that a known account has. After a failure its sessions
 * are as they were, or all are over but those that know its account_id and not
 * its id, or were saved meanwhile; the caller's own may be over, too.
 */
enum result everywhere_set_account(const struct context *context,
    const struct account *account) __attribute__((warn_unused_result));

/*
 * What a session has to keep from before it begins: the date of the last logout
 * everywhere of anybody; 0: there was none. It is no time of a clock: each one
 * is later than all that were answered before it. An engine that evicts keys
 * may forget it, and then a login of who has logged out everywhere before ends
 * with the next one of anybody.
 * OK, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result everywhere_latest(const struct context *context, int64_t *latest_s)
    __attribute__((warn_unused_result));

/*
 * Whether a session of an account, which was given this date when it began, is
 * still one; that of an account which is not known yet always is. There is
 * nothing to ask while everywhere_latest() is that date, or what it was before
 * this was last OK for the account.
 * OK, RESULT_NOT_LOGGED_IN, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result everywhere_check(const struct context *context,
    const struct account *account, int64_t began_s)
    __attribute__((warn_unused_result));

#endif
