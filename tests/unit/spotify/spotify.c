/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>
#include <time.h>

#include "json/janssondoc.h"
#include "../run.h"
#include "../scratch.h"
#include "spotify/spotify.h"

#define ID "0TnOYISbd1XYRBk9myaseg"
#define HEAD "{\"id\":\"" ID "\",\"name\":"
#define URI ",\"uri\":\"spotify:artist:" ID "\",\"url\":"
#define OPEN "\"https://open.spotify.com/artist/" ID "\""

#define IMAGES "http://127.0.0.1:9"
static const struct conf conf = { .image_origin = { IMAGES,
				      sizeof(IMAGES) - 1 } };

/* A page of these elements; false only when memory was refused. */
static bool
make_page(const char *items, struct spotify_page *page)
{
	SCOPED(buf_free) struct buf text = BUF(100000);
	enum result result;

	*page = (struct spotify_page){ .items = 0 };
	buf_printf(&text, "{\"artists\":{\"items\":[%s]}}", items);
	if ((result = buf_result(&text)) == OK)
		result = spotify_page_read(&text, page);
	if (!run_refused())
		assert_int_equal(result, OK);
	return result == OK;
}

/* Element 0 comes out as this text. */
static void
check(const char *artist, const char *wanted)
{
	SCOPED(spotify_page_free) struct spotify_page page = { .items = 0 };
	SCOPED(buf_free) struct buf out = BUF(100000);

	if (!make_page(artist, &page))
		return;
	spotify_artist_write(&page, 0, &conf, &out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out), wanted);
}

static void
an_artist_is_rebuilt_from_the_fields_we_know(void)
{
	check(
	    "{\"id\":\"" ID "\",\"name\":\"Pitbull\",\"uri\":\"evil\","
	    "\"href\":\"https://evil.test\",\"type\":\"artist\",\"extra\":[1],"
	    "\"external_urls\":{\"spotify\":" OPEN ",\"x\":1},"
	    "\"images\":[{\"url\":\"https://i.scdn.co/a\",\"width\":640,"
	    "\"height\":640,\"x\":1},{\"url\":\"https://i.scdn.co/b\","
	    "\"width\":null}],\"genres\":[\"pop\",5,null,\"<rap>\"],"
	    "\"followers\":{\"href\":null,\"total\":123},\"popularity\":77}",
	    HEAD
	    "\"Pitbull\"" URI OPEN ",\"images\":[{\"url\":"
	    "\"https://i.scdn.co/a\",\"width\":640,\"height\":640},{\"url\":"
	    "\"https://i.scdn.co/b\",\"width\":null,\"height\":null}],"
	    "\"genres\":[\"pop\",\"\\u003crap\\u003e\"],\"followers\":123,"
	    "\"popularity\":77}");
}

static void
what_spotify_leaves_out_is_left_out_or_empty(void)
{
	check("{\"id\":\"" ID "\"}", HEAD "\"\"" URI OPEN ",\"images\":[]}");
	check("{\"id\":\"" ID "\",\"name\":null,\"images\":null,\"genres\":"
	      "null,\"followers\":null,\"popularity\":null,\"external_urls\":"
	      "null}",
	    HEAD "\"\"" URI OPEN ",\"images\":[]}");
	check("{\"id\":\"" ID "\",\"name\":5,\"images\":{},\"genres\":{},"
	      "\"followers\":{\"total\":-1},\"popularity\":101,"
	      "\"external_urls\":[]}",
	    HEAD "\"\"" URI OPEN ",\"images\":[]}");
	check("{\"id\":\"" ID "\",\"followers\":{\"total\":1.5},\"popularity\""
	      ":\"7\"}",
	    HEAD "\"\"" URI OPEN ",\"images\":[]}");
}

static void
urls_that_lead_elsewhere_do_not_get_through(void)
{
	static const char *const bad[] = { "javascript:alert(1)",
		"//evil.test/x", "http://i.scdn.co/x", "https://evil.test/x",
		"https://u:p@i.scdn.co/x", "data:image/png,x",
		"http://127.0.0.1:10/x" };
	SCOPED(buf_free) struct buf artist = BUF(1000);
	size_t i;

	for (i = 0; i < N(bad); i++) {
		buf_clear(&artist);
		buf_printf(&artist,
		    "{\"id\":\"" ID "\",\"images\":[{\"url\":"
		    "\"%s\"},{\"url\":\"http://127.0.0.1:9/ok\"},{},null,7],"
		    "\"external_urls\":{\"spotify\":\"%s\"}}",
		    bad[i], bad[i]);
		CHECK_OK(buf_result(&artist));
		check(artist.p,
		    HEAD "\"\"" URI OPEN ",\"images\":[{\"url\":"
			 "\"http://127.0.0.1:9/ok\",\"width\":null,\"height\":"
			 "null}]}");
	}
}

