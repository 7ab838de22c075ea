/* SPDX-License-Identifier: ISC */
/* What a program that keeps sessions is linked with. */
#ifndef STORAGE_H
#define STORAGE_H

#include "conf/conf.h"
#include "store/ages.h"
#include "store/store.h"

struct moving_tally;

/* What a check has found that is no mistake. */
struct storage_findings {
	struct buf doubts; /* a line each */
	bool unusable;	   /* just now, and has been said */
};

/*
 * Only who names storage_configured gets the back ends, and with the one for an
 * engine hiredis and OpenSSL; login does without.
 */
struct storage {
	/* Open the store that the configuration names, which is borrowed until
	 * store_close(); once in a process at a time. An engine need not be
	 * there. OK, or logged why: RESULT_STORE, RESULT_MISCONFIGURED,
	 * RESULT_NO_MEMORY. */
	enum result (*open)(const struct conf *conf, struct store **store);
	/* For -n: look at what the back end needs beside session_dir. Complain
	 * by conf_complain() of what cannot work. Returns the number of
	 * complaints; of what may pass by itself there is a line, too, which
	 * is not counted. */
	unsigned (
	    *check)(const struct conf *conf, struct storage_findings *findings);
	/* For -m: moving_run(). */
	enum result (*move)(struct store *store, struct moving_tally *tally);
	/* Add the sessions of all back ends that the configuration names; while
	 * no store is open. OK, RESULT_STORE, RESULT_NO_MEMORY: not all. */
	enum result (*ages)(const struct conf *conf, struct ages *ages);
};

extern const struct storage storage_configured;

#endif
