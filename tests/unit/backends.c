/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "backends.h"
#ifdef HAVE_VALKEY
#include "engines.h"
#include "movings.h"
#endif
#include "failing.h"
#include "run.h"
#include "scratch.h"

static enum result
open_failing(struct store **store)
{
	enum result result = scratch_open(store);

	return result == OK ? failing_open(*store, store) : result;
}

static enum result (*const backends[])(struct store **store) = { scratch_open,
	open_failing,
#ifdef HAVE_VALKEY
	engines_scratch, movings_into_engine, movings_into_files
#endif
};

#define ENGINES 3 /* the last ones need a server */

/* Whether those are built, and have one. */
static size_t
count_backends(void)
{
#ifdef HAVE_VALKEY
	if (!engines_are_here())
		return N(backends) - ENGINES;
#endif
	return N(backends);
}

void
on_each(void (*body)(struct store *store))
{
	struct store *store;
	enum result result;
	size_t i, n = count_backends();

	for (i = 0; i < n; i++) {
		result = backends[i](&store);
		if (run_refused() && result == RESULT_NO_MEMORY)
			return;
		assert_int_equal(result, OK);
		body(store);
		store_close(store);
	}
}
