/* SPDX-License-Identifier: ISC */
/* What the units that are installed allow the programs: for -n, which is not
 * run by them. */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"

/* Of spotify-fcgi-PROGRAM@SITE.service. */
struct units {
	bool known;	     /* there are units, and they use this file */
	bool strict;	     /* they write only where writable says */
	bool hide_home;	     /* and see no home directory */
	bool hide_tmp;	     /* and no other /tmp */
	struct buf user;     /* or empty */
	struct buf writable; /* paths, each ended by a blank; as all lists */
	struct buf bound;
	struct buf credentials;	    /* names */
	struct buf groups;	    /* beside that of the user */
	bool no_network;	    /* but a loopback device of its own */
	struct buf families;	    /* or empty: all of them */
	struct buf denied, allowed; /* addresses; the second counts more */
};

/*
 * Read the units of the machine, where systemd runs or SYSTEMD_UNIT_PATH names
 * their directories, as systemd does: the unit of the file's site, and drop-ins
 * after it. Not known: there is none, or it is masked, or it names another
 * configuration file than this one. callback is the program that needs
 * everything. The caller calls units_free() whatever comes.
 */
void units_read(const char *conf_file, const char *program,
    struct units *units);

void units_free(struct units *units);

/* What hinders the units to write to a directory of the store, or to read a
 * file; NULL: nothing. A static sentence. */
const char *units_complaint_store(const struct units *units, const char *path);
const char *units_complaint_file(const struct units *units, const char *path);

/* What hinders them to call an address; NULL: nothing. A static word, the key
 * of a unit that says so. */
const char *units_hinder_call(const struct units *units,
    const struct sockaddr *to);

/* Whether systemd reads the secret of this name for them. */
bool units_load(const struct units *units, const char *name);

#endif
