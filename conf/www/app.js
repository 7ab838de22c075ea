// SPDX-License-Identifier: ISC
/*
 * The story of the page.  It asks who is logged in and shows one of two
 * screens; what it knows of the login is in `session`, and every change of it
 * goes through log_in() and log_out(), which also tell the other tabs.
 */

import { access_left_ms, show_access, show_account } from './account.js';
import { call, end_login, follow, Trouble } from './api.js';
import { clear_artists, has_artists, listen_to_fields, say_where_to_follow,
	set_artists, set_filter, set_loading, show_no_list } from './artists.js';
import { keeping_focus, show_follow } from './cards.js';
import { keep_fragment, login_url, restore_fragment } from './login.js';
import { clear_top, load_top } from './top.js';
import { $, announce, busy, clear_notice, focus_notice, notice,
	scroll_to_notice, show_trouble } from './view.js';
import { account_id, account_name, is_same_login, may_follow,
	may_see_top } from './who.js';
import { explain, moment, plural, span } from './words.js';

const RECHECK_MS = 60000;	/* a page seen again asks anew after this */
const SOON_MS = 120000;		/* below that a call may renew the access */
const FRESH_S = 30;		/* the server fetches anew at most this often */

let session = null;	/* the answer of `session`, or null when logged out */
let checked_at = 0;
let asked = 0;		/* of several questions at once the last one's answer holds */
let fetched_at = 0;	/* of the list on screen */
let followed = null;	/* { ids, whole } of that, null if there is none */
let changing = new Set();	/* ids of artists being followed or left */
let loading = null;	/* the AbortController of a list on its way */

/* Where it is missing (Safari before 15.4) a tab finds out when it is seen. */
const tabs = typeof BroadcastChannel === 'undefined' ? null
	: new BroadcastChannel(`spotify-fcgi ${new URL('.', location).pathname}`);

/* What the buttons of a message do; `again` is what failed. */
function actions(again)
{
	return {
		retry: { label: 'Try again', run: again },
		reload: { label: 'Load the page anew', run: () => location.reload() },
		login: { label: 'Log in again', href: login_url() },
		switch: { label: 'Use another account', href: login_url({ other: true }) },
	};
}

/* Without a button: the screen it is shown on is there to log in. */
function ended(code)
{
	return { kind: 'note', code, ...explain(code), action: null };
}

/* A failed call: 401 ends the login on this page, the rest is a message. */
function failed(topic, trouble, again)
{
	if (!(trouble instanceof Trouble))
		throw trouble;
	if (trouble.code === 'aborted')
		return;
	if (trouble.code === 'not_logged_in' || trouble.code === 'login_expired') {
		log_out(ended(trouble.code));
		return;
	}
	show_trouble(topic, trouble, actions(again));
}

/* What a call gives or throws, unless its login is not on the page any more. */
async function ours(answer)
{
	const mine = session;
	await Promise.allSettled([answer]);
	if (!session || !is_same_login(mine, session))
		throw new Trouble('aborted');
	return answer;
}

function show_screen(state)
{
	document.documentElement.dataset.state = state;
	$('welcome').hidden = state !== 'out';
	$('home').hidden = state !== 'in';
	$('skip').href = state === 'in' ? '#artists-title' : '#main';
	$('skip').textContent = state === 'in' ? 'Skip to the artists'
		: 'Skip to the content';
	document.title = state === 'in'
		? `Artists you follow – ${account_name(session)}` : 'Artists you follow';
}

function log_in(answer)
{
	const known = session !== null;
	const same = known && is_same_login(session, answer);
	session = answer;
	clear_notice('session');
	show_account(answer);
	show_screen('in');
	show_buttons();
	if (same)
		return;
	tabs?.postMessage({ logged_in: true });
	clear_notice('login');
	drop_account();
	load_artists();
	if (may_see_top(answer))
		load_top_artists();
}

/* `message` says why, if the user did not come here logged out. */
function log_out(message)
{
	const known = session !== null;
	asked++;
	session = null;
	clear_notice('session');
	drop_account();
	show_screen('out');
	if (known) {
		tabs?.postMessage({ logged_in: false });
		$('welcome-title').focus();
	}
	if (message) {
		notice('login', message);
		scroll_to_notice('login');
	}
}

