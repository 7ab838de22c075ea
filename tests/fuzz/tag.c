/* SPDX-License-Identifier: ISC */
/* The header If-None-Match. */
#include "config.h"

#include <string.h>

#include "web/etag.h"
#include "fuzz.h"

static bool
mentions(struct str text, struct str part)
{
	return text.n >= part.n &&
	    memmem(text.p, text.n, part.p, part.n) != NULL;
}

void
fuzz_tag(struct str input)
{
	if (etag_has(input, STR("tag")))
		MUST(mentions(input, STR("\"tag\"")) || fuzz_has(input, '*'));
}
