/* SPDX-License-Identifier: ISC */
/* What the value of a configuration key must look like. */
#ifndef VALUES_H
#define VALUES_H

#include <stdint.h>

#include "base/str.h"

/*
 * Each function returns NULL when the value is fine, or a static sentence
 * that says what is wrong and what to write instead.
 */

/* Any value: it is there, without quotes and without a sign at its end. */
const char *values_form(struct str value);

/* https, or http on 127.0.0.1 or [::1] (RFC 8252, section 7.3; "localhost" is
 * refused by Spotify), with a path, lower-case host, no query. */
const char *values_redirect_uri(struct str value);

/* An upstream URL: https, or http on a loopback address. */
const char *values_endpoint(struct str value);

/* The same, to which paths are appended. */
const char *values_api_url(struct str value);

/* How an authorization server names itself (RFC 8414, section 2): an upstream
 * URL without a query. */
const char *values_issuer(struct str value);

/* A proxy: scheme, host and port (that of https may be left out), without user
 * and password, which would show in the printout of -n. */
const char *values_proxy(struct str value);

/* An origin for CORS as a browser writes it: https without path; http only on
 * a loopback address, and only if the redirect URI is on one (dev). */
const char *values_origin(struct str value, bool dev);

/* Space-separated scope tokens of RFC 6749, section 3.3, with
 * user-follow-read among them. */
const char *values_scope(struct str value);

/* 1 to 255 graphic bytes without ":" (it ends the name in Basic). */
const char *values_client_id(struct str value);

/* Where sessions are kept, as storeurl_read() takes it. */
const char *values_store(struct str value);

/* The name of a file: no shell has been there. */
const char *values_file(struct str value);

/* The same, and absolute. */
const char *values_path(struct str value);

/* A number with an optional unit s, m, h or d, in seconds. */
const char *values_duration(struct str value, int64_t *seconds);

#endif
