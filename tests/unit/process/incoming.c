/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "process/incoming.h"
#include "../run.h"

#define BEGIN_AS(role, flags) "\1\1\0\1\0\10\0\0\0" role flags "\0\0\0\0\0"
#define BEGIN BEGIN_AS("\1", "\0")
/* A=b, and a CONTENT_LENGTH of 3. */
#define PAIRS "\1\1Ab\16\1CONTENT_LENGTH3"
#define PARAMS "\1\4\0\1\0\25\3\0" PAIRS "..."
#define PARAMS_END "\1\4\0\1\0\0\1\0."
#define BODY "\1\5\0\1\0\3\0\0xyz"
#define BODY_END "\1\5\0\1\0\0\0\0"
#define WHOLE BEGIN PARAMS PARAMS_END BODY BODY_END
#define VALUES "\1\11\0\0\0\2\0\0\1\0"
#define HUGE "\377\377\377\377"
#define STRANGE "\1\143\0\0\0\0\2\0.."

static void
end(struct incoming *incoming)
{
	incoming_free(incoming);
}

/* In pieces of n bytes; what the last of them gave, and how many were left. */
static enum incoming_step
read_in(struct incoming *incoming, struct str data, size_t n, size_t *left)
{
	enum incoming_step step = INCOMING_MORE;
	size_t used;

	while (
	    data.n > 0 && (step == INCOMING_MORE || step == INCOMING_ASKED)) {
		step = incoming_read(incoming, data.p, n < data.n ? n : data.n,
		    &used);
		assert_true(used > 0);
		data.p += used;
		data.n -= used;
	}
	*left = data.n;
	return step;
}

static enum incoming_step
read_all(struct incoming *incoming, struct str data)
{
	size_t left;

	return read_in(incoming, data, data.n, &left);
}

static void
however_it_is_cut_it_is_the_same(void)
{
	const struct str data = STR(VALUES WHOLE BEGIN);
	size_t n, left;

	for (n = 1; n <= data.n; n++) {
		SCOPED(end) struct incoming incoming;

		incoming_init(&incoming);
		if (read_in(&incoming, data, n, &left) == INCOMING_FAILED) {
			assert_true(run_refused());
			return;
		}
		assert_int_equal(left, sizeof(BEGIN) - 1);
		assert_true(incoming.ended && incoming.has_head);
		assert_false(incoming.broken || incoming.too_large);
		assert_false(incoming.keep);
		CHECK_TEXT(buf_str(&incoming.params), PAIRS);
		assert_int_equal(incoming.length, 3);
		assert_int_equal(incoming.body_n, 3);
		CHECK_TEXT(buf_str(&incoming.body), "xyz");
	}
}

static void
anything_less_is_not_whole(void)
{
	const struct str data = STR(WHOLE);
	size_t n;

	for (n = 0; n < data.n; n++) {
		SCOPED(end) struct incoming incoming;
		enum incoming_step step;

		incoming_init(&incoming);
		step = read_all(&incoming, (struct str){ data.p, n });
		if (run_refused())
			return;
		assert_int_equal(step, INCOMING_MORE);
		assert_int_equal(incoming.begun, n > 0);
		assert_int_equal(incoming_lacks_end_only(&incoming),
		    n >= sizeof(BEGIN PARAMS PARAMS_END BODY) - 1);
	}
}

static void
what_is_no_request_is_closed(void)
{
	const struct str bad[] = { STR("\2" BEGIN), STR("GET / HTTP"),
		STR(PARAMS), STR(BODY_END), STR("\1\1\0\1\0\7\0\0"),
		STR("\1\1\0\1\0\11\0\0"), STR(BEGIN BEGIN), STR(BEGIN BODY),
		STR(BEGIN PARAMS PARAMS_END PARAMS),
		STR(BEGIN PARAMS PARAMS_END PARAMS_END),
		STR(BEGIN "\1\2\0\1\0\0\0\0"), STR(BEGIN "\1\6\0\1\0\0\0\0"),
		STR(BEGIN PARAMS PARAMS_END "\1\10\0\1\0\0\0\0"),
		STR(BEGIN "\0\4\0\1\0\0\0\0") };
	size_t i;

	for (i = 0; i < N(bad); i++) {
		SCOPED(end) struct incoming incoming;

		incoming_init(&incoming);
		assert_int_equal(read_all(&incoming, bad[i]), INCOMING_FAILED);
	}
}

