/* SPDX-License-Identifier: ISC */
/* Why a call to Spotify failed, for the operator: a part of http. */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/str.h"

/* A request that failed before its answer was whole. */
struct trouble {
	const char *what; /* a word for the call */
	CURL *easy;
	CURLcode code;
	bool sent;	  /* the request had gone out */
	bool tls;	  /* there was a connection, and TLS had begun */
	bool proxied;	  /* there is a proxy on the way */
	const char *said; /* CURLOPT_ERRORBUFFER */
};

/*
 * Log upstream_error: the call, the kind, the host, for a proxy's answer its
 * status, libcurl's number and the cause in words. Kinds: "name" (server),
 * "connect", "proxy", "tls", "slow" (no answer in time), "broken" (an answer
 * that is cut short, too long or no HTTP). Nothing that was sent or received is
 * logged, but for a certificate's faults.
 */
void trouble_log(const struct trouble *trouble);

/* The host of a request's URL, and its port if one is named; borrowed until the
 * request ends. */
struct str trouble_host(CURL *easy);

/* Whether the kind is "tls". */
bool trouble_is_tls(const struct trouble *trouble);

#endif
