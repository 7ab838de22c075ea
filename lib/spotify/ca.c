/* SPDX-License-Identifier: ISC */
/*
 * Hides OpenSSL, and that authorities come and go while a process lives. One
 * X509_STORE serves all connections; it is only read once it is made, so
 * threads may share it, and each connection keeps the one that it began with.
 */
#include "config.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/meter.h"
#include "spotify/ca.h"

#define LOOK_S 60 /* a new file is seen after that at the latest */

/* What tells a file from the one that has replaced it. */
struct face {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static X509_STORE *store;
static struct face face; /* of the file as it was read */
static int64_t looked_s; /* 0: look */

static struct face
face_of(const char *path)
{
	struct face seen = { 0 };
	struct stat st;

	if (stat(path, &st) == 0) {
		seen.dev = st.st_dev;
		seen.ino = st.st_ino;
		seen.size = st.st_size;
		seen.mtime = st.st_mtim;
	}
	return seen;
}

static bool
is_same(const struct face *a, const struct face *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static X509_STORE *
parse(const char *path)
{
	X509_STORE *parsed = X509_STORE_new();

	if (parsed == NULL || X509_STORE_load_file(parsed, path) != 1) {
		log_event(LOG_LEVEL_ERROR, "ca_unreadable", "file=%s", path);
		X509_STORE_free(parsed);
		parsed = NULL;
	}
	return parsed;
}

/* For all programs of the site, that have one file: there are certificates, or
 * this program has none. */
static void
note(bool read)
{
	if (!read && store == NULL)
		meter_note(METER_CA_UNREADABLE, (uint64_t)clock_now_s());
	else if (read && meter_value(METER_CA_UNREADABLE) != 0)
		meter_note(METER_CA_UNREADABLE, 0);
}

/*
 * Read the file if there is a new one. One that cannot be read leaves the old
 * certificates in force; it is not tried again before it has changed, unless
 * there are none. The face is taken first: should the file change while it is
 * read, it will be seen to have changed.
 */
static void
look(const char *path)
{
	struct face seen = face_of(path);
	X509_STORE *parsed;

	if (store != NULL && is_same(&seen, &face))
		return;
	face = seen;
	parsed = parse(path);
	note(parsed != NULL);
	if (parsed == NULL)
		return;
	if (store != NULL)
		log_event(LOG_LEVEL_INFO, "ca_renewed", "file=%s", path);
	X509_STORE_free(store);
	store = parsed;
}

/* libcurl's own place for the certificates, a constant in it, or NULL. */
static const char *
default_path(void)
{
	CURL *easy = curl_easy_init();
	char *path = NULL;

	if (easy != NULL)
		curl_easy_getinfo(easy, CURLINFO_CAINFO, &path);
	curl_easy_cleanup(easy);
	return path;
}

enum result
ca_load(const char *ca_file)
{
	int64_t now_s = clock_now_s();
	bool there;

	pthread_mutex_lock(&mutex);
	if (store == NULL || now_s < looked_s || now_s - looked_s >= LOOK_S) {
		looked_s = now_s;
		if (ca_file == NULL)
			ca_file = default_path();
		look(ca_file == NULL ? "none" : ca_file);
	}
	there = store != NULL;
	pthread_mutex_unlock(&mutex);
	return there ? OK : RESULT_MISCONFIGURED;
}

/* The name of a certificate; what is not printable shows as "?". */
static void
add_name(const X509 *certificate, struct buf *out)
{
	char name[128] = "";
	size_t i;

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
		NID_commonName, name, sizeof(name)) < 0)
		X509_NAME_oneline(X509_get_subject_name(certificate), name,
		    sizeof(name));
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] < 0x20 || name[i] == 0x7f || name[i] == '"')
			name[i] = '?';
	buf_printf(out, "\"%s\" ", name);
}

/* Whether it is good now; if it is not, a line that says so. */
static bool
is_good(const X509 *certificate, struct buf *doubts)
{
	const ASN1_TIME *begin = X509_get0_notBefore(certificate);
	const ASN1_TIME *end = X509_get0_notAfter(certificate);
	bool begun = X509_cmp_time(begin, NULL) < 0;
	char day[16] = "?";
	struct tm tm;

	if (begun && X509_cmp_time(end, NULL) > 0)
		return true;
	if (ASN1_TIME_to_tm(begun ? end : begin, &tm) == 1)
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	add_name(certificate, doubts);
	buf_printf(doubts, "%s on %s\n", begun ? "has expired" : "begins", day);
	return false;
}

bool
ca_doubts(struct buf *doubts)
{
	const struct stack_st_X509_OBJECT *objects;
	const X509 *certificate;
	bool good = false;
	int i;

	pthread_mutex_lock(&mutex);
	objects = store == NULL ? NULL : X509_STORE_get0_objects(store);
	for (i = 0; objects != NULL && i < sk_X509_OBJECT_num(objects); i++) {
		certificate =
		    X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		if (certificate != NULL && is_good(certificate, doubts))
			good = true;
	}
	pthread_mutex_unlock(&mutex);
	return good;
}

void
ca_distrusted(void)
{
	pthread_mutex_lock(&mutex);
	looked_s = 0;
	pthread_mutex_unlock(&mutex);
}

CURLcode
ca_use(CURL *easy, void *ssl_ctx, void *data)
{
	(void)easy;
	(void)data;
	pthread_mutex_lock(&mutex);
	SSL_CTX_set1_cert_store(ssl_ctx, store);
	pthread_mutex_unlock(&mutex);
	/* Else an answer stays in the connection's buffer, tokens and all,
	 * until the next one comes. */
	SSL_CTX_set_options(ssl_ctx, SSL_OP_CLEANSE_PLAINTEXT);
	return CURLE_OK;
}
