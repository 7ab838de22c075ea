/* SPDX-License-Identifier: ISC */
/*
 * Hides what of libcurl belongs to the process: its memory, the environment
 * that it must not see, and what threads tell each other. That is where a name
 * has led to, so that while a name server is dead those who come later do not
 * wait for the next one again; and the TLS sessions. Not the connections:
 * libcurl cannot share those.
 */
#include "config.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "spotify/libcurl.h"

/* Below the idle limits of the usual servers, so that a form seldom meets a
 * connection that is closing: it must not be sent a second time. */
#define IDLE_CONNECTION_S 55L

static CURLSH *share;
static pthread_mutex_t mutexes[CURL_LOCK_DATA_LAST];

static void
lock(CURL *easy, curl_lock_data what, curl_lock_access access, void *data)
{
	(void)easy;
	(void)access;
	(void)data;
	pthread_mutex_lock(&mutexes[what]);
}

static void
unlock(CURL *easy, curl_lock_data what, void *data)
{
	(void)easy;
	(void)data;
	pthread_mutex_unlock(&mutexes[what]);
}

static bool
make_share(void)
{
	CURLSHcode bad = CURLSHE_OK;
	size_t i;

	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&mutexes[i], NULL);
	if (share == NULL && (share = curl_share_init()) == NULL)
		return false;
	bad |= curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
	bad |= curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
	bad |= curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	bad |= curl_share_setopt(share, CURLSHOPT_SHARE,
	    CURL_LOCK_DATA_SSL_SESSION);
	return bad == CURLSHE_OK;
}

/* realloc() that wipes what it leaves behind; libcurl moves tokens about. */
static void *
realloc_wiped(void *old, size_t n)
{
	size_t had = old == NULL ? 0 : malloc_usable_size(old);
	void *p = malloc(n);

	if (p == NULL)
		return NULL;
	if (old != NULL) {
		memcpy(p, old, had < n ? had : n);
		secret_free_wiped(old);
	}
	return p;
}

enum result
libcurl_init(void)
{
	static const char *const variables[] = { "SSLKEYLOGFILE", "http_proxy",
		"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy",
		"NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"NETRC" };
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc,
		   secret_free_wiped, realloc_wiped, strdup,
		   calloc) == CURLE_OK &&
		make_share() ?
	    OK :
	    RESULT_NO_MEMORY;
}

/* What is a number and the same for every request. */
static const struct {
	CURLoption option;
	long value;
} numbers[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_QUICK_EXIT, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	/* 7.88 would keep an old one of ours for each thread. */
	{ CURLOPT_CA_CACHE_TIMEOUT, 0 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S },
	{ CURLOPT_UPLOAD_BUFFERSIZE, 16384 },
};

bool
libcurl_set_up(CURL *easy)
{
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (curl_easy_setopt(easy, numbers[i].option,
			numbers[i].value) != CURLE_OK)
			return false;
	return true;
}

CURLSH *
libcurl_share(void)
{
	return share;
}
