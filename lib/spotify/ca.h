/* SPDX-License-Identifier: ISC */
/* Whose certificates are believed. */
#ifndef CA_H
#define CA_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * Parse the CA certificates, once per process and then when the file is a new
 * one, for which it is looked at once a minute: 20 ms of CPU with Debian's
 * bundle, which libcurl would spend again for each connection. The file is
 * libcurl's default when it is NULL. While a new one cannot be read (logged),
 * the old certificates hold.
 * OK, or RESULT_MISCONFIGURED when there are none (logged).
 */
enum result ca_load(const char *ca_file) __attribute__((warn_unused_result));

/*
 * Append a line for each certificate that has been read and has expired, or
 * begins later: its name, not printable bytes as "?", and when. Whether another
 * one is good now.
 */
bool ca_doubts(struct buf *doubts);

/* A certificate was not believed: look at the file before the next
 * connection, for there may be a new one. */
void ca_distrusted(void);

/*
 * For CURLOPT_SSL_CTX_FUNCTION: give a connection those certificates, and have
 * OpenSSL wipe what it has deciphered once it is handed over.
 */
CURLcode ca_use(CURL *easy, void *ssl_ctx, void *data);

#endif
