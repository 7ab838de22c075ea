/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "relay/rowurl.h"
#include "../run.h"

#define ID "0OdUWJ0sBjDrqHygGUXeCF"
#define OTHER "6rqhFgbbKwnb9MLmUQDhG6"

/* A path and a query, read; both are printed into one text. */
static enum result
read_both(const char *path, const char *query, struct rowurl *rowurl)
{
	enum result result;

	rowurl_free(rowurl);
	result = rowurl_find(str_of(path), METHOD_GET, rowurl);
	if (result == OK)
		result = rowurl_query(str_of(query), rowurl);
	if (result == OK)
		buf_add_str(&rowurl->path, buf_str(&rowurl->query));
	return result == OK ? buf_result(&rowurl->path) : result;
}

static void
a_path_is_found_and_printed_from_its_template(void)
{
	static const struct {
		const char *path, *name;
	} paths[] = {
		{ "/me/top/artists", "top-artists" },
		{ "/me/player", "player" },
		{ "/me/player/queue", "queue" },
		{ "/artists/" ID, "artist" },
		{ "/artists/" ID "/albums", "artist-albums" },
		{ "/artists/0000000000000000000000", "artist" },
		{ "/playlists/" ID "/items", "playlist-items" },
		{ "/search", "search" },
	};
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(paths); i++) {
		rowurl_free(&rowurl);
		CHECK_OK(
		    rowurl_find(str_of(paths[i].path), METHOD_GET, &rowurl));
		assert_string_equal(rowurl.row->name, paths[i].name);
		CHECK_TEXT(buf_str(&rowurl.path), paths[i].path);
	}
}

static void
any_other_path_is_not_found(void)
{
	static const char *const bad[] = { "", "/", "me/top/artists", "/me",
		"/me/top", "/me/top/", "/me/top/artists/", "/me/top/artists/x",
		"//me/top/artists", "/me//top/artists", "/me/./top/artists",
		"/me/x/../top/artists", "/Me/top/artists", "/me/top/artist%73",
		"/me%2ftop/artists", "/me/top/artists?", "/me/top/artists#",
		"/me/top/artists;x", "/me/top/artists\n", " /me/top/artists",
		"\\me\\top\\artists", "/artists/", "/artists//albums",
		"/artists/" ID "/", "/artists/" ID "x", "/artists/" ID "/album",
		"/artists/" ID "/albums/", "/artists/0OdUWJ0sBjDrqHygGUXeC",
		"/artists/0OdUWJ0sBjDrqHygGUXeC-",
		"/artists/0OdUWJ0sBjDrqHygGUXe/.", "/artists/../playlists/" ID,
		"/artists/\xc3\xa9OdUWJ0sBjDrqHygGUXeC", "/artists/{id}",
		"/artists/" ID "/../" ID "/albums", "https://e.org/me/player",
		"/me/following", "/users/" ID };
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(bad); i++) {
		rowurl_free(&rowurl);
		CHECK(rowurl_find(str_of(bad[i]), METHOD_GET, &rowurl),
		    RESULT_NOT_FOUND);
	}
	rowurl_free(&rowurl);
	CHECK(rowurl_find(STR("/me/player\0"), METHOD_GET, &rowurl),
	    RESULT_NOT_FOUND);
}

static void
a_row_is_for_its_methods_only(void)
{
	static const enum method others[] = { METHOD_POST, METHOD_OPTIONS,
		METHOD_OTHER };
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	CHECK_OK(rowurl_find(STR("/me/player"), METHOD_HEAD, &rowurl));
	for (i = 0; i < N(others); i++) {
		rowurl_free(&rowurl);
		CHECK(rowurl_find(STR("/me/player"), others[i], &rowurl),
		    RESULT_METHOD);
	}
}

