// SPDX-License-Identifier: ISC
/* What the endpoints answer, made of openapi.yaml by tests/types. */

/** What went wrong (RFC 9457). Decide by `code`. */
export type Problem = {
	type: 'about:blank';
	title: string;
	status: number;
	/** A sentence for people. */
	detail: string;
	code: Code;
	/** By which the operator finds the request in the log. */
	request_id: string;
	/** The address of a login, with status 401. */
	login_url?: string;
	/** What `scope_missing` of `api` misses, if known. */
	scope?: string;
};

/** A problem that a login ends. */
export type LoginProblem = Problem & {
	login_url: string;
};

/** The stable word of a failure. */
export type Code =
	| 'bad_request'
	| 'busy'
	| 'cross_site'
	| 'login_bad_state'
	| 'login_denied'
	| 'login_expired'
	| 'login_late'
	| 'login_no_cookie'
	| 'login_refused'
	| 'login_replayed'
	| 'login_under_way'
	| 'login_wrong_issuer'
	| 'method_not_allowed'
	| 'misconfigured'
	| 'no_active_device'
	| 'not_enabled'
	| 'not_for_this_app'
	| 'not_found'
	| 'not_logged_in'
	| 'not_on_allowlist'
	| 'outcome_unknown'
	| 'owner_not_premium'
	| 'premium_required'
	| 'quota_exceeded'
	| 'rate_limited'
	| 'scope_missing'
	| 'spotify_refused'
	| 'store_unavailable'
	| 'too_large'
	| 'too_many_cookies'
	| 'upstream_failed'
	| 'upstream_timeout';

export type Session = Nobody | LoggedIn;

export type Nobody = {
	logged_in: false;
};

export type LoggedIn = {
	logged_in: true;
	account: Account;
	/** Seconds of the access token, which renews by itself. */
	expires_in: number;
	/** Seconds since 1970; moves on with use. */
	session_expires_at: number;
	/** Seconds since 1970, when Spotify ends it. */
	authorization_expires_at: number;
	/** Ask the user to log in anew. */
	renew_soon: boolean;
	/** What the site has turned on (`api_allow`) and this login may call below `api/`. Not there if nothing is turned on. */
	api?: string[];
	/** What the user has permitted at Spotify, separated by blanks. Beside `api` only, and not there if it is not known. */
	scope?: string;
};

/** Every member may be null; `email` may be missing. */
export type Account = {
	id: string | null;
	/** Keep this one, if Spotify sends it, and not `id`. */
	account_id: string | null;
	display_name: string | null;
	image: string | null;
	email?: string | null;
};

export type Refresh = {
	/** Seconds of the access token. */
	expires_in: number;
	refreshed: boolean;
};

export type Artists = {
	/** In Spotify's order. */
	artists: Artist[];
	total: number;
	/** False if Spotify's own pages went round in circles, or there were more than 1,000 pages, which are 50,000 artists. */
	complete: boolean;
	/** An earlier list, for Spotify gave no newer one. */
	stale: boolean;
	/** Seconds since 1970. */
	fetched_at: number;
};

export type Artist = {
	id: string;
	name: string;
	uri: string;
	url: string;
	images: Image[];
	/** Not of applications in development mode, as the next two. */
	genres?: string[];
	followers?: number;
	popularity?: number;
};

export type Image = {
	url: string;
	width: number | null;
	height: number | null;
};

/** <spotify-login>, by spotify-login.js; frontend.md explains it. */
export class SpotifyLogin extends HTMLElement {
	readonly session: LoggedIn | null;
	check(): Promise<void>;
	logout(): Promise<void>;
}

export interface SpotifyLoginEvents {
	'login': CustomEvent<LoggedIn>;
	'logout': CustomEvent<null>;
	'expires-soon': CustomEvent<LoggedIn>;
	'failure': CustomEvent<{ code: string }>;
}

declare global {
	interface HTMLElementTagNameMap {
		'spotify-login': SpotifyLogin;
	}
}
