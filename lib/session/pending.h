/* SPDX-License-Identifier: ISC */
/* Logins that have begun and not ended, kept by the browser. */
#ifndef PENDING_H
#define PENDING_H

#include "conf/conf.h"
#include "web/reply.h"
#include "base/secret.h"

#define PENDING_LIFE_S 600
#define PENDING_MAX 5 /* logins of one browser at a time */
#define PENDING_ID_BYTES 32

/* A login that was begun here; pending_free() releases it. */
struct pending {
	unsigned char id[PENDING_ID_BYTES]; /* for marking it as used */
	struct secret verifier; /* the PKCE code verifier, base64url */
	struct buf return_to;	/* a local path, or empty */
	int64_t began_s;
	struct buf name; /* of its cookie */
};

/* What an authorization request carries; base64url, 43 characters each. */
struct pending_request {
	struct buf state;
	struct buf challenge; /* S256 of the verifier (RFC 7636) */
};

/*
 * Begin a login: add its sealed cookie to the reply, and delete the oldest
 * of those the browser sent in cookies, so that PENDING_MAX are left.
 * return_to is a local path or empty. The caller frees both buffers of
 * *request with pending_request_free() whatever comes.
 * OK or RESULT_NO_MEMORY.
 */
enum result pending_begin(const struct conf *conf, struct str cookies,
    struct str return_to, struct reply *reply, struct pending_request *request)
    __attribute__((warn_unused_result));

void pending_request_free(struct pending_request *request);

/*
 * Find the login of a state among the cookies. Its cookie is deleted in the
 * reply unless OK. The caller calls pending_free() whatever comes.
 * OK, RESULT_LOGIN_BAD_STATE (malformed, or the cookie is not what we made
 * for it, or is there twice), RESULT_LOGIN_NO_COOKIE, RESULT_LOGIN_LATE
 * (older than PENDING_LIFE_S), RESULT_NO_MEMORY.
 */
enum result pending_find(const struct conf *conf, struct str cookies,
    struct str state, struct reply *reply, struct pending *pending)
    __attribute__((warn_unused_result));

/* Delete the cookie of a login that was found. */
void pending_end(const struct conf *conf, const struct pending *pending,
    struct reply *reply);

void pending_free(struct pending *pending);

#endif
