/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "artists/copy.h"
#include "../run.h"
#include "../failing.h"
#include "../scratch.h"

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";
static const struct copy_facts first = { .total = 2,
	.fetched_s = 1000,
	.tag = "aaaaaaaaaaaaaaaaaaaaaa" };
static const struct copy_facts second = { .total = 3,
	.fetched_s = 2000,
	.tag = "bbbbbbbbbbbbbbbbbbbbbb",
	.change = { .part = CHANGE_LIBRARY } };

/* A site with one session whose file is there. */
struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct copy copy;
};

static void
leave(struct site *s)
{
	store_close(s->store);
}

static void
copy_path(const struct site *s, char path[static 80])
{
	size_t i, n = 5;

	snprintf(path, 80, "copy-");
	for (i = 0; i < sizeof(s->session.id); i++, n += 2)
		snprintf(path + n, 80 - n, "%02x", s->session.id[i]);
}

static bool
has_copy(const struct site *s)
{
	char path[80];

	copy_path(s, path);
	return access(path, F_OK) == 0;
}

static enum result
open_site(struct site *s)
{
	enum result result;

	*s = (struct site){ .session = { .secret = "a cookie" } };
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	if (result != OK)
		return result;
	s->context = (struct context){ .conf = &s->conf, .store = s->store };
	seal_name(s->session.secret, s->session.id);
	return store_create(s->store, s->session.id,
	    STR("a record of a session"), INT64_MAX, &s->session.seen.version);
}

static void
save(struct site *s, const struct copy_facts *facts, const char *list)
{
	copy_save(&s->context, &s->session, STORE_COPY, facts, str_of(list));
}

static enum result
open_copy(struct site *s)
{
	return copy_open(&s->context, &s->session, STORE_COPY, &s->copy);
}

static void
what_was_saved_is_read_in_two_steps(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);
	SCOPED(buf_free) struct buf small = BUF(100);

	CHECK_OK(open_site(&s));
	save(&s, &first, "[1,2]");
	if (run_refused() && !has_copy(&s))
		return;
	CHECK_OK(open_copy(&s));
	assert_int_equal(s.copy.facts.total, 2);
	assert_int_equal(s.copy.facts.fetched_s, 1000);
	assert_string_equal(s.copy.facts.tag, first.tag);
	CHECK_OK(copy_read(&s.context, &s.session, &s.copy, &list));
	CHECK_TEXT(buf_str(&list), "[1,2]");
	CHECK_OK(open_copy(&s));
	CHECK(copy_read(&s.context, &s.session, &s.copy, &small),
	    RESULT_ABSENT);
}

/* Put the first n bytes of one file before the rest of another. */
static void
mix(const char *head, const char *tail, size_t n)
{
	char bytes[16384];
	ssize_t got;
	int fd;

	fd = open(head, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, bytes, n) == (ssize_t)n);
	close(fd);
	fd = open(tail, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	got = pwrite(fd, bytes, n, 0);
	assert_int_equal(got, n);
	close(fd);
}

static void
the_facts_of_one_list_and_another_are_no_copy(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);
	char path[80];

	CHECK_OK(open_site(&s));
	copy_path(&s, path);
	save(&s, &first, "[1,2]");
	if (rename(path, "older") != 0)
		return;
	save(&s, &second, "[1,2,3]");
	if (access(path, F_OK) != 0)
		return;
	mix("older", path, SESSION_PAD_TO + SEAL_OVERHEAD);
	CHECK_OK(open_copy(&s));
	assert_int_equal(s.copy.facts.fetched_s, 1000);
	CHECK(copy_read(&s.context, &s.session, &s.copy, &list), RESULT_ABSENT);
	assert_int_equal(list.n, 0);
}

static void
a_copy_that_was_cut_is_none(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);
	char path[80];
	off_t n;

	CHECK_OK(open_site(&s));
	copy_path(&s, path);
	save(&s, &first, "[1,2]");
	for (n = 2 * (SESSION_PAD_TO + SEAL_OVERHEAD) - 1; n >= 0; n -= 17) {
		if (truncate(path, n) != 0)
			return;
		if (n < SESSION_PAD_TO + SEAL_OVERHEAD) {
			CHECK(open_copy(&s), RESULT_ABSENT);
			continue;
		}
		CHECK_OK(open_copy(&s));
		CHECK(copy_read(&s.context, &s.session, &s.copy, &list),
		    RESULT_ABSENT);
	}
}

