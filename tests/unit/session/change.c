/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "session/change.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"

static const unsigned char ada[STORE_ID_BYTES] = "ada",
			   bob[STORE_ID_BYTES] = "bob";

static enum result
open_store(struct context *context)
{
	struct store_version version;
	struct store *store = NULL;
	enum result result = scratch_open(&store);

	if (result == OK)
		result = failing_open(store, &store);
	if (result != OK)
		return result;
	context->store = store;
	return store_create(store, ada, STR("a record of a session"), INT64_MAX,
	    &version);
}

static void
leave(struct context *context)
{
	store_close(context->store);
}

static void
a_change_is_the_last_until_the_next(void)
{
	static const struct change none = { .part = CHANGE_LIBRARY };
	SCOPED(leave) struct context context = { .store = NULL };
	struct change first, second, his;
	bool was[4];

	CHECK_OK(open_store(&context));
	change_read(&context, ada, CHANGE_LIBRARY, &first);
	was[0] = change_is_last(&context, ada, &first);
	(void)!change_note(&context, ada, CHANGE_LIBRARY);
	change_read(&context, ada, CHANGE_LIBRARY, &second);
	was[1] = change_is_last(&context, ada, &first);
	was[2] = change_is_last(&context, ada, &second);
	(void)!change_note(&context, ada, CHANGE_LIBRARY);
	was[3] = change_is_last(&context, ada, &second);
	change_read(&context, bob, CHANGE_LIBRARY, &his);
	if (run_refused())
		return;
	assert_true(change_is(&first, &none));
	assert_true(was[0] && !was[1] && was[2] && !was[3]);
	/* It is nobody else's. */
	assert_true(change_is(&his, &none));
}

static void
parts_have_changes_of_their_own(void)
{
	static const enum change_part parts[] = { CHANGE_NONE, CHANGE_LIBRARY,
		CHANGE_PLAYER };
	SCOPED(leave) struct context context = { .store = NULL };
	struct change was[N(parts)];
	bool last[N(parts)];
	enum result noted;
	size_t i, k;

	CHECK_OK(open_store(&context));
	for (i = 1; i < N(parts); i++) {
		for (k = 0; k < N(parts); k++)
			change_read(&context, ada, parts[k], &was[k]);
		noted = change_note(&context, ada, parts[i]);
		for (k = 0; k < N(parts); k++)
			last[k] = change_is_last(&context, ada, &was[k]);
		for (k = 0; k < N(parts) && noted == OK && !run_refused(); k++)
			assert_int_equal(last[k], k != i);
	}
	/* Also while it is the first one of each. */
	assert_false(change_is(&(struct change){ .part = CHANGE_LIBRARY },
	    &(struct change){ .part = CHANGE_PLAYER }));
}

static void
a_change_that_cannot_be_noted_says_so(void)
{
	SCOPED(leave) struct context context = { .store = NULL };

	CHECK_OK(open_store(&context));
	failing_next(context.store, FAILING_KEEP, RESULT_STORE, false);
	CHECK(change_note(&context, ada, CHANGE_PLAYER), RESULT_STORE);
}

static void
what_cannot_be_read_is_no_change_that_is_known(void)
{
	SCOPED(leave) struct context context = { .store = NULL };
	struct change change, other;

	CHECK_OK(open_store(&context));
	failing_next(context.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	change_read(&context, ada, CHANGE_LIBRARY, &change);
	failing_next(context.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	assert_false(change_is_last(&context, ada, &change));
	assert_false(change_is_last(&context, ada, &change));
	/* Nor is one of another length. */
	if (store_keep(context.store, ada, STORE_CHANGE, STR("short")) != OK)
		return;
	change_read(&context, ada, CHANGE_LIBRARY, &change);
	change_read(&context, ada, CHANGE_LIBRARY, &other);
	assert_false(change_is(&change, &other));
}

UNIT_TESTS(change) = {
	TEST(a_change_is_the_last_until_the_next),
	TEST(parts_have_changes_of_their_own),
	TEST(a_change_that_cannot_be_noted_says_so),
	TEST(what_cannot_be_read_is_no_change_that_is_known),
	END_OF_TESTS,
};
