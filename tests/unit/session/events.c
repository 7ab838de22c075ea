/* SPDX-License-Identifier: ISC */
/* What is told of whom, and how often. Without memory an event is lost, and the
 * log says so. */
#include "config.h"

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "../failing.h"
#include "../renewal.h"
#include "../run.h"
#include "session/events.h"
#include "session/who.h"

#define THREADS 8

static const unsigned char old_key[SEAL_KEY_BYTES] = "the key of before";

/* A session and a directory for events, which no event is in. */
static enum result
begin(struct renewal_site *s)
{
	static char path[] = "out";
	enum result result = renewal_begin(s, 0);

	s->conf.events_dir = path;
	assert_true(result != OK || mkdir(path, 0750) == 0);
	return result;
}

static struct account
account_of(const char *id, const char *account_id, const char *name)
{
	return (struct account){ (char *)(uintptr_t)id,
		(char *)(uintptr_t)account_id, (char *)(uintptr_t)name, NULL,
		(char *)(uintptr_t) "a@example.org" };
}

/* The one file whose name matches, and remove it; "" if there is none. */
static const char *
take(const char *pattern)
{
	static char room[70000];
	size_t n = 0;
	FILE *file;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		assert_int_equal(found.gl_pathc, 1);
		if ((file = fopen(found.gl_pathv[0], "r")) != NULL) {
			n = fread(room, 1, sizeof(room) - 1, file);
			fclose(file);
			unlink(found.gl_pathv[0]);
		}
		globfree(&found);
	}
	room[n] = '\0';
	return room;
}

static void
nothing_is_told_where_it_is_off(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account account = account_of("id", "account", "Ada");
	struct events_file file;

	CHECK_OK(begin(&s));
	s.conf.events_dir = NULL;
	events_meet(&s.context, &account);
	events_login(&s.context, &s.session);
	file = events_tell(&s.context, &s.session, EVENTS_LOGOUT);
	events_take_back(&s.context, &file);
	assert_int_equal(run_count("out/*"), 0);
	assert_int_equal(run_count("known-*"), 0);
}

static void
an_event_says_what_when_and_who(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	char wanted[400];
	const char *got;

	CHECK_OK(begin(&s));
	run_later(1000000);
	log_request("abc-1");
	s.session.account = account_of("id", NULL, "<\xc3\xb6>\n\"");
	events_tell(&s.context, &s.session, EVENTS_LOGOUT);
	s.session.account = (struct account){ 0 };
	log_request(NULL);
	snprintf(wanted, sizeof(wanted),
	    "{\"event\":\"logout\",\"time\":%lld,\"account\":{\"id\":\"id\","
	    "\"account_id\":null,\"display_name\":\"\\u003c\xc3\xb6\\u003e"
	    "\\u000a\\\"\"},\"request_id\":\"abc-1\"}\n",
	    (long long)clock_now_s());
	got = take("out/event-[0-9]*-????????????????.json");
	if (run_refused())
		return;
	/* The second may have ended. */
	assert_int_equal(strlen(got), strlen(wanted));
	assert_memory_equal(got, wanted, 26);
	assert_string_equal(strstr(got, ",\"account"),
	    strstr(wanted, ",\"account"));
}

static void
an_address_is_told_if_that_is_wanted_and_there_is_one(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const char *got;

	CHECK_OK(begin(&s));
	s.conf.events_email = 1;
	s.session.account = account_of("id", "account", NULL);
	events_tell(&s.context, &s.session, EVENTS_LOGIN);
	got = take("out/event-*");
	if (!run_refused())
		assert_non_null(strstr(got, ",\"email\":\"a@example.org\"}"));
	s.session.account = (struct account){ 0 };
	events_tell(&s.context, &s.session, EVENTS_LOGIN);
	got = take("out/event-*");
	if (!run_refused())
		assert_non_null(strstr(got,
		    "{\"id\":null,\"account_id\":null,"
		    "\"display_name\":null}"));
}

