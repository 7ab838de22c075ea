// SPDX-License-Identifier: ISC
/*
 * The one place that talks to the server.  Whatever happens on the way, a call
 * either gives the answer's JSON or throws a Trouble with a code that words.js
 * knows; so nobody above has to know about fetch, headers or time limits.
 */

const TIMEOUT_MS = 25000;	/* above the server's 18 s and the web server's 20 s */
const RETRY_AFTER_MAX_S = 86400;
const UNSURE = ['outcome_unknown', 'upstream_failed', 'upstream_timeout',
	'timeout', 'network', 'not_json'];

export class Trouble extends Error {
	constructor(code, { retry_at = 0, reference = '', detail = '' } = {})
	{
		super(code);
		this.code = code;
		this.retry_at = retry_at;	/* ms since 1970, or 0 */
		this.reference = reference;	/* for the log of whoever runs the site */
		this.detail = detail;
	}

	/* Whether a change that was asked for may have been made. */
	get is_unsure()
	{
		return UNSURE.includes(this.code);
	}
}

/* Retry-After: seconds as our programs send it, or a date as a proxy may. */
function retry_at(response)
{
	const value = response.headers.get('Retry-After')?.trim() ?? '';
	const now = Date.now();
	const s = /^\d{1,9}$/.test(value) ? Number(value)
		: (Date.parse(value) - now) / 1000;
	return s > 0 ? now + Math.min(s, RETRY_AFTER_MAX_S) * 1000 : 0;
}

function is_json(response)
{
	const type = response.headers.get('Content-Type') ?? '';
	return /^application\/(problem\+)?json\s*(;|$)/i.test(type);
}

async function read(response)
{
	if (response.status === 204)
		return null;
	const body = is_json(response)
		? await response.json().catch((error) => {
			/* Cut short is not garbled: only the second is the server's doing. */
			if (error instanceof SyntaxError)
				return null;
			throw error;
		}) : null;
	if (response.ok && body !== null && typeof body === 'object')
		return body;
	const known = { retry_at: retry_at(response) };
	if (response.status === 431)	/* the web server's, and a page */
		throw new Trouble('too_many_cookies', known);
	if (response.ok || body === null || typeof body.code !== 'string')
		throw new Trouble('not_json', known);
	if (typeof body.request_id === 'string')
		known.reference = body.request_id;
	if (typeof body.title === 'string')
		known.detail = body.title;
	throw new Trouble(body.code, known);
}

/*
 * Ask for a path beside this page, by GET if no other method is named.  Gives the parsed JSON, null for 204.
 * `kept` false: what the browser has kept is not good enough; the server's 304
 * would say that the artists are the same, and leave an old `fetched_at`.
 * Throws Trouble; its code is "aborted" when `signal` ended the call.
 */
export async function call(path, { method = 'GET', signal, kept = true } = {})
{
	const control = new AbortController();
	let late = false;
	const timer = setTimeout(() => {
		late = true;
		control.abort();
	}, TIMEOUT_MS);
	const stop = () => control.abort();
	signal?.addEventListener('abort', stop);
	try {
		return await read(await fetch(path, {
			method,
			credentials: 'include',	/* for a page of an allowed origin */
			/* JSON endpoints never redirect: if one does, it is not ours. */
			redirect: 'manual',
			cache: kept ? 'default' : 'no-store',
			headers: { 'Accept': 'application/json', 'X-Requested-With': 'fetch' },
			signal: control.signal,
		}));
	} catch (error) {
		if (error instanceof Trouble)
			throw error;
		if (signal?.aborted)
			throw new Trouble('aborted');
		if (late)
			throw new Trouble('timeout');
		throw new Trouble(navigator.onLine ? 'network' : 'offline');
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', stop);
	}
}

/* Those heard most, the first one most of all: Spotify's own answer. */
export function top_artists(limit)
{
	return call(`api/me/top/artists?limit=${limit}`);
}

/* Follow an artist, or no longer; the list of artists is true afterwards. */
export function follow(id, on)
{
	return call(`api/follow/${id}`, { method: on ? 'PUT' : 'DELETE' });
}

/* Log out here, or in all browsers. While Spotify has not said whose login this
 * is, the latter cannot be done; a refresh asks. */
export async function end_login(everywhere)
{
	const post = (path) => call(path, { method: 'POST' });
	if (!everywhere)
		return post('logout');
	return post('logout?everywhere=1').catch(async (trouble) => {
		if (trouble.code !== 'upstream_failed')
			throw trouble;
		await post('refresh');
		return post('logout?everywhere=1');
	});
}
