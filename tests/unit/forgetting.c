/* SPDX-License-Identifier: ISC */
/* An account is forgotten by any name that it has, and by no failure. */
#include "config.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing.h"
#include "renewal.h"
#include "run.h"
#include "session/events.h"

static const unsigned char old_key[SEAL_KEY_BYTES] = "the key of before";
static char id[] = "wizzler", account_id[] = "aB3";
static const struct account both = { .id = id, .account_id = account_id };
static const struct account by_id = { .id = id };
static const struct account by_account = { .account_id = account_id };

static enum result
begin(struct renewal_site *s)
{
	static char path[] = "out";
	enum result result = renewal_begin(s, 0);

	s->conf.events_dir = path;
	(void)mkdir(path, 0750);
	return result;
}

/* Whether a login is told as a first one. */
static bool
is_first(struct renewal_site *s, const struct account *account)
{
	glob_t found;
	bool told;

	events_meet(&s->context, account);
	told = glob("out/event-0-first-*", 0, NULL, &found) == 0;
	if (told) {
		unlink(found.gl_pathv[0]);
		globfree(&found);
	}
	return told;
}

/* Logins of one person, of whom Spotify tells one name or both; the server key
 * is rolled over before the second one, or not. */
struct visits {
	const struct account *first, *second;
	const char *forgotten;
	bool new_key;
};

static enum result
forget_after(struct renewal_site *s, const struct visits *visits)
{
	struct seal_ring new;
	enum result result = begin(s);

	if (result != OK)
		return result;
	new = s->conf.ring;
	if (visits->new_key) {
		s->conf.ring = (struct seal_ring){ 0 };
		result = seal_ring_add(&s->conf.ring, old_key);
		new.keys[new.n++] = s->conf.ring.keys[0];
	}
	assert_true(is_first(s, visits->first) || run_refused());
	s->conf.ring = new;
	assert_true(!is_first(s, visits->second) || run_refused());
	return result == OK ?
	    events_forget(&s->context, str_of(visits->forgotten)) :
	    result;
}

static void
check_forgotten(const struct visits *visits)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(forget_after(&s, visits));
	if (run_refused())
		return;
	assert_int_equal(run_count("known-*"), 0);
	assert_true(is_first(&s, visits->second) || run_refused());
	CHECK_OK(events_forget(&s.context, str_of(visits->forgotten)));
}

static void
who_is_forgotten_by_either_name_is_met_anew(void)
{
	static const struct visits rows[] = { { &both, &both, "aB3", false },
		{ &both, &both, "user:wizzler", false },
		{ &by_id, &both, "aB3", false },
		{ &by_id, &both, "user:wizzler", false },
		{ &both, &by_id, "aB3", false },
		{ &both, &by_id, "user:wizzler", false },
		{ &both, &by_account, "user:wizzler", false },
		{ &by_account, &both, "aB3", false },
		{ &by_account, &both, "user:wizzler", false },
		{ &by_id, &by_id, "user:wizzler", false },
		{ &by_account, &by_account, "aB3", false },
		{ &by_id, &both, "aB3", true }, { &both, &both, "aB3", true },
		{ &both, &both, "user:wizzler", true } };
	size_t i;

	for (i = 0; i < N(rows) && !run_refused(); i++)
		check_forgotten(&rows[i]);
}

/* Whatever fails, what it takes to ask again is still there. */
static void
check_asked_again(enum failing_call call, unsigned spared)
{
	SCOPED(renewal_leave) struct renewal_site s;

	CHECK_OK(begin(&s));
	assert_true(is_first(&s, &both) || run_refused());
	failing_next(s.store, call, RESULT_STORE, false);
	failing_after(s.store, spared);
	if (run_refused())
		return;
	CHECK(events_forget(&s.context, STR("aB3")), RESULT_STORE);
	CHECK_OK(events_forget(&s.context, STR("aB3")));
	assert_true(is_first(&s, &both) || run_refused());
}

static void
who_could_not_be_forgotten_can_be_later(void)
{
	check_asked_again(FAILING_KNOWN, 0);
	check_asked_again(FAILING_FORGET, 0);
	check_asked_again(FAILING_FORGET, 1);
}

/* Nor does it matter that he logs in with one name alone now and then. */
static void
a_name_that_is_not_told_once_is_not_lost(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	const struct account other = { .id = account_id };

	CHECK_OK(begin(&s));
	assert_true(is_first(&s, &both) || run_refused());
	if (run_refused())
		return;
	assert_true(!is_first(&s, &by_id) || run_refused());
	assert_true(!is_first(&s, &by_account) || run_refused());
	assert_true(is_first(&s, &other) || run_refused());
	if (run_refused())
		return;
	CHECK_OK(events_forget(&s.context, STR("aB3")));
	assert_true(!is_first(&s, &other) || run_refused());
	assert_true(is_first(&s, &by_id) || run_refused());
}

/* Two marks are looked for, and again under the lock. What cannot be read may
 * be there; the next login tells. */
static void
who_may_have_been_here_is_not_told_as_first(void)
{
	SCOPED(renewal_leave) struct renewal_site s;
	unsigned i;

	CHECK_OK(begin(&s));
	for (i = 0; i < 4; i++) {
		failing_next(s.store, FAILING_KNOWN, RESULT_STORE, false);
		failing_after(s.store, i);
		assert_false(is_first(&s, &both));
		assert_int_equal(run_count("known-*"), 0);
	}
	assert_true(is_first(&s, &both) || run_refused());
}

UNIT_TESTS(forgetting) = {
	TEST(who_is_forgotten_by_either_name_is_met_anew),
	TEST(who_could_not_be_forgotten_can_be_later),
	TEST(a_name_that_is_not_told_once_is_not_lost),
	TEST(who_may_have_been_here_is_not_told_as_first),
	END_OF_TESTS,
};
