// SPDX-License-Identifier: ISC
/*
 * Words: every sentence about trouble and every way to say a time, in one
 * place, so that a translator or a critic has one file to read.
 *
 * The keys of `problems` are the codes of the programs' problem+json answers,
 * neither more nor fewer: a test compares them with the table in C.  What the
 * page itself finds out (no network, no JSON) stands in `troubles`.
 *
 * title   what happened, as a heading
 * text    what that means, and what to do now
 * action  the button: retry, login, switch (account), reload (page), or none
 */

export const problems = {
	not_logged_in: {
		title: 'Your login ended',
		text: 'You were logged out, or had not been here for a while. Log in again to go on.',
		action: 'login',
	},
	login_expired: {
		title: 'Spotify ended your login',
		text: 'The permission ran out after six months or was withdrawn in your Spotify account. Log in again to renew it.',
		action: 'login',
	},
	cross_site: {
		title: 'The request came from another site',
		text: 'For your protection it was refused. Open this page from its own address and try again.',
		action: 'reload',
	},
	not_on_allowlist: {
		title: 'Your Spotify account is not on this site’s guest list',
		text: 'While the site is in Spotify’s development mode it may serve only a few invited accounts. Ask the person who runs it to add your Spotify account’s name and e-mail address, or use another account.',
		action: 'switch',
	},
	owner_not_premium: {
		title: 'Spotify has paused this site',
		text: 'Its owner needs an active Spotify Premium subscription. After it is renewed, Spotify can take a few hours to let the site go on. Your login is kept.',
		action: 'retry',
	},
	scope_missing: {
		title: 'A permission is missing',
		text: 'This site needs a permission that was not given at Spotify. Log in again and agree to it.',
		action: 'login',
	},
	spotify_refused: {
		title: 'Spotify does not allow this',
		text: 'Spotify refuses this site or your account, and trying again will not change that. Tell the person who runs the site, or use another account.',
		action: 'switch',
	},
	premium_required: {
		title: 'This takes Spotify Premium',
		text: 'Spotify does this only for accounts with Premium, and yours has none.',
		action: 'switch',
	},
	not_for_this_app: {
		title: 'Spotify does not offer this to this site',
		text: 'It gives this to larger applications only, and trying again will not change that. The rest of the page works.',
		action: null,
	},
	not_enabled: {
		title: 'This site does not offer that',
		text: 'The page in your browser may be older than the server. Load it anew.',
		action: 'reload',
	},
	no_active_device: {
		title: 'Nothing plays at the moment',
		text: 'Open Spotify on one of your devices and begin to play, then try again.',
		action: 'retry',
	},
	outcome_unknown: {
		title: 'It may have been done, or not',
		text: 'The answer from Spotify was lost on its way. Load the page anew to see how things are before you try again.',
		action: 'reload',
	},
	rate_limited: {
		title: 'Too many requests just now',
		text: 'Spotify or this site asks for a short break.',
		action: 'retry',
	},
	quota_exceeded: {
		title: 'This site has used up its share for now',
		text: 'Spotify lets it ask only so often a day. You need not do anything; the list comes back when the pause is over.',
		action: 'retry',
	},
	upstream_failed: {
		title: 'Spotify did not answer properly',
		text: 'The trouble is most likely on Spotify’s side and soon over.',
		action: 'retry',
	},
	upstream_timeout: {
		title: 'Spotify took too long to answer',
		text: 'It may be busy. A second attempt often succeeds.',
		action: 'retry',
	},
	store_unavailable: {
		title: 'This site cannot reach its storage',
		text: 'Your login can be neither read nor changed at the moment. The person who runs the site has to look into it if it goes on.',
		action: 'retry',
	},
	misconfigured: {
		title: 'This site is not set up correctly',
		text: 'Only the person who runs it can mend that. Nothing is wrong with your Spotify account.',
		action: 'retry',
	},
	busy: {
		title: 'The site is busy',
		text: 'More visitors came at once than it can serve. Wait a moment.',
		action: 'retry',
	},
	bad_request: {
		title: 'The server did not understand this page',
		text: 'The page in your browser may be older than the server. Load it anew.',
		action: 'reload',
	},
	not_found: {
		title: 'The server does not know that address',
		text: 'The page in your browser may be older than the server, or the site was moved. Load it anew.',
		action: 'reload',
	},
	too_large: {
		title: 'The request was too large',
		text: 'This page sends only small ones, so something between you and the site may have added to it. Load the page anew.',
		action: 'reload',
	},
	method_not_allowed: {
		title: 'The server refused this kind of request',
		text: 'The page in your browser may be older than the server. Load it anew.',
		action: 'reload',
	},
};

