/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "relay/rowbody.h"
#include "../run.h"

#define ID "0OdUWJ0sBjDrqHygGUXeCF"
#define TRACK "spotify:track:" ID
#define EPISODE "spotify:episode:" ID
#define PLAY METHOD_PUT, "/me/player/play"
#define TRANSFER METHOD_PUT, "/me/player"
#define CREATE METHOD_POST, "/me/playlists"
#define ADD METHOD_POST, "/playlists/" ID "/items"
#define REMOVE METHOD_DELETE, "/playlists/" ID "/items"

static enum result
read_body(enum method method, const char *path, const char *type,
    struct str body, struct rowurl *rowurl)
{
	enum result result;

	rowurl_free(rowurl);
	result = rowurl_find(str_of(path), method, rowurl);
	return result == OK ? rowbody_read(str_of(type), body, rowurl) : result;
}

static const struct {
	enum method method;
	const char *path, *body, *printed; /* NULL: the same */
} good[] = {
	{ PLAY, "", "" },
	{ PLAY, "{}", NULL },
	{ PLAY, " { } \n", "{}" },
	{ PLAY, "{\"position_ms\":0,\"uris\":[\"" TRACK "\",\"" EPISODE "\"]}",
	    "{\"uris\":[\"" TRACK "\",\"" EPISODE "\"],\"position_ms\":0}" },
	{ PLAY,
	    "{\"context_uri\":\"spotify:album:" ID
	    "\",\"offset\":{\"position\":5}}",
	    NULL },
	{ PLAY,
	    "{\"context_uri\":\"spotify:playlist:" ID
	    "\",\"offset\":{\"uri\":\"" TRACK "\"},\"position_ms\":86400000}",
	    NULL },
	{ PLAY, "{\"\\u0075ris\":[\"spotify\\u003atrack\\u003A" ID "\"]}",
	    "{\"uris\":[\"" TRACK "\"]}" },
	{ TRANSFER, "{\"device_ids\":[\"5fbb3b\"]}", NULL },
	{ TRANSFER, "{\"play\":false,\"device_ids\":[\"5fbb3b\"]}",
	    "{\"device_ids\":[\"5fbb3b\"],\"play\":false}" },
	{ CREATE, "{\"name\":\"x\"}", NULL },
	{ CREATE,
	    "{\"description\":\"\",\"collaborative\":true,\"public\":false,"
	    "\"name\":\"caf\\u00e9 \\\"<b>\\\" \xf0\x9f\x8e\xb5\"}",
	    "{\"name\":\"caf\xc3\xa9 \\\"\\u003cb\\u003e\\\" "
	    "\xf0\x9f\x8e\xb5\",\"public\":false,\"collaborative\":true,"
	    "\"description\":\"\"}" },
	{ ADD, "{\"uris\":[\"" TRACK "\"],\"position\":0}", NULL },
	{ REMOVE,
	    "{\"snapshot_id\":\"MTAsZjY/+=\",\"items\":[{\"uri\":\"" TRACK
	    "\"},{\"uri\":\"" EPISODE "\"}]}",
	    "{\"items\":[{\"uri\":\"" TRACK "\"},{\"uri\":\"" EPISODE
	    "\"}],\"snapshot_id\":\"MTAsZjY/+=\"}" },
};

static void
a_body_is_written_anew_in_the_order_of_the_row(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(good); i++) {
		CHECK_OK(read_body(good[i].method, good[i].path,
		    "application/json", str_of(good[i].body), &rowurl));
		CHECK_TEXT(buf_str(&rowurl.body),
		    good[i].printed != NULL ? good[i].printed : good[i].body);
	}
}

