// SPDX-License-Identifier: ISC
/*
 * Spotify's own library for browsers, @spotify/web-api-ts-sdk of npm, without a
 * token: what it would ask Spotify's Web API goes to `api` of the site. The
 * page does not need this file; frontend.md says what works.
 */

const SPOTIFY = 'https://api.spotify.com/v1/';
/* It wants one, and renews none that lives; none of it leaves this page. */
const NO_TOKEN = { access_token: '-', refresh_token: '-', expires_in: 1e9 };

function call(url, { method, body })
{
	const headers = { 'X-Requested-With': 'fetch' };
	if (body)
		headers['Content-Type'] = 'application/json';
	return fetch(url, { method, body, headers, credentials: 'include' });
}

/* Its object, with the class SpotifyApi; `base` is where the programs lie, with
 * a slash at its end. */
export function without_token(SpotifyApi, base = '/')
{
	return SpotifyApi.withAccessToken('-', NO_TOKEN, {
		fetch: (url, how) => call(url.replace(SPOTIFY, `${base}api/`), how),
	});
}
