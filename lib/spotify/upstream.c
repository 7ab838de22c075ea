/* SPDX-License-Identifier: ISC */
/* Hides nothing; it is a file of its own so that not everybody links it. */
#include "config.h"

#include "json/janssondoc.h"
#include "spotify/ca.h"
#include "spotify/upstream.h"

static enum result
start(void)
{
	janssondoc_init();
	return http_global_init();
}

static bool
trusts(const char *ca_file)
{
	return ca_load(ca_file) == OK;
}

const struct upstream upstream_spotify = {
	.start = start,
	.trusts = trusts,
	.open = http_new,
	.close = http_free,
};
