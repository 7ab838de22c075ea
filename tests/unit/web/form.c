/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "web/form.h"
#include "../run.h"

#define CODE_MAX 32

/* The two parameters that all tests here know. */
struct fields {
	struct form_field list[2];
};

static void
fields_free(struct fields *fields)
{
	buf_free(&fields->list[0].value);
	buf_free(&fields->list[1].value);
}

static enum result
read_query(struct str query, struct fields *fields)
{
	fields_free(fields);
	*fields = (struct fields){ {
	    { .name = "code", .value = BUF(CODE_MAX) },
	    { .name = "state", .value = BUF(CODE_MAX) },
	} };
	return form_query(query, fields->list, 2);
}

static void
a_query_is_read_and_decoded_once(void)
{
	static const struct {
		const char *query, *code, *state;
	} rows[] = {
		{ "", "", "" },
		{ "&", "", "" },
		{ "&&&&", "", "" },
		{ "=", "", "" },
		{ "=x", "", "" },
		{ "code", "", "" },
		{ "code=", "", "" },
		{ "code=a&", "a", "" },
		{ "&code=a", "a", "" },
		{ "code=a&state=b", "a", "b" },
		{ "state=b&code=a", "a", "b" },
		{ "code=a;state=b", "a;state=b", "" },
		{ "code=a&amp;state=b", "a", "" },
		{ "code=a&Code=b", "a", "" },
		{ "%63ode=a", "a", "" },
		{ "code%3Da", "", "" },
		{ "code[]=a", "", "" },
		{ "code=a+b", "a b", "" },
		{ "code=a%2Bb", "a+b", "" },
		{ "code=%2500", "%00", "" },
		{ "code=a%26grant_type%3Drefresh_token",
		    "a&grant_type="
		    "refresh_token",
		    "" },
		{ "code=a&error=access_denied", "a", "" },
		{ "error_uri=javascript:1&x=%C3%BC&code=a", "a", "" },
		{ "?code=a", "", "" },
		{ "#code=a", "", "" },
		{ "code==a=", "=a=", "" },
		{ "co%00de=a", "", "" },
		{ "code=%3Cscript%3E", "<script>", "" },
		{ "code=0123456789abcdef0123456789abcdef",
		    "0123456789abcdef"
		    "0123456789abcdef",
		    "" },
	};
	SCOPED(fields_free) struct fields fields = { 0 };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		CHECK_OK(read_query(str_of(rows[i].query), &fields));
		CHECK_TEXT(buf_str(&fields.list[0].value), rows[i].code);
		CHECK_TEXT(buf_str(&fields.list[1].value), rows[i].state);
	}
}

static void
a_query_that_can_be_read_in_two_ways_is_a_bad_request(void)
{
	static const char *const bad[] = {
		"code=a&code=b",
		"code=a&code=",
		"code=&code=a",
		"code&code",
		"%63ode=a&code=b",
		"code=%",
		"code=%4",
		"code=%zz",
		"code=%%41",
		"code=%u0041",
		"code=%00",
		"code=a%00",
		"code=%0d%0aX:%20y",
		"code=x%0ay",
		"code=%C0%AF",
		"code=%ED%A0%80",
		"code=%F4%90%80%80",
		"code=\xff",
		"code=\x01",
		"code=%7f",
		"%zz=a",
		"%",
		"x=1&%4",
		"code=0123456789abcdef0123456789abcdefg",
	};
	SCOPED(fields_free) struct fields fields = { 0 };
	size_t i;

	for (i = 0; i < N(bad); i++)
		CHECK(read_query(str_of(bad[i]), &fields), RESULT_BAD_REQUEST);
	CHECK(read_query(STR("code=a\0b"), &fields), RESULT_BAD_REQUEST);
}

static void
very_large_queries_are_read_or_refused_all_the_same(void)
{
	SCOPED(fields_free) struct fields fields = { 0 };
	SCOPED(buf_free) struct buf query = BUF(1 << 20);
	int i;

	for (i = 0; i < 20; i++)
		buf_puts(&query, "a=b&");
	buf_puts(&query, "code=c&");
	for (i = 0; i < 10000; i++)
		buf_putc(&query, '=');
	buf_putc(&query, '&');
	for (i = 0; i < 65536; i++)
		buf_putc(&query, 'k');
	CHECK_OK(buf_result(&query));
	CHECK_OK(read_query(buf_str(&query), &fields));
	CHECK_TEXT(buf_str(&fields.list[0].value), "c");
	buf_clear(&query);
	buf_puts(&query, "code=");
	for (i = 0; i < 65536; i++)
		buf_putc(&query, 'v');
	CHECK_OK(buf_result(&query));
	CHECK(read_query(buf_str(&query), &fields), RESULT_BAD_REQUEST);
}

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
		assert_int_equal(form_cookie(str_of(rows[i].header), "n",
				     &value),
		    rows[i].result);
		if (rows[i].result == OK)
			CHECK_TEXT(value, rows[i].value);
	}
	assert_int_equal(form_cookie(str_of(NULL), "n", &value), RESULT_ABSENT);
}

static void
a_name_with_the_host_prefix_is_compared_like_any_other(void)
{
	static const char name[] = "__Host-spotify-session";
	struct str value = { NULL, 0 };

	assert_int_equal(
	    form_cookie(
		STR("__host-spotify-session=a; "
		    "x__Host-spotify-session=b; __Host-spotify-session =c; "
		    "__Host-spotify-session2=d; spotify-session=e"),
		name, &value),
	    RESULT_ABSENT);
	assert_int_equal(form_cookie(STR("__host-spotify-session=a; "
					 "__Host-spotify-session=b"),
			     name, &value),
	    OK);
	CHECK_TEXT(value, "b");
}

static void
cookies_come_one_by_one_in_their_order(void)
{
	struct str rest = STR("a=1; ;junk;; b=2;c="), name, value;

	assert_true(form_cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "a");
	CHECK_TEXT(value, "1");
	assert_true(form_cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "b");
	CHECK_TEXT(value, "2");
	assert_true(form_cookie_next(&rest, &name, &value));
	CHECK_TEXT(name, "c");
	CHECK_TEXT(value, "");
	assert_false(form_cookie_next(&rest, &name, &value));
	assert_false(form_cookie_next(&rest, &name, &value));
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
	assert_int_equal(form_cookie(buf_str(&header), "n", &value), OK);
	CHECK_TEXT(value, "v");
}

const struct test form_tests[] = { TEST(a_query_is_read_and_decoded_once),
	TEST(a_query_that_can_be_read_in_two_ways_is_a_bad_request),
	TEST(very_large_queries_are_read_or_refused_all_the_same),
	TEST(a_cookie_is_found_by_its_exact_name),
	TEST(a_name_with_the_host_prefix_is_compared_like_any_other),
	TEST(cookies_come_one_by_one_in_their_order),
	TEST(a_cookie_is_found_behind_a_heap_of_others), { NULL, NULL } };
