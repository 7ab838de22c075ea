/* SPDX-License-Identifier: ISC */
/* A session's record, as it is before it is sealed: for session.c only. */
#ifndef RECORD_H
#define RECORD_H

#include "session/session.h"

/* Append the record of a session. OK, RESULT_TOO_LARGE or RESULT_NO_MEMORY. */
enum result record_write(const struct session *session, struct buf *plain)
    __attribute__((warn_unused_result));

/*
 * Read a record, of which *plain is left empty, into a session. Members that
 * are unknown are passed over: a later version wrote them.
 * OK, RESULT_ABSENT when it is none, or RESULT_NO_MEMORY; the session has no
 * access then, and the caller calls session_free() whatever comes of it.
 */
enum result record_read(struct buf *plain, struct session *session)
    __attribute__((warn_unused_result));

#endif
