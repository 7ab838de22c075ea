/* SPDX-License-Identifier: ISC */
/* What TLS to an engine needs: whom we believe, and who we are. */
#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>

#include "base/result.h"

/* Files in PEM; read once. NULL for the first: the system's authorities; for
 * the others: no certificate of our own. */
struct tls_files {
	const char *ca, *cert, *key;
};

/*
 * Read the files. OK: the caller calls SSL_CTX_free(). RESULT_MISCONFIGURED: a
 * file is not what it should be (logged); *tls is NULL.
 */
enum result tls_open(const struct tls_files *files, SSL_CTX **tls)
    __attribute__((warn_unused_result));

/*
 * TLS 1.2 or newer on a connected socket, to a host whose certificate has to
 * name it, whether it is a name or an address; nothing is sent yet.
 * OK: the caller calls SSL_free(), which leaves the socket open.
 * RESULT_NO_MEMORY: *ssl is NULL.
 */
enum result tls_start(SSL_CTX *tls, int fd, const char *host, SSL **ssl)
    __attribute__((warn_unused_result));

/* Why a handshake has failed, for people; static. */
const char *tls_trouble(const SSL *ssl);

#endif
