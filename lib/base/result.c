/* SPDX-License-Identifier: ISC */
/*
 * The one table from failure to HTTP: the same cause gets the same answer on
 * every endpoint, and what the public is told can be reviewed on one screen.
 */
#include "config.h"

#include <stddef.h>

#include "base/result.h"

static const struct result_row rows[] = {
	[OK] = { 200, 0, "ok", "Done", "Done." },
	[RESULT_BAD_REQUEST] = { 400, 0, "bad_request", "That did not work",
	    "The request cannot be understood. Start again from the site." },
	[RESULT_NOT_FOUND] = { 404, 0, "not_found", "Nothing here",
	    "There is nothing at this address. Check the URL." },
	[RESULT_METHOD] = { 405, 0, "method_not_allowed", "Not this way",
	    "This address does not take that method; see Allow." },
	[RESULT_TOO_LARGE] = { 413, 0, "too_large", "Too large",
	    "The request is too large. Send less with it." },
	[RESULT_CROSS_SITE] = { 403, 0, "cross_site", "Not from there",
	    "The request comes from another site, or does not say where it "
	    "comes from. Use the site itself; programs send "
	    "X-Requested-With." },
	[RESULT_NOT_LOGGED_IN] = { 401, 0, "not_logged_in",
	    "You are not logged in",
	    "Nobody is logged in here. Log in with Spotify." },
	[RESULT_LOGIN_EXPIRED] = { 401, 0, "login_expired",
	    "Your login has ended",
	    "Spotify has ended the authorization. Log in again." },
	[RESULT_NOT_ENABLED] = { 404, 0, "not_enabled", "Not offered here",
	    "This site has not turned this on. Its operator can." },
	[RESULT_NOT_ON_ALLOWLIST] = { 403, 0, "not_on_allowlist",
	    "This account is not on the list",
	    "This Spotify account is not on the application's list of users. "
	    "Ask the site's owner to add it, with the account's e-mail "
	    "address, or use another account." },
	[RESULT_OWNER_NOT_PREMIUM] = { 403, 0, "owner_not_premium",
	    "Spotify has switched this application off",
	    "Spotify has switched the application off, because its owner has "
	    "no Premium subscription. Tell the site's owner." },
	[RESULT_SCOPE_MISSING] = { 403, 0, "scope_missing",
	    "A permission is missing",
	    "A permission that this needs was not given. Log in again and "
	    "agree to it." },
	[RESULT_SPOTIFY_REFUSED] = { 403, 0, "spotify_refused",
	    "Spotify does not allow it",
	    "Spotify does not allow this site to do that for this account. "
	    "Tell the site's owner, or use another account." },
	[RESULT_REFUSED_REQUEST] = { 400, 0, "spotify_refused",
	    "Spotify does not take this",
	    "Spotify cannot make sense of what this site asked it. Trying "
	    "again does not help; tell the site's owner." },
	[RESULT_REFUSED_ABSENT] = { 404, 0, "spotify_refused",
	    "Spotify does not have it",
	    "Spotify has nothing of that kind, or has it no more." },
	[RESULT_REFUSED_CONFLICT] = { 409, 0, "spotify_refused",
	    "Something else came first",
	    "What this would change has changed meanwhile. Look at it anew "
	    "before you try again." },
	[RESULT_PREMIUM_REQUIRED] = { 403, 0, "premium_required",
	    "This takes Spotify Premium",
	    "Spotify does this for accounts with Premium only, and this one "
	    "has none." },
	[RESULT_NOT_FOR_THIS_APP] = { 403, 0, "not_for_this_app",
	    "Spotify does not offer this to this site",
	    "Spotify does not offer this to applications of this site's kind. "
	    "Trying again does not help." },
	[RESULT_NO_ACTIVE_DEVICE] = { 404, 0, "no_active_device",
	    "Nothing plays anywhere",
	    "Spotify plays on none of this account's devices. Begin to play "
	    "on one of them, then try again." },
	[RESULT_OUTCOME_UNKNOWN] = { 502, 0, "outcome_unknown",
	    "It may have been done",
	    "The answer was lost, so Spotify may or may not have done this. "
	    "Look before you try again." },
	[RESULT_RATE_LIMITED] = { 429, 5, "rate_limited",
	    "Spotify asks for a pause",
	    "Spotify asks for a pause. Try again later; Retry-After says "
	    "when." },
	[RESULT_QUOTA_EXCEEDED] = { 429, 3600, "quota_exceeded",
	    "The quota is used up",
	    "The application's quota at Spotify is used up. Try again later; "
	    "Retry-After says when." },
	[RESULT_UPSTREAM_FAILED] = { 502, 5, "upstream_failed",
	    "Spotify has trouble",
	    "Spotify did not give a usable answer. Try again in a moment." },
	[RESULT_UPSTREAM_TIMEOUT] = { 504, 5, "upstream_timeout",
	    "Spotify does not answer",
	    "Spotify took too long to answer. Try again in a moment." },
	[RESULT_REFRESH_FAILED] = { 503, 5, "upstream_failed",
	    "Spotify has trouble",
	    "Spotify could not renew the access just now. You stay logged "
	    "in; try again in a moment." },
	[RESULT_STORE] = { 503, 5, "store_unavailable",
	    "The server has trouble",
	    "The server cannot save or read its data just now. Try again "
	    "later; the operator finds the cause in the log." },
	[RESULT_MISCONFIGURED] = { 503, 60, "misconfigured",
	    "Something is wrong with this site",
	    "This site is not set up correctly. The operator finds the cause "
	    "in the log." },
	[RESULT_BUSY] = { 503, 2, "busy", "The server is busy",
	    "The server is busy. Try again in a moment." },
	[RESULT_NO_MEMORY] = { 503, 2, "busy", "The server is busy",
	    "The server is busy. Try again in a moment." },
	[RESULT_LOGIN_DENIED] = { 403, 0, "login_denied",
	    "You were not logged in",
	    "You did not give the permission, so nobody has been logged "
	    "in. If that was a slip, start again." },
	[RESULT_LOGIN_LATE] = { 400, 0, "login_late", "The login took too long",
	    "The login took longer than ten minutes. Start again; nothing "
	    "is lost." },
	[RESULT_LOGIN_REPLAYED] = { 400, 0, "login_replayed",
	    "This login is used up",
	    "This answer from Spotify has been used already. If you are not "
	    "logged in, start again." },
	[RESULT_LOGIN_UNDER_WAY] = { 503, 2, "login_under_way",
	    "Your login is being finished",
	    "Spotify has not answered yet. This page asks again by itself in "
	    "a moment." },
	[RESULT_LOGIN_NO_COOKIE] = { 400, 0, "login_no_cookie",
	    "A cookie is missing",
	    "Your browser did not send the cookie with which the login began. "
	    "If you have reloaded this page or gone back, the login is over: "
	    "start again. Otherwise allow cookies for this site, and begin "
	    "and end the login in the same browser and at the same address." },
	[RESULT_LOGIN_BAD_STATE] = { 400, 0, "login_bad_state",
	    "This login was not begun here",
	    "This answer does not belong to a login that was begun here. "
	    "Start again." },
	[RESULT_LOGIN_REFUSED] = { 400, 0, "login_refused",
	    "Spotify did not confirm the login",
	    "Spotify did not confirm the login. Start again." },
	[RESULT_LOGIN_WRONG_ISSUER] = { 400, 0, "login_wrong_issuer",
	    "This answer comes from elsewhere",
	    "The answer to this login does not name Spotify as where it comes "
	    "from. Start again; if it stays so, tell the site's owner." },
	[RESULT_ABSENT] = { 404, 0, "not_found", "Nothing here",
	    "There is nothing at this address. Check the URL." },
	[RESULT_EXISTS] = { 503, 2, "busy", "The server is busy",
	    "The server is busy. Try again in a moment." },
	[RESULT_CHANGED] = { 503, 2, "busy", "The server is busy",
	    "The server is busy. Try again in a moment." },
	[RESULT_BAD_TEXT] = { 503, 2, "busy", "The server is busy",
	    "The server is busy. Try again in a moment." },
	[RESULT_UNCERTAIN] = { 503, 5, "store_unavailable",
	    "The server has trouble",
	    "The server cannot save or read its data just now. Try again "
	    "later; the operator finds the cause in the log." },
	[RESULT_UNAUTHORIZED] = { 502, 5, "upstream_failed",
	    "Spotify has trouble",
	    "Spotify did not give a usable answer. Try again in a moment." },
	[RESULT_INVALID_GRANT] = { 401, 0, "login_expired",
	    "Your login has ended",
	    "Spotify has ended the authorization. Log in again." },
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == RESULT__MAX,
    "every result has its row");

const struct result_row *
result_row(enum result result)
{
	if ((unsigned)result >= RESULT__MAX)
		result = RESULT_BUSY;
	return &rows[result];
}

const char *
result_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 204: return "No Content";
	case 303: return "See Other";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 413: return "Content Too Large";
	case 429: return "Too Many Requests";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 504: return "Gateway Timeout";
	default: return "Unknown";
	}
}