static void
at_most_eight_images_and_sensible_sides(void)
{
	SCOPED(spotify_page_free) struct spotify_page page = { .items = 0 };
	SCOPED(buf_free) struct buf artist = BUF(100000), out = BUF(100000);
	const char *at;
	int n = 0;

	buf_puts(&artist,
	    "{\"id\":\"" ID "\",\"images\":[{\"url\":\"https://"
	    "i.scdn.co/0\",\"width\":10001,\"height\":0}");
	while (n++ < 20)
		buf_puts(&artist, ",{\"url\":\"https://i.scdn.co/1\"}");
	buf_puts(&artist, "]}");
	CHECK_OK(buf_result(&artist));
	if (!make_page(artist.p, &page))
		return;
	spotify_artist_write(&page, 0, &conf, &out);
	CHECK_OK(buf_result(&out));
	for (n = 0, at = out.p; (at = strstr(at, "scdn.co")) != NULL; n++)
		at++;
	assert_int_equal(n, 8);
	assert_non_null(strstr(out.p, "\"width\":null,\"height\":null"));
}

static void
a_long_name_is_cut_between_characters(void)
{
	SCOPED(spotify_page_free) struct spotify_page page = { .items = 0 };
	SCOPED(buf_free) struct buf artist = BUF(100000), out = BUF(100000);
	json_t *object;
	size_t n = 0;

	buf_puts(&artist, "{\"id\":\"" ID "\",\"name\":\"x");
	while (n++ < 5000)
		buf_puts(&artist, "\xc3\xbc");
	buf_puts(&artist, "\"}");
	CHECK_OK(buf_result(&artist));
	if (!make_page(artist.p, &page))
		return;
	spotify_artist_write(&page, 0, &conf, &out);
	CHECK_OK(buf_result(&out));
	CHECK_OK(janssondoc_parse(buf_str(&out), &object));
	n = janssondoc_text(object, "name").n;
	json_decref(object);
	assert_int_equal(n, 1023);
}

static void
a_hostile_name_stays_text(void)
{
	check("{\"id\":\"" ID "\",\"name\":\"</script>\\\"\\\\\\u2028\\uffff"
	      "\\u202e\"}",
	    HEAD "\"\\u003c/script\\u003e\\\"\\\\\xe2\x80\xa8"
		 "\xef\xbf\xbf\xe2\x80\xae\"" URI OPEN ",\"images\":[]}");
}

static void
what_has_no_proper_id_is_no_artist(void)
{
	SCOPED(spotify_page_free) struct spotify_page page = { .items = 0 };
	size_t i;

	if (!make_page("null,7,[],{},\"" ID "\",{\"id\":null},{\"id\":7},"
		       "{\"id\":\"\"},{\"id\":\"" ID
		       "a\"},{\"id\":\"0TnOYISbd1XYRBk9"
		       "myase\"},{\"id\":\"../x567890123456789012\"},"
		       "{\"id\":\"a?b4567890123456789012\"},"
		       "{\"id\":\"\xc3\xbc"
		       "34567890123456789012\"},{\"id\":\"" ID "\"}",
		&page))
		return;
	for (i = 0; i < 13; i++)
		assert_null(spotify_artist_id(&page, i));
	assert_string_equal(spotify_artist_id(&page, 13), ID);
	assert_null(spotify_artist_id(&page, 14));
}

static void
a_page_is_asked_for_by_the_cursor_of_the_one_before(void)
{
	char query[SPOTIFY_QUERY_BYTES];

	spotify_page_query("", 50, query);
	assert_string_equal(query, "?type=artist&limit=50");
	spotify_page_query(ID, 6, query);
	assert_string_equal(query, "?type=artist&limit=6&after=" ID);
}

static void
no_call_is_made_while_spotify_wants_a_pause(void)
{
	SCOPED(scratch_close) struct store *store = NULL;
	struct context context = { .conf = &conf };
	struct secret access = { NULL, 0 };
	struct account account;

	CHECK_OK(scratch_open(&store));
	context.store = store;
	pause_note(store, PAUSE_ME, RESULT_RATE_LIMITED, 100);
	CHECK(spotify_me(&context, &api_me, &access, &account),
	    RESULT_RATE_LIMITED);
	assert_int_equal(context.wait.after, RESULT_RATE_LIMITED);
	assert_true(context.wait.s > 90);
	assert_null(account.id);
	pause_note(store, PAUSE_FOLLOWING, RESULT_QUOTA_EXCEEDED, 50);
	CHECK(api_start(&context, &api_following, "", &access),
	    RESULT_QUOTA_EXCEEDED);
	assert_int_equal(context.wait.after, RESULT_QUOTA_EXCEEDED);
	assert_true(context.wait.s > 40 && context.wait.s <= 50);
}

UNIT_TESTS(spotify) = {
	TEST(an_artist_is_rebuilt_from_the_fields_we_know),
	TEST(what_spotify_leaves_out_is_left_out_or_empty),
	TEST(urls_that_lead_elsewhere_do_not_get_through),
	TEST(at_most_eight_images_and_sensible_sides),
	TEST(a_long_name_is_cut_between_characters),
	TEST(a_hostile_name_stays_text),
	TEST(what_has_no_proper_id_is_no_artist),
	TEST(a_page_is_asked_for_by_the_cursor_of_the_one_before),
	TEST(no_call_is_made_while_spotify_wants_a_pause),
	END_OF_TESTS,
};
