/* SPDX-License-Identifier: ISC */
/* The last list of artists, and one on its way, kept beside the session's
 * file. */
#ifndef COPY_H
#define COPY_H

#include "session/change.h"

#define COPY_TAG_BYTES 23 /* with the NUL */
#define COPY_LIST_MAX \
	((16u << 20) - SESSION_PAD_TO) /* a longer one is not kept */
/* The room that copy_read() may need: one of the greatest length, sealed. */
#define COPY_ROOM (COPY_LIST_MAX + SESSION_PAD_TO + SEAL_OVERHEAD)

/* What there is to know of a list without reading it. */
struct copy_facts {
	int64_t total;		  /* artists in it */
	int64_t fetched_s;	  /* when that began, in seconds since 1970 */
	char tag[COPY_TAG_BYTES]; /* a hash of the list, base64url */
	/* How far it was read: */
	unsigned pages;
	unsigned limit;			  /* artists a page; 0: the most */
	char after[SPOTIFY_ID_BYTES + 1]; /* the cursor of the next page */
	/* What change_read() gave before it was begun, or gone on with; not
	 * kept: of what was read it is none. */
	struct change change;
};

/* A list that is kept, of which the facts are known. It holds nothing. */
struct copy {
	struct copy_facts facts;
	enum store_place place;
	unsigned char seal[SEAL_TAG_BYTES]; /* of the list that belongs here */
};

/*
 * Read the facts of what a session has in a place: of STORE_COPY, a whole list;
 * of STORE_PARTIAL, the first part of one, with how far it was read and without
 * a tag.
 * OK, RESULT_ABSENT: there is none, or one that was tampered with;
 * RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result copy_open(const struct context *context,
    const struct session *session, enum store_place place, struct copy *copy)
    __attribute__((warn_unused_result));

/* Read the list that belongs to the facts into a buffer that is empty and has
 * a limit of COPY_ROOM. The results of copy_open(), also RESULT_ABSENT when
 * there is another one by now; unless OK the buffer is empty. */
enum result copy_read(const struct context *context,
    const struct session *session, const struct copy *copy, struct buf *list)
    __attribute__((warn_unused_result));

/* Keep a list in a place, unless the session has changed something since it was
 * fetched. It can be fetched again, so a failure is logged and otherwise does
 * not matter. */
void copy_save(const struct context *context, const struct session *session,
    enum store_place place, const struct copy_facts *facts, struct str list);

/* Keep nothing there any more; a failure is as for copy_save(). */
void copy_drop(const struct context *context, const struct session *session,
    enum store_place place);

#endif
