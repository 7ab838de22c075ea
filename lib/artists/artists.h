/* SPDX-License-Identifier: ISC */
/* The whole list of followed artists. */
#ifndef ARTISTS_H
#define ARTISTS_H

#include "session/token.h"
#include "artists/copy.h"

/* artists_free() releases it. */
struct artists {
	struct buf list; /* a JSON array; the caller may move it away */
	struct copy_facts facts;
	bool complete; /* false: see pages_fetch() */
	bool stale;    /* an old copy, because Spotify is in trouble */
	bool known; /* the browser has the very list; there may be none here */
};

/*
 * The list of a session that was opened: the copy beside it while that is
 * young enough, else fetched page by page, by one request at a time. fresh
 * goes past a copy older than 30 seconds. When the fetch fails the last
 * complete copy is given as stale; a list cut short never is, but what was
 * fetched of it is kept for ten minutes, in which the next request goes on
 * from there, also a fresh one. known_tags is an If-None-Match: a whole, fresh
 * list that it names is not given.
 * OK, or when there is no copy the errors of token.h and call.h, or
 * RESULT_BUSY. RESULT_NOT_LOGGED_IN, RESULT_LOGIN_EXPIRED and the refusals of
 * refusal.h come even if there is a copy. The caller calls artists_free()
 * whatever comes.
 */
enum result artists_get(struct context *context, struct session *session,
    bool fresh, struct str known_tags, struct artists *artists)
    __attribute__((warn_unused_result));

void artists_free(struct artists *artists);

#endif
