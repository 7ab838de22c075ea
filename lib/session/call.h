/* SPDX-License-Identifier: ISC */
/* Calls of the Web API for a session. */
#ifndef CALL_H
#define CALL_H

#include "session/session.h"
#include "spotify/api.h"

/* Calls of one endpoint, one after the other, for a session whose access token
 * token_get() has just seen to; everything is borrowed. */
struct call {
	struct context *context;
	struct session *session;
	const struct api_endpoint *endpoint;
	const char *query; /* of the call under way */
	bool replaced;	   /* the token was, after a 401 */
};

/* Send a call and return while the answer travels. query is borrowed until
 * call_finish() has returned. The results of api_start(). */
enum result call_start(struct call *call, const char *query)
    __attribute__((warn_unused_result));

/*
 * Wait for the answer. After the first 401 of these calls the token is
 * replaced and the call made once more. The caller releases *body, whatever
 * comes.
 * OK, the errors of api.h, among which a 401 that stays is
 * RESULT_UPSTREAM_FAILED, and those of token_replace().
 */
enum result call_finish(struct call *call, struct buf *body)
    __attribute__((warn_unused_result));

#endif