/* What no program says: the page saw it itself. */
export const troubles = {
	offline: {
		title: 'You are offline',
		text: 'The page goes on by itself as soon as there is a connection again.',
		action: 'retry',
	},
	network: {
		title: 'This site cannot be reached',
		text: 'The connection broke or the server is down. Check your network, then try again.',
		action: 'retry',
	},
	timeout: {
		title: 'The answer did not come in time',
		text: 'The connection or the site is slow at the moment.',
		action: 'retry',
	},
	too_many_cookies: {
		title: 'Your browser sends too many cookies',
		text: 'The server takes no more than it can read. Delete the cookies of this site in the settings of your browser, then load the page anew.',
		action: 'reload',
	},
	not_json: {
		title: 'The answer made no sense',
		text: 'It did not come from this site’s programs: they may be restarting, or something in between answered for them.',
		action: 'retry',
	},
	unknown: {
		title: 'Something went wrong',
		text: 'The server reported an error that this page does not know.',
		action: 'retry',
	},
};

/* The entry of a code; never undefined.  Of its own: "constructor" is no code. */
export function explain(code)
{
	for (const table of [problems, troubles])
		if (Object.keys(table).includes(code))
			return table[code];
	return troubles.unknown;
}

const day = new Intl.DateTimeFormat('en-GB',
	{ day: 'numeric', month: 'long', year: 'numeric' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const clock = new Intl.DateTimeFormat('en-GB',
	{ hour: '2-digit', minute: '2-digit' });

export function plural(n, word)
{
	return `${n.toLocaleString('en-GB')} ${word}${n === 1 ? '' : 's'}`;
}

export function date(ms)
{
	return day.format(ms);
}

/* Midnights between two moments, in the reader's time zone. */
function calendar_days(from, to)
{
	const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);
	return Math.round((midnight(to) - midnight(from)) / 86400000);
}

/* "14:30", "14:30 tomorrow", "14:30 on Friday", "14:30 on 23 May 2027". */
export function moment(ms, now = Date.now())
{
	const days = calendar_days(now, ms);
	if (days === 0)
		return clock.format(ms);
	if (days === 1 || days === -1)
		return `${clock.format(ms)} ${days > 0 ? 'tomorrow' : 'yesterday'}`;
	return `${clock.format(ms)} on ${days > 1 && days < 7
		? weekday.format(ms) : day.format(ms)}`;
}

/* A length of time in one unit: rounded down, as it is about what is left. */
export function span(ms)
{
	const minutes = Math.floor(ms / 60000);
	if (minutes < 60)
		return plural(Math.max(minutes, 0), 'minute');
	if (minutes < 48 * 60)
		return plural(Math.floor(minutes / 60), 'hour');
	return plural(Math.floor(minutes / 1440), 'day');
}

export function authorization(ends, now = Date.now())
{
	if (ends <= now)
		return `Your permission ended on ${date(ends)}`;
	return `Your permission lasts until ${date(ends)} (${span(ends - now)})`;
}

export function access(ends, now = Date.now())
{
	const s = Math.ceil((ends - now) / 1000);
	if (s <= 0)
		return 'Access refreshes with the next request';
	if (s < 120)
		return `Access refreshes by itself in ${s} s`;
	if (s < 7200)
		return `Access refreshes by itself in ${Math.floor(s / 60)} min`;
	return `Access refreshes by itself in ${Math.floor(s / 3600)} h`;
}

/* When a refused request may be repeated.  Rounded up: never promise too early. */
export function wait(until, now = Date.now())
{
	const s = Math.ceil((until - now) / 1000);
	if (s <= 0)
		return 'You can try again now.';
	if (s < 90)
		return `Try again in ${plural(s, 'second')}.`;
	if (s < 3600)
		return `Try again in ${plural(Math.ceil(s / 60), 'minute')}.`;
	/* The clock shows no seconds, so the minute that is surely enough. */
	return `Try again after ${moment(Math.ceil(until / 60000) * 60000, now)}.`;
}

export function count(shown, total)
{
	return shown === total ? plural(total, 'artist')
		: `${shown.toLocaleString('en-GB')} of ${total.toLocaleString('en-GB')}`;
}
