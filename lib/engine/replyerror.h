/* SPDX-License-Identifier: ISC */
/* What an engine says when it refuses a command. */
#ifndef REPLYERROR_H
#define REPLYERROR_H

#include "base/str.h"

enum replyerror_class {
	REPLYERROR_FULL,	  /* memory, disk or connections */
	REPLYERROR_DOWN,	  /* it starts, or its master is away */
	REPLYERROR_MOVED,	  /* it is a replica */
	REPLYERROR_REPLICAS,	  /* it misses some of its own */
	REPLYERROR_MISCONFIGURED, /* nothing gets better by waiting */
	REPLYERROR_SLOW,	  /* a script of somebody holds it up */
	REPLYERROR__MAX
};

struct replyerror {
	enum replyerror_class class;
	const char *words; /* for people; static */
};

/*
 * The class of an error's text. The code that decides may stand anywhere in
 * it: engines before Redis 7 put what a script's command was told behind words
 * of their own. What is unknown is misconfigured.
 */
struct replyerror replyerror_of(struct str text);

/* The word of a class, for the log; static. */
const char *replyerror_word(enum replyerror_class class);

#endif