/* Its parameters are there, all or none of them; the rest is not read. */
static void
what_cannot_be_served_is_whole_at_once(void)
{
	const struct str bad[] = {
		STR(BEGIN_AS("\2", "\1") PARAMS PARAMS_END),
		STR(BEGIN "\1\4\0\1\0\1\0\0\1" PARAMS_END),
		STR(BEGIN "\1\4\0\1\0\2\0\0\2\1" PARAMS_END),
		STR(BEGIN "\1\4\0\1\0\7\0\0\200\0\0\2\1AB" PARAMS_END),
		STR(BEGIN "\1\4\0\1\0\10\0\0" HUGE HUGE PARAMS_END),
	};
	size_t i;

	for (i = 0; i < N(bad); i++) {
		SCOPED(end) struct incoming incoming;

		incoming_init(&incoming);
		if (read_all(&incoming, bad[i]) == INCOMING_FAILED) {
			assert_true(run_refused());
			return;
		}
		assert_true(incoming.broken && incoming.has_head);
		assert_false(incoming.ended);
	}
}

/* A stream of n bytes, in records of at most size. */
static enum incoming_step
read_stream(struct incoming *incoming, enum record_type type, size_t n,
    size_t size)
{
	enum incoming_step step = INCOMING_MORE;
	unsigned char record[RECORD_HEADER];
	struct buf data = BUF(RECORD_HEADER + RECORD_MAX);
	size_t some, used;
	char *p;

	for (; n > 0 && step == INCOMING_MORE && !run_refused(); n -= some) {
		some = n < size ? n : size;
		record_header(record, type, 1, some);
		buf_clear(&data);
		buf_add(&data, record, sizeof(record));
		if ((p = buf_room(&data, some)) == NULL)
			break;
		memset(p, 0, some);
		buf_grown(&data, some);
		step = incoming_read(incoming, data.p, data.n, &used);
	}
	buf_free(&data);
	return step;
}

static void
what_is_too_large_is_whole_at_once(void)
{
	const struct {
		enum record_type type;
		size_t most;
	} cases[] = { { RECORD_PARAMS, INCOMING_HEAD_MAX },
		{ RECORD_STDIN, INCOMING_BODY_MAX } };
	const struct str start[] = { STR(BEGIN), STR(BEGIN PARAMS_END) };
	size_t i, more, sizes[] = { 1000, 60000 }, j;

	for (i = 0; i < N(cases) * 4; i++) {
		SCOPED(end) struct incoming incoming;
		enum incoming_step step;

		j = i / 4;
		more = i & 1;
		incoming_init(&incoming);
		assert_int_equal(read_all(&incoming, start[j]), INCOMING_MORE);
		step = read_stream(&incoming, cases[j].type,
		    cases[j].most + more, sizes[i >> 1 & 1]);
		if (run_refused())
			return;
		assert_int_equal(step, more ? INCOMING_WHOLE : INCOMING_MORE);
		assert_int_equal(incoming.too_large, more);
		assert_false(incoming.ended);
	}
}

static void
an_announced_length_is_believed_if_it_is_too_large(void)
{
	const struct str large =
	    STR(BEGIN "\1\4\0\1\0\25\0\0"
		      "\16\5CONTENT_LENGTH16385" PARAMS_END);
	SCOPED(end) struct incoming incoming;

	incoming_init(&incoming);
	if (read_all(&incoming, large) == INCOMING_FAILED) {
		assert_true(run_refused());
		return;
	}
	assert_true(incoming.too_large && incoming.has_head);
}

/* Of the application, or for a second request (sections 4 and 5.5). */
static void
what_is_asked_besides_is_answered(void)
{
	const struct {
		struct str asked, answer;
	} cases[] = {
		{ STR(VALUES), STR("\1\12\0\0\0\0\0\0") },
		{ STR(STRANGE), STR("\1\13\0\0\0\10\0\0\143\0\0\0\0\0\0\0") },
		{ STR(BEGIN "\1\1\0\2\0\10\0\0\0\1\1\0\0\0\0\0"),
		    STR("\1\3\0\2\0\10\0\0\0\0\0\0\1\0\0\0") },
	};
	unsigned char out[INCOMING_ANSWER_MAX];
	size_t i, n;

	for (i = 0; i < N(cases); i++) {
		SCOPED(end) struct incoming incoming;

		incoming_init(&incoming);
		assert_int_equal(read_all(&incoming, cases[i].asked),
		    INCOMING_ASKED);
		n = incoming_answer(&incoming, out);
		assert_int_equal(n, cases[i].answer.n);
		assert_memory_equal(out, cases[i].answer.p, n);
	}
}

UNIT_TESTS(incoming) = {
	TEST(however_it_is_cut_it_is_the_same),
	TEST(anything_less_is_not_whole),
	TEST(what_is_no_request_is_closed),
	TEST(what_cannot_be_served_is_whole_at_once),
	TEST(what_is_too_large_is_whole_at_once),
	TEST(an_announced_length_is_believed_if_it_is_too_large),
	TEST(what_is_asked_besides_is_answered),
	END_OF_TESTS,
};
