// SPDX-License-Identifier: ISC
/* The artists heard most, where the site lets its page ask Spotify for them. */

import { top_artists, Trouble } from './api.js';
import { artist_card } from './cards.js';
import { $, clear_notice } from './view.js';

const SHOWN = 10;

let asked = 0;		/* of several questions the last one's answer holds */

/* Neither the artists nor the place for them. */
export function clear_top()
{
	asked++;
	$('top').hidden = true;
	$('top-artists').replaceChildren();
	clear_notice('top');
}

function say(text)
{
	$('top-text').textContent = text;
	$('top-text').hidden = text === '';
}

/* Throws Trouble, after which there is a place for a message. */
export async function load_top()
{
	const question = ++asked;
	const list = $('top-artists');
	$('top').hidden = false;
	list.setAttribute('aria-busy', 'true');
	say('Asking Spotify whom you hear most…');
	try {
		const answer = await top_artists(SHOWN);
		if (question !== asked)
			return;
		if (!Array.isArray(answer?.items))
			throw new Trouble('not_json');
		const known = answer.items.filter(
			(artist) => artist !== null && typeof artist === 'object');
		list.replaceChildren(...known.map(artist_card));
		say(known.length > 0 ? ''
			: 'Spotify does not know yet whom you hear most.');
		clear_notice('top');
	} catch (trouble) {
		if (question !== asked)
			throw new Trouble('aborted');
		say('');
		throw trouble;
	} finally {
		if (question === asked)
			list.setAttribute('aria-busy', 'false');
	}
}
