/* SPDX-License-Identifier: ISC */
/* The last list of artists, kept beside the session's file. */
#ifndef COPY_H
#define COPY_H

#include "session/session.h"

#define COPY_TAG_BYTES 23 /* with the NUL */
#define COPY_LIST_MAX \
	((16u << 20) - SESSION_PAD_TO) /* a longer one is not kept */

/* What there is to know of a list without reading it. */
struct copy_facts {
	int64_t total;		  /* artists in it */
	int64_t fetched_s;	  /* seconds since 1970 */
	char tag[COPY_TAG_BYTES]; /* a hash of the list, base64url */
};

/* A copy of which the facts are known. */
struct copy {
	struct copy_facts facts;
	unsigned char seal[SEAL_TAG_BYTES]; /* of the list that belongs here */
	struct store_reader reader;
};

/*
 * Open the copy of a session and read the facts.
 * OK (copy_close() must follow), RESULT_ABSENT: none, or one that was
 * tampered with; RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result copy_open(const struct context *context,
    const struct session *session, struct copy *copy)
    __attribute__((warn_unused_result));

/* Append the list. The results of copy_open(), or RESULT_TOO_LARGE: the
 * buffer has no room for COPY_LIST_MAX and SESSION_PAD_TO. */
enum result copy_read(const struct context *context,
    const struct session *session, struct copy *copy, struct buf *list)
    __attribute__((warn_unused_result));

/* Idempotent. */
void copy_close(struct copy *copy);

/* Keep a list. It can be fetched again, so a failure is logged and otherwise
 * does not matter. */
void copy_save(const struct context *context, const struct session *session,
    const struct copy_facts *facts, struct str list);

#endif
