/* SPDX-License-Identifier: ISC */
/* What the token endpoint answers. */
#include "config.h"

#include "fuzz.h"
#include "spotify/oauth.h"

static bool
is_token(const struct secret *token)
{
	return token->n <= OAUTH_TOKEN_MAX && str_graphic(secret_str(token));
}

void
fuzz_token(struct str input)
{
	struct fuzz_upstream upstream = { .input = input };
	const struct conf conf = fuzz_conf();
	struct context context = { .conf = &conf,
		.store = fuzz_store(),
		.http = (struct http *)(void *)&upstream };
	struct oauth_tokens tokens;
	enum result result;

	result =
	    oauth_exchange(&context, STR("code"), STR("verifier"), &tokens);
	if (result == OK) {
		MUST(tokens.access.n > 0 && is_token(&tokens.access));
		MUST(tokens.refresh.n == 0 || is_token(&tokens.refresh));
		MUST(tokens.expires_in_s >= 1 && tokens.expires_in_s <= 86400);
		MUST(tokens.scope.n <= OAUTH_SCOPE_MAX);
	} else {
		MUST(tokens.access.p == NULL && tokens.refresh.p == NULL);
		MUST(tokens.scope.p == NULL);
		MUST(result == RESULT_INVALID_GRANT ||
		    result == RESULT_MISCONFIGURED ||
		    result == RESULT_RATE_LIMITED ||
		    result == RESULT_UPSTREAM_FAILED);
	}
	MUST(context.wait.s >= 0 && context.wait.s <= 86400);
	oauth_tokens_free(&tokens);
}
