/* SPDX-License-Identifier: ISC */
/* A program: start, checks, and what is the same for every request. */
#ifndef APP_H
#define APP_H

#include "app/storage.h"
#include "spotify/context.h"
#include "web/reply.h"
#include "web/request.h"
#include "spotify/upstream.h"

/* One program. */
struct app {
	/* Also the last segment of its path, unless that is redirect_uri's, as
	 * registered at Spotify. */
	const char *name;
	bool is_redirect_uri;
	bool is_tree; /* answers below its path, and looks at the path itself */
	unsigned methods; /* METHOD_ bits */
	/* Those of a request's path, for Allow and preflights; NULL: all. */
	unsigned (*methods_of)(const struct conf *conf,
	    const struct request *request);
	unsigned opens; /* CONF_ bits */
	int threads;	/* unless configured */
	/* NULL: it keeps nothing, and context->store is NULL. */
	const struct storage *storage;
	/* NULL: it calls nobody, and context->http is NULL. */
	const struct upstream *upstream;
	bool
	    internal; /* the web server alone asks; to others it is not there */
	bool shows_pages; /* failures are pages for people, not JSON */
	bool shares;	  /* with the allowed origins (CORS) */
	/* How threads are divided among sessions whose requests may be many and
	 * wait for Spotify: times of turns_ask(). Those without a thread wait
	 * for one. 0: they are not. Who is not logged in has no session. */
	int divides;
	/*
	 * Fill in the reply. Anything but OK becomes the problem or page of
	 * its row; cookies that were set go with that, too.
	 */
	enum result (*handle)(struct context *context,
	    const struct request *request, struct reply *reply);
};

/*
 * The main() of a program: read the command line and the configuration, then
 * serve, or check and print with -n. Returns the exit status: 0, 1 when
 * serving failed, 2 for a wrong command line or configuration.
 */
int app_run(int argc, char **argv, const struct app *app);

#endif
