/* SPDX-License-Identifier: ISC */
/* From what a page asks to what Spotify is asked with. */
#ifndef ROWURL_H
#define ROWURL_H

#include "base/buf.h"
#include "relay/rows.h"

#define ROWURL_BODY_MAX 32768

/*
 * A call that was read; rowurl_free() releases it. Path, query and body are
 * printed from the row, by which every byte of them is known, and never pasted
 * from what came.
 */
struct rowurl {
	const struct row *row;
	struct buf path;  /* as "/artists/ID/albums", terminated */
	struct buf query; /* empty, or from "?" on, encoded */
	struct buf body;  /* empty, or JSON; see rowbody.h */
	unsigned scopes;  /* bits of the words of row->scope that it needs */
};

/*
 * Find the row for a path such as "/me/top/artists" and print the path again.
 * It is compared byte by byte with the templates: an id is ROWS_ID_BYTES
 * letters and digits, and what is encoded, or differs in case or in a slash,
 * is another path. The caller calls rowurl_free() whatever comes.
 * OK, RESULT_NOT_FOUND, RESULT_METHOD (a row has the path, for other methods),
 * RESULT_NO_MEMORY.
 */
enum result rowurl_find(struct str path, enum method method,
    struct rowurl *rowurl) __attribute__((warn_unused_result));

/* Whether it is about an artist who is followed. */
bool rowurl_follows(const struct rowurl *rowurl);

/* The same, or about a playlist: Spotify wants the number of their followers to
 * be made by people, one click for each. */
bool rowurl_has_followers(const struct rowurl *rowurl);

/* The methods by which a path may be asked, METHOD_ bits of all its rows; 0: it
 * is in no row. */
unsigned rowurl_methods(struct str path);

/*
 * Read the query of a call whose row was found, once, and print it in the
 * order of the row. Names and values are decoded once.
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST: a name that the row has not, or
 * one that comes twice, a value that is not of the parameter's kind or is
 * empty, a required one that is not there, two that exclude each other, a
 * broken escape.
 */
enum result rowurl_query(struct str query, struct rowurl *rowurl)
    __attribute__((warn_unused_result));

void rowurl_free(struct rowurl *rowurl);

#endif
