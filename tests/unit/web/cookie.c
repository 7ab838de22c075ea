/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "web/cookie.h"
#include "../run.h"

static void
a_cookie_is_found_by_its_exact_name(void)
{
	static const struct {
		const char *header;
		enum result result;
		const char *value;
	} rows[] = {
		{ "", RESULT_ABSENT, NULL },
		{ ";", RESULT_ABSENT, NULL },
		{ ";;;", RESULT_ABSENT, NULL },
		{ "=", RESULT_ABSENT, NULL },
		{ "=v", RESULT_ABSENT, NULL },
		{ "n", RESULT_ABSENT, NULL },
		{ "n=", OK, "" },
		{ "n=v", OK, "v" },
		{ " n=v", OK, "v" },
		{ "n =v", RESULT_ABSENT, NULL },
		{ "n= v", OK, " v" },
		{ "n=v;", OK, "v" },
		{ "n=v; ", OK, "v" },
		{ "n=v;n=v", RESULT_BAD_REQUEST, NULL },
		{ "n=A; n=B", RESULT_BAD_REQUEST, NULL },
		{ "n=; n=", RESULT_BAD_REQUEST, NULL },
		{ "n=A, n=B", OK, "A, n=B" },
		{ "n=\"v\"", OK, "\"v\"" },
		{ "n=\"v;w\"", OK, "\"v" },
		{ "n=\x01", OK, "\x01" },
		{ "n=\xff\xfe", OK, "\xff\xfe" },
		{ "N=v", RESULT_ABSENT, NULL },
		{ "xn=v", RESULT_ABSENT, NULL },
		{ "nx=v", RESULT_ABSENT, NULL },
		{ "n=====", OK, "====" },
		{ "m; n=v; m", OK, "v" },
		{ "$Version=1; $Path=/; n=v", OK, "v" },
		{ "a=b;\tn=v\t;c=d", OK, "v" },
		{ "a=n=v", RESULT_ABSENT, NULL },
		{ "a=\"; n=v; \"", OK, "v" },
	};
	struct str value;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		value = STR("untouched");
		assert_int_equal(cookie_find(str_of(rows[i].header), "n",
				     &value),
		    rows[i].result);
		if (rows[i].result == OK)
			CHECK_TEXT(value, rows[i].value);
	}
	assert_int_equal(cookie_find(str_of(NULL), "n", &value), RESULT_ABSENT);
}

static void
a_name_with_the_host_prefix_is_compared_like_any_other(void)
{
	static const char name[] = "__Host-spotify-session";
	struct str value = { NULL, 0 };

	assert_int_equal(
	    cookie_find(
		STR("__host-spotify-session=a; "
		    "x__Host-spotify-session=b; __Host-spotify-session =c; "
		    "__Host-spotify-session2=d; spotify-session=e"),
		name, &value),
	    RESULT_ABSENT);
	assert_int_equal(cookie_find(STR("__host-spotify-session=a; "
					 "__Host-spotify-session=b"),
			     name, &value),
	    OK);
	CHECK_TEXT(value, "b");
}

static void
cookies_come_one_by_one_in_their_order(void)
{
	struct str rest = STR("a=1; ;junk;; b=2;c="), name, value;

	assert_true(cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "a");
	CHECK_TEXT(value, "1");
	assert_true(cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "b");
	CHECK_TEXT(value, "2");
	assert_true(cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "c");
	CHECK_TEXT(value, "");
	assert_false(cookie_next(&rest, &name, &value));
	assert_false(cookie_next(&rest, &name, &value));
}

static void
a_cookie_is_found_behind_a_heap_of_others(void)
{
	SCOPED(buf_free) struct buf header = BUF(1 << 17);
	struct str value;
	int i;

	for (i = 0; i < 4000; i++)
		buf_puts(&header, ";");
	for (i = 0; i < 2000; i++)
		buf_puts(&header, "a=b; ");
	for (i = 0; i < 8192; i++)
		buf_putc(&header, '=');
	buf_puts(&header, ";n=v");
	CHECK_OK(buf_result(&header));
	assert_int_equal(cookie_find(buf_str(&header), "n", &value), OK);
	CHECK_TEXT(value, "v");
}

UNIT_TESTS(cookie) = {
	TEST(a_cookie_is_found_by_its_exact_name),
	TEST(a_name_with_the_host_prefix_is_compared_like_any_other),
	TEST(cookies_come_one_by_one_in_their_order),
	TEST(a_cookie_is_found_behind_a_heap_of_others),
	END_OF_TESTS,
};
