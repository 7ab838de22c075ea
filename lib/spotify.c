/* SPDX-License-Identifier: ISC */
/*
 * Hides the Web API as it really is: errors in plain text, two kinds of 429,
 * null elements, fields that come and go, and a "next" link that is never
 * followed. What reaches a browser is rebuilt here, field by typed field.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "limit.h"
#include "log.h"
#include "spotify.h"

#define ME_MAX 65536
#define PAGE_MAX (1u << 20)
#define PAGE_LIMIT 50
#define IMAGES_MAX 8
#define IMAGE_SIDE_MAX 10000
#define GENRES_MAX 20
#define NAME_MAX_BYTES 1024
#define URL_MAX 2048

/* ---- calls ---- */

static enum result
call_start(struct context *context, enum limit_group group, const char *url,
    const struct secret *access)
{
	struct buf bearer = BUF(8192);
	enum result result;

	buf_puts(&bearer, "Bearer ");
	buf_add_str(&bearer, secret_str(access));
	result = limit_check(context->store, group, &context->retry_after_s);
	if (result == OK)
		result = buf_result(&bearer);
	if (result == OK)
		result = http_start(context->http,
		    &(struct http_request){
			.what = group == LIMIT_ME ? "me" : "following",
			.url = url,
			.authorization = bearer.p,
			.body_max = group == LIMIT_ME ? ME_MAX : PAGE_MAX,
			.deadline_ms = context->deadline_ms });
	buf_free(&bearer);
	return result;
}

/* Whether a body, JSON or not, contains a word, in any case. */
static bool
mentions(const struct buf *body, const char *word)
{
	return body->p != NULL && strcasestr(body->p, word) != NULL;
}

static enum result
read_429(struct context *context, enum limit_group group,
    const struct http_answer *answer)
{
	enum result why = mentions(&answer->body, "QUOTA_EXCEEDED") ?
	    RESULT_QUOTA_EXCEEDED :
	    RESULT_RATE_LIMITED;

	limit_note(context->store, group, why, answer->retry_after_s);
	if (answer->retry_after_s > 0)
		context->retry_after_s = answer->retry_after_s;
	return why;
}

/* The causes of a 403 differ in their text only, which may be JSON or not. */
static enum result
read_403(const struct http_answer *answer)
{
	if (mentions(&answer->body, "not registered"))
		return RESULT_NOT_ON_ALLOWLIST;
	if (mentions(&answer->body, "premium"))
		return RESULT_OWNER_NOT_PREMIUM;
	if (mentions(&answer->body, "scope"))
		return RESULT_SCOPE_MISSING;
	return RESULT_UPSTREAM_FAILED;
}

static enum result
read_status(struct context *context, enum limit_group group,
    const struct http_answer *answer)
{
	enum result result = RESULT_UPSTREAM_FAILED;

	if (answer->status == 200)
		return OK;
	if (answer->status == 401)
		result = RESULT_UNAUTHORIZED;
	else if (answer->status == 403)
		result = read_403(answer);
	else if (answer->status == 429)
		result = read_429(context, group, answer);
	log_event(LOG_LEVEL_WARN, "api_refused", "call=%s status=%d code=%s",
	    group == LIMIT_ME ? "me" : "following", answer->status,
	    result_row(result)->code);
	return result;
}

/* Wait for the answer and parse it; the caller releases *document. */
static enum result
call_finish(struct context *context, enum limit_group group, json_t **document)
{
	struct http_answer answer;
	enum result result = http_finish(context->http, &answer);

	*document = NULL;
	if (result == OK)
		result = read_status(context, group, &answer);
	if (result == OK) {
		result = doc_parse(buf_str(&answer.body), document);
		if (result == RESULT_UPSTREAM_FAILED)
			log_event(LOG_LEVEL_WARN, "answer_unreadable",
			    "call=%s bytes=%zu",
			    group == LIMIT_ME ? "me" : "following",
			    answer.body.n);
	}
	buf_free(&answer.body);
	return result;
}

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

static struct str
allowed_url(const json_t *object, const char *member, const struct conf *conf)
{
	struct str url = doc_text(object, member);

	return url.n <= URL_MAX && url_is_spotify(url, conf->image_origin) ?
	    url :
	    (struct str){ NULL, 0 };
}

