/* SPDX-License-Identifier: ISC */
/*
 * The calls of the Web API that a page may make through us: one row for each,
 * and no other way in. A row says what may be asked; rowurl.h writes the URL.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdint.h>

#include "spotify/pause.h"
#include "spotify/quota.h"
#include "web/request.h"

#define ROWS_PARAMS_MAX 6
#define ROWS_ID_BYTES 22
#define ROWS_TEXT_MAX 200 /* bytes of UTF-8 */
#define ROWS_URIS_MAX 40
#define ROWS_DEVICE_MAX 64

enum row_kind {
	ROW_NUMBER, /* min to max, in decimal */
	ROW_WORD,   /* one of words */
	ROW_WORDS,  /* several of words, each once, separated by commas */
	ROW_MARKET, /* a country: two capital letters */
	ROW_TEXT,   /* at most ROWS_TEXT_MAX bytes without control bytes */
	ROW_URIS,   /* "spotify:KIND:ID", as many as ROWS_URIS_MAX, by commas */
	ROW_CHANGED_URIS, /* the same, but an artist alone: one per click */
	ROW_PLAYED_URI,	  /* one, of a track or an episode */
	ROW_DEVICE	  /* at most ROWS_DEVICE_MAX letters and digits */
};

/* One parameter of a query. */
struct row_param {
	const char *name;
	int64_t min, max;	/* of ROW_NUMBER */
	const char *words;	/* of ROW_WORD and ROW_WORDS, by blanks */
	const char *not_beside; /* the name of one that excludes it, or NULL */
	enum row_kind kind;
	bool required;
};

/* One call. Everything is static. */
struct row {
	const char *name; /* in api_allow and in the log */
	const char *path; /* behind api_url; "{id}" stands for one id */
	const struct row_param *params; /* the last one has no name */
	const char *scope; /* separated by blanks; "": none is needed */
	/* What is different for an application in development mode, a
	 * sentence for the operator; NULL: nothing that is known. */
	const char *in_development;
	unsigned methods;	  /* METHOD_ bits */
	enum quota_bucket bucket; /* calls that Spotify counts together */
	enum pause_group group;	  /* calls that pause together */
	/* Which words of scope a request needs is decided by its URIs: the
	 * first for what is saved, the second for who is followed, the third
	 * for playlists. Otherwise it needs all of them. */
	bool scope_by_uri;
};

#define ROWS_N 29
extern const struct row rows_table[ROWS_N];

/* The method by which Spotify is asked for a row; static. */
const char *row_method(const struct row *row);

/* Whether it changes something. */
bool row_writes(const struct row *row);

/* Whether a value of api_allow, or NULL, names the row; "reading" names all
 * that have the method GET. */
bool rows_allow(const char *allow, const struct row *row);

/*
 * The first word of a value of api_allow that is neither the name of a row nor
 * "reading", borrowed from it; empty with p NULL when all are known.
 */
struct str rows_unknown(const char *allow);

/*
 * The scope that a row lacks of a list separated by blanks, for sure: one
 * without which it always fails. Static, a word of row->scope; empty with p
 * NULL when it may do. needed has a bit for each word that is looked for, from
 * the lowest.
 */
#define ROWS_ALL_SCOPES 7u
struct str rows_lacks(const struct row *row, unsigned needed, struct str scope);

#endif
