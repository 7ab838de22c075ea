/* SPDX-License-Identifier: ISC */
/* Asking a sentinel where the master is. */
#ifndef SENTINEL_H
#define SENTINEL_H

#include "engine/link.h"

/*
 * Append "host:port" of the master that the sentinel at the other end knows by
 * a name; an IPv6 address gets brackets. The login is used only if it is asked
 * for; its database is not.
 * OK; RESULT_STORE (refused, or it knows no such master: link->error); or as
 * of wire.h, and RESULT_BAD_TEXT also for what is no address.
 */
enum result sentinel_ask(struct link *link, struct str master,
    const struct link_login *login, int64_t deadline_ms, struct buf *address)
    __attribute__((warn_unused_result));

#endif
