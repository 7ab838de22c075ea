// SPDX-License-Identifier: ISC
/*
 * The way to Spotify and back: a login leaves this page, and should end on the
 * very spot where it began.
 */

const RETURN_TO_MAX = 512;	/* the server's limit, in bytes */
const FRAGMENT = 'spotify-fcgi fragment';

function here()
{
	return location.pathname + location.search;
}

/* This page, as a place to come back to; undefined if it cannot be one. */
export function way_back()
{
	return [here(), location.pathname].find(
		(path) => path.length <= RETURN_TO_MAX && !path.startsWith('//'));
}

/* The link that starts a login; without return_to the server knows where to end. */
export function login_url({ other = false, back = way_back() } = {})
{
	const query = new URLSearchParams();
	if (other)
		query.set('switch', '1');
	if (back)
		query.set('return_to', back);
	const text = query.toString();
	return text ? `login?${text}` : 'login';
}

/*
 * The #fragment does not survive the way over Spotify: it waits in the tab's
 * own storage, which a browser may refuse us; then the fragment is lost.
 */
export function keep_fragment()
{
	try {
		sessionStorage.setItem(FRAGMENT, here() + location.hash);
	} catch { /* lost */ }
}

export function restore_fragment()
{
	let kept = null;
	try {
		kept = sessionStorage.getItem(FRAGMENT);
		sessionStorage.removeItem(FRAGMENT);
	} catch { /* lost */ }
	if (kept?.startsWith(`${here()}#`) && !location.hash)
		location.replace(kept.slice(here().length));
}
