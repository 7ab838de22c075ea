/* SPDX-License-Identifier: ISC */
/* The operator's tool, spotify-fcgi-admin: its command line and commands. */
#ifndef ADMIN_H
#define ADMIN_H

#include "app/app.h"

/* What the tool is linked with. */
struct admin {
	const char *name;
	const struct storage *storage;
	const struct upstream *upstream;
	/* everywhere_set() and events_forget() */
	enum result (*log_out)(const struct context *context, struct str key);
	enum result (*forget)(const struct context *context, struct str key);
};

/*
 * The main() of the tool: read the command line and the configuration, and do
 * what the one command says. Root does it as the user who has session_dir, so
 * that what is made there belongs to the programs. Returns the exit status: 0;
 * 1: it could not be done, and stderr says why; 2: a wrong command line or
 * configuration.
 */
int admin_run(int argc, char **argv, const struct admin *admin);

#endif
