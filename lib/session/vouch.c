/* SPDX-License-Identifier: ISC */
/*
 * Hides how a visitor's account, whose name may hold any character, and a token
 * become header lines that every web server and every application reads alike.
 */
#include "config.h"

#include "base/codec.h"
#include "base/log.h"
#include "session/token.h"
#include "session/vouch.h"
#include "spotify/pause.h"

#define TEXT_MAX 3072 /* each byte may become three */

/* Not 401, or the site would send the visitor round in circles. Nor sooner than
 * Spotify may be asked again. */
enum result
vouch_known(struct context *context, const struct account *account)
{
	int64_t left_s;

	if (account_is_known(account))
		return OK;
	if (pause_check(context->store, PAUSE_ME, &left_s) != OK)
		context->wait = (struct wait){ RESULT_REFRESH_FAILED, left_s };
	return RESULT_REFRESH_FAILED;
}

enum result
vouch_account(struct context *context, const struct account *account,
    struct reply *reply)
{
	struct buf key = BUF(2048);
	enum result result;

	account_write_key(account, &key);
	reply_header(reply, "X-Spotify-Account-Id", buf_str(&key));
	if ((result = buf_result(&key)) == OK)
		result = vouch_known(context, account);
	buf_free(&key);
	return result;
}

/* A text that is too long for a header line is none. */
static enum result
add_text(struct reply *reply, const char *name, const char *text)
{
	struct buf coded = BUF(TEXT_MAX);
	enum result result;

	codec_percent(&coded, str_of(text));
	if ((result = buf_result(&coded)) == OK && coded.n > 0)
		reply_header(reply, name, buf_str(&coded));
	buf_free(&coded);
	return result == RESULT_TOO_LARGE ? OK : result;
}

static enum result
add_token(const struct session *session, struct reply *reply)
{
	int64_t left_s = session_access_left_s(session);
	struct buf number = BUF(32);
	enum result result;

	if (left_s < TOKEN_PASS_S)
		return RESULT_REFRESH_FAILED;
	buf_printf(&number, "%lld", (long long)left_s);
	reply_header(reply, "X-Spotify-Access-Token",
	    secret_str(&session->access));
	reply_header(reply, "X-Spotify-Access-Expires", buf_str(&number));
	result = buf_result(&number);
	buf_free(&number);
	return result;
}

enum result
vouch(struct context *context, const struct session *session,
    struct reply *reply)
{
	int64_t pass = context->conf->auth_pass;
	const struct account *account = &session->account;
	enum result result = OK;

	if (session->scope.n > 0)
		reply_header(reply, "X-Spotify-Scope",
		    buf_str(&session->scope));
	if (pass & CONF_PASS_ID)
		result = vouch_account(context, account, reply);
	if (result == OK && (pass & CONF_PASS_NAME))
		result =
		    add_text(reply, "X-Spotify-Name", account->display_name);
	if (result == OK && (pass & CONF_PASS_EMAIL))
		result = add_text(reply, "X-Spotify-Email", account->email);
	if (result == OK && (pass & CONF_PASS_TOKEN))
		result = add_token(session, reply);
	return result;
}

enum result
vouch_scope(const struct session *session, struct str scopes)
{
	struct str word;

	while (scopes.p != NULL) {
		word = str_cut(&scopes, ' ');
		if (word.n == 0 || session_may(session, word))
			continue;
		log_event(LOG_LEVEL_INFO, "scope_missing", "scope=%.*s",
		    (int)word.n, word.p);
		return RESULT_SCOPE_MISSING;
	}
	return OK;
}
