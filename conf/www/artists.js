// SPDX-License-Identifier: ISC
/*
 * The grid of artists: builds a card per artist once, and from then on only
 * hides and reorders the cards, so that 2,000 of them stay smooth.
 */

import { artist_card, artist_genres, artist_name } from './cards.js';
import { $, announce, clear_good_news, element, set_text } from './view.js';
import { count } from './words.js';

const SKELETONS = 12;
const PATIENCE_MS = 5000;	/* after that, a word on why it takes so long */

const collator = new Intl.Collator(undefined,
	{ numeric: true, sensitivity: 'base' });

let cards = [];		/* { node, name, key, text, place, popularity } */
let patience = 0;
const where = element('p');	/* to begin, for who follows nobody yet */

/* Letters that Unicode does not take apart into a base and a mark. */
const plain = { 'ø': 'o', 'ł': 'l', 'đ': 'd', 'ð': 'd', 'þ': 'th', 'ß': 'ss',
	'æ': 'ae', 'œ': 'oe', 'ı': 'i' };

/* "BJÖRK" and "bjork" are the same to somebody who searches. */
function fold(text)
{
	return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
		.replace(/[øłđðþßæœı]/g, (letter) => plain[letter]);
}

function make_card(artist, place)
{
	const name = artist_name(artist);
	return {
		node: artist_card(artist), name, place,
		key: name.replace(/^the\s+(?=\S)/i, '').trim(),
		text: fold([name, ...artist_genres(artist)].join('\n')),
		popularity: Number(artist.popularity) || 0,
	};
}

const orders = {
	name: (a, b) => collator.compare(a.key, b.key) || a.place - b.place,
	spotify: (a, b) => a.place - b.place,
	popularity: (a, b) => b.popularity - a.popularity || orders.name(a, b),
};

/* Puts the cards in the chosen order. */
function arrange()
{
	const fragment = document.createDocumentFragment();
	cards.sort(orders[$('sort').value]);
	for (const { node } of cards)
		fragment.append(node);
	$('artists').replaceChildren(fragment);
}

function say_empty(title, text, button = null)
{
	$('empty').replaceChildren(...[element('h3', {}, title),
		text === where ? where : element('p', {}, text), button].filter(Boolean));
	$('empty').hidden = false;
}

/* The message above says why. */
export function show_no_list()
{
	say_empty('There is no list to show',
		'It could not be fetched. “Reload artists” tries again.');
	$('filter').disabled = $('sort').disabled = true;
}

/* Again when there are buttons for it, or no more. */
export function say_where_to_follow()
{
	set_text(where, document.querySelector('#top-artists .follow')
		? 'Press “+” above to follow an artist you hear most. Or follow one at Spotify, then come back and choose “Reload artists”.'
		: 'Follow one at Spotify, then come back and choose “Reload artists”.');
}

function explain_emptiness(shown)
{
	$('empty').hidden = shown > 0;
	if (shown > 0)
		return;
	if (cards.length === 0) {
		say_where_to_follow();
		say_empty('You do not follow any artists yet', where,
			element('a', { class: 'button', href: 'https://open.spotify.com/',
				target: '_blank', rel: 'noopener noreferrer' }, 'Open Spotify'));
		return;
	}
	const clear = element('button', { type: 'button' }, 'Clear the filter');
	clear.addEventListener('click', () => {
		set_filter('');
		$('filter').focus();
	});
	say_empty('No artist matches',
		`Nothing here is called “${$('filter').value.trim()}”.`, clear);
}

/* Shows the cards that have every word of the filter; gives the words for it. */
function apply_filter()
{
	const words = fold($('filter').value).split(/\s+/).filter(Boolean);
	let shown = 0;
	for (const card of cards) {
		const match = words.every((word) => card.text.includes(word));
		card.node.hidden = !match;
		shown += match;
	}
	$('filter').disabled = $('sort').disabled = cards.length === 0;
	const text = count(shown, cards.length);
	$('count').textContent = text;
	explain_emptiness(shown);
	return text;
}

export function set_filter(text)
{
	$('filter').value = text;
	/* The listener counts and announces. */
	$('filter').dispatchEvent(new Event('input'));
}

export function listen_to_fields()
{
	let spoken = 0;
	$('filter').addEventListener('input', () => {
		/* It would cover what is found now, or that nothing is. */
		clear_good_news('follow');
		if (!has_artists())
			return;	/* what was typed holds when the list comes */
		const words = apply_filter();
		clearTimeout(spoken);
		spoken = setTimeout(() => announce(words), 600);
	});
	$('sort').addEventListener('change', arrange);
}

/* Replaces the list. */
export function set_artists(artists)
{
	cards = artists.filter((artist) => artist !== null && typeof artist === 'object')
		.map(make_card);
	const option = $('sort').querySelector('[value=popularity]');
	const known = cards.some((card) => card.popularity > 0);
	option.hidden = option.disabled = !known;
	if (!known && $('sort').value === 'popularity')
		$('sort').value = 'name';
	arrange();
	return apply_filter();
}

export function clear_artists()
{
	cards = [];
	$('artists').replaceChildren();
	$('count').textContent = '';
	$('filter').value = '';
	$('filter').disabled = $('sort').disabled = false;
	$('empty').hidden = true;
}

/* While the list is on its way: the bar, and grey cards where none are yet. */
export function set_loading(loading)
{
	const grid = $('artists');
	clearTimeout(patience);
	$('progress-text').textContent = 'Fetching the artists you follow…';
	if (loading)
		patience = setTimeout(() => {
			$('progress-text').textContent = 'Still fetching: a long list can take a quarter of a minute…';
			announce($('progress-text').textContent);
		}, PATIENCE_MS);
	$('progress').hidden = !loading;
	grid.setAttribute('aria-busy', String(loading));
	if (loading && cards.length === 0) {
		$('empty').hidden = true;
		grid.replaceChildren(...Array.from({ length: SKELETONS }, () =>
			element('li', { class: 'skeleton', 'aria-hidden': 'true' },
				element('div', { class: 'picture' }), element('span'))));
	} else if (!loading && cards.length === 0) {
		grid.replaceChildren();
	}
}

export function has_artists()
{
	return cards.length > 0;
}
