/* SPDX-License-Identifier: ISC */
/* What a program that calls Spotify is linked with. */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <stdbool.h>

#include "spotify/http.h"

/*
 * The functions of http.h and ca.h, which bring libcurl and OpenSSL, and
 * Jansson, which reads answers. Only who names upstream_spotify gets them;
 * login, session and logout do with a fifth of the memory, and have no code
 * that could call anybody.
 */
struct upstream {
	enum result (*start)(void); /* once for the process */
	bool (*trusts)(const char *ca_file);
	struct http *(*open)(const struct conf *conf);
	void (*close)(struct http *http);
};

extern const struct upstream upstream_spotify;

#endif