static void
what_changes_something_has_its_own_parameters(void)
{
	static const struct {
		const char *path, *query, *printed; /* NULL: a bad request */
		enum method method;
	} calls[] = {
		{ "/me/player/pause", "", "", METHOD_PUT },
		{ "/me/player/next", "device_id=5fb-3B_1",
		    "?device_id=5fb-3B_1", METHOD_POST },
		{ "/me/player/seek", "device_id=a&position_ms=007",
		    "?position_ms=7&device_id=a", METHOD_PUT },
		{ "/me/player/seek", "position_ms=86400001", NULL, METHOD_PUT },
		{ "/me/player/seek", "", NULL, METHOD_PUT },
		{ "/me/player/volume", "volume_percent=101", NULL, METHOD_PUT },
		{ "/me/player/repeat", "state=true", NULL, METHOD_PUT },
		{ "/me/player/shuffle", "state=true", "?state=true",
		    METHOD_PUT },
		{ "/me/player/next", "device_id=a.b", NULL, METHOD_POST },
		{ "/me/player/next", "device_id=a%26b", NULL, METHOD_POST },
		{ "/me/player/queue", "uri=spotify:episode:" ID,
		    "?uri=spotify%3Aepisode%3A" ID, METHOD_POST },
		{ "/me/player/queue", "uri=spotify:album:" ID, NULL,
		    METHOD_POST },
		{ "/me/player/queue",
		    "uri=spotify:track:" ID ",spotify:track:" ID, NULL,
		    METHOD_POST },
		{ "/me/library", "uris=spotify:artist:" ID,
		    "?uris=spotify%3Aartist%3A" ID, METHOD_PUT },
		{ "/me/library",
		    "uris=spotify:artist:" ID ",spotify:artist:" OTHER, NULL,
		    METHOD_PUT },
		{ "/me/library",
		    "uris=spotify:track:" ID ",spotify:playlist:" OTHER, NULL,
		    METHOD_DELETE },
		{ "/me/library",
		    "uris=spotify:track:" ID ",spotify:album:" OTHER,
		    "?uris=spotify%3Atrack%3A" ID "%2Cspotify%3Aalbum%3A" OTHER,
		    METHOD_DELETE },
		{ "/me/library", "", NULL, METHOD_PUT },
	};
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(calls); i++) {
		rowurl_free(&rowurl);
		CHECK_OK(rowurl_find(str_of(calls[i].path), calls[i].method,
		    &rowurl));
		assert_true(row_writes(rowurl.row));
		if (calls[i].printed == NULL) {
			CHECK(rowurl_query(str_of(calls[i].query), &rowurl),
			    RESULT_BAD_REQUEST);
			continue;
		}
		CHECK_OK(rowurl_query(str_of(calls[i].query), &rowurl));
		CHECK_TEXT(buf_str(&rowurl.query), calls[i].printed);
		assert_int_equal(rowurl_follows(&rowurl),
		    strstr(calls[i].query, "artist") != NULL);
	}
}

static void
a_path_has_the_methods_of_all_its_rows(void)
{
	assert_int_equal(rowurl_methods(STR("/me/player/queue")),
	    METHOD_GET | METHOD_HEAD | METHOD_POST);
	assert_int_equal(rowurl_methods(STR("/me/library")),
	    METHOD_PUT | METHOD_DELETE);
	assert_int_equal(rowurl_methods(STR("/artists/" ID)),
	    METHOD_GET | METHOD_HEAD);
	assert_int_equal(rowurl_methods(STR("/me")), 0);
}

