// SPDX-License-Identifier: ISC
/* Who is logged in and for how long: draws the answer of `session`. */

import { login_url } from './login.js';
import { $, element, every_second, picture, set_text } from './view.js';
import { account_id, account_name } from './who.js';
import { access, authorization } from './words.js';

let access_ends = 0;	/* ms since 1970, 0 when not known */

export function access_left_ms()
{
	return access_ends - Date.now();
}

export function show_access(expires_in)
{
	access_ends = Number.isFinite(expires_in) ? Date.now() + expires_in * 1000 : 0;
	$('access').hidden = access_ends === 0;
	set_text($('access'), access(access_ends));
}

function show_authorization(ends, soon)
{
	const line = $('authorization');
	line.hidden = !(ends > 0);
	line.classList.toggle('soon', soon);
	if (line.hidden)
		return;
	const text = authorization(ends);
	if (soon)
		line.replaceChildren(element('strong', {}, `${text}.`),
			' Spotify asks for a new one twice a year: ',
			element('a', { href: login_url() }, 'renew now'), '.');
	else
		set_text(line, text);
}

export function show_account(session)
{
	const name = account_name(session);
	const { email, image } = session.account ?? {};
	set_text($('account-name'), name);
	set_text($('account-email'), email ?? '');
	$('account-email').hidden = !email;
	/* A picture that is there already is not loaded again. */
	if ($('account-picture').dataset.of !== `${image} ${name}`)
		$('account-picture').replaceChildren(picture(image,
			account_id(session) ? name : '', false));
	$('account-picture').dataset.of = `${image} ${name}`;
	show_authorization(session.authorization_expires_at * 1000,
		session.renew_soon === true);
	show_access(session.expires_in);
}

every_second((now) => set_text($('access'), access(access_ends, now)));
