/* SPDX-License-Identifier: ISC */
/*
 * Hides OpenSSL. One X509_STORE serves all connections of the process; it is
 * only read once it is made, so threads may share it.
 */
#include "config.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/log.h"
#include "spotify/ca.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static X509_STORE *store;

static X509_STORE *
parse(const char *ca_file)
{
	X509_STORE *parsed = X509_STORE_new();
	CURL *easy = ca_file == NULL ? curl_easy_init() : NULL;
	char *path = NULL;

	if (easy != NULL &&
	    curl_easy_getinfo(easy, CURLINFO_CAINFO, &path) == CURLE_OK)
		ca_file = path;
	if (ca_file == NULL || parsed == NULL ||
	    X509_STORE_load_file(parsed, ca_file) != 1) {
		log_event(LOG_LEVEL_ERROR, "ca_unreadable", "file=%s",
		    ca_file == NULL ? "none" : ca_file);
		X509_STORE_free(parsed);
		parsed = NULL;
	}
	curl_easy_cleanup(easy);
	return parsed;
}

enum result
ca_load(const char *ca_file)
{
	bool there;

	pthread_mutex_lock(&mutex);
	if (store == NULL)
		store = parse(ca_file);
	there = store != NULL;
	pthread_mutex_unlock(&mutex);
	return there ? OK : RESULT_MISCONFIGURED;
}

CURLcode
ca_use(CURL *easy, void *ssl_ctx, void *data)
{
	(void)easy;
	(void)data;
	SSL_CTX_set1_cert_store(ssl_ctx, store);
	/* Else an answer stays in the connection's buffer, tokens and all,
	 * until the next one comes. */
	SSL_CTX_set_options(ssl_ctx, SSL_OP_CLEANSE_PLAINTEXT);
	return CURLE_OK;
}
