/* SPDX-License-Identifier: ISC */
/* What the units that are installed allow the programs: for -n, which is not
 * run by them. */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>

#include "base/buf.h"

/* Of spotify-fcgi@callback.service, the program that needs everything. */
struct units {
	bool known;	     /* there are units, and they use this file */
	bool strict;	     /* they write only where writable says */
	bool hide_home;	     /* and see no home directory */
	bool hide_tmp;	     /* and no other /tmp */
	struct buf user;     /* or empty */
	struct buf writable; /* paths, each ended by a blank; as the next two */
	struct buf bound;
	struct buf credentials; /* names */
};

/*
 * Read the units of the machine, where systemd runs or SYSTEMD_UNIT_PATH names
 * their directories, as systemd does: the unit, and drop-ins after it. Not
 * known: there is none, or it is masked, or it uses another configuration file
 * than this one, which is the usual one or named in the unit. The caller calls
 * units_free() whatever comes.
 */
void units_read(const char *conf_file, struct units *units);

void units_free(struct units *units);

/* What hinders the units to write to a directory of the store, or to read a
 * file; NULL: nothing. A static sentence. */
const char *units_complaint_store(const struct units *units, const char *path);
const char *units_complaint_file(const struct units *units, const char *path);

/* Whether systemd reads the secret of this name for them. */
bool units_load(const struct units *units, const char *name);

#endif
