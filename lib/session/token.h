/* SPDX-License-Identifier: ISC */
/* An access token that works, fetched once for everybody. */
#ifndef TOKEN_H
#define TOKEN_H

#include "session/session.h"

/* How long a token must still live for whoever asks. */
enum token_need {
	/* For a call now: from 120 to 20 s before its end one request
	 * refreshes, and the others go on without waiting. Of a token that
	 * was given for less than 240 s, when half of its life is over. */
	TOKEN_USE,
	/* To be passed on to an application, which is promised that it lives
	 * for TOKEN_PASS_S: as TOKEN_USE, but without that time everybody
	 * waits, and the old token does not serve any more. */
	TOKEN_PASS,
	TOKEN_RENEW /* the endpoint refresh: 5 minutes */
};

#define TOKEN_PASS_S 60

/*
 * Bring the access token of a session that was opened up to the need. Over
 * all threads and processes one request refreshes; the others use what it
 * got, however short that lives, also if they have had to wait for a thread
 * meanwhile. Of what was asked for TOKEN_PASS the caller looks at the time once
 * more. New tokens are durable before they are used.
 * OK, RESULT_NOT_LOGGED_IN (logged out meanwhile), RESULT_LOGIN_EXPIRED (the
 * session has been removed), RESULT_MISCONFIGURED, RESULT_REFRESH_FAILED or
 * RESULT_UPSTREAM_TIMEOUT (Spotify is in trouble and the old token is dead;
 * context->wait may be set), RESULT_BUSY, RESULT_STORE,
 * RESULT_NO_MEMORY.
 */
enum result token_get(struct context *context, struct session *session,
    enum token_need need) __attribute__((warn_unused_result));

/*
 * Replace an access token that the API has just refused with 401, unless
 * somebody else has done so already. The same results; also
 * RESULT_UPSTREAM_FAILED when this was done less than a minute ago: an API
 * that refuses every token must not spend a refresh token per request.
 */
enum result token_replace(struct context *context, struct session *session)
    __attribute__((warn_unused_result));

#endif
