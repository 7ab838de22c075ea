/* SPDX-License-Identifier: ISC */
/* A session with a token, and who answers when it is renewed. */
#ifndef RENEWAL_H
#define RENEWAL_H

#include "session/token.h"

/* What the token endpoint says next, and how often it was asked since. Whose
 * the account is, is always told. */
struct renewal {
	enum result answer;
	int64_t life_s;
	const char *granted; /* the scope that it names */
	unsigned asked;
};

extern struct renewal renewal;

struct renewal_site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct reply reply;
	struct oauth_tokens tokens;
};

/* Begin a session whose access token lives for so long. OK, or
 * RESULT_NO_MEMORY; renewal_leave() follows whatever comes. */
enum result renewal_begin(struct renewal_site *s, int64_t left_s)
    __attribute__((warn_unused_result));

/* For SCOPED. */
void renewal_leave(struct renewal_site *s);

#endif
