/* SPDX-License-Identifier: ISC */
/* What can come of a call, and what a client is told about it. */
#ifndef RESULT_H
#define RESULT_H

/*
 * One value per thing a caller can do about it. The place that knows the
 * detail (errno, CURLcode, the answer's text) logs it once; above it only
 * this value travels, and app alone turns it into an HTTP answer.
 */
enum result {
	OK = 0,
	/* The request. */
	RESULT_BAD_REQUEST,
	RESULT_NOT_FOUND,
	RESULT_METHOD,
	RESULT_TOO_LARGE,
	RESULT_CROSS_SITE,
	RESULT_NOT_LOGGED_IN,
	RESULT_LOGIN_EXPIRED,
	RESULT_NOT_ENABLED,
	/* Spotify. */
	RESULT_NOT_ON_ALLOWLIST,
	RESULT_OWNER_NOT_PREMIUM,
	RESULT_SCOPE_MISSING,
	RESULT_SPOTIFY_REFUSED,	 /* for good; the next three by their status */
	RESULT_REFUSED_REQUEST,	 /* 400 */
	RESULT_REFUSED_ABSENT,	 /* 404 */
	RESULT_REFUSED_CONFLICT, /* 409 */
	RESULT_PREMIUM_REQUIRED,
	RESULT_NOT_FOR_THIS_APP,
	RESULT_NO_ACTIVE_DEVICE,
	RESULT_OUTCOME_UNKNOWN, /* what must not be sent twice was sent once */
	RESULT_RATE_LIMITED,
	RESULT_QUOTA_EXCEEDED,
	RESULT_UPSTREAM_FAILED,
	RESULT_UPSTREAM_TIMEOUT,
	RESULT_REFRESH_FAILED,
	/* This server. */
	RESULT_STORE,
	RESULT_MISCONFIGURED,
	RESULT_BUSY,
	RESULT_NO_MEMORY,
	/* Ways a login can end, shown as pages by callback. */
	RESULT_LOGIN_DENIED,
	RESULT_LOGIN_LATE,
	RESULT_LOGIN_REPLAYED,
	RESULT_LOGIN_UNDER_WAY,
	RESULT_LOGIN_NO_COOKIE,
	RESULT_LOGIN_BAD_STATE,
	RESULT_LOGIN_REFUSED,
	RESULT_LOGIN_WRONG_ISSUER,
	/* Answers between units; a handler translates them. */
	RESULT_ABSENT,
	RESULT_EXISTS,
	RESULT_CHANGED,
	RESULT_BAD_TEXT,
	RESULT_UNCERTAIN,
	RESULT_UNAUTHORIZED,
	RESULT_INVALID_GRANT,
	RESULT__MAX
};

struct result_row {
	int status;	     /* HTTP status */
	int retry_after_s;   /* default Retry-After; 0 sends none */
	const char *code;    /* the stable word, RFC 9457 extension member */
	const char *heading; /* of the page, where people see it */
	const char *detail;  /* a sentence: what happened, what to do */
};

/*
 * The row of a result in the one table. Never fails: a value out of range is
 * an internal error. The strings are static.
 */
const struct result_row *result_row(enum result result);

/* The reason phrase of an HTTP status that we send; static. */
const char *result_reason(int status);

#endif