static const struct {
	enum method method;
	const char *path, *body;
} bad[] = {
	{ PLAY, " " },
	{ PLAY, "x" },
	{ PLAY, "null" },
	{ PLAY, "[]" },
	{ PLAY, "\"uris\"" },
	{ PLAY, "{" },
	{ PLAY, "{}{}" },
	{ PLAY, "{},{}" },
	{ PLAY, "{}\n#" },
	{ PLAY, "{'uris':[]}" },
	{ PLAY, "{\"x\":1}" },
	{ PLAY, "{\"\":1}" },
	{ PLAY, "{\"uris\":[]}" },
	{ PLAY, "{\"uris\":\"" TRACK "\"}" },
	{ PLAY, "{\"uris\":{\"0\":\"" TRACK "\"}}" },
	{ PLAY, "{\"uris\":[[\"" TRACK "\"]]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "\",null]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "\"],\"uris\":[\"" TRACK "\"]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "\"],\"\\u0075ris\":[\"" TRACK "\"]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "\"],\"uris\\u0000\":[\"" TRACK "\"]}" },
	{ PLAY, "{\"Uris\":[\"" TRACK "\"]}" },
	{ PLAY, "{\"uris\":[\"spotify:artist:" ID "\"]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "?x=y\"]}" },
	{ PLAY, "{\"uris\":[\"spotify:track:../../../../../../..\"]}" },
	{ PLAY, "{\"uris\":[\"" TRACK "\"],\"__proto__\":{}}" },
	{ PLAY,
	    "{\"uris\":[\"" TRACK "\"],\"context_uri\":\"spotify:album:" ID
	    "\"}" },
	{ PLAY, "{\"context_uri\":\"" TRACK "\"}" },
	{ PLAY, "{\"context_uri\":null}" },
	{ PLAY, "{\"offset\":{}}" },
	{ PLAY, "{\"offset\":5}" },
	{ PLAY, "{\"offset\":[{\"position\":5}]}" },
	{ PLAY, "{\"offset\":{\"position\":5,\"uri\":\"" TRACK "\"}}" },
	{ PLAY, "{\"offset\":{\"position\":5,\"x\":1}}" },
	{ PLAY, "{\"offset\":{\"position\":-1}}" },
	{ PLAY, "{\"position_ms\":-1}" },
	{ PLAY, "{\"position_ms\":1.0}" },
	{ PLAY, "{\"position_ms\":1e3}" },
	{ PLAY, "{\"position_ms\":\"1\"}" },
	{ PLAY, "{\"position_ms\":true}" },
	{ PLAY, "{\"position_ms\":86400001}" },
	{ PLAY, "{\"position_ms\":99999999999999999999}" },
	{ PLAY, "{\"position_ms\":NaN}" },
	{ TRANSFER, "" },
	{ TRANSFER, "{}" },
	{ TRANSFER, "{\"device_ids\":[]}" },
	{ TRANSFER, "{\"device_ids\":[\"\"]}" },
	{ TRANSFER, "{\"device_ids\":[\"a\",\"b\"]}" },
	{ TRANSFER, "{\"device_ids\":[\"a/b\"]}" },
	{ TRANSFER, "{\"device_ids\":[\"a\"],\"play\":\"true\"}" },
	{ TRANSFER, "{\"device_ids\":[\"a\"],\"play\":1}" },
	{ TRANSFER, "{\"device_ids\":[\"a\"],\"play\":null}" },
	{ CREATE, "" },
	{ CREATE, "{\"name\":\"\"}" },
	{ CREATE, "{\"name\":\"a\\nb\"}" },
	{ CREATE, "{\"name\":\"a\\u0000b\"}" },
	{ CREATE, "{\"name\":\"\\ud800\"}" },
	{ CREATE, "{\"name\":\"\xff\"}" },
	{ CREATE, "{\"name\":\"\xc0\xaf\"}" },
	{ CREATE, "{\"name\":7}" },
	{ CREATE, "{\"name\":\"x\",\"public\":\"no\"}" },
	{ CREATE, "{\"name\":\"x\",\"owner\":{\"id\":\"me\"}}" },
	{ ADD, "" },
	{ ADD, "{\"position\":0}" },
	{ ADD, "{\"uris\":[\"" TRACK "," TRACK "\"]}" },
	{ ADD, "{\"uris\":[\"spotify:local:a:b:c:1\"]}" },
	{ REMOVE, "" },
	{ REMOVE, "{\"items\":[]}" },
	{ REMOVE, "{\"items\":[\"" TRACK "\"]}" },
	{ REMOVE, "{\"items\":[{}]}" },
	{ REMOVE, "{\"items\":[{\"uri\":\"" TRACK "\",\"positions\":[0]}]}" },
	{ REMOVE, "{\"items\":[{\"uri\":\"" TRACK "\"}],\"tracks\":[]}" },
	{ REMOVE,
	    "{\"items\":[{\"uri\":\"" TRACK "\"}],\"snapshot_id\":\"\"}" },
	{ REMOVE,
	    "{\"items\":[{\"uri\":\"" TRACK
	    "\"}],\"snapshot_id\":\"a\\\"b\"}" },
};

