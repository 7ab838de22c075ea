/* SPDX-License-Identifier: ISC */
/* Spotify's Web API; the only unit that knows its field names. */
#ifndef SPOTIFY_H
#define SPOTIFY_H

#include "spotify/account.h"
#include "spotify/api.h"
#include "json/reader.h"

#define SPOTIFY_ID_BYTES 22
#define SPOTIFY_PAGE_MAX 50 /* artists */
#define SPOTIFY_ACCOUNT_TEXT_MAX 512

/* One page of followed artists, as parsed; released by spotify_page_free(). */
struct spotify_page {
	struct reader reader;
	const struct reader_value **item;
	size_t items;			  /* elements, null ones included */
	char after[SPOTIFY_ID_BYTES + 1]; /* cursor of the next; "": last */
};

/* Ask the API, by api_me or api_me_at_login, whose token this is. OK (the
 * caller calls account_free()) or an error of api.h; *account is empty then. */
enum result spotify_me(struct context *context, const struct api_endpoint *me,
    const struct secret *access, struct account *account)
    __attribute__((warn_unused_result));

/* Read the answer of api_me. OK (the caller calls account_free()),
 * RESULT_UPSTREAM_FAILED or RESULT_NO_MEMORY; *account is empty then. */
enum result spotify_account_read(const struct buf *body,
    const struct conf *conf, struct account *account)
    __attribute__((warn_unused_result));

/* The query by which api_following is asked for the page behind a cursor, at
 * most SPOTIFY_ID_BYTES long; "" for the first. A page has at most limit
 * artists, 1 to SPOTIFY_PAGE_MAX. */
#define SPOTIFY_QUERY_BYTES 64
void spotify_page_query(const char *after, unsigned limit,
    char query[static SPOTIFY_QUERY_BYTES]);

/* Read an answer of api_following, of which *body is left empty. OK (the
 * caller calls spotify_page_free()), RESULT_UPSTREAM_FAILED or
 * RESULT_NO_MEMORY; *page is empty then. */
enum result spotify_page_read(struct buf *body, struct spotify_page *page)
    __attribute__((warn_unused_result));

void spotify_page_free(struct spotify_page *page);

/*
 * The id of element i, exactly SPOTIFY_ID_BYTES letters and digits, borrowed
 * from the page; NULL for what is no artist.
 */
const char *spotify_artist_id(const struct spotify_page *page, size_t i);

/* Append element i, which has an id, rebuilt from the fields we know, as a JSON
 * object. */
void spotify_artist_write(const struct spotify_page *page, size_t i,
    const struct conf *conf, struct buf *out);

/* A URL that leads to Spotify and may go to a browser; otherwise nothing. */
struct str spotify_url(struct str url, const struct conf *conf);

#endif
