/* SPDX-License-Identifier: ISC */
/* Floor 8: the whole list of followed artists. */
#ifndef ARTISTS_H
#define ARTISTS_H

#include "access.h"

#define ARTISTS_TAG_BYTES 23 /* with the NUL */

/* artists_free() releases it. */
struct artists {
	struct buf list;   /* a JSON array */
	int64_t total;	   /* elements of it */
	int64_t fetched_s; /* seconds since 1970 */
	bool complete;	   /* false: Spotify's paging went in circles */
	bool stale;	   /* an old copy, because Spotify is in trouble */
	char tag[ARTISTS_TAG_BYTES]; /* a hash of the list, base64url */
};

/*
 * The list of a session that was opened: the copy beside it while that is
 * young enough, else fetched page by page, by one request at a time. fresh
 * goes past a copy older than 30 seconds. When the fetch fails the last
 * complete copy is given as stale; a list cut short never is.
 * OK, or when there is no copy the errors of access.h and spotify.h, or
 * RESULT_BUSY. RESULT_NOT_LOGGED_IN and RESULT_LOGIN_EXPIRED come even if
 * there is a copy. The caller calls artists_free() whatever comes.
 */
enum result artists_get(struct context *context, struct session *session,
    bool fresh, struct artists *artists) __attribute__((warn_unused_result));

void artists_free(struct artists *artists);

#endif
