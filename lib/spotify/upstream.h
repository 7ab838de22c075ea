/* SPDX-License-Identifier: ISC */
/* What a program that calls Spotify is linked with. */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <stdbool.h>

#include "spotify/http.h"
#include "store/store.h"

/*
 * The functions of http.h, libcurl.h and ca.h, which bring libcurl and OpenSSL,
 * and Jansson, which reads answers. Only who names upstream_spotify gets them;
 * login, session and logout do with much less memory, and have no code that
 * could call Spotify.
 */
struct upstream {
	enum result (*start)(void); /* once for the process */
	bool (*trusts)(const char *ca_file);
	/* ca_doubts() of ca.h, about what is trusted then. */
	bool (*doubts)(struct buf *doubts);
	/*
	 * Ask the token endpoint about a code that nobody was given, to see
	 * whether it can be reached and knows this client. No token comes of
	 * it. OK, or the result of oauth_exchange(), logged.
	 */
	enum result (*ask)(const struct conf *conf, struct store *store);
	struct http *(*open)(const struct conf *conf);
	void (*close)(struct http *http);
};

extern const struct upstream upstream_spotify;

#endif
