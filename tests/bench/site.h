/* SPDX-License-Identifier: ISC */
/* A site with one session, for programs that measure a store. What fails ends
 * the program, in words. */
#ifndef SITE_H
#define SITE_H

#include "session/session.h"

struct site {
	struct conf conf;
	struct store *store;
	struct context context;
	struct session session;
	struct buf content; /* of the session's record */
};

/* Make the session in a store, which is taken over. */
void site_open(struct site *site, struct store *store);
void site_close(struct site *site);

/* Read its record; and unseal and parse it as well. */
void site_load(struct site *site);
void site_load_session(struct site *site);

_Noreturn void site_give_up(const char *what);

#endif
