/* SPDX-License-Identifier: ISC */
/* The clean-up of the store (-c), by what the configuration says. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include "process/options.h"

/* How long a file stays in the store after its session is over by
 * idle_limit or absolute_limit. */
#define CLEANUP_MARGIN_S 86400

/*
 * Remove from session_dir the sessions that were not used for idle_limit or
 * absolute_limit, the shorter one, and a day, what tells of a logout everywhere
 * that is absolute_limit and a day ago, and from events_dir the events of which
 * nobody took any notice for seven days; print how many. No secret is
 * read. Root does it as the user who has the directory. Returns the exit
 * status: 0, 1 when something could not be removed, 2 for a wrong
 * configuration, with which nothing is.
 */
int cleanup(const struct options *options);

/*
 * Become the user who has a directory, if we are root and it is not root's;
 * true if we did. He is the user of the programs.
 */
bool cleanup_become_owner(const char *directory);

#endif
