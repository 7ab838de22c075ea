/* SPDX-License-Identifier: ISC */
/* Trying out an engine before somebody counts on it: for -n. */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include "engine/dial.h"
#include "engine/info.h"
#include "engine/replyerror.h"

struct rehearsal {
	/* Why nobody could log in, a static sentence; NULL: it was done. */
	const char *trouble;
	int trouble_errno;		     /* of the network; 0: none */
	enum replyerror_class trouble_class; /* if there is trouble */
	const char *refusal; /* why a command was refused, but for a right */
	enum replyerror_class refusal_class; /* if there is one */
	struct buf missing;		     /* rights: "+get +set " */
	bool no_keys;			     /* nor one to the keys */
	bool scans;    /* may list them, which is not needed to serve */
	bool informed; /* the facts are there */
	struct engine_facts facts;
	bool configured; /* what CONFIG tells is there, as follows */
	char appendfsync[16];
	bool snapshots;
	int64_t min_replicas;
};

/*
 * Log in, and do each thing once that a store needs, with two keys of this
 * prefix that last for ten seconds; and look at what it says about itself.
 * The login and each command end after five seconds. OK, also when there is
 * something to complain of; RESULT_MISCONFIGURED (logged: a file of TLS, or
 * hosts), RESULT_NO_MEMORY. The caller calls rehearsal_free() whatever comes.
 */
enum result rehearsal_run(const struct engine_config *config,
    const char *prefix, struct rehearsal *rehearsal)
    __attribute__((warn_unused_result));

void rehearsal_free(struct rehearsal *rehearsal);

#endif
