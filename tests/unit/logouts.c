/* SPDX-License-Identifier: ISC */
/* The dates that a logout everywhere sets, and what it does with those that it
 * finds, and what a logout costs; who is out then is in
 * session/everywhere.c. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "failing.h"
#include "renewal.h"
#include "run.h"
#include "session/everywhere.h"
#include "session/logout.h"

#define DAY 86400

static char us[] = "us";
static const struct account ours = { .id = us };

static const unsigned char new_key[SEAL_KEY_BYTES] = "a newer key";
static const unsigned char old_key[SEAL_KEY_BYTES] = "an older key";

/* The clean-up takes a date away by its age: one that began anew with the first
 * second of all would be gone at once, and its sessions back. The latest is a
 * later one once more when the account has its date. */
static void
a_date_is_that_of_the_clock_if_none_is_later(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	int64_t now_s, date_s;

	CHECK_OK(renewal_begin(&s, 0));
	now_s = clock_now_s();
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK_OK(everywhere_latest(&s.context, &date_s));
	assert_in_range(date_s, now_s, clock_now_s() + 1);
}

/* A clock was days ahead: dates count from there on, and so does the time
 * for which they are kept. */
static void
a_date_is_kept_as_long_as_a_session_can_last(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	int64_t last_s, date_s;

	CHECK_OK(renewal_begin(&s, 0));
	last_s = s.conf.absolute_limit_s + clock_now_s();
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	assert_true(failing_date_ends_s(s.store) >= last_s);
	run_later(3 * DAY);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	CHECK_OK(everywhere_latest(&s.context, &date_s));
	run_later(-3 * DAY);
	CHECK_OK(everywhere_set_account(&s.context, &ours));
	assert_true(
	    failing_date_ends_s(s.store) >= date_s + s.conf.absolute_limit_s);
}

/* There may be processes that have the older one alone, and those that have
 * both look under both. */
static void
a_failure_halfway_is_the_same_for_all_who_share_a_key(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	struct seal_ring older = { .n = 0 };

	CHECK_OK(renewal_begin(&s, 0));
	s.conf.ring.n = 0;
	assert_int_equal(seal_ring_add(&s.conf.ring, new_key), OK);
	assert_int_equal(seal_ring_add(&s.conf.ring, old_key), OK);
	assert_int_equal(seal_ring_add(&older, old_key), OK);
	failing_next(s.store, FAILING_SET_DATE, RESULT_STORE, false);
	failing_after(s.store, 2); /* the latest, and the first of two */
	CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_NOT_LOGGED_IN);
	s.conf.ring = older;
	CHECK(everywhere_check(&s.context, &ours, 0), RESULT_NOT_LOGGED_IN);
}

/* After such a date there would be none, or no sum of times could be made. */
static void
a_date_that_no_clock_has_shown_is_damage(void)
{
	static const int64_t odd[] = { INT64_MIN / 2, -1, 1LL << 40,
		INT64_MAX / 2 };
	SCOPED(renewal_leave) struct renewal_site s;
	struct timespec times[2];
	int64_t date_s;
	size_t i;

	CHECK_OK(renewal_begin(&s, 0));
	run_write("since-latest", 0600, STR(""));
	for (i = 0; i < N(odd); i++) {
		memset(times, 0, sizeof(times));
		times[1].tv_sec = (time_t)odd[i];
		assert_int_equal(utimensat(AT_FDCWD, "since-latest", times, 0),
		    0);
		CHECK_OK(everywhere_latest(&s.context, &date_s));
		/* Not every file system, nor every libc, keeps all times. */
		if (date_s >= 0 && date_s < 1LL << 40)
			continue;
		CHECK(everywhere_set_account(&s.context, &ours), RESULT_STORE);
		CHECK_OK(everywhere_check(&s.context, &ours, 0));
	}
}

/* A lock costs an engine two writes, and with a made-up cookie anybody may ask
 * for it. The next lock fails, which is still to come then. */
static void
who_is_logged_in_to_nothing_takes_no_lock(void)
{
	static char path[] = "out";
	static const char cookie[] =
	    "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	SCOPED(renewal_leave) struct renewal_site s;
	struct lock lock;

	CHECK_OK(renewal_begin(&s, 0));
	s.conf.events_dir = path;
	assert_int_equal(mkdir(path, 0750), 0);
	failing_next(s.store, FAILING_LOCK, RESULT_STORE, false);
	CHECK_OK(logout_one(&s.context, str_of(cookie)));
	CHECK(logout_everywhere(&s.context, str_of(cookie)),
	    RESULT_NOT_LOGGED_IN);
	CHECK(lock_take(s.store, LOCK_ACCOUNT, s.session.id, 0, &lock),
	    RESULT_STORE);
	assert_int_equal(run_count("out/*"), 0);
}

UNIT_TESTS(logouts) = {
	TEST(a_date_is_that_of_the_clock_if_none_is_later),
	TEST(a_date_is_kept_as_long_as_a_session_can_last),
	TEST(a_failure_halfway_is_the_same_for_all_who_share_a_key),
	TEST(a_date_that_no_clock_has_shown_is_damage),
	TEST(who_is_logged_in_to_nothing_takes_no_lock),
	END_OF_TESTS,
};
