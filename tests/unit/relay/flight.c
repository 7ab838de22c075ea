/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "base/clock.h"
#include "relay/flight.h"
#include "../run.h"

static const unsigned char ada[STORE_ID_BYTES] = "ada",
			   bob[STORE_ID_BYTES] = "bob";

static const struct change none = { .part = CHANGE_PLAYER },
			   changed = { CHANGE_PLAYER, "something" };

static struct context
in_time(void)
{
	return (struct context){ .deadline_ms = clock_mono_ms() + 10000 };
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
	struct context context = in_time();
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free)
	struct flight_outcome told = { .status = 200, .body = BUF(100) };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	assert_true(first.leads);
	CHECK_OK(flight_join(ada, &none, &rowurl, &second));
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
	struct context context = in_time();
	const struct flight_outcome told = { .result = RESULT_RATE_LIMITED,
		.wait = { RESULT_RATE_LIMITED, 7 } };
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(ada, &none, &rowurl, &second));
	flight_land(&first, &told);
	CHECK_OK(flight_wait(&context, &second, &heard));
	assert_int_equal(heard.result, RESULT_RATE_LIMITED);
	assert_int_equal(heard.wait.s, 7);
}

static void
nobody_else_and_nothing_else_shares_it(void)
{
	SCOPED(rowurl_free) struct rowurl one = { .row = NULL };
	SCOPED(rowurl_free) struct rowurl other = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };
	SCOPED(flight_leave) struct flight_seat fourth = { NULL, false };

	CHECK_OK(read_call("/me/tracks", "limit=1", &one));
	CHECK_OK(read_call("/me/tracks", "limit=2", &other));
	CHECK_OK(flight_join(ada, &none, &one, &first));
	CHECK_OK(flight_join(bob, &none, &one, &second));
	CHECK_OK(flight_join(ada, &none, &other, &third));
	assert_true(first.leads && second.leads && third.leads);
	flight_leave(&first);
	CHECK_OK(flight_join(ada, &none, &one, &fourth));
	assert_true(fourth.leads);
}

static void
who_gives_up_lets_the_others_try(void)
{
	struct context context = in_time();
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_outcome_free) struct flight_outcome heard = { 0 };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(ada, &none, &rowurl, &second));
	context.deadline_ms = clock_mono_ms() - 1;
	CHECK(flight_wait(&context, &second, &heard), RESULT_BUSY);
	context = in_time();
	flight_leave(&first);
	CHECK_OK(flight_wait(&context, &second, &heard));
	assert_int_equal(heard.result, RESULT_BUSY);
}

static void
what_a_session_has_changed_closes_its_flights(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat his = { NULL, false };
	SCOPED(flight_leave) struct flight_seat as_before = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };
	SCOPED(flight_leave) struct flight_seat his_too = { NULL, false };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(bob, &none, &rowurl, &his));
	flight_close(ada, CHANGE_LIBRARY);
	CHECK_OK(flight_join(ada, &none, &rowurl, &as_before));
	assert_false(as_before.leads);
	flight_close(ada, CHANGE_PLAYER);
	CHECK_OK(flight_join(ada, &none, &rowurl, &second));
	assert_true(second.leads);
	CHECK_OK(flight_join(ada, &none, &rowurl, &third));
	CHECK_OK(flight_join(bob, &none, &rowurl, &his_too));
	assert_false(third.leads || his_too.leads);
}

static void
what_began_before_a_change_elsewhere_is_not_joined(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };
	SCOPED(flight_leave) struct flight_seat third = { NULL, false };

	CHECK_OK(read_call("/me/player", "", &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(ada, &changed, &rowurl, &second));
	assert_true(first.leads && second.leads);
	CHECK_OK(flight_join(ada, &changed, &rowurl, &third));
	assert_false(third.leads);
}

static void
what_changes_something_is_never_shared(void)
{
	SCOPED(rowurl_free) struct rowurl rowurl = { .row = NULL };
	SCOPED(flight_leave) struct flight_seat first = { NULL, false };
	SCOPED(flight_leave) struct flight_seat second = { NULL, false };

	CHECK_OK(rowurl_find(STR("/me/player/next"), METHOD_POST, &rowurl));
	CHECK_OK(flight_join(ada, &none, &rowurl, &first));
	CHECK_OK(flight_join(ada, &none, &rowurl, &second));
	assert_true(first.leads && second.leads);
}

UNIT_TESTS(flight) = {
	TEST(who_asks_the_same_gets_the_answer_of_who_asked_first),
	TEST(a_failure_is_shared_with_its_wait),
	TEST(nobody_else_and_nothing_else_shares_it),
	TEST(who_gives_up_lets_the_others_try),
	TEST(what_a_session_has_changed_closes_its_flights),
	TEST(what_began_before_a_change_elsewhere_is_not_joined),
	TEST(what_changes_something_is_never_shared),
	END_OF_TESTS,
};
