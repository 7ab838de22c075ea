/* SPDX-License-Identifier: ISC */
/*
 * The calls of the Web API that a page may make through us: one row for each,
 * and no other way in. A row says what may be asked; rowurl.h writes the URL,
 * and rowbody.h the body.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdint.h>

#include "session/change.h"
#include "spotify/pause.h"
#include "spotify/quota.h"
#include "web/request.h"

#define ROWS_PARAMS_MAX 6
#define ROWS_ID_BYTES 22
#define ROWS_TEXT_MAX 200 /* bytes of UTF-8 */
#define ROWS_URIS_MAX 40
#define ROWS_WORDS_MAX 64 /* words of one parameter */
#define ROWS_DEVICE_MAX 64

enum row_kind {
	ROW_NUMBER, /* min to max, in decimal */
	ROW_WORD,   /* one of words */
	ROW_WORDS,  /* several of words, each once, separated by commas */
	ROW_MARKET, /* a country: two capital letters */
	ROW_TEXT,   /* at most max bytes, or ROWS_TEXT_MAX for 0, without
		     * control bytes */
	ROW_URIS,   /* "spotify:KIND:ID", as many as ROWS_URIS_MAX, by commas */
	/* The same, but one that has followers comes alone. */
	ROW_CHANGED_URIS,
	ROW_URI,    /* one, of a kind among words */
	ROW_DEVICE, /* at most ROWS_DEVICE_MAX letters, digits, "-" and "_" */
	/* Of bodies only: */
	ROW_SNAPSHOT, /* Base64, of whatever alphabet */
	ROW_BOOL,
	ROW_LIST,  /* min to max elements, of the one kind that is inside */
	ROW_OBJECT /* with the members that are inside, one at least */
};

/* One parameter of a query, or one member of a body. */
struct row_param {
	const char *name;
	int64_t min, max;	/* of numbers, texts, lists */
	const char *words;	/* of those that have words, by blanks */
	const char *not_beside; /* the name of one that excludes it, or NULL */
	/* Of an object its members, of which the last one has no name; of a
	 * list what each element is, with a name that is in no body. */
	const struct row_param *inside;
	enum row_kind kind;
	bool required;
};

/* What a call says beside its query. */
struct row_body {
	const struct row_param *members; /* the last one has no name */
	/* What Spotify has made or done is told by its answer, too. */
	bool answers;
};

/* Which of the words of a row's scope a request needs. */
enum row_scopes {
	ROW_ALL,
	/* Its URIs decide: the first for what is saved, the second for who is
	 * followed, the third for playlists. */
	ROW_BY_URI,
	/* One of them; Spotify knows which, by the playlist. */
	ROW_ONE,
	/* The body decides: the first for a playlist that is to be public, the
	 * second for one that is not, both for a collaborative one. */
	ROW_BY_BODY
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
	enum row_scopes scopes;
	const struct row_body *body; /* NULL: none is looked at */
};

#define ROWS_N 38
extern const struct row rows_table[ROWS_N];

/* The method by which Spotify is asked for a row; static. */
const char *row_method(const struct row *row);

/* Whether its path is not Spotify's, but one of ours: see follow.h. */
bool row_is_ours(const struct row *row);

/* Whether it changes something. */
bool row_writes(const struct row *row);

/* The part of what can be changed that it changes, or that its answer is about.
 * A row that changes something has one. */
enum change_part row_part(const struct row *row);

/* Whether a value of api_allow, or NULL, names the row; "reading" names all
 * of Spotify's that have the method GET. */
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
