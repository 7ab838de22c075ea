/* SPDX-License-Identifier: ISC */
/* Calls of Spotify's Web API: what is the same for every endpoint. */
#ifndef API_H
#define API_H

#include "base/secret.h"
#include "spotify/context.h"
#include "spotify/pause.h"
#include "spotify/quota.h"

/* One endpoint. */
struct api_endpoint {
	const char *name; /* for the log */
	const char *path; /* behind the configured api_url */
	/* "PUT", "POST" or "DELETE": it is sent once. NULL: GET. */
	const char *method;
	struct str json; /* a body for it, borrowed; empty: none */
	/* A lost answer leaves it open whether it was done, and doing it twice
	 * is not the same as once. */
	bool is_final;
	enum pause_group group;
	enum quota_bucket bucket;
	bool in_pauses; /* a login's: asked also while its group pauses */
	/* Asked by a page: 204 is an answer, too, and what Spotify refuses is
	 * told apart, as by refusal_of(). */
	bool is_relayed;
	size_t body_max; /* bytes of an answer that are accepted */
};

extern const struct api_endpoint api_me; /* the account */
/* The same, for who logs in: it is asked once at least, whatever Spotify has
 * told others, for a login that nobody knows whose it is opens few doors. */
extern const struct api_endpoint api_me_at_login;
extern const struct api_endpoint api_following; /* followed artists */

/*
 * The errors of all calls: RESULT_UNAUTHORIZED (401: the access token is no
 * good), the refusals of refusal.h (403), RESULT_RATE_LIMITED and
 * RESULT_QUOTA_EXCEEDED (with context->wait; also without a call while a pause
 * lasts, or when quota_per_day is used up), RESULT_STORE (the call cannot be
 * counted, and is not made), RESULT_UPSTREAM_FAILED, RESULT_UPSTREAM_TIMEOUT,
 * RESULT_MISCONFIGURED (no CA certificates), RESULT_NO_MEMORY; of what is_final
 * RESULT_OUTCOME_UNKNOWN: it was sent, and no answer says what came of it.
 */

/*
 * Send a call and return while the answer travels. query is "" or begins with
 * "?" and is encoded; endpoint is borrowed until the answer is there. A GET
 * that is sent once more is counted once more. OK (then api_finish() or
 * http_cancel() must follow) or an error.
 */
enum result api_start(struct context *context,
    const struct api_endpoint *endpoint, const char *query,
    const struct secret *access) __attribute__((warn_unused_result));

/*
 * Wait for the answer, of which context->api_status is the status then; the
 * caller releases *body, whatever comes of it. OK for 200, for 204 if the call
 * is relayed, and for all from 200 to 204 if it has a method; or an error,
 * which for one that is relayed is also one of refusal_of().
 */
enum result api_finish(struct context *context,
    const struct api_endpoint *endpoint, struct buf *body)
    __attribute__((warn_unused_result));

#endif
