/* SPDX-License-Identifier: ISC */
/* Where sessions are kept: the value of the key "store". */
#ifndef STOREURL_H
#define STOREURL_H

#include <stdbool.h>

#include "base/str.h"

/* Slices of the text; all empty: in files. */
struct storeurl {
	struct str socket; /* the path of a unix socket; or, if empty, */
	struct str hosts;  /* "host:port", and more of them by commas */
	struct str master; /* how sentinels, if the hosts are, call it */
	int database;
	bool engine; /* in Valkey or Redis */
	bool tls;
};

/*
 * Read the value: "files", or a URL of Valkey or Redis. NULL, or a static
 * sentence that says what is wrong with it, which may be that this build has
 * no back end for it.
 */
const char *storeurl_read(struct str value, struct storeurl *url);

#endif
