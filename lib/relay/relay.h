/* SPDX-License-Identifier: ISC */
/* A call of the Web API that a page makes through us. */
#ifndef RELAY_H
#define RELAY_H

#include "relay/rowurl.h"
#include "session/session.h"

#define RELAY_BODY_MAX (1u << 20)
#define RELAY_DEPTH_MAX 32

/* The call and what came of it; relay_free() releases it. */
struct relay {
	struct rowurl rowurl;
	struct buf body;  /* JSON, or empty: Spotify had nothing to say */
	bool may_be_kept; /* by api_max_age, for who asks the same again */
	int64_t kept_s;	  /* for so long it was; -1: Spotify has been asked */
	struct str lacks; /* a scope that was not granted; static, or empty */
};

/*
 * Read what is asked of us. The caller calls relay_free() whatever comes.
 * OK, RESULT_NOT_FOUND and RESULT_METHOD (there is no such call),
 * RESULT_NOT_ENABLED (it is not in api_allow, which may be empty),
 * RESULT_BAD_REQUEST (of its query, or its body), RESULT_NO_MEMORY.
 */
enum result relay_read(const struct conf *conf, const struct request *request,
    struct relay *relay) __attribute__((warn_unused_result));

/*
 * The methods that exist for the path of a request, METHOD_ bits, whether they
 * are turned on or not; those that read if there is no such path.
 */
unsigned relay_methods(const struct conf *conf, const struct request *request);

/*
 * Make the call that was read for a session, or share the answer of one that is
 * under way for the same session, or take the one that was kept (answers.h).
 * The body is one JSON value of at most RELAY_BODY_MAX bytes and
 * RELAY_DEPTH_MAX levels; what else Spotify sends is RESULT_UPSTREAM_FAILED,
 * and its refusals are those of refusal_of().
 * What changes something is never shared and never sent a second time, unless a
 * 401 has said that it was not done. Its answer is given if its row has one
 * that says something, and is JSON. Reads of this session that are under way,
 * in whatever process, and about the same part (row_part()), are not shared
 * afterwards, and answers that were kept not given; when it is about an artist
 * its copy of the list of artists is dropped. Of the library no list that is
 * being fetched is kept.
 * OK, the errors of call.h and token.h, RESULT_SCOPE_MISSING also without a
 * call, when it is known what was granted: then relay->lacks says what was not;
 * RESULT_RATE_LIMITED also for
 * our own limit, RESULT_BUSY; RESULT_OUTCOME_UNKNOWN: of a POST no answer came.
 */
enum result relay_call(struct context *context, struct session *session,
    struct relay *relay) __attribute__((warn_unused_result));

void relay_free(struct relay *relay);

#endif
