/* SPDX-License-Identifier: ISC */
/* The answer, which is whole before its first byte leaves. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

#define REPLY_BODY_MAX (32u << 20)
#define REPLY_PARTS 3 /* of a body */

struct reply {
	int status;
	const char *content_type; /* NULL: no body */
	const char *cache;	  /* Cache-Control */
	struct buf policy;	  /* Content-Security-Policy; empty: strict */
	struct buf cookies;	  /* header lines that also go with an error */
	struct buf headers;	  /* further header lines */
	struct buf body;
	/* What follows the body, in turn: a part that was made elsewhere is
	 * moved here, not copied. */
	struct buf rest[REPLY_PARTS - 1];
	int64_t retry_after_s; /* Retry-After; 0: none */
	struct str scope;      /* that a problem says is missing; static */
};

/* An empty answer; reply_free() releases it. */
void reply_init(struct reply *reply);
void reply_free(struct reply *reply);

/*
 * Add a header line. A value with a control byte spoils the whole answer
 * (RESULT_BAD_REQUEST from reply_write()), so nothing can be split.
 */
void reply_header(struct reply *reply, const char *name, struct str value);

/* Set a cookie (RFC 6265bis) for max_age_s seconds; the value is base64url.
 * A max_age_s of 0 deletes it. */
void reply_cookie(struct reply *reply, const struct conf *conf, struct str name,
    struct str value, int64_t max_age_s);

/* 303 to an absolute URL, given in two parts of which either may be empty. */
void reply_redirect(struct reply *reply, struct str base, struct str rest);

/* 303 to a path of this site; an empty one stands for after_login. */
void reply_go(struct reply *reply, const struct conf *conf, struct str path);

#define REPLY_TAG_MAX 32

/*
 * Let the browser keep the answer, for itself, and ask each time whether it is
 * still the one: by a weak ETag of this tag, of REPLY_TAG_MAX bytes at most, or
 * by none if that is empty (RFC 9110, section 8.8.3).
 */
void reply_cached(struct reply *reply, struct str tag);

/* 200 with JSON; the caller appends to the body. */
void reply_json(struct reply *reply);

/* Replace everything but the cookies by an answer of this status and type that
 * nobody keeps; the caller appends to the body. */
void reply_start_error(struct reply *reply, int status, const char *type);

/* Replace everything but the cookies by the problem (RFC 9457) of a result;
 * login_url goes with a 401. */
void reply_problem(struct reply *reply, enum result result,
    struct str login_url);

/*
 * The complete answer: append a header block in CGI form with an explicit
 * Status (RFC 3875, section 6.3.3) to head, and unless head_only move the parts
 * of the body to body, once. OK, or the first failure of any part: head is of
 * no use then, and body is as it was.
 */
enum result reply_write(struct reply *reply, bool head_only, struct buf *head,
    struct buf body[static REPLY_PARTS]) __attribute__((warn_unused_result));

#endif