/* The longest name that fits into a record, of what grows most. */
static void
a_long_name_is_told_whole(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	char name[SESSION_FILE_MAX + 1];

	CHECK_OK(begin(&s));
	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	s.session.account = account_of("id", "account", name);
	events_tell(&s.context, &s.session, EVENTS_LOGIN);
	s.session.account = (struct account){ 0 };
	if (run_refused())
		return;
	assert_int_equal(run_count("out/event-*"), 1);
	assert_null(strstr(run_said(), "events_lost"));
}

static void
an_account_is_met_once(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account ada = account_of("id", "account", "Ada");
	const struct account bob = account_of("other", NULL, "Bob");
	const struct account nobody = { 0 };
	const char *got;

	CHECK_OK(begin(&s));
	events_meet(&s.context, &nobody);
	assert_int_equal(run_count("out/*"), 0);
	events_meet(&s.context, &ada);
	events_meet(&s.context, &ada);
	got = take("out/event-0-first-????????????????????????????????.json");
	if (run_refused())
		return;
	assert_non_null(strstr(got, "{\"event\":\"first_login\",\"time\":"));
	assert_non_null(strstr(got, "\"account_id\":\"account\""));
	events_meet(&s.context, &ada);
	if (!run_refused())
		assert_int_equal(run_count("out/*"), 0);
	events_meet(&s.context, &bob);
	if (!run_refused())
		assert_int_equal(run_count("out/event-0-first-*"), 1);
	/* Nobody finds out from the store who that is. */
	assert_int_equal(run_count("known-*account*"), 0);
}

/* The crash is one between the file and the mark. */
static void
a_crash_doubles_nobody_who_is_still_there(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account ada = account_of("id", "account", "Ada");
	glob_t marks;
	size_t i;

	CHECK_OK(begin(&s));
	events_meet(&s.context, &ada);
	if (run_refused() || glob("known-*", 0, NULL, &marks) != 0)
		return;
	assert_int_equal(marks.gl_pathc, 2);
	for (i = 0; i < marks.gl_pathc; i++)
		unlink(marks.gl_pathv[i]);
	globfree(&marks);
	events_meet(&s.context, &ada);
	if (run_refused())
		return;
	assert_int_equal(run_count("out/event-0-first-*"), 1);
	assert_int_equal(run_count("known-*"), 2);
}

/* Spotify tells another name, and the server gets another key: both are the
 * same account, and it is known by the new ones from then on. */
static void
an_account_is_known_by_its_older_names(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account then = account_of("id", NULL, "Ada");
	const struct account now = account_of("id", "account", "Ada");
	struct seal_ring new;

	CHECK_OK(begin(&s));
	new = s.conf.ring;
	s.conf.ring = (struct seal_ring){ 0 };
	CHECK_OK(seal_ring_add(&s.conf.ring, old_key));
	events_meet(&s.context, &then);
	take("out/event-0-first-*");
	if (run_refused())
		return;
	new.keys[new.n++] = s.conf.ring.keys[0];
	s.conf.ring = new;
	events_meet(&s.context, &now);
	if (run_refused())
		return;
	assert_int_equal(run_count("known-*"), 4);
	s.conf.ring.n = 1;
	events_meet(&s.context, &now);
	assert_int_equal(run_count("out/*"), 0);
}

static void
what_cannot_be_told_is_told_at_the_next_login(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account ada = account_of("id", "account", "Ada");

	CHECK_OK(begin(&s));
	assert_int_equal(rename("out", "away"), 0);
	events_meet(&s.context, &ada);
	assert_int_equal(run_count("known-*"), 0);
	assert_int_equal(rename("away", "out"), 0);
	failing_next(s.store, FAILING_LOCK, RESULT_BUSY, false);
	events_meet(&s.context, &ada);
	assert_int_equal(run_count("out/*"), 0);
	events_meet(&s.context, &ada);
	if (!run_refused())
		assert_int_equal(run_count("out/event-0-first-*"), 1);
}