/* With its messages: their buttons would act for whoever comes next. */
function drop_account()
{
	for (const topic of ['artists', 'refresh', 'logout', 'follow'])
		clear_notice(topic);
	loading?.abort();
	loading = null;
	fetched_at = 0;
	followed = null;
	changing = new Set();
	set_loading(false);
	clear_artists();
	clear_top();
}

function show_buttons()
{
	show_follow(may_follow(session) && followed ? followed.ids : null,
		followed?.whole, changing);
	say_where_to_follow();
}

/* Calls. */

/* Quietly: a page that already shows something is not disturbed by a failure. */
async function check_session({ quiet = false } = {})
{
	const question = ++asked;
	checked_at = Date.now();
	try {
		const answer = await call('session');
		if (question !== asked)
			return;
		if (typeof answer.logged_in !== 'boolean')
			throw new Trouble('not_json');
		if (answer.logged_in)
			log_in(answer);
		else
			log_out(session ? ended('not_logged_in') : null);
	} catch (trouble) {
		if (question !== asked || (quiet && trouble instanceof Trouble))
			return;
		if (!session)
			show_screen('trouble');
		failed('session', trouble, () => check_session());
	}
}

function say_list_state(answer, again)
{
	const at = answer.fetched_at * 1000;
	const when = at > 0 ? moment(at) : 'an earlier visit';
	if (answer.stale === true)
		notice('artists', { kind: 'note', code: 'stale',
			title: `This list is from ${when}`,
			text: 'Spotify did not give a newer one just now.',
			action: actions(again).retry });
	else if (answer.complete === false)
		notice('artists', { kind: 'note', code: 'incomplete',
			title: 'This list is not complete',
			text: 'Spotify did not send all of the artists you follow.',
			action: actions(again).retry });
	else
		clear_notice('artists');
}

function say_reloaded(answer)
{
	const age = Math.max(0, Math.round(Date.now() / 1000 - answer.fetched_at));
	notice('artists', { kind: 'good', ...(answer.fetched_at === fetched_at ? {
		title: 'This is still the newest list',
		text: `It was fetched ${plural(age, 'second')} ago; the site asks Spotify at most every ${FRESH_S} seconds.`,
	} : { title: 'The list is up to date', text: `${plural(answer.artists.length, 'artist')}.` }) });
}

function take_list(answer)
{
	followed = { ids: new Set(answer.artists.map((artist) => artist?.id)),
		whole: answer.complete !== false };
	let words;
	keeping_focus(() => {
		words = set_artists(answer.artists);
		show_buttons();
	});
	return words;
}

/* Quietly: nothing moves or speaks until the list is there. */
async function load_artists({ fresh = false, quiet = false } = {})
{
	const again = () => load_artists({ fresh });
	const control = new AbortController();
	loading?.abort();
	loading = control;
	if (!quiet) {
		set_loading(true);
		announce('Fetching the artists you follow…');
	}
	try {
		const answer = await call(fresh ? 'artists?fresh=1' : 'artists',
			{ signal: control.signal, kept: !fresh });
		if (loading !== control)
			return;
		if (!Array.isArray(answer.artists))
			throw new Trouble('not_json');
		const words = take_list(answer);
		if (!quiet)
			announce(words);
		say_list_state(answer, again);
		if (fresh && answer.stale !== true && answer.complete !== false)
			say_reloaded(answer);
		fetched_at = answer.fetched_at;
	} catch (trouble) {
		failed('artists', trouble, again);
		if (session && loading === control && !has_artists())
			show_no_list();
	} finally {
		if (loading === control) {
			loading = null;
			set_loading(false);
		}
	}
	/* The call may have renewed the access and filled in the account. */
	if (session && (access_left_ms() < SOON_MS || !account_id(session)))
		check_session({ quiet: true });
}

async function load_top_artists()
{
	try {
		await load_top();
		show_buttons();
	} catch (trouble) {
		failed('top', trouble, load_top_artists);
	}
}

