/* SPDX-License-Identifier: ISC */
/*
 * Telling the site's own code what has happened: a file for each event in
 * events_dir, which that code removes; nothing where that is not set. At least
 * once: a crash may tell an event twice, and a failure, which is logged, stops
 * nothing. What an event says is in spotify-fcgi(8), EVENTS.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "session/session.h"
#include "store/outbox.h"

enum events_kind {
	EVENTS_LOGIN,
	EVENTS_LOGOUT,
	EVENTS_LOGOUT_EVERYWHERE,
	EVENTS_AUTHORIZATION_ENDED,
	EVENTS_KIND__MAX
};

/* The file of an event that was told; empty: there is none. */
struct events_file {
	char name[OUTBOX_NAME_BYTES];
};

/* Tell an event of a session, whose account need not be known. */
struct events_file events_tell(const struct context *context,
    const struct session *session, enum events_kind kind);

/* It did not happen after all; nobody may have read of it yet. */
void events_take_back(const struct context *context,
    const struct events_file *file);

/*
 * Tell first_login of an account, unless that was done: once on all machines
 * that have a store in common. An account that nobody knows is left alone, and
 * one of which the store cannot tell whether it was here, until it can. It may
 * wait a second for somebody else who is just doing so.
 */
void events_meet(const struct context *context, const struct account *account);

/*
 * Forget that an account was here, which is named as for everywhere_set(), by
 * any name that it has: its next login is a first one.
 * OK; else those of store_known() and store_forget(): ask again.
 */
enum result events_forget(const struct context *context, struct str key)
    __attribute__((warn_unused_result));

/* What a login tells: that, and that it was one. */
void events_login(const struct context *context, const struct session *session);

#endif