static size_t
count_lines(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word)) != NULL) {
		n++;
		text++;
	}
	return n;
}

/* Whoever came before has complained less than a minute ago. */
static void
a_loss_is_logged_once_a_minute(void)
{
	static int64_t later_ms;
	SCOPED(renewal_leave) struct renewal_site s;
	int i;

	CHECK_OK(begin(&s));
	assert_int_equal(rmdir("out"), 0);
	later_ms += 200000;
	run_mono_later(later_ms);
	for (i = 0; i < 20; i++)
		events_tell(&s.context, &s.session, EVENTS_LOGIN);
	assert_int_equal(count_lines(run_said(), "event=events_lost"), 1);
	run_mono_later(61000);
	events_tell(&s.context, &s.session, EVENTS_LOGIN);
	assert_int_equal(count_lines(run_said(), "event=events_lost"), 2);
	if (!run_refused())
		assert_non_null(strstr(run_said(),
		    " n=20 kind=login call=open_dir errno=2 "));
}

static void
an_end_that_spotify_has_made_is_told(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const char *got;

	CHECK_OK(begin(&s));
	renewal.answer = RESULT_INVALID_GRANT;
	CHECK(token_get(&s.context, &s.session, TOKEN_USE),
	    RESULT_LOGIN_EXPIRED);
	got = take("out/event-*");
	if (!run_refused())
		assert_non_null(
		    strstr(got, "{\"event\":\"authorization_ended\""));
	assert_int_equal(run_count("session-*"), 0);
}

/* Somebody has saved a newer one meanwhile. */
static void
an_end_that_was_none_is_taken_back(void)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(begin(&s));
	renewal.answer = RESULT_INVALID_GRANT;
	failing_next(s.store, FAILING_REMOVE, RESULT_CHANGED, false);
	CHECK(token_get(&s.context, &s.session, TOKEN_USE), RESULT_BUSY);
	assert_int_equal(run_count("out/*"), 0);
}

static void
who_is_found_out_later_is_met_then(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const char *got;

	CHECK_OK(begin(&s));
	events_login(&s.context, &s.session);
	got = take("out/event-*");
	if (run_refused())
		return;
	assert_non_null(strstr(got, "{\"event\":\"login\""));
	who_fill(&s.context, &s.session);
	got = take("out/event-*");
	if (!run_refused())
		assert_non_null(strstr(got, "{\"event\":\"first_login\""));
}

static void *
log_in(void *data)
{
	const struct renewal_site *s = data;
	struct session session = { .created_s = 0 };

	secret_random(session.id, sizeof(session.id));
	session.account = account_of("id", "account", "Ada");
	events_login(&s->context, &session);
	return NULL;
}

static void
of_those_who_come_at_once_one_is_the_first(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	pthread_t threads[THREADS];
	int i;

	CHECK_OK(begin(&s));
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, log_in, &s) != 0)
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (run_refused())
		return;
	assert_int_equal(run_count("out/event-[1-9]*"), THREADS);
	assert_int_equal(run_count("out/event-0-first-*"), 1);
	assert_int_equal(run_count("out/.temp-*"), 0);
}

UNIT_TESTS(events) = {
	TEST(nothing_is_told_where_it_is_off),
	TEST(an_event_says_what_when_and_who),
	TEST(an_address_is_told_if_that_is_wanted_and_there_is_one),
	TEST(a_long_name_is_told_whole),
	TEST(an_account_is_met_once),
	TEST(a_crash_doubles_nobody_who_is_still_there),
	TEST(an_account_is_known_by_its_older_names),
	TEST(what_cannot_be_told_is_told_at_the_next_login),
	TEST(a_loss_is_logged_once_a_minute),
	TEST(an_end_that_spotify_has_made_is_told),
	TEST(an_end_that_was_none_is_taken_back),
	TEST(who_is_found_out_later_is_met_then),
	TEST(of_those_who_come_at_once_one_is_the_first),
	END_OF_TESTS,
};