static void
a_part_says_how_far_it_came_and_is_no_copy(void)
{
	static const struct copy_facts part = { .total = 2,
		.fetched_s = 1500,
		.pages = 7,
		.limit = 25,
		.after = "0123456789abcdefghijkl" };
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);
	char path[80], other[80] = "part-";

	CHECK_OK(open_site(&s));
	copy_path(&s, path);
	memcpy(other + 5, path + 5, sizeof(path) - 5);
	copy_save(&s.context, &s.session, STORE_PARTIAL, &part, STR("[1,2"));
	if (run_refused() && access(other, F_OK) != 0)
		return;
	CHECK(open_copy(&s), RESULT_ABSENT);
	CHECK_OK(copy_open(&s.context, &s.session, STORE_PARTIAL, &s.copy));
	assert_memory_equal(&s.copy.facts, &part, sizeof(part));
	CHECK_OK(copy_read(&s.context, &s.session, &s.copy, &list));
	CHECK_TEXT(buf_str(&list), "[1,2");
	/* Nor is it one under another name. */
	assert_int_equal(link(other, path), 0);
	assert_int_equal(unlink(other), 0);
	CHECK(open_copy(&s), RESULT_ABSENT);
	assert_int_equal(rename(path, other), 0);
	copy_drop(&s.context, &s.session, STORE_PARTIAL);
	CHECK(copy_open(&s.context, &s.session, STORE_PARTIAL, &s.copy),
	    RESULT_ABSENT);
}

static void
what_was_fetched_before_a_change_is_not_kept(void)
{
	struct copy_facts facts = first;
	SCOPED(leave) struct site s;
	bool was_kept;

	CHECK_OK(open_site(&s));
	change_read(&s.context, s.session.id, CHANGE_LIBRARY, &facts.change);
	CHECK_OK(change_note(&s.context, s.session.id, CHANGE_LIBRARY));
	save(&s, &facts, "[1,2]");
	was_kept = has_copy(&s);
	change_read(&s.context, s.session.id, CHANGE_LIBRARY, &facts.change);
	save(&s, &facts, "[1,2]");
	if (run_refused())
		return;
	assert_false(was_kept);
	assert_non_null(strstr(run_said(), "cause=change"));
	CHECK_OK(open_copy(&s));
	/* Nor is one of which it cannot be said. */
	failing_next(s.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	save(&s, &second, "[1,2,3]");
	CHECK_OK(open_copy(&s));
	assert_int_equal(s.copy.facts.fetched_s, first.fetched_s);
}

static void
who_has_logged_out_leaves_no_copy(void)
{
	SCOPED(leave) struct site s;

	CHECK_OK(open_site(&s));
	CHECK_OK(store_remove(s.store, s.session.id));
	save(&s, &first, "[1,2]");
	assert_false(has_copy(&s));
	CHECK(open_copy(&s), RESULT_ABSENT);
}

static void
a_list_of_the_greatest_length_is_read_again(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);
	SCOPED(buf_free) struct buf long_list = BUF(2 * COPY_LIST_MAX);
	char *room;

	CHECK_OK(open_site(&s));
	if ((room = buf_room(&long_list, COPY_LIST_MAX + 1)) == NULL)
		return;
	memset(room, '1', COPY_LIST_MAX);
	buf_grown(&long_list, COPY_LIST_MAX);
	copy_save(&s.context, &s.session, STORE_COPY, &first,
	    buf_str(&long_list));
	if (run_refused() && !has_copy(&s))
		return;
	CHECK_OK(open_copy(&s));
	CHECK_OK(copy_read(&s.context, &s.session, &s.copy, &list));
	assert_int_equal(list.n, COPY_LIST_MAX);
	/* It was in memory once. */
	assert_true(list.size <= COPY_ROOM + 1);
	CHECK_OK(store_remove(s.store, s.session.id));
	CHECK_OK(store_create(s.store, s.session.id,
	    STR("another record of it"), INT64_MAX, &s.session.seen.version));
	buf_putc(&long_list, '9');
	copy_save(&s.context, &s.session, STORE_COPY, &first,
	    buf_str(&long_list));
	assert_false(has_copy(&s));
}

static void
trouble_with_the_store_is_told(void)
{
	SCOPED(leave) struct site s;
	SCOPED(buf_free) struct buf list = BUF(COPY_ROOM);

	CHECK_OK(open_site(&s));
	save(&s, &first, "[1,2]");
	if (run_refused() && !has_copy(&s))
		return;
	failing_next(s.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	CHECK(open_copy(&s), RESULT_STORE);
	CHECK_OK(open_copy(&s));
	failing_next(s.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	CHECK(copy_read(&s.context, &s.session, &s.copy, &list), RESULT_STORE);
	failing_next(s.store, FAILING_KEEP, RESULT_STORE, false);
	save(&s, &second, "[1,2,3]");
	assert_non_null(strstr(run_said(), "event=copy_not_saved"));
	CHECK_OK(open_copy(&s));
	assert_int_equal(s.copy.facts.fetched_s, 1000);
}

UNIT_TESTS(copy) = {
	TEST(what_was_saved_is_read_in_two_steps),
	TEST(the_facts_of_one_list_and_another_are_no_copy),
	TEST(a_copy_that_was_cut_is_none),
	TEST(a_part_says_how_far_it_came_and_is_no_copy),
	TEST(what_was_fetched_before_a_change_is_not_kept),
	TEST(who_has_logged_out_leaves_no_copy),
	TEST(a_list_of_the_greatest_length_is_read_again),
	TEST(trouble_with_the_store_is_told),
	END_OF_TESTS,
};
