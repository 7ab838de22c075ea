/* SPDX-License-Identifier: ISC */
/* One browser's login, in its sealed file. */
#ifndef SESSION_H
#define SESSION_H

#include "base/log.h"
#include "spotify/context.h"
#include "spotify/oauth.h"
#include "web/reply.h"
#include "spotify/spotify.h"
#include "store/lock.h"

#define SESSION_SECRET_BYTES 32
#define SESSION_FILE_MAX 16384
#define SESSION_PAD_TO 1024 /* lengths are rounded up: they tell nothing */
#define SESSION_AUTHORIZATION_S (180 * 86400) /* Spotify's, since 2026 */

/* session_free() releases it. */
struct session {
	unsigned char secret[SESSION_SECRET_BYTES]; /* the cookie's value */
	unsigned char id[STORE_ID_BYTES];	    /* the file's name */
	struct store_seen seen; /* last use, version; by session_load() */
	int64_t created_s;
	int64_t authorized_s; /* the user's consent */
	int64_t latest_s;     /* by everywhere_latest(), when it began */
	int64_t checked_s;    /* and at a save, when its account was asked for
			       * and it was not over; or 0 */
	int64_t access_ends_s;
	int64_t access_life_s; /* of one that lives but minutes; or 0 */
	int64_t forced_s; /* the last refresh that a 401 has forced; or 0 */
	struct secret access;
	struct secret refresh;	/* empty: Spotify gave none */
	struct account account; /* id is NULL until Spotify told it */
	struct buf scope;	/* as granted; empty: not known */
	/* Borrowed: of lock_claim(), from which is then latest_s, too; others
	 * may have it when the session has been made. Or NULL. */
	const struct lock *lock;
};

/*
 * The session that the Cookie header names, its file not yet read.
 * OK, or RESULT_NOT_LOGGED_IN: no cookie, two, or not one of ours.
 */
enum result session_find(const struct conf *conf, struct str cookies,
    struct session *session) __attribute__((warn_unused_result));

/*
 * Read the file of a session that was found, or read it again. A session
 * past one of its limits is removed, and one that began before its account was
 * logged out everywhere.
 * OK, RESULT_NOT_LOGGED_IN (also for a file that was tampered with),
 * RESULT_STORE, RESULT_NO_MEMORY; unless OK the version is that of before.
 */
enum result session_load(const struct context *context, struct session *session)
    __attribute__((warn_unused_result));

/* session_find() and session_load(); a failure leaves nothing to free. */
enum result session_open(const struct context *context, struct str cookies,
    struct session *session) __attribute__((warn_unused_result));

/*
 * Begin a session, of which the secret is there and perhaps account and lock,
 * with tokens, which it takes over: its file is durable, its cookie is in the
 * reply, and the session that cookies name is removed. The caller calls
 * session_free() whatever comes.
 * OK, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result session_create(const struct context *context, struct str cookies,
    struct oauth_tokens *tokens, struct reply *reply, struct session *session)
    __attribute__((warn_unused_result));

/*
 * Give the cookie of the session whose secret is given once more, if it was
 * begun within age_s. The caller calls session_free() whatever comes.
 * OK, RESULT_NOT_LOGGED_IN, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result session_resume(const struct context *context, int64_t age_s,
    struct reply *reply, struct session *session)
    __attribute__((warn_unused_result));

/*
 * Take room for a save of the session that was loaded under its lock, before
 * something is spent that must be saved. OK (store_release() must follow), or
 * those of store_reserve(), and RESULT_NOT_LOGGED_IN: logged out meanwhile.
 */
enum result session_reserve(const struct context *context,
    const struct session *session, const struct lock *lock,
    struct store_reservation **reservation) __attribute__((warn_unused_result));

/*
 * Replace the record that was loaded durably by what the session is now, in
 * the room that was taken.
 * OK, RESULT_NOT_LOGGED_IN (logged out meanwhile, here or everywhere, and stays
 * so), RESULT_CHANGED (somebody else has saved another one meanwhile, which is
 * to be loaded), RESULT_STORE or RESULT_NO_MEMORY (what was there still is),
 * RESULT_UNCERTAIN (either may be there).
 */
enum result session_save(const struct context *context, struct session *session,
    struct store_reservation *reservation) __attribute__((warn_unused_result));

/* Remove the files of a session; its file need not have been read.
 * OK or RESULT_STORE. */
enum result session_remove(const struct context *context,
    const struct session *session) __attribute__((warn_unused_result));

/* The same for a session that is as it was loaded, under its lock; also
 * RESULT_CHANGED as for session_save(): it stays. */
enum result session_remove_loaded(const struct context *context,
    const struct session *session) __attribute__((warn_unused_result));

/* Note that the session was used now, at most once a minute. */
void session_touch(const struct context *context,
    const struct session *session);

/* Seconds until the access token ends: 0 to 86400. */
int64_t session_access_left_s(const struct session *session);

/* Note that the access token was given now, for so many seconds. */
#define SESSION_LIFE_SHORT_S 600
void session_set_life(struct session *session, int64_t life_s);

/* Take over what a token request has said of the scope that is granted; of an
 * answer that says nothing of it *granted is empty, and nothing changes. */
void session_take_scope(struct session *session, struct buf *granted);

/* Whether a scope was granted, or may have been: of a session from before this
 * was kept Spotify alone knows. */
bool session_may(const struct session *session, struct str scope);

/* When the session ends if it is not used, and when the authorization does;
 * seconds since 1970. */
int64_t session_ends_s(const struct conf *conf, const struct session *session);
int64_t session_authorization_ends_s(const struct session *session);

/* Seal and open what is kept for a session under a purpose; with the errors
 * of seal.h. */
enum result session_seal(const struct conf *conf, const struct session *session,
    enum seal_purpose purpose, struct str plain, struct buf *sealed)
    __attribute__((warn_unused_result));
enum result session_unseal(const struct conf *conf,
    const struct session *session, enum seal_purpose purpose, struct str sealed,
    struct buf *plain) __attribute__((warn_unused_result));

/* The same for all that is in a buffer, in its place; see seal_open_here(). */
enum result session_unseal_here(const struct conf *conf,
    const struct session *session, enum seal_purpose purpose, struct buf *text)
    __attribute__((warn_unused_result));

/* A word that tells sessions apart in the log and leads nowhere. */
#define SESSION_WORD_BYTES 9
void session_word(const struct session *session,
    char word[static SESSION_WORD_BYTES]);

/* Log an event with that word. */
void session_log(const struct session *session, enum log_level level,
    const char *event);

/* Wipe and release; all zero afterwards. */
void session_free(struct session *session);

#endif
