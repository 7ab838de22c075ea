/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>

#include "base/secret.h"
#include "engines.h"
#include "movings.h"
#include "run.h"
#include "store/files.h"
#include "store/moving.h"

#define KEPT_S 3600

void
movings_prefix(char prefix[static MOVINGS_PREFIX_BYTES])
{
	unsigned char chance[4];

	secret_random(chance, sizeof(chance));
	snprintf(prefix, MOVINGS_PREFIX_BYTES,
	    "sf:%02x%02x%02x%02x:", chance[0], chance[1], chance[2], chance[3]);
}

enum result
movings_open(const char *prefix, bool into_engine, struct store **store)
{
	struct moving_config config = { .dir = ".",
		.into_engine = into_engine,
		.kept_s = KEPT_S,
		.dates_kept_s = KEPT_S };
	enum result result = files_open(".", &config.files);

	*store = NULL;
	if (result == OK)
		result = engines_store(prefix, ".", &config.engine);
	if (result != OK) {
		store_close(config.files);
		return result;
	}
	return moving_open(&config, store);
}

static enum result
open_new(bool into_engine, struct store **store)
{
	char prefix[MOVINGS_PREFIX_BYTES];

	run_in_scratch();
	movings_prefix(prefix);
	return movings_open(prefix, into_engine, store);
}

enum result
movings_into_engine(struct store **store)
{
	return open_new(true, store);
}

enum result
movings_into_files(struct store **store)
{
	return open_new(false, store);
}