static void
a_query_is_printed_in_the_order_of_the_row(void)
{
	static const struct {
		const char *path, *query, *printed;
	} good[] = {
		{ "/me/player", "", "" },
		{ "/me/player", "&&", "" },
		{ "/me/top/artists", "limit=5", "?limit=5" },
		{ "/me/top/artists", "limit=005&", "?limit=5" },
		{ "/me/top/artists", "offset=0&limit=50&time_range=long_term",
		    "?time_range=long_term&limit=50&offset=0" },
		{ "/me/top/artists", "%6cimit=%35", "?limit=5" },
		{ "/me/tracks", "market=DE", "?market=DE" },
		{ "/me/player/recently-played", "after=1700000000000",
		    "?after=1700000000000" },
		{ "/artists/" ID "/albums", "include_groups=single,album",
		    "?include_groups=single%2Calbum" },
		{ "/artists/" ID "/albums", "include_groups=single%2calbum",
		    "?include_groups=single%2Calbum" },
		{ "/artists/" ID "/albums", "limit=0", "?limit=0" },
		{ "/search", "type=artist&q=a%26b%3dc+d%25",
		    "?q=a%26b%3Dc%20d%25&type=artist" },
		{ "/search", "q=caf%C3%A9&type=track,show",
		    "?q=caf%C3%A9&type=track%2Cshow" },
		{ "/search", "q=../..%2f%23%3f&type=album",
		    "?q=..%2F..%2F%23%3F&type=album" },
		{ "/me/library/contains",
		    "uris=spotify:track:" ID ",spotify%3Aartist%3A" OTHER,
		    "?uris=spotify%3Atrack%3A" ID
		    "%2Cspotify%3Aartist%3A" OTHER },
	};
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(good); i++) {
		CHECK_OK(read_both(good[i].path, good[i].query, &rowurl));
		CHECK_TEXT(buf_str(&rowurl.query), good[i].printed);
	}
}

static const struct {
	const char *path, *query;
} bad_queries[] = {
	{ "/me/player/devices", "limit=5" },
	{ "/me/player/devices", "x" },
	{ "/me/player/devices", "=" },
	{ "/me/player/devices", "=x" },
	{ "/me/top/artists", "limit" },
	{ "/me/top/artists", "limit=" },
	{ "/me/top/artists", "limit=5&limit=5" },
	{ "/me/top/artists", "limit=5&%6cimit=6" },
	{ "/me/top/artists", "limit=5?offset=1" },
	{ "/me/top/artists", "Limit=5" },
	{ "/me/top/artists", "limit=5;offset=1" },
	{ "/me/top/artists", "limit=0" },
	{ "/me/top/artists", "limit=51" },
	{ "/me/top/artists", "limit=-1" },
	{ "/me/top/artists", "limit=+5" },
	{ "/me/top/artists", "limit=5.0" },
	{ "/me/top/artists", "limit=0x5" },
	{ "/me/top/artists", "limit=5%00" },
	{ "/me/top/artists", "limit=5%26x%3dy" },
	{ "/me/top/artists", "limit=18446744073709551621" },
	{ "/me/top/artists", "offset=100001" },
	{ "/me/top/artists", "time_range=" },
	{ "/me/top/artists", "time_range=term" },
	{ "/me/top/artists", "time_range=short_term,long_term" },
	{ "/me/top/artists", "time_range=short_term long_term" },
	{ "/me/top/artists", "time_range=Short_term" },
	{ "/me/top/artists", "limit=%" },
	{ "/me/top/artists", "limit=%3" },
	{ "/me/top/artists", "%zz=5" },
	{ "/me/top/artists", "limitlimitlimitlimitlimitlimitlimitlimit=5" },
	{ "/me/tracks", "market=de" },
	{ "/me/tracks", "market=D" },
	{ "/me/tracks", "market=DEU" },
	{ "/me/tracks", "market=D%26" },
	{ "/me/tracks", "market=\xc3\xa9" },
	{ "/me/player/recently-played", "after=1&before=2" },
	{ "/me/player/recently-played", "before=10000000000000" },
	{ "/artists/" ID "/albums", "include_groups=album,album" },
	{ "/artists/" ID "/albums", "include_groups=album," },
	{ "/artists/" ID "/albums", "include_groups=,album" },
	{ "/artists/" ID "/albums", "include_groups=album,x" },
	{ "/artists/" ID "/albums", "limit=11" },
	{ "/search", "" },
	{ "/search", "q=a" },
	{ "/search", "type=artist" },
	{ "/search", "q=&type=artist" },
	{ "/search", "q=a&type=user" },
	{ "/search", "q=a&type=artist&include_external=audio" },
	{ "/search", "q=%0a&type=artist" },
	{ "/search", "q=a%00&type=artist" },
	{ "/search", "q=%7f&type=artist" },
	{ "/search", "q=%ff&type=artist" },
	{ "/search", "q=%c0%af&type=artist" },
	{ "/search", "q=%ed%a0%80&type=artist" },
	{ "/search", "q=%c3&type=artist" },
	{ "/search", "q=a&type=artist&offset=1001" },
	{ "/me/library/contains", "" },
	{ "/me/library/contains", "uris=" },
	{ "/me/library/contains", "uris=" ID },
	{ "/me/library/contains", "uris=spotify:user:ada" },
	{ "/me/library/contains", "uris=spotify:track:" ID "x" },
	{ "/me/library/contains", "uris=spotify:track:" ID "," },
	{ "/me/library/contains", "uris=Spotify:track:" ID },
	{ "/me/library/contains", "uris=spotify:track:../../../../../../.." },
	{ "/me/library/contains",
	    "uris=spotify:track:" ID " spotify:track:" ID },
};

