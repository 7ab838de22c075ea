/* SPDX-License-Identifier: ISC */
/*
 * Hides what a page of artists looks like: null elements, fields that come
 * and go, and a "next" link that is never followed. What reaches a browser is
 * rebuilt here, field by typed field.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "json/writer.h"
#include "spotify/spotify.h"

#define IMAGES_MAX 8
#define IMAGE_SIDE_MAX 10000
#define GENRES_MAX 20
#define NAME_MAX_BYTES 1024
#define URL_MAX 2048

/* ---- reading ---- */

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

/* The cursor must look like an id: it goes into our next URL. */
static enum result
read_cursor(const struct reader_value *artists, struct spotify_page *page)
{
	const struct reader_value *after =
	    reader_member(reader_member(artists, "cursors"), "after");
	struct str text = reader_text(after);

	if (after == NULL || reader_is(after, READER_NULL))
		return reader_is(reader_member(artists, "next"),
			   READER_STRING) ?
		    RESULT_UPSTREAM_FAILED :
		    OK;
	if (!is_artist_id(text))
		return RESULT_UPSTREAM_FAILED;
	memcpy(page->after, text.p, text.n + 1);
	return OK;
}

static enum result
read_items(const struct reader_value *artists, struct spotify_page *page)
{
	const struct reader_value *items = reader_member(artists, "items");
	const struct reader_value *item = NULL;

	if (!reader_is(items, READER_ARRAY))
		return RESULT_UPSTREAM_FAILED;
	page->item = calloc(items->n + 1, sizeof(const struct reader_value *));
	if (page->item == NULL)
		return RESULT_NO_MEMORY;
	while ((item = reader_next(items, item)) != NULL)
		page->item[page->items++] = item;
	return OK;
}

enum result
spotify_page_read(struct buf *body, struct spotify_page *page)
{
	const struct reader_value *artists;
	size_t bytes = body->n;
	enum result result;

	*page = (struct spotify_page){ 0 };
	result = reader_parse_foreign(body, &page->reader);
	if (result == RESULT_BAD_TEXT) {
		log_event(LOG_LEVEL_WARN, "answer_unreadable",
		    "call=following bytes=%zu", bytes);
		return RESULT_UPSTREAM_FAILED;
	}
	if (result != OK)
		return result;
	artists = reader_member(page->reader.values, "artists");
	if ((result = read_items(artists, page)) == OK)
		result = read_cursor(artists, page);
	if (result == RESULT_UPSTREAM_FAILED)
		log_event(LOG_LEVEL_WARN, "page_unreadable", "items=%zu",
		    page->items);
	if (result != OK)
		spotify_page_free(page);
	return result;
}

void
spotify_page_free(struct spotify_page *page)
{
	free(page->item);
	reader_free(&page->reader);
	*page = (struct spotify_page){ 0 };
}

const char *
spotify_artist_id(const struct spotify_page *page, size_t i)
{
	struct str id = { NULL, 0 };

	if (i < page->items)
		id = reader_text(reader_member(page->item[i], "id"));
	return is_artist_id(id) ? id.p : NULL;
}

/* ---- writing ---- */

struct str
spotify_url(struct str url, const struct conf *conf)
{
	return url.n <= URL_MAX && url_is_spotify(url, conf->image_origin) ?
	    url :
	    (struct str){ NULL, 0 };
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
write_side(struct buf *out, const char *name, const struct reader_value *value)
{
	int64_t side = reader_integer(value, 1, IMAGE_SIDE_MAX, 0);

	if (side > 0)
		writer_integer(out, name, side);
	else
		writer_null(out, name);
}

static void
write_images(const struct reader_value *artist, const struct conf *conf,
    struct buf *out)
{
	const struct reader_value *images = reader_member(artist, "images");
	const struct reader_value *image = NULL;
	struct str url;
	unsigned n;

	writer_array(out, "images");
	for (n = 0; n < IMAGES_MAX; n++) {
		if ((image = reader_next(images, image)) == NULL)
			break;
		url =
		    spotify_url(reader_text(reader_member(image, "url")), conf);
		if (url.n == 0)
			continue;
		writer_object(out, NULL);
		writer_text(out, "url", url);
		write_side(out, "width", reader_member(image, "width"));
		write_side(out, "height", reader_member(image, "height"));
		writer_object_end(out);
	}
	writer_array_end(out);
}

static void
write_genres(const struct reader_value *genres, struct buf *out)
{
	const struct reader_value *genre = NULL;
	unsigned n;

	if (!reader_is(genres, READER_ARRAY))
		return;
	writer_array(out, "genres");
	for (n = 0; n < GENRES_MAX; n++) {
		if ((genre = reader_next(genres, genre)) == NULL)
			break;
		if (reader_is(genre, READER_STRING))
			writer_text(out, NULL,
			    cut_text(reader_text(genre), NAME_MAX_BYTES));
	}
	writer_array_end(out);
}

/* Fields that Spotify sends to some applications only. */
static void
write_extras(const struct reader_value *artist, struct buf *out)
{
	int64_t n;

	write_genres(reader_member(artist, "genres"), out);
	n = reader_integer(reader_member(reader_member(artist, "followers"),
			       "total"),
	    0, INT64_MAX, -1);
	if (n >= 0)
		writer_integer(out, "followers", n);
	n = reader_integer(reader_member(artist, "popularity"), 0, 100, -1);
	if (n >= 0)
		writer_integer(out, "popularity", n);
}

/* What of an artist is named by the id alone. */
static void
write_address(struct buf *out, const char *name, const char *before,
    const char *id)
{
	char address[64];

	snprintf(address, sizeof(address), "%s%s", before, id);
	writer_text(out, name, str_of(address));
}

void
spotify_artist_write(const struct spotify_page *page, size_t i,
    const struct conf *conf, struct buf *out)
{
	const struct reader_value *artist = page->item[i];
	const char *id = spotify_artist_id(page, i);
	struct str url, name = reader_text(reader_member(artist, "name"));

	writer_object(out, NULL);
	writer_text(out, "id", str_of(id));
	writer_text(out, "name", cut_text(name, NAME_MAX_BYTES));
	write_address(out, "uri", "spotify:artist:", id);
	url = reader_text(
	    reader_member(reader_member(artist, "external_urls"), "spotify"));
	url = spotify_url(url, conf);
	if (url.n > 0)
		writer_text(out, "url", url);
	else
		write_address(out, "url", "https://open.spotify.com/artist/",
		    id);
	write_images(artist, conf, out);
	write_extras(artist, out);
	writer_object_end(out);
}
