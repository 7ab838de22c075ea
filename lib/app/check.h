/* SPDX-License-Identifier: ISC */
/* The command line, and what can be checked before a start. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "spotify/upstream.h"

/* What the command line, or the environment of a CGI program, asks for. */
struct check_options {
	const char *file;   /* the configuration */
	const char *socket; /* -s, or NULL */
	int threads;	    /* -w, or 0 */
	bool only_check;    /* -n */
	bool version;	    /* -v */
	bool cgi;	    /* one request, in the environment */
};

/*
 * Read the command line. A CGI program does not read it at all, because web
 * servers make arguments of the query string (RFC 3875, section 4.4): cgi is
 * set when GATEWAY_INTERFACE is and no listening socket was handed over.
 * False: it is wrong, and the usage has been printed.
 */
bool check_arguments(int argc, char **argv, const char *program,
    struct check_options *options);

/* Print how to call the program, to stderr. */
void check_usage(const char *program);

/* Before anything else: no core dump, no tracing by equals, private files,
 * larger blocks of freed memory are overwritten, and the signals that writing
 * may raise are ignored. */
void check_harden(void);

/*
 * Check everything that can be checked before the first visitor, for all
 * programs; print all mistakes, or the effective configuration and what is
 * to do with it. Without upstream the CA certificates are not looked at, and
 * it says so. Returns the exit status, 0 or 2.
 */
int check_everything(const struct check_options *options,
    const struct upstream *upstream);

#endif
