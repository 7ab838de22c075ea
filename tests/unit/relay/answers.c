/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "relay/answers.h"
#include "../run.h"
#include "../failing.h"
#include "../scratch.h"

#define ROOM (1u << 20)

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

/* A site with one session whose record is there. */
struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct rowurl rowurl;
	struct answers_since since;
	struct buf body;
};

static void
leave(struct site *s)
{
	rowurl_free(&s->rowurl);
	buf_free(&s->body);
	store_close(s->store);
}

/* Ask for something else from now on. */
static enum result
ask_for(struct site *s, const char *path, const char *query)
{
	enum result result;

	rowurl_free(&s->rowurl);
	result = rowurl_find(str_of(path), METHOD_GET, &s->rowurl);
	return result == OK ? rowurl_query(str_of(query), &s->rowurl) : result;
}

static enum result
open_site(struct site *s)
{
	enum result result;

	*s = (struct site){ .conf = { .api_max_age_s = 3600 },
		.session = { .secret = "a cookie" },
		.body = BUF(ROOM) };
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	if (result != OK)
		return result;
	s->context = (struct context){ .conf = &s->conf, .store = s->store };
	seal_name(s->session.secret, s->session.id);
	result = store_create(s->store, s->session.id,
	    STR("a record of a session"), INT64_MAX, &s->session.seen.version);
	return result == OK ? ask_for(s, "/me/top/artists", "limit=5") : result;
}

/* Keep what was asked for some time ago. */
static void
save(struct site *s, int64_t ago_s, const char *body)
{
	change_read(&s->context, s->session.id, row_part(s->rowurl.row),
	    &s->since.change);
	s->since.asked_s = clock_now_s() - ago_s;
	answers_save(&s->context, &s->session, &s->rowurl, &s->since,
	    str_of(body));
}

static enum result
look(struct site *s)
{
	buf_clear(&s->body);
	change_read(&s->context, s->session.id, row_part(s->rowurl.row),
	    &s->since.change);
	return answers_find(&s->context, &s->session, &s->rowurl, &s->since,
	    &s->body);
}

/* When an allocation was refused, an answer, or the removal of one, is lost. */
static void
expect(struct site *s, const char *body)
{
	enum result result = look(s);

	if (run_refused())
		return;
	assert_int_equal(result, OK);
	assert_true(str_equal(buf_str(&s->body), str_of(body)));
}

static void
expect_none(struct site *s)
{
	enum result result = look(s);

	if (run_refused())
		return;
	assert_int_equal(result, RESULT_ABSENT);
	assert_int_equal(s->body.n, 0);
}

static void
each_question_has_its_own_answer(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	expect_none(&s);
	save(&s, 5, "[\"five\n1 2 3\n\"]");
	expect(&s, "[\"five\n1 2 3\n\"]");
	CHECK_OK(ask_for(&s, "/me/top/artists", "limit=6"));
	expect_none(&s);
	save(&s, 0, "[6]");
	CHECK_OK(ask_for(&s, "/me/top/tracks", "limit=6"));
	expect_none(&s);
	CHECK_OK(ask_for(&s, "/me/top/artists", "limit=6"));
	expect(&s, "[6]");
	save(&s, 0, "[66]");
	expect(&s, "[66]");
	CHECK_OK(ask_for(&s, "/me/top/artists", "limit=5"));
	expect(&s, "[\"five\n1 2 3\n\"]");
}

/* However busy the machine is, less than two minutes go by meanwhile. */
static void
an_old_answer_is_none(void)
{
	static const struct {
		const char *path;
		int64_t ago_s;
		bool found;
	} cases[] = {
		{ "/me/top/artists", 3480, true },
		{ "/me/top/artists", 3601, false },
		{ "/me/top/artists", -3600, false },
		{ "/me/playlists", 480, true },
		{ "/me/playlists", 601, false },
	};
	SCOPED(leave) struct site s;
	size_t i;

	CHECK_OK(open_site(&s));
	for (i = 0; i < N(cases); i++) {
		CHECK_OK(ask_for(&s, cases[i].path, ""));
		save(&s, cases[i].ago_s, "[1]");
		if (cases[i].found)
			expect(&s, "[1]");
		else
			expect_none(&s);
	}
}

static void
what_was_asked_for_before_a_change_is_neither_kept_nor_found(void)
{
	SCOPED(leave) struct site s;
	struct answers_since before;

	CHECK_OK(open_site(&s));
	CHECK_OK(ask_for(&s, "/me/tracks", ""));
	save(&s, 0, "[1]");
	before = s.since;
	CHECK_OK(change_note(&s.context, s.session.id, CHANGE_LIBRARY));
	expect_none(&s);
	answers_save(&s.context, &s.session, &s.rowurl, &before, STR("[1]"));
	expect_none(&s);
	save(&s, 0, "[2]");
	expect(&s, "[2]");
}

