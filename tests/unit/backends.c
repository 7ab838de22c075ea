/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "backends.h"
#include "failing.h"
#include "run.h"
#include "scratch.h"

static enum result
open_failing(struct store **store)
{
	enum result result = scratch_open(store);

	return result == OK ? failing_open(*store, store) : result;
}

static enum result (*const backends[])(
    struct store **store) = { scratch_open, open_failing };

void
on_each(void (*body)(struct store *store))
{
	struct store *store;
	enum result result;
	size_t i;

	for (i = 0; i < N(backends); i++) {
		result = backends[i](&store);
		if (run_refused() && result == RESULT_NO_MEMORY)
			return;
		assert_int_equal(result, OK);
		body(store);
		store_close(store);
	}
}
