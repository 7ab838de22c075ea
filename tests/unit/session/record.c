/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "../run.h"
#include "session/record.h"

/* As the first version wrote it. */
static const char first[] =
    "{\"created\":1790000000,\"authorized\":1790000001,"
    "\"access_ends\":1790003600,\"access\":\"BQ-x_1\\u0026\","
    "\"refresh\":\"AQ\",\"id\":\"\xc3\xb6zkan\",\"account_id\":\"31a\","
    "\"display_name\":\"\\\"O\\\\\",\"image\":\"https://i.scdn.co/image/ab\","
    "\"email\":\"a@e.org\"}";

static enum result
read_text(const char *text, struct session *session)
{
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);
	enum result result;

	buf_puts(&plain, text);
	if ((result = buf_result(&plain)) == OK)
		result = record_read(&plain, session);
	return result;
}

static void
check_first(const struct session *session)
{
	assert_int_equal(session->created_s, 1790000000);
	assert_int_equal(session->authorized_s, 1790000001);
	assert_int_equal(session->access_ends_s, 1790003600);
	CHECK_TEXT(secret_str(&session->access), "BQ-x_1&");
	CHECK_TEXT(secret_str(&session->refresh), "AQ");
	CHECK_TEXT(str_of(session->account.id), "\xc3\xb6zkan");
	CHECK_TEXT(str_of(session->account.account_id), "31a");
	CHECK_TEXT(str_of(session->account.display_name), "\"O\\");
	CHECK_TEXT(str_of(session->account.image),
	    "https://i.scdn.co/image/ab");
	CHECK_TEXT(str_of(session->account.email), "a@e.org");
}

/* So that sessions outlive an update, and the way back. */
static void
a_record_is_read_and_written_as_it_always_was(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);

	CHECK_OK(read_text(first, &session));
	check_first(&session);
	CHECK_OK(record_write(&session, &plain));
	CHECK_TEXT(buf_str(&plain), first);
}

static void
any_order_and_spelling_and_more_members_will_do(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };

	CHECK_OK(read_text(" { \"later\": [ {\"x\": null } ],"
			   "\"email\":\"a@e.org\",\"access\":\"BQ-x_1&\","
			   "\"image\":\"https:\\/\\/i.scdn.co/image/ab\","
			   "\"display_name\":\"\\u0022O\\\\\","
			   "\"account_id\":\"31a\",\"id\":\"\\u00f6zkan\","
			   "\"refresh\":\"AQ\",\"access_ends\":1790003600,"
			   "\"authorized\":1790000001,"
			   "\"created\":1790000000}\n",
	    &session));
	check_first(&session);
}

static void
what_was_found_out_of_logouts_is_kept(void)
{
	SCOPED(session_free)
	struct session session = { .latest_s = 7, .checked_s = 8 };
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);

	CHECK_OK(record_write(&session, &plain));
	session.latest_s = session.checked_s = 0;
	CHECK_OK(record_read(&plain, &session));
	assert_int_equal(session.latest_s, 7);
	assert_int_equal(session.checked_s, 8);
}

static void
a_short_life_of_the_token_is_kept(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);

	session_set_life(&session, 599);
	CHECK_OK(record_write(&session, &plain));
	session_set_life(&session, 600);
	assert_int_equal(session.access_life_s, 0);
	CHECK_OK(record_read(&plain, &session));
	assert_int_equal(session.access_life_s, 599);
}

/* That of an earlier version, read over one that has a scope. */
static void
the_scope_is_kept_and_a_record_without_one_says_nothing(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);

	assert_true(session_may(&session, STR("streaming")));
	CHECK_OK(
	    read_text("{\"scope\":\"user-read-email streaming\"}", &session));
	assert_true(session_may(&session, STR("streaming")));
	assert_false(session_may(&session, STR("stream")));
	CHECK_OK(record_write(&session, &plain));
	assert_non_null(
	    strstr(plain.p, ",\"scope\":\"user-read-email streaming\"}"));
	CHECK_OK(read_text(first, &session));
	assert_int_equal(session.scope.n, 0);
	assert_true(session_may(&session, STR("streaming")));
}

static void
a_scope_that_nobody_wrote_is_not_known(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(buf_free) struct buf text = BUF(4096);

	buf_printf(&text, "{\"scope\":\"%01025d\"}", 7);
	CHECK_OK(buf_result(&text));
	CHECK_OK(read_text(text.p, &session));
	assert_int_equal(session.scope.n, 0);
	CHECK_OK(read_text("{\"scope\":7}", &session));
	assert_int_equal(session.scope.n, 0);
}

static void
what_there_is_none_of_is_left_out(void)
{
	SCOPED(session_free) struct session session = { .created_s = 7 };
	SCOPED(buf_free) struct buf plain = BUF(SESSION_FILE_MAX);

	CHECK_OK(record_write(&session, &plain));
	CHECK_TEXT(buf_str(&plain),
	    "{\"created\":7,\"authorized\":0,\"access_ends\":0}");
	CHECK_OK(read_text(plain.p, &session));
	assert_int_equal(session.created_s, 7);
	assert_int_equal(session.refresh.n, 0);
	assert_null(session.account.id);
}

static void
what_is_no_record_is_none(void)
{
	static const char *const bad[] = { "", "[]", "{\"created\":1",
		"{\"created\":1,\"created\":2}", "{\"access\":\"a b\"}",
		"{\"access\":\"a\\r\\nX: y\"}" };
	SCOPED(session_free) struct session session = { .created_s = 0 };
	size_t i;

	for (i = 0; i < N(bad); i++)
		CHECK(read_text(bad[i], &session), RESULT_ABSENT);
}

static void
times_beyond_all_reason_are_none(void)
{
	SCOPED(session_free) struct session session = { .created_s = 1 };

	CHECK_OK(read_text("{\"created\":-1,\"authorized\":1099511627777,"
			   "\"access_ends\":1e9}",
	    &session));
	assert_int_equal(session.created_s, 0);
	assert_int_equal(session.authorized_s, 0);
	assert_int_equal(session.access_ends_s, 0);
}

static void
a_record_that_does_not_fit_is_told(void)
{
	SCOPED(session_free) struct session session = { .created_s = 0 };
	SCOPED(buf_free) struct buf plain = BUF(20);

	CHECK(record_write(&session, &plain), RESULT_TOO_LARGE);
}

UNIT_TESTS(record) = {
	TEST(a_record_is_read_and_written_as_it_always_was),
	TEST(any_order_and_spelling_and_more_members_will_do),
	TEST(what_was_found_out_of_logouts_is_kept),
	TEST(a_short_life_of_the_token_is_kept),
	TEST(the_scope_is_kept_and_a_record_without_one_says_nothing),
	TEST(a_scope_that_nobody_wrote_is_not_known),
	TEST(what_there_is_none_of_is_left_out),
	TEST(what_is_no_record_is_none),
	TEST(times_beyond_all_reason_are_none),
	TEST(a_record_that_does_not_fit_is_told),
	END_OF_TESTS,
};
