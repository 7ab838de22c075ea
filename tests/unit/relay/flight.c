/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "base/clock.h"
#include "relay/flight.h"
#include "../run.h"

#define SEATS 64

static const unsigned char ada[STORE_ID_BYTES] = "ada",
			   bob[STORE_ID_BYTES] = "bob";

static const struct change none = { .part = CHANGE_PLAYER },
			   changed = { CHANGE_PLAYER, "something" };

static struct context
with_threads(unsigned threads)
{
	return (struct context){ .threads = threads,
		.deadline_ms = clock_mono_ms() + 10000 };
}

static enum result
read_call(const char *path, const char *query, struct rowurl *rowurl)
{
	enum result result;

	rowurl_free(rowurl);
	result = rowurl_find(str_of(path), METHOD_GET, rowurl);
	return result == OK ? rowurl_query(str_of(query), rowurl) : result;
}

static void
who_asks_the_same_gets_the_answer_of_who_asked_first(void)
{
	struct context context = with_threads(8);
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free)
	struct flight_outcome told = { .status = 200, .body = BUF(100) };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	assert_true(first.leads);
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &second));
	assert_false(second.leads);
	buf_puts(&told.body, "{}");
	CHECK_OK(buf_result(&told.body));
	flight_land(&first, &told);
	CHECK_OK(flight_wait(&context, &second, &heard));
	if (run_refused() && heard.result == RESULT_NO_MEMORY)
		return;
	assert_int_equal(heard.result, OK);
	assert_int_equal(heard.status, 200);
	CHECK_TEXT(buf_str(&heard.body), "{}");
}

static void
a_failure_is_shared_with_its_wait(void)
{
	struct context context = with_threads(8);
	const struct flight_outcome told = { .result = RESULT_RATE_LIMITED,
		.wait = { RESULT_RATE_LIMITED, 7 } };
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &second));
	flight_land(&first, &told);
	CHECK_OK(flight_wait(&context, &second, &heard));
	assert_int_equal(heard.result, RESULT_RATE_LIMITED);
	assert_int_equal(heard.wait.s, 7);
}

static void
nobody_else_and_nothing_else_shares_it(void)
{
	struct context context = with_threads(SEATS);
	SCOPED(rowurl_free) struct rowurl one = { .row = NULL };
	SCOPED(rowurl_free) struct rowurl other = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };
	SCOPED(flight_leave) struct flight_seat fourth = { NULL, false };

	CHECK_OK(read_call("/me/tracks", "limit=1", &one));
	CHECK_OK(read_call("/me/tracks", "limit=2", &other));
	CHECK_OK(flight_join(&context, ada, &none, &one, &first));
	CHECK_OK(flight_join(&context, bob, &none, &one, &second));
	CHECK_OK(flight_join(&context, ada, &none, &other, &third));
	assert_true(first.leads && second.leads && third.leads);
	flight_leave(&first);
	CHECK_OK(flight_join(&context, ada, &none, &one, &fourth));
	assert_true(fourth.leads);
}

static void
who_gives_up_lets_the_others_try(void)
{
	struct context context = with_threads(8);
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &second));
	context.deadline_ms = clock_mono_ms() - 1;
	CHECK(flight_wait(&context, &second, &heard), RESULT_BUSY);
	context = with_threads(8);
	flight_leave(&first);
	CHECK_OK(flight_wait(&context, &second, &heard));
	assert_int_equal(heard.result, RESULT_BUSY);
}

static void
what_a_session_has_changed_closes_its_flights(void)
{
	struct context context = with_threads(SEATS);
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat his = { NULL, false };
	SCOPED(flight_leave) struct flight_seat as_before = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };
	SCOPED(flight_leave) struct flight_seat his_too = { NULL, false };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(&context, bob, &none, &rowurl, &his));
	flight_close(ada, CHANGE_LIBRARY);
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &as_before));
	assert_false(as_before.leads);
	flight_close(ada, CHANGE_PLAYER);
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &second));
	assert_true(second.leads);
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &third));
	CHECK_OK(flight_join(&context, bob, &none, &rowurl, &his_too));
	assert_false(third.leads || his_too.leads);
}

static void
what_began_before_a_change_elsewhere_is_not_joined(void)
{
	struct context context = with_threads(SEATS);
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(&context, ada, &changed, &rowurl, &second));
	assert_true(first.leads && second.leads);
	CHECK_OK(flight_join(&context, ada, &changed, &rowurl, &third));
	assert_false(third.leads);
}

static void
what_changes_something_is_never_shared(void)
{
	struct context context = with_threads(SEATS);
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };

	CHECK_OK(rowurl_find(STR("/me/player/next"), METHOD_POST, &rowurl));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(&context, ada, &none, &rowurl, &second));
	assert_true(first.leads && second.leads);
}

/* How many places a session gets, in one flight or in one of its own each. */
static enum result
count_seats(const struct context *context, bool same, unsigned *n)
{
	struct flight_seat seats[SEATS] = { { NULL, false } };
	struct rowurl rowurl = { .row = NULL };
	enum result result = OK;
	char query[16];
	unsigned i;

	for (i = 0; i < SEATS && result == OK; i++) {
		snprintf(query, sizeof(query), "offset=%u", same ? 0 : i);
		result = read_call("/me/tracks", query, &rowurl);
		if (result == OK)
			result = flight_join(context, ada, &none, &rowurl,
			    &seats[i]);
	}
	*n = i - 1;
	for (i = 0; i < SEATS; i++)
		flight_leave(&seats[i]);
	rowurl_free(&rowurl);
	return result;
}

static void
threads_are_left_to_others(void)
{
	struct context context = with_threads(SEATS);
	unsigned n;

	CHECK(count_seats(&context, true, &n), RESULT_BUSY);
	assert_int_equal(n, 52);
	CHECK(count_seats(&context, false, &n), RESULT_BUSY);
	assert_int_equal(n, 8);
	context.threads = 1;
	CHECK(count_seats(&context, true, &n), RESULT_BUSY);
	assert_int_equal(n, 1);
}

UNIT_TESTS(flight) = {
	TEST(who_asks_the_same_gets_the_answer_of_who_asked_first),
	TEST(a_failure_is_shared_with_its_wait),
	TEST(nobody_else_and_nothing_else_shares_it),
	TEST(who_gives_up_lets_the_others_try),
	TEST(what_a_session_has_changed_closes_its_flights),
	TEST(what_began_before_a_change_elsewhere_is_not_joined),
	TEST(what_changes_something_is_never_shared),
	TEST(threads_are_left_to_others),
	END_OF_TESTS,
};
