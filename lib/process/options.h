/* SPDX-License-Identifier: ISC */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "base/str.h"

/* What the command line, or the environment of a CGI program, asks for. */
struct options {
	const char *file;   /* the configuration */
	const char *socket; /* -s, or NULL */
	int threads;	    /* -w, or 0 */
	bool only_check;    /* -n */
	bool only_cleanup;  /* -c */
	bool only_move;	    /* -m */
	bool only_probe;    /* -p */
	bool online;	    /* -o, with it */
	bool version;	    /* -v */
	bool cgi;	    /* one request, in the environment */
};

/*
 * Read the command line. A CGI program does not read it at all, because web
 * servers make arguments of the query string (RFC 3875, section 4.4): cgi is
 * set when GATEWAY_INTERFACE is and no listening socket was handed over.
 * False: it is wrong, and the usage has been printed.
 */
bool options_read(int argc, char **argv, const char *program,
    struct options *options);

/* The site of a configuration file: /etc/spotify-fcgi/SITE.conf is that of the
 * site's units and sockets; any other is taken for one of "main". Borrows. */
struct str options_site(const char *file);

/* Print how to call the program, to stderr. */
void options_usage(const char *program);

#endif
