/* SPDX-License-Identifier: ISC */
/* Hides what a 401 means: not that the user is logged out, but that the token
 * needs to be replaced, once. */
#include "config.h"

#include "session/token.h"
#include "session/call.h"

enum result
call_start(struct call *call, const char *query)
{
	call->query = query;
	return api_start(call->context, call->endpoint, query,
	    &call->session->access);
}

/* Once more, with another token. */
static enum result
repeat(struct call *call, struct buf *body)
{
	enum result result = token_replace(call->context, call->session);

	call->replaced = true;
	if (result == OK)
		result = call_start(call, call->query);
	if (result == OK)
		result = api_finish(call->context, call->endpoint, body);
	return result;
}

enum result
call_finish(struct call *call, struct buf *body)
{
	enum result result = api_finish(call->context, call->endpoint, body);

	if (result == RESULT_UNAUTHORIZED && !call->replaced) {
		buf_free(body);
		result = repeat(call, body);
	}
	return result == RESULT_UNAUTHORIZED ? RESULT_UPSTREAM_FAILED : result;
}
