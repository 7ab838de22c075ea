/* SPDX-License-Identifier: ISC */
/* Hides an account with fields that come and go, and what a page is asked for
 * by. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/doc.h"
#include "base/log.h"
#include "spotify/spotify.h"

#define PAGE_LIMIT 50

/* ---- the account ---- */

/* A copy of the text, or NULL for none and for what is far too long; clears
 * *good when memory is out. */
static char *
copy_text(struct str text, bool *good)
{
	char *copy;

	if (text.n == 0 || text.n > SPOTIFY_ACCOUNT_TEXT_MAX)
		return NULL;
	if ((copy = strndup(text.p, text.n)) == NULL)
		*good = false;
	return copy;
}

static enum result
read_account(const json_t *me, const struct conf *conf, struct account *account)
{
	struct str image =
	    spotify_url(doc_text(json_array_get(json_object_get(me, "images"),
				     0),
			    "url"),
		conf);
	bool good = true;

	account->id = copy_text(doc_text(me, "id"), &good);
	account->account_id = copy_text(doc_text(me, "account_id"), &good);
	account->display_name = copy_text(doc_text(me, "display_name"), &good);
	account->email = copy_text(doc_text(me, "email"), &good);
	account->image = copy_text(image, &good);
	if (good && account->id != NULL)
		return OK;
	account_free(account);
	return good ? RESULT_UPSTREAM_FAILED : RESULT_NO_MEMORY;
}

static enum result
read_document(const struct buf *body, json_t **me)
{
	enum result result = doc_parse(buf_str(body), me);

	if (result != RESULT_BAD_TEXT)
		return result;
	log_event(LOG_LEVEL_WARN, "answer_unreadable", "call=me bytes=%zu",
	    body->n);
	return RESULT_UPSTREAM_FAILED;
}

enum result
spotify_account_read(const struct buf *body, const struct conf *conf,
    struct account *account)
{
	enum result result;
	json_t *me = NULL;

	*account = (struct account){ 0 };
	result = read_document(body, &me);
	if (result == OK)
		result = read_account(me, conf, account);
	json_decref(me);
	return result;
}

enum result
spotify_me(struct context *context, const struct secret *access,
    struct account *account)
{
	struct buf body = BUF(0);
	enum result result;

	*account = (struct account){ 0 };
	result = api_start(context, &api_me, "", access);
	if (result == OK)
		result = api_finish(context, &api_me, &body);
	if (result == OK)
		result = spotify_account_read(&body, context->conf, account);
	buf_free(&body);
	return result;
}

/* ---- pages of artists ---- */

void
spotify_page_query(const char *after, char query[static SPOTIFY_QUERY_BYTES])
{
	snprintf(query, SPOTIFY_QUERY_BYTES, "?type=artist&limit=%d%s%s",
	    PAGE_LIMIT, after[0] == '\0' ? "" : "&after=", after);
}
