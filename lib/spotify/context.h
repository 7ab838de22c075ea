/* SPDX-License-Identifier: ISC */
/* What a handler works with. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stdint.h>

#include "conf/conf.h"
#include "spotify/http.h"
#include "store/store.h"

/* One request's world; everything is borrowed for its duration. */
struct context {
	const struct conf *conf;
	struct store *store;
	struct http *http;     /* NULL in programs that call nobody */
	int64_t deadline_ms;   /* on clock_mono_ms() */
	int64_t retry_after_s; /* set by whoever knows; 0 is the default */
};

#endif
