/* SPDX-License-Identifier: ISC */
/* The configuration, read once at start. */
#ifndef CONF_H
#define CONF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/seal.h"
#include "base/secret.h"
#include "base/url.h"
#include "conf/cookienames.h"
#include "conf/storeurl.h"

/* What a program opens beside the configuration file; login opens neither
 * client secret nor store. */
#define CONF_CLIENT_SECRET 1u
#define CONF_SERVER_KEY 2u
#define CONF_STORE 4u
#define CONF_EVENTS 16u /* if they are on, the server key */
#define CONF_ALL 23u
#define CONF_ANY_OWNER 8u /* of a secret: root checks for another user */

/* What auth tells the web server beside the scope (auth_pass). */
#define CONF_PASS_ID 1
#define CONF_PASS_NAME 2
#define CONF_PASS_EMAIL 4
#define CONF_PASS_TOKEN 8

#define CONFKEYS_N 33 /* the keys that there are */

/* Strings are owned by the struct and live as long as it. */
struct conf {
	/* As in the file, or the default; NULL when optional and absent. */
	char *client_id;
	char *client_secret_file;
	char *server_key_file;
	char *redirect_uri;
	char *scope;
	char *after_login;
	char *session_dir;
	char *proxy;
	char *allowed_origins; /* separated by blanks */
	char *api_allow;       /* names of calls, separated by blanks */
	char *authorize_url;
	char *issuer; /* NULL: the origin of authorize_url */
	char *token_url;
	char *api_url;
	char *ca_file;
	char *events_dir;
	char *store;
	char *store_from; /* where sessions still move from */
	char *store_user;
	char *store_password_file;
	char *store_ca_file;
	char *store_cert_file;
	char *store_key_file;
	int64_t store_replicas;
	int64_t workers; /* 0: the program's own number */
	int64_t idle_limit_s;
	int64_t absolute_limit_s;
	int64_t artists_max_age_s;
	int64_t api_max_age_s; /* 0: no answer is kept */
	int64_t quota_per_day; /* calls of a kind; 0: not counted */
	int64_t log_level;     /* enum log_level */
	int64_t auth_pass;     /* CONF_PASS_ bits */
	int64_t events_email;  /* yes is 1, no is 0 */
	/* Where it stands. */
	const char *file;	    /* borrowed, as conf_load() was told */
	unsigned lines[CONFKEYS_N]; /* of each key; 0: it is not there */
	/* Made of it. */
	struct secret client_secret;
	struct seal_ring ring;
	struct secret store_password; /* opened with the store */
	struct storeurl store_at;     /* slices of store */
	struct storeurl from_at;      /* of store_from */
	struct url redirect;	      /* slices of redirect_uri */
	struct str base;	      /* redirect_uri up to its last slash */
	struct str callback;	      /* its last path segment */
	struct str image_origin;      /* api_url's origin if that is loopback */
	bool dev; /* http on loopback: cookies without Secure */
	char session_cookie[COOKIENAMES_MAX];
	char pending_prefix[COOKIENAMES_MAX];
	const char *cookie_tail; /* attributes that end every cookie */
};

/*
 * Read and check the file, which stays borrowed as long as conf is used, and
 * open the secrets that opens (CONF_ bits) asks for. Every mistake is printed
 * as by conf_complain(); a secret's value never is. Returns the number of
 * mistakes; conf is usable only if it is 0, and must go to conf_free() in any
 * case.
 */
unsigned conf_load(const char *file, unsigned opens, struct conf *conf);

/*
 * Print a mistake to stderr as "file:line: key: what to do", or without the
 * line about what has none, such as a key that is not there. Returns 1: the
 * number of mistakes.
 */
unsigned conf_complain(const struct conf *conf, const char *key,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
unsigned conf_vcomplain(const struct conf *conf, const char *key,
    const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Print the effective configuration as a file that could be read again; the
 * secrets show only as the names of their files. */
void conf_print(const struct conf *conf, FILE *out);

/* Whether the origin is one of allowed_origins, byte for byte. */
bool conf_allows_origin(const struct conf *conf, struct str origin);

/* Wipe and release what conf holds; conf itself is the caller's. */
void conf_free(struct conf *conf);

#endif
