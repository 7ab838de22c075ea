/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "web/query.h"
#include "../run.h"

#define CODE_MAX 32

/* The two parameters that all tests here know. */
struct fields {
	struct query_field list[2];
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
	return query_read(query, fields->list, 2);
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
of_an_optional_parameter_what_is_bad_is_absent(void)
{
	static const struct {
		const char *query, *value;
	} rows[] = {
		{ "code=/caf%C3%A9", "/caf\xc3\xa9" },
		{ "code=\xff+b", "\xff b" },
		{ "code=%0a", "\n" },
		{ "code=", "" },
		{ "code=100%", "" },
		{ "code=a&code=b", "" },
		{ "code=a&code=b&code=c", "" },
		{ "code=0123456789abcdef0123456789abcdefg", "" },
		{ "code=0123456789abcdef0123456789abcdefg&code=a", "" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(fields_free)
		struct fields fields = { {
		    { .name = "code",
			.value = BUF(CODE_MAX),
			.optional = true },
		} };

		CHECK_OK(query_read(str_of(rows[i].query), fields.list, 1));
		CHECK_TEXT(buf_str(&fields.list[0].value), rows[i].value);
	}
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

UNIT_TESTS(query) = {
	TEST(a_query_is_read_and_decoded_once),
	TEST(a_query_that_can_be_read_in_two_ways_is_a_bad_request),
	TEST(of_an_optional_parameter_what_is_bad_is_absent),
	TEST(very_large_queries_are_read_or_refused_all_the_same),
	END_OF_TESTS,
};
