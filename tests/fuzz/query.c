/* SPDX-License-Identifier: ISC */
/* The query string as callback reads it, and percent coding. */
#include "config.h"

#include "base/codec.h"
#include "web/query.h"
#include "fuzz.h"

#define FIELDS 3

static const char *const names[FIELDS] = { "code", "state", "error" };

static enum result
read_query(struct str query, struct query_field *fields)
{
	static const size_t max[FIELDS] = { 2048, 43, 64 };
	size_t i;

	for (i = 0; i < FIELDS; i++)
		fields[i] = (struct query_field){ .name = names[i],
			.value = BUF(max[i]) };
	return query_read(query, fields, FIELDS);
}

/* What was read, written again, reads as the same: decoded once. */
static void
check_again(const struct query_field *fields)
{
	struct query_field again[FIELDS];
	struct buf query = BUF(65536);
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		buf_printf(&query, "%s=", names[i]);
		codec_percent(&query, buf_str(&fields[i].value));
		buf_putc(&query, '&');
	}
	MUST(buf_result(&query) == OK);
	MUST(read_query(buf_str(&query), again) == OK);
	for (i = 0; i < FIELDS; i++)
		MUST(str_equal(buf_str(&again[i].value),
		    buf_str(&fields[i].value)));
	query_free(again, FIELDS);
	buf_free(&query);
}

/* A known parameter that comes again, in whatever spelling, is refused. */
static void
check_twice(struct str input, const struct query_field *fields)
{
	struct query_field again[FIELDS];
	struct buf query = BUF(input.n + 16);
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		buf_add_str(&query, input);
		buf_puts(&query,
		    i == 0     ? "&%63ode=x" :
			i == 1 ? "&state" :
				 "&error=");
		MUST(buf_result(&query) == OK);
		MUST(read_query(buf_str(&query), again) ==
		    (fields[i].seen ? RESULT_BAD_REQUEST : OK));
		query_free(again, FIELDS);
		buf_clear(&query);
	}
	buf_free(&query);
}

static void
check_percent(struct str input)
{
	struct buf text = BUF(input.n * 3 + 1), back = BUF(input.n + 1);

	codec_percent(&text, input);
	MUST(buf_result(&text) == OK && fuzz_printable(buf_str(&text)));
	MUST(codec_percent_decode(buf_str(&text), &back) == OK);
	MUST(str_equal(buf_str(&back), input));
	buf_clear(&back);
	if (codec_percent_decode(input, &back) == OK)
		MUST(back.n <= input.n);
	buf_free(&text);
	buf_free(&back);
}

void
fuzz_query(struct str input)
{
	struct query_field fields[FIELDS];
	enum result result = read_query(input, fields);
	size_t i;

	MUST(result == OK || result == RESULT_BAD_REQUEST);
	for (i = 0; i < FIELDS && result == OK; i++) {
		MUST(fields[i].value.n <= fields[i].value.max);
		MUST(fuzz_printable(buf_str(&fields[i].value)));
		MUST(fields[i].seen || fields[i].value.n == 0);
	}
	if (result == OK) {
		check_again(fields);
		check_twice(input, fields);
	}
	query_free(fields, FIELDS);
	check_percent(input);
}
