/* SPDX-License-Identifier: ISC */
/* The store in a Valkey or Redis server, which several machines may share. */
#ifndef VALKEY_H
#define VALKEY_H

#include "engine/engine.h"
#include "store/store.h"

/* Borrowed until the store is there. */
struct valkey_config {
	/* Of all keys: nobody else may have it. At most 20 bytes. */
	const char *prefix;
	/* A directory of this machine's own, as for files, for its lock. */
	const char *dir;
	int64_t kept_s; /* what is kept beside a record lives so long */
};

/*
 * Open a store in an engine, which it takes over, whatever comes. The engine
 * need not be there: without it, each call has RESULT_STORE.
 * A lock is free at once if its holder dies and somebody else of his machine
 * wants it, and otherwise after 20 s at most. A holder who is stopped for
 * longer may lose it, but nothing that is newer to him. What is durable is so
 * as far as the engine is.
 * OK (store_close() must follow), or logged why: RESULT_STORE,
 * RESULT_NO_MEMORY; *store is NULL then.
 */
enum result valkey_open(struct engine *engine,
    const struct valkey_config *config, struct store **store)
    __attribute__((warn_unused_result));

#endif