static void
what_a_change_has_nothing_to_do_with_stays(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	save(&s, 0, "[1]");
	CHECK_OK(ask_for(&s, "/me/tracks", ""));
	save(&s, 0, "[2]");
	CHECK_OK(change_note(&s.context, s.session.id, CHANGE_PLAYER));
	expect(&s, "[2]");
	CHECK_OK(change_note(&s.context, s.session.id, CHANGE_LIBRARY));
	expect_none(&s);
	save(&s, 0, "[22]");
	expect(&s, "[22]");
	CHECK_OK(ask_for(&s, "/me/top/artists", "limit=5"));
	expect(&s, "[1]");
}

static void
the_oldest_leave_when_there_is_no_room(void)
{
	static char body[ANSWERS_ONE_MAX + 2];
	static const char *const limits[] = { "limit=1", "limit=2", "limit=3" };
	SCOPED(leave) struct site s;
	size_t i;

	CHECK_OK(open_site(&s));
	memset(body, '1', sizeof(body) - 1);
	save(&s, 0, body);
	expect_none(&s);
	body[ANSWERS_ONE_MAX - 1000] = '\0';
	for (i = 0; i < N(limits); i++) {
		CHECK_OK(ask_for(&s, "/me/top/artists", limits[i]));
		save(&s, 0, body);
	}
	expect(&s, body);
	CHECK_OK(ask_for(&s, "/me/top/artists", limits[1]));
	expect(&s, body);
	CHECK_OK(ask_for(&s, "/me/top/artists", limits[0]));
	expect_none(&s);
}

static void
what_was_tampered_with_is_none(void)
{
	static const char *const texts[] = { "", "x", "\n\n\n",
		"AAAAAAAAAAAAAAAAAAAAAA\nkey 1 3\n[1]",
		"key 1 99999999999999999999 AAAAAAAAAAAAAAAAAAAAAA\n[1]",
		"key 1 5 AAAAAAAAAAAAAAAAAAAAAA\n[1]", "key 1 3 \n[1]",
		"key 1 3\n[1]", "key 1" };
	SCOPED(leave) struct site s;
	struct buf sealed;
	size_t i;

	CHECK_OK(open_site(&s));
	CHECK_OK(store_keep(s.store, s.session.id, STORE_ANSWERS,
	    STR("this was not sealed by anybody who has the keys to do it")));
	expect_none(&s);
	for (i = 0; i < N(texts); i++) {
		sealed = BUF(ROOM);
		if (session_seal(&s.conf, &s.session, SEAL_ANSWERS,
			str_of(texts[i]), &sealed) == OK)
			(void)!store_keep(s.store, s.session.id, STORE_ANSWERS,
			    buf_str(&sealed));
		buf_free(&sealed);
		expect_none(&s);
		save(&s, 0, "[1]");
		expect(&s, "[1]");
	}
}

static void
what_changes_by_itself_is_never_kept(void)
{
	static const char *const never[] = { "playing", "player", "devices",
		"queue", "recently-played", "library-contains" };
	const struct conf off = { .api_max_age_s = 0 },
			  on = { .api_max_age_s = 86400 };
	size_t i, k, n = 0;

	for (i = 0; i < ROWS_N; i++) {
		assert_int_equal(answers_age_s(&off, &rows_table[i]), 0);
		n += answers_age_s(&on, &rows_table[i]) > 0;
		if (row_writes(&rows_table[i]))
			assert_int_equal(answers_age_s(&on, &rows_table[i]), 0);
		for (k = 0; k < N(never); k++)
			if (strcmp(rows_table[i].name, never[k]) == 0)
				assert_int_equal(answers_age_s(&on,
						     &rows_table[i]),
				    0);
	}
	/* Every name in the list of those that are is a row's. */
	assert_int_equal(n, 13);
}

UNIT_TESTS(answers) = {
	TEST(each_question_has_its_own_answer),
	TEST(an_old_answer_is_none),
	TEST(what_was_asked_for_before_a_change_is_neither_kept_nor_found),
	TEST(what_a_change_has_nothing_to_do_with_stays),
	TEST(the_oldest_leave_when_there_is_no_room),
	TEST(what_was_tampered_with_is_none),
	TEST(what_changes_by_itself_is_never_kept),
	END_OF_TESTS,
};
