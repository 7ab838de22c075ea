/* SPDX-License-Identifier: ISC */
/* One look-up of a name at a time, for all threads of a process: a part of
 * http. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What a request knows of it. */
struct lookup {
	struct lookup *next;
	CURL *easy;
	const char *proxy; /* whose name is looked up instead; or NULL */
	struct str place;  /* borrowed of libcurl, which keeps it meanwhile */
	bool under_way;	   /* in our thread */
	bool behind;	   /* in another one: so libcurl has given up */
};

/* Be asked by a handle before it looks up a name; lookup and proxy, which may
 * be NULL, are borrowed until lookup_end(). */
CURLcode lookup_begin(struct lookup *lookup, CURL *easy, const char *proxy)
    __attribute__((warn_unused_result));

/*
 * A transfer has ended and was behind: wait for the other thread, and begin
 * the transfer again, which then finds the addresses, or looks for them itself.
 * False, and not behind: no time is left until deadline_ms, on
 * clock_mono_ms(), or no memory.
 */
bool lookup_again(struct lookup *lookup, CURLM *multi, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* Nothing is looked up any more, before the handle is cleaned up. */
void lookup_end(struct lookup *lookup);

#endif
