/* SPDX-License-Identifier: ISC */
/* Spotify's Web API; the only unit that knows its field names. */
#ifndef SPOTIFY_H
#define SPOTIFY_H

#include "spotify/account.h"
#include "spotify/context.h"
#include "base/secret.h"
#include "json/tape.h"

#define SPOTIFY_ID_BYTES 22
#define SPOTIFY_ACCOUNT_TEXT_MAX 512

/* One page of followed artists, as parsed; released by spotify_page_free(). */
struct page {
	struct tape tape;
	const struct tape_value **item;
	size_t items;			  /* elements, null ones included */
	char after[SPOTIFY_ID_BYTES + 1]; /* cursor of the next; "": last */
};

/*
 * The errors of all calls: RESULT_UNAUTHORIZED (401: the access token is no
 * good), RESULT_NOT_ON_ALLOWLIST, RESULT_OWNER_NOT_PREMIUM,
 * RESULT_SCOPE_MISSING, RESULT_RATE_LIMITED and RESULT_QUOTA_EXCEEDED (with
 * context->retry_after_s; also without a call while a pause lasts),
 * RESULT_UPSTREAM_FAILED, RESULT_UPSTREAM_TIMEOUT, RESULT_MISCONFIGURED (no
 * CA certificates), RESULT_NO_MEMORY.
 */

/* GET /v1/me. OK (the caller calls account_free()) or an error; *account is
 * empty then. */
enum result spotify_me(struct context *context, const struct secret *access,
    struct account *account) __attribute__((warn_unused_result));

/* Ask for the page behind a cursor ("" for the first) and return while it
 * travels. OK (spotify_page() must follow) or an error. */
enum result spotify_page_start(struct context *context,
    const struct secret *access, const char *after)
    __attribute__((warn_unused_result));

/* Wait for that page and parse it. OK or an error; *page is empty then. */
enum result spotify_page(struct context *context, struct page *page)
    __attribute__((warn_unused_result));

/* The second half of that: parse a page, of which *body is left empty. OK,
 * RESULT_UPSTREAM_FAILED or RESULT_NO_MEMORY. */
enum result spotify_page_read(struct buf *body, struct page *page)
    __attribute__((warn_unused_result));

void spotify_page_free(struct page *page);

/*
 * The id of element i, exactly SPOTIFY_ID_BYTES letters and digits, borrowed
 * from the page; NULL for what is no artist.
 */
const char *spotify_artist_id(const struct page *page, size_t i);

/* Append element i, which has an id, rebuilt from the fields we know, as a JSON
 * object. */
void spotify_artist_write(const struct page *page, size_t i,
    const struct conf *conf, struct buf *out);

/* A URL that leads to Spotify and may go to a browser; otherwise nothing. */
struct str spotify_url(struct str url, const struct conf *conf);

#endif
