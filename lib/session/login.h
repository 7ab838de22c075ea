/* SPDX-License-Identifier: ISC */
/* What Spotify's answer to an authorization request says. */
#ifndef LOGIN_H
#define LOGIN_H

#include "spotify/context.h"
#include "spotify/oauth.h"
#include "session/pending.h"
#include "session/session.h"
#include "store/lock.h"
#include "web/request.h"
#include "spotify/spotify.h"

/* A browser that came back; login_free() releases it. */
struct login {
	struct pending pending; /* the login that it began */
	struct secret code;	/* the authorization code; empty on an error */
	enum result refused;	/* what the error means; OK: there is none */
	char error[48];		/* and its word, for the log */
	struct lock lock;	/* while we are at it */
	int64_t token_pause[2]; /* of context.h, after login_claim() */
	int64_t latest_s;	/* and of session.h */
};

/*
 * Read the query of an authorization response (RFC 6749, section 4.1.2) and
 * find the login it belongs to; the state decides before anything else. The
 * login's cookie is deleted in the reply unless OK. The caller calls
 * login_free() whatever comes.
 * OK, the errors of pending_find(), RESULT_BAD_REQUEST: parameters twice,
 * broken or out of range, code and error together or neither;
 * RESULT_LOGIN_WRONG_ISSUER: another issuer than ours is named (RFC 9207).
 */
enum result login_read(const struct context *context,
    const struct request *request, struct reply *reply, struct login *login)
    __attribute__((warn_unused_result));

/*
 * Use the login up, over all processes, and delete its cookie in the reply. It
 * stays for the first two of the errors, to tell them apart from others.
 * OK, RESULT_LOGIN_UNDER_WAY (another request is just finishing it),
 * RESULT_LOGIN_REPLAYED, RESULT_STORE, RESULT_UNCERTAIN, RESULT_NO_MEMORY; for
 * the errors that Spotify sent RESULT_LOGIN_DENIED, RESULT_UPSTREAM_FAILED,
 * RESULT_MISCONFIGURED or, for a word that is not RFC 6749's,
 * RESULT_LOGIN_REFUSED; RESULT_BUSY, and it is still good, if whoever came back
 * has gone again.
 */
enum result login_claim(const struct context *context, struct login *login,
    struct reply *reply) __attribute__((warn_unused_result));

/*
 * The secret of the session that the login makes: of its own, and the same for
 * who asks again with the same cookie and the same code.
 * OK or RESULT_NO_MEMORY.
 */
enum result login_secret(const struct conf *conf, const struct login *login,
    unsigned char secret[static SESSION_SECRET_BYTES])
    __attribute__((warn_unused_result));

/*
 * Go on with the session of a login that is used up, for a browser that asked
 * again while it was being finished, and so never saw the answer: once, and
 * within two minutes. Its cookie is in the reply.
 * OK, RESULT_LOGIN_REPLAYED (also when the user has logged out meanwhile),
 * RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result login_resume(const struct context *context,
    const struct login *login, struct reply *reply)
    __attribute__((warn_unused_result));

/*
 * Exchange the code, once, with all the time there is but what saving takes,
 * and see that what is needed was granted.
 * OK, RESULT_LOGIN_REFUSED (code or verifier not accepted),
 * RESULT_SCOPE_MISSING, or the other errors of oauth_exchange().
 */
enum result login_exchange(struct context *context, const struct login *login,
    struct oauth_tokens *tokens) __attribute__((warn_unused_result));

/*
 * Ask whose tokens these are; also during a pause, and once more after a pause
 * of seconds. Only a refusal that will last is an error; when Spotify is in
 * trouble the account stays empty and is filled in later.
 * OK or one of the refusals of refusal.h.
 */
enum result login_ask_who(struct context *context,
    const struct oauth_tokens *tokens, struct account *account)
    __attribute__((warn_unused_result));

/* Log how a login has ended, and count it. */
void login_log(enum result result);

void login_free(struct login *login);

#endif
