/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/resp.h"
#include "../run.h"

#define MAX 4096

static void
a_command_is_its_words_with_their_lengths(void)
{
	SCOPED(buf_free) struct buf buf = BUF(MAX);
	const struct str words[] = { STR("SET"), STR("a\r\n\0b"), { NULL, 0 } };

	CHECK_OK(resp_command(&buf, words, 3));
	assert_memory_equal(buf.p,
	    "*3\r\n$3\r\nSET\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n", buf.n);
	assert_int_equal(buf.n, 4 + 9 + 11 + 6);
	CHECK_OK(resp_command(&buf, words, 1));
	CHECK_TEXT(((struct str){ buf.p + 30, buf.n - 30 }),
	    "*1\r\n$3\r\nSET\r\n");
}

static void
a_command_beyond_the_limit_is_refused(void)
{
	SCOPED(buf_free) struct buf buf = BUF(12);
	SCOPED(buf_free) struct buf huge = BUF(MAX);
	struct str words[33];
	size_t i;

	for (i = 0; i < N(words); i++)
		words[i] = STR("SET");
	CHECK(resp_command(&buf, words, 1), RESULT_TOO_LARGE);
	CHECK(resp_command(&huge, words, 33), RESULT_TOO_LARGE);
	buf_free(&huge);
	huge = BUF(MAX);
	words[0] = (struct str){ "", SIZE_MAX };
	CHECK(resp_command(&huge, words, 1), RESULT_TOO_LARGE);
}

/* Replies, and RESULT_BAD_TEXT for what none begins with. */
static const struct row {
	const char *text;
	enum result result;
} rows[] = {
	{ "+OK\r\n", OK },
	{ "+\r\n", OK },
	{ "-ERR no\r\n", OK },
	{ ":0\r\n", OK },
	{ ":-9223372036854775808\r\n", OK },
	{ "$-1\r\n", OK },
	{ "$0\r\n\r\n", OK },
	{ "$3\r\n\r\n\r\r\n", OK },
	{ "*-1\r\n", OK },
	{ "*0\r\n", OK },
	{ "*3\r\n:1\r\n$1\r\na\r\n*1\r\n+b\r\n", OK },
	{ "*1\r\n*1\r\n*2\r\n:1\r\n:2\r\n", OK },
	{ "*2\r\n*0\r\n*-1\r\n", OK },
	{ "\r\n", RESULT_BAD_TEXT },
	{ "HTTP/1.1 400 Bad Request\r\n", RESULT_BAD_TEXT },
	{ "\x15\x03\x01", RESULT_BAD_TEXT },
	{ "%1\r\n+a\r\n:1\r\n", RESULT_BAD_TEXT },
	{ "$-2\r\n", RESULT_BAD_TEXT },
	{ "$\r\n\r\n", RESULT_BAD_TEXT },
	{ "$4095\r\n", RESULT_BAD_TEXT },
	{ "$99999999999999999999\r\n", RESULT_BAD_TEXT },
	{ "$18446744073709551615\r\n", RESULT_BAD_TEXT },
	{ "$1\r\nab\r\n", RESULT_BAD_TEXT },
	{ "*512\r\n", OK },
	{ "*513\r\n", RESULT_BAD_TEXT },
	{ "*2147483647\r\n", RESULT_BAD_TEXT },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", OK },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", RESULT_BAD_TEXT },
	{ "*2\r\n*510\r\n", OK },
	{ "*3\r\n*510\r\n", RESULT_BAD_TEXT },
};

static void
a_reply_is_measured_wherever_it_is_cut(void)
{
	size_t row, cut, n, length;

	for (row = 0; row < N(rows); row++) {
		length = strlen(rows[row].text);
		assert_int_equal(resp_length(str_of(rows[row].text), MAX, &n),
		    rows[row].result);
		if (rows[row].result != OK || n == 0)
			continue;
		assert_int_equal(n, length);
		for (cut = 0; cut < length; cut++) {
			CHECK(resp_length((struct str){ rows[row].text, cut },
				  MAX, &n),
			    OK);
			assert_int_equal(n, 0);
			CHECK(resp_length(str_of(rows[row].text), cut, &n),
			    RESULT_BAD_TEXT);
		}
	}
}

static void
what_follows_a_reply_is_left_alone(void)
{
	size_t n;

	CHECK(resp_length(STR("$2\r\nab\r\n*99"), 8, &n), OK);
	assert_int_equal(n, 8);
	CHECK(resp_length(STR(":1\r\n*99\r\n"), MAX, &n), OK);
	assert_int_equal(n, 4);
}

static void
a_line_without_an_end_is_refused_at_the_limit(void)
{
	char text[32];
	size_t n;

	memset(text, '+', sizeof(text));
	CHECK(resp_length((struct str){ text, 31 }, 32, &n), OK);
	CHECK(resp_length((struct str){ text, 32 }, 32, &n), RESULT_BAD_TEXT);
}

static void
items_are_read_in_their_types(void)
{
	SCOPED(resp_free) struct resp reply = { 0 };
	struct resp item;

	CHECK_OK(resp_read(STR("*5\r\n:-7\r\n$3\r\na\0b\r\n$-1\r\n"
			       "*1\r\n+OK\r\n-ERR no\r\n"),
	    &reply));
	assert_int_equal(reply.type, RESP_ARRAY);
	assert_int_equal(reply.n, 5);
	item = resp_item(&reply, 0);
	assert_int_equal(item.type, RESP_INTEGER);
	assert_int_equal(item.integer, -7);
	item = resp_item(&reply, 1);
	assert_int_equal(item.type, RESP_STRING);
	assert_int_equal(item.text.n, 3);
	assert_memory_equal(item.text.p, "a\0b", 4);
	assert_int_equal(resp_item(&reply, 2).type, RESP_NIL);
	item = resp_item(&reply, 3);
	assert_int_equal(item.type, RESP_ARRAY);
	CHECK_TEXT(resp_item(&item, 0).text, "OK");
	item = resp_item(&reply, 4);
	assert_int_equal(item.type, RESP_ERROR);
	CHECK_TEXT(item.text, "ERR no");
	assert_int_equal(resp_item(&reply, 5).type, RESP_NIL);
}

static void
what_hiredis_does_not_take_is_refused(void)
{
	static const char *const texts[] = { ":\r\n", ":1a\r\n",
		":99999999999999999999\r\n", "$01\r\na\r\n", "$1\r\n" };
	struct resp reply;
	size_t i;

	for (i = 0; i < N(texts); i++) {
		CHECK(resp_read(str_of(texts[i]), &reply), RESULT_BAD_TEXT);
		assert_int_equal(reply.type, RESP_NIL);
		resp_free(&reply);
	}
}

UNIT_TESTS(resp) = {
	TEST(a_command_is_its_words_with_their_lengths),
	TEST(a_command_beyond_the_limit_is_refused),
	TEST(a_reply_is_measured_wherever_it_is_cut),
	TEST(what_follows_a_reply_is_left_alone),
	TEST(a_line_without_an_end_is_refused_at_the_limit),
	TEST(items_are_read_in_their_types),
	TEST(what_hiredis_does_not_take_is_refused),
	END_OF_TESTS,
};