static void
what_a_row_does_not_know_is_refused(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(bad); i++) {
		CHECK(read_body(bad[i].method, bad[i].path, "application/json",
			  str_of(bad[i].body), &rowurl),
		    RESULT_BAD_REQUEST);
		assert_non_null(strstr(run_said(), "event=body_refused"));
	}
}

static void
a_nul_is_no_end(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };

	CHECK(read_body(PLAY, "application/json", STR("{}\0"), &rowurl),
	    RESULT_BAD_REQUEST);
	CHECK(read_body(PLAY, "application/json", STR("\0"), &rowurl),
	    RESULT_BAD_REQUEST);
}

static void
a_body_is_json_by_its_type(void)
{
	static const struct {
		const char *type;
		enum result result;
	} types[] = {
		{ "application/json", OK },
		{ "application/json; charset=utf-8", OK },
		{ "Application/JSON ;charset=UTF-8", OK },
		{ " application/json", OK },
		{ "", RESULT_BAD_REQUEST },
		{ "text/plain", RESULT_BAD_REQUEST },
		{ "text/json", RESULT_BAD_REQUEST },
		{ "application/jsonx", RESULT_BAD_REQUEST },
		{ "application/json, text/plain", RESULT_BAD_REQUEST },
		{ "application/x-www-form-urlencoded", RESULT_BAD_REQUEST },
		{ "multipart/form-data; boundary=application/json",
		    RESULT_BAD_REQUEST },
	};
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	size_t i;

	for (i = 0; i < N(types); i++)
		CHECK(read_body(PLAY, types[i].type, STR("{}"), &rowurl),
		    types[i].result);
	/* Of nothing it does not matter, nor of a row without a body. */
	CHECK_OK(read_body(PLAY, "text/plain", STR(""), &rowurl));
	CHECK_OK(read_body(METHOD_PUT, "/me/player/pause", "text/plain",
	    STR("{\"x\":1}"), &rowurl));
	assert_int_equal(rowurl.body.n, 0);
}

/* A list of so many tracks to add. */
static enum result
add_so_many(size_t n, struct rowurl *rowurl)
{
	struct buf body = BUF(REQUEST_BODY_MAX);
	enum result result;
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(&body, "%s\"" TRACK "\"",
		    i == 0 ? "{\"uris\":[" : ",");
	buf_puts(&body, "]}");
	result = buf_result(&body);
	if (result == OK)
		result =
		    read_body(ADD, "application/json", buf_str(&body), rowurl);
	buf_free(&body);
	return result;
}

/* A name of so many bytes, each of which is six when it is escaped. */
static enum result
create_named(size_t n, struct rowurl *rowurl)
{
	struct buf body = BUF(REQUEST_BODY_MAX);
	enum result result;

	buf_puts(&body, "{\"name\":\"");
	while (n-- > 0)
		buf_putc(&body, '<');
	buf_puts(&body, "\"}");
	result = buf_result(&body);
	if (result == OK)
		result = read_body(CREATE, "application/json", buf_str(&body),
		    rowurl);
	buf_free(&body);
	return result;
}

static void
lists_and_texts_have_an_end(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };

	CHECK_OK(add_so_many(100, &rowurl));
	CHECK(add_so_many(101, &rowurl), RESULT_BAD_REQUEST);
	CHECK_OK(create_named(400, &rowurl));
	CHECK(create_named(401, &rowurl), RESULT_BAD_REQUEST);
	CHECK(create_named(4000, &rowurl), RESULT_BAD_REQUEST);
}

UNIT_TESTS(rowbody) = {
	TEST(a_body_is_written_anew_in_the_order_of_the_row),
	TEST(what_a_row_does_not_know_is_refused),
	TEST(a_nul_is_no_end),
	TEST(a_body_is_json_by_its_type),
	TEST(lists_and_texts_have_an_end),
	END_OF_TESTS,
};
