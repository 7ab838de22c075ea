/* SPDX-License-Identifier: ISC */
/* Hides an account with fields that come and go, and what a page is asked for
 * by. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/janssondoc.h"
#include "base/log.h"
#include "spotify/spotify.h"

#define NO_CHARACTER "\xef\xbf\xbd" /* U+FFFD */

/* ---- the account ---- */

/* Where an account comes from: /v1/me, and what may be shown. */
struct me {
	json_t *object;
	const struct conf *conf;
};

/* What somebody is known by, or written to, must be as Spotify has it: no
 * character of it may have been replaced. */
static bool
is_whole(struct str text)
{
	return text.n == 0 ||
	    memmem(text.p, text.n, NO_CHARACTER, sizeof(NO_CHARACTER) - 1) ==
	    NULL;
}

/* The text of a member; none is what is far too long. */
static struct str
me_text(const void *from, const char *name)
{
	const struct me *me = from;
	const json_t *images;
	struct str text;

	if (strcmp(name, "image") == 0) {
		images = json_object_get(me->object, "images");
		text = janssondoc_text(json_array_get(images, 0), "url");
		text = spotify_url(text, me->conf);
	} else {
		text = janssondoc_text(me->object, name);
		if (strcmp(name, "display_name") != 0 && !is_whole(text))
			text.n = 0;
	}
	return text.n <= SPOTIFY_ACCOUNT_TEXT_MAX ? text :
						    (struct str){ NULL, 0 };
}

static enum result
read_account(const struct me *me, struct account *account)
{
	enum result result = account_copy(account, me_text, me);

	if (result == OK && !account_is_known(account)) {
		account_free(account);
		result = RESULT_UPSTREAM_FAILED;
	}
	return result;
}

static enum result
read_document(const struct buf *body, json_t **object)
{
	enum result result = janssondoc_parse_foreign(body, object);

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
	struct me me = { .conf = conf };

	*account = (struct account){ 0 };
	result = read_document(body, &me.object);
	if (result == OK)
		result = read_account(&me, account);
	json_decref(me.object);
	return result;
}

enum result
spotify_me(struct context *context, const struct api_endpoint *me,
    const struct secret *access, struct account *account)
{
	struct buf body = BUF(0);
	enum result result;

	*account = (struct account){ 0 };
	result = api_start(context, me, "", access);
	if (result == OK)
		result = api_finish(context, me, &body);
	if (result == OK)
		result = spotify_account_read(&body, context->conf, account);
	buf_free(&body);
	return result;
}

/* ---- pages of artists ---- */

void
spotify_page_query(const char *after, unsigned limit,
    char query[static SPOTIFY_QUERY_BYTES])
{
	snprintf(query, SPOTIFY_QUERY_BYTES, "?type=artist&limit=%u%s%s", limit,
	    after[0] == '\0' ? "" : "&after=", after);
}
