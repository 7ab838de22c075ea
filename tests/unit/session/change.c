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
	static const struct change none;
	SCOPED(leave) struct context context = { .store = NULL };
	struct change first, second, his;
	bool was[4];

	CHECK_OK(open_store(&context));
	change_read(&context, ada, &first);
	was[0] = change_is_last(&context, ada, &first);
	change_note(&context, ada);
	change_read(&context, ada, &second);
	was[1] = change_is_last(&context, ada, &first);
	was[2] = change_is_last(&context, ada, &second);
	change_note(&context, ada);
	was[3] = change_is_last(&context, ada, &second);
	change_read(&context, bob, &his);
	if (run_refused())
		return;
	assert_memory_equal(&first, &none, sizeof(none));
	assert_true(was[0] && !was[1] && was[2] && !was[3]);
	/* It is nobody else's. */
	assert_memory_equal(&his, &none, sizeof(none));
}

static void
what_cannot_be_read_is_no_change_that_is_known(void)
{
	SCOPED(leave) struct context context = { .store = NULL };
	struct change change, other;

	CHECK_OK(open_store(&context));
	failing_next(context.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	change_read(&context, ada, &change);
	failing_next(context.store, FAILING_LOAD_KEPT, RESULT_STORE, false);
	assert_false(change_is_last(&context, ada, &change));
	assert_false(change_is_last(&context, ada, &change));
	/* Nor is one of another length. */
	if (store_keep(context.store, ada, STORE_CHANGE, STR("short")) != OK)
		return;
	change_read(&context, ada, &change);
	change_read(&context, ada, &other);
	assert_memory_not_equal(&change, &other, sizeof(other));
}

UNIT_TESTS(change) = {
	TEST(a_change_is_the_last_until_the_next),
	TEST(what_cannot_be_read_is_no_change_that_is_known),
	END_OF_TESTS,
};