static void
what_a_row_does_not_know_is_a_bad_request(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(bad_queries); i++)
		CHECK(read_both(bad_queries[i].path, bad_queries[i].query,
			  &rowurl),
		    RESULT_BAD_REQUEST);
}

/* "q=" and so many letters. */
static enum result
search_for(size_t n, struct rowurl *rowurl)
{
	struct buf query = BUF(100000);
	enum result result;

	buf_puts(&query, "type=artist&q=");
	while (n-- > 0)
		buf_putc(&query, 'a');
	result = buf_result(&query);
	if (result == OK)
		result = read_both("/search", query.p, rowurl);
	buf_free(&query);
	return result;
}

static enum result
ask_for(unsigned n, struct rowurl *rowurl)
{
	struct buf query = BUF(10000);
	enum result result;

	buf_puts(&query, "uris=spotify:audiobook:" ID);
	while (--n > 0)
		buf_puts(&query, ",spotify:audiobook:" ID);
	result = buf_result(&query);
	if (result == OK)
		result = read_both("/me/library/contains", query.p, rowurl);
	buf_free(&query);
	return result;
}

static void
texts_and_lists_have_a_limit(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };

	CHECK_OK(search_for(ROWS_TEXT_MAX, &rowurl));
	CHECK(search_for(ROWS_TEXT_MAX + 1, &rowurl), RESULT_BAD_REQUEST);
	CHECK(search_for(2049, &rowurl), RESULT_BAD_REQUEST);
	CHECK(search_for(70000, &rowurl), RESULT_BAD_REQUEST);
	CHECK_OK(ask_for(ROWS_URIS_MAX, &rowurl));
	CHECK(ask_for(ROWS_URIS_MAX + 1, &rowurl), RESULT_BAD_REQUEST);
}

static void
the_scope_that_is_needed_depends_on_the_uris_where_it_does(void)
{
	static const struct {
		const char *query;
		unsigned scopes;
	} asked[] = {
		{ "uris=spotify:track:" ID, 1 },
		{ "uris=spotify:show:" ID ",spotify:episode:" ID, 1 },
		{ "uris=spotify:artist:" ID, 2 },
		{ "uris=spotify:playlist:" ID, 4 },
		{ "uris=spotify:artist:" ID ",spotify:album:" ID, 3 },
	};
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(asked); i++) {
		CHECK_OK(
		    read_both("/me/library/contains", asked[i].query, &rowurl));
		assert_int_equal(rowurl.scopes, asked[i].scopes);
	}
	CHECK_OK(read_both("/me/player/queue", "", &rowurl));
	assert_int_equal(rowurl.scopes, ROWS_ALL_SCOPES);
}

UNIT_TESTS(rowurl) = {
	TEST(a_path_is_found_and_printed_from_its_template),
	TEST(any_other_path_is_not_found),
	TEST(a_row_is_for_its_methods_only),
	TEST(what_changes_something_has_its_own_parameters),
	TEST(a_path_has_the_methods_of_all_its_rows),
	TEST(a_query_is_printed_in_the_order_of_the_row),
	TEST(what_a_row_does_not_know_is_a_bad_request),
	TEST(texts_and_lists_have_a_limit),
	TEST(the_scope_that_is_needed_depends_on_the_uris_where_it_does),
	END_OF_TESTS,
};