static enum result
read_account(const json_t *me, const struct conf *conf, struct account *account)
{
	struct str image =
	    allowed_url(json_array_get(json_object_get(me, "images"), 0), "url",
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

enum result
spotify_me(struct context *context, const struct secret *access,
    struct account *account)
{
	struct buf url = BUF(4096);
	enum result result;
	json_t *me = NULL;

	*account = (struct account){ 0 };
	buf_printf(&url, "%s/me", context->conf->api_url);
	if ((result = buf_result(&url)) == OK)
		result = call_start(context, LIMIT_ME, url.p, access);
	if (result == OK)
		result = call_finish(context, LIMIT_ME, &me);
	if (result == OK)
		result = read_account(me, context->conf, account);
	json_decref(me);
	buf_free(&url);
	return result;
}

/* ---- pages of artists ---- */

static bool
is_artist_id(struct str id)
{
	size_t i;

	if (id.n != SPOTIFY_ID_BYTES)
		return false;
	for (i = 0; i < id.n; i++)
		if (!((id.p[i] >= '0' && id.p[i] <= '9') ||
			(id.p[i] >= 'a' && id.p[i] <= 'z') ||
			(id.p[i] >= 'A' && id.p[i] <= 'Z')))
			return false;
	return true;
}

enum result
spotify_page_start(struct context *context, const struct secret *access,
    const char *after)
{
	struct buf url = BUF(4096);
	enum result result;

	buf_printf(&url, "%s/me/following?type=artist&limit=%d%s%s",
	    context->conf->api_url, PAGE_LIMIT,
	    after[0] == '\0' ? "" : "&after=", after);
	if ((result = buf_result(&url)) == OK)
		result = call_start(context, LIMIT_FOLLOWING, url.p, access);
	buf_free(&url);
	return result;
}

/* The cursor must look like an id: it goes into our next URL. */
static enum result
read_cursor(const json_t *artists, struct page *page)
{
	const json_t *after =
	    json_object_get(json_object_get(artists, "cursors"), "after");
	struct str text = { json_string_value(after),
		json_string_length(after) };

	page->after[0] = '\0';
	if (after == NULL || json_is_null(after))
		return json_is_string(json_object_get(artists, "next")) ?
		    RESULT_UPSTREAM_FAILED :
		    OK;
	if (!is_artist_id(text))
		return RESULT_UPSTREAM_FAILED;
	memcpy(page->after, text.p, text.n + 1);
	return OK;
}

enum result
spotify_page(struct context *context, struct page *page)
{
	const json_t *artists, *items;
	enum result result;

	*page = (struct page){ 0 };
	result = call_finish(context, LIMIT_FOLLOWING, &page->document);
	if (result != OK)
		return result;
	artists = json_object_get(page->document, "artists");
	items = json_object_get(artists, "items");
	page->items = json_array_size(items);
	result = json_is_array(items) ? read_cursor(artists, page) :
					RESULT_UPSTREAM_FAILED;
	if (result != OK) {
		log_event(LOG_LEVEL_WARN, "page_unreadable", "items=%zu",
		    page->items);
		spotify_page_free(page);
	}
	return result;
}

void
spotify_page_free(struct page *page)
{
	json_decref(page->document);
	*page = (struct page){ 0 };
}

static const json_t *
item(const struct page *page, size_t i)
{
	return json_array_get(json_object_get(json_object_get(page->document,
						  "artists"),
				  "items"),
	    i);
}

const char *
spotify_artist_id(const struct page *page, size_t i)
{
	struct str id = doc_text(item(page, i), "id");

	return is_artist_id(id) ? id.p : NULL;
}

/* At most max bytes of text, cut between characters. */
static struct str
cut_text(struct str text, size_t max)
{
	if (text.n <= max)
		return text;
	while (max > 0 && ((unsigned char)text.p[max] & 0xc0) == 0x80)
		max--;
	text.n = max;
	return text;
}

static void
write_side(struct buf *out, const char *name, int64_t side)
{
	if (side > 0)
		buf_printf(out, ",\"%s\":%lld", name, (long long)side);
	else
		buf_printf(out, ",\"%s\":null", name);
}

static void
write_images(const json_t *artist, const struct conf *conf, struct buf *out)
{
	const json_t *images = json_object_get(artist, "images"), *image;
	const char *comma = "";
	struct str url;
	size_t i;

	buf_puts(out, ",\"images\":[");
	for (i = 0; i < json_array_size(images) && i < IMAGES_MAX; i++) {
		image = json_array_get(images, i);
		url = allowed_url(image, "url", conf);
		if (url.n == 0)
			continue;
		buf_printf(out, "%s{\"url\":", comma);
		doc_write_text(out, url);
		write_side(out, "width",
		    doc_integer(image, "width", 1, IMAGE_SIDE_MAX, 0));
		write_side(out, "height",
		    doc_integer(image, "height", 1, IMAGE_SIDE_MAX, 0));
		buf_putc(out, '}');
		comma = ",";
	}
	buf_putc(out, ']');
}

/* Fields that Spotify sends to some applications only. */
static void
write_extras(const json_t *artist, struct buf *out)
{
	const json_t *genres = json_object_get(artist, "genres"), *genre;
	const char *comma = "";
	int64_t n;
	size_t i;

	if (json_is_array(genres)) {
		buf_puts(out, ",\"genres\":[");
		for (i = 0; i < json_array_size(genres) && i < GENRES_MAX;
		     i++) {
			genre = json_array_get(genres, i);
			if (!json_is_string(genre))
				continue;
			buf_puts(out, comma);
			doc_write_text(out,
			    cut_text((struct str){ json_string_value(genre),
					 json_string_length(genre) },
				NAME_MAX_BYTES));
			comma = ",";
		}
		buf_putc(out, ']');
	}
	n = doc_integer(json_object_get(artist, "followers"), "total", 0,
	    INT64_MAX, -1);
	if (n >= 0)
		buf_printf(out, ",\"followers\":%lld", (long long)n);
	n = doc_integer(artist, "popularity", 0, 100, -1);
	if (n >= 0)
		buf_printf(out, ",\"popularity\":%lld", (long long)n);
}

void
spotify_artist_write(const struct page *page, size_t i, const struct conf *conf,
    struct buf *out)
{
	const json_t *artist = item(page, i);
	const char *id = spotify_artist_id(page, i);
	struct str url;

	buf_printf(out, "{\"id\":\"%s\",\"name\":", id);
	doc_write_text(out, cut_text(doc_text(artist, "name"), NAME_MAX_BYTES));
	buf_printf(out, ",\"uri\":\"spotify:artist:%s\",\"url\":", id);
	url = allowed_url(json_object_get(artist, "external_urls"), "spotify",
	    conf);
	if (url.n > 0)
		doc_write_text(out, url);
	else
		buf_printf(out, "\"https://open.spotify.com/artist/%s\"", id);
	write_images(artist, conf, out);
	write_extras(artist, out);
	buf_putc(out, '}');
}
