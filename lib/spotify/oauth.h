/* SPDX-License-Identifier: ISC */
/* The OAuth 2.0 client: authorization URL and token requests. */
#ifndef OAUTH_H
#define OAUTH_H

#include "spotify/context.h"
#include "base/secret.h"

#define OAUTH_TOKEN_MAX 4096
#define OAUTH_SCOPE_MAX 1024

/* What the token endpoint gave; oauth_tokens_free() releases it. */
struct oauth_tokens {
	struct secret access;
	struct secret refresh; /* empty: the answer had none */
	int64_t expires_in_s;  /* 1 to 86400 */
	struct buf scope; /* as granted; scope.p NULL: not said, too long */
};

/*
 * Append the authorization request (RFC 6749, section 4.1.1, with PKCE of
 * RFC 7636). state and challenge are base64url; dialog asks the user again
 * although he agreed before. OK or the buffer's failure.
 */
enum result oauth_authorize_url(const struct conf *conf, struct str state,
    struct str challenge, bool dialog, struct buf *url)
    __attribute__((warn_unused_result));

/*
 * Exchange an authorization code (RFC 6749, section 4.1.3). Sent once.
 * OK, RESULT_INVALID_GRANT (code, verifier or redirect URI not accepted),
 * RESULT_MISCONFIGURED (our credentials are not), RESULT_RATE_LIMITED,
 * RESULT_UPSTREAM_FAILED, RESULT_UPSTREAM_TIMEOUT,
 * RESULT_NO_MEMORY. tokens are empty unless OK; the
 * caller calls oauth_tokens_free() in any case.
 */
enum result oauth_exchange(struct context *context, struct str code,
    struct str verifier, struct oauth_tokens *tokens)
    __attribute__((warn_unused_result));

/* Refresh (RFC 6749, section 6). The same results; RESULT_INVALID_GRANT is
 * final for this refresh token, and nothing else is. */
enum result oauth_refresh(struct context *context, const struct secret *refresh,
    struct oauth_tokens *tokens) __attribute__((warn_unused_result));

void oauth_tokens_free(struct oauth_tokens *tokens);

#endif
