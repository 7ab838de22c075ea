/* SPDX-License-Identifier: ISC */
/* A page of followed artists, and what of it reaches a browser. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "json/janssondoc.h"
#include "fuzz.h"
#include "spotify/spotify.h"

static bool
is_id(const char *id)
{
	size_t i;

	for (i = 0; isalnum((unsigned char)id[i]); i++)
		continue;
	return i == SPOTIFY_ID_BYTES && id[i] == '\0';
}

static bool
may_be_loaded(struct str url)
{
	return str_starts(url, STR("https://")) && str_graphic(url) &&
	    url_is_spotify(url, (struct str){ NULL, 0 });
}

static void
check_artist(struct str text, const char *id)
{
	const json_t *image;
	json_t *artist;
	size_t i;

	MUST(!fuzz_has(text, '<') && !fuzz_has(text, '&') &&
	    !fuzz_has(text, '>'));
	MUST(janssondoc_parse(text, &artist) == OK);
	MUST(str_equal(janssondoc_text(artist, "id"), str_of(id)));
	MUST(janssondoc_text(artist, "name").p != NULL);
	MUST(janssondoc_text(artist, "name").n <= 1024);
	MUST(may_be_loaded(janssondoc_text(artist, "url")));
	json_array_foreach(json_object_get(artist, "images"), i, image)
	    MUST(may_be_loaded(janssondoc_text(image, "url")));
	MUST(i <= 8);
	json_decref(artist);
}

static void
check_page(const struct spotify_page *page, const struct conf *conf)
{
	struct buf out = BUF(4u << 20);
	const char *id;
	size_t i;

	MUST(page->after[0] == '\0' || is_id(page->after));
	for (i = 0; i < page->items; i++) {
		if ((id = spotify_artist_id(page, i)) == NULL)
			continue;
		MUST(is_id(id));
		spotify_artist_write(page, i, conf, &out);
		MUST(buf_result(&out) == OK);
		check_artist(buf_str(&out), id);
		buf_clear(&out);
	}
	MUST(spotify_artist_id(page, page->items) == NULL);
	buf_free(&out);
}

void
fuzz_artists(struct str input)
{
	struct fuzz_upstream upstream = { .input = input };
	const struct conf conf = fuzz_conf();
	struct context context = { .conf = &conf,
		.store = fuzz_store(),
		.http = (struct http *)(void *)&upstream };
	char text[] = "access";
	const struct secret access = { text, sizeof(text) - 1 };
	struct buf body;
	struct spotify_page page = { .items = 0 };

	MUST(api_start(&context, &api_following, "", &access) == OK);
	if (api_finish(&context, &api_following, &body) == OK &&
	    spotify_page_read(&body, &page) == OK)
		check_page(&page, &conf);
	else
		MUST(page.reader.values == NULL && page.items == 0);
	MUST(context.wait.s >= 0 && context.wait.s <= 86400);
	spotify_page_free(&page);
	buf_free(&body);
}
