/* SPDX-License-Identifier: ISC */
/* What of libcurl belongs to the process: a part of http. */
#ifndef LIBCURL_H
#define LIBCURL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/result.h"

/*
 * Once, before threads start. Forgets the environment variables by which
 * libcurl could be pointed elsewhere. RESULT_NO_MEMORY.
 */
enum result libcurl_init(void) __attribute__((warn_unused_result));

/* Set of a new handle what is a number and the same for every request. False:
 * this libcurl does not know all of it, or has no memory. */
bool libcurl_set_up(CURL *easy) __attribute__((warn_unused_result));

/* For CURLOPT_SHARE: what names have led to, and TLS sessions, of all threads.
 * It lives as long as the process; NULL before libcurl_init(). */
CURLSH *libcurl_share(void);

#endif