/* Follow an artist, or no longer. The list says then how it is. */
async function change({ id, name }, on)
{
	const mine = changing;
	if (changing.has(id))
		return;
	changing.add(id);
	show_buttons();
	try {
		await ours(follow(id, on));
		followed?.ids[on ? 'add' : 'delete'](id);
		notice('follow', { kind: 'good', title: on ? `You follow ${name} now`
			: `You no longer follow ${name}`,
		action: { label: 'Undo', keys: 'Control+Z',
			run: () => change({ id, name }, !on) } });
		await load_artists({ quiet: true });
	} catch (trouble) {
		failed('follow', trouble, () => change({ id, name }, on));
		if (session && trouble.is_unsure)
			await load_artists({ quiet: true });
	} finally {
		mine.delete(id);
		show_buttons();
	}
}

const refresh = () => busy($('refresh'), 'Refreshing…', 'refresh', async () => {
	try {
		const answer = await ours(call('refresh', { method: 'POST' }));
		if (typeof answer?.refreshed !== 'boolean')
			throw new Trouble('not_json');
		show_access(answer.expires_in);
		notice('refresh', { kind: 'good',
			title: answer.refreshed ? 'Access refreshed' : 'Still fresh, nothing to do',
			text: access_left_ms() > 0
				? `It is good for ${span(access_left_ms())}.` : '' });
	} catch (trouble) {
		failed('refresh', trouble, refresh);
	}
});

const leave = (everywhere) => busy($(everywhere ? 'everywhere' : 'logout'),
	'Logging out…', 'logout', async () => {
	try {
		await ours(end_login(everywhere));
		log_out({ kind: 'good', title: everywhere
			? 'You are logged out in all browsers' : 'You are logged out',
			text: 'You are still logged in at Spotify itself, and the permission you gave remains.',
			action: { label: 'See your permissions at Spotify',
				href: 'https://www.spotify.com/account/apps/' } });
	} catch (trouble) {
		failed('logout', trouble, () => leave(everywhere));
	}
});

function ask_everywhere()
{
	notice('logout', { kind: 'note', title: 'Log out in all browsers?',
		text: 'Every browser and device in which you are logged in here with this account is logged out, this one too. Your login at Spotify itself stays.',
		action: { label: 'Log out everywhere', run: () => leave(true) } });
	scroll_to_notice('logout');
	focus_notice('logout');
}

/* Listeners. */

function on_key(event)
{
	const typing = event.target.closest('input, select, textarea');
	const undo = document.querySelector('#follow-notice [aria-keyshortcuts]');
	if (event.key === 'Escape' && event.target === $('filter')) {
		event.preventDefault();
		set_filter('');
	} else if (event.key === '/' && !typing && session && !event.ctrlKey
	    && !event.metaKey && !event.altKey) {
		event.preventDefault();
		$('filter').focus();
		$('filter').select();
	} else if (event.key === 'z' && (event.ctrlKey || event.metaKey) && undo
	    && !typing && !event.repeat && !event.shiftKey && !event.altKey) {
		event.preventDefault();
		undo.click();
	}
}

function on_tab(event)
{
	if (session !== null || event.data?.logged_in === true)
		check_session({ quiet: true });
}

function listen()
{
	listen_to_fields();
	$('refresh').addEventListener('click', refresh);
	$('reload').addEventListener('click', () => busy($('reload'), 'Reloading…', 'artists',
		() => load_artists({ fresh: has_artists() || fetched_at > 0 })));
	$('logout-form').addEventListener('submit', (event) => {
		event.preventDefault();
		leave(false);
	});
	$('home').addEventListener('click', (event) => {
		const button = event.target.closest?.('.follow');
		if (button)
			change({ ...button.dataset },
				button.getAttribute('aria-pressed') !== 'true');
	});
	$('everywhere').addEventListener('click', ask_everywhere);
	document.addEventListener('keydown', on_key);
	document.addEventListener('click', (event) => {
		if (event.target.closest?.('a[href^="login"]'))
			keep_fragment();
	});
	document.addEventListener('visibilitychange', () => {
		if (!document.hidden && Date.now() - checked_at > RECHECK_MS)
			check_session({ quiet: true });
	});
	addEventListener('pageshow', (event) => {
		if (event.persisted)
			check_session({ quiet: true });
	});
	addEventListener('online', () => {
		for (const button of document.querySelectorAll('.notices [data-code=offline] button:not(.close)'))
			button.click();
	});
	tabs?.addEventListener('message', on_tab);
}

$('login').href = login_url();
$('switch').href = $('login-other').href = login_url({ other: true });
show_screen('checking');
announce('Looking up your login…');
restore_fragment();
listen();
check_session();
