// SPDX-License-Identifier: ISC
/*
 * The card of an artist: a picture, a name that leads to Spotify, and a button
 * to follow, where that is offered. An artist comes from `artists` or, with
 * other names for the same, from Spotify itself.
 */

import { $, element, picture, spotify_link } from './view.js';

const IMAGE_PX = 320;
const GENRES_SHOWN = 3;

/* The smallest picture that fills a card, else the largest there is. */
function best_image(images)
{
	const width = (image) => image.width > 0 ? image.width : IMAGE_PX;
	const sorted = (Array.isArray(images) ? images : [])
		.filter((image) => typeof image?.url === 'string')
		.sort((a, b) => width(a) - width(b));
	return (sorted.find((image) => width(image) >= IMAGE_PX * 0.9)
		?? sorted[sorted.length - 1])?.url;
}

export function artist_name(artist)
{
	return typeof artist.name === 'string' && artist.name.trim()
		? artist.name : 'An artist without a name';
}

export function artist_genres(artist)
{
	return (Array.isArray(artist.genres) ? artist.genres : [])
		.filter((genre) => typeof genre === 'string');
}

export function artist_card(artist)
{
	const name = artist_name(artist), genres = artist_genres(artist);
	const link = spotify_link(artist.url ?? artist.external_urls?.spotify, name);
	link.className = 'name';
	link.dir = 'auto';
	const id = /^[0-9A-Za-z]{22}$/.test(artist.id) ? artist.id : null;
	return element('li', { class: 'artist', 'data-id': id },
		element('div', { class: 'picture' },
			picture(best_image(artist.images), name, true)),
		link,
		genres.length === 0 ? null : element('p', { class: 'genres', dir: 'auto' },
			genres.slice(0, GENRES_SHOWN).join(', ')));
}

function follow_button(card)
{
	const name = card.querySelector('.name').textContent;
	const button = element('button', { type: 'button', class: 'follow',
		'data-id': card.dataset.id, 'data-name': name,
		'aria-label': `Follow ${name}` });
	card.append(button);
	return button;
}

/*
 * Gives each card a button that says whether its artist is followed, or none.
 * followed: the ids of the list, or null if nothing may be followed; whole:
 * nobody else is followed; changing: ids whose change is on its way.
 */
export function show_follow(followed, whole, changing)
{
	for (const card of document.querySelectorAll('.artist[data-id]')) {
		const { id } = card.dataset;
		const old = card.querySelector('.follow');
		if (!followed || !(whole || followed.has(id))) {
			old?.remove();
			continue;
		}
		const button = old ?? follow_button(card);
		const on = followed.has(id), busy = changing.has(id);
		button.setAttribute('aria-pressed', String(on));
		button.setAttribute('aria-disabled', String(busy));
		button.title = on ? 'You follow them. Press to unfollow.'
			: 'Press to follow them at Spotify.';
		button.textContent = busy ? '…' : on ? '✓' : '+';
	}
}

/* Makes the list anew; what had the focus in it has it again, or what stands
 * in its place. */
export function keeping_focus(make)
{
	const shown = () => [...$('artists').querySelectorAll(
		'.artist:not([hidden])')];
	const focused = document.activeElement;
	const old = focused?.closest('#artists .artist');
	const place = old ? shown().indexOf(old) : -1;
	make();
	if (!old)
		return;
	const cards = shown();
	const card = cards.find((one) => one.dataset.id === old.dataset.id)
		?? cards[Math.min(place, cards.length - 1)];
	(card?.querySelector(focused.matches('.follow') ? '.follow' : 'a.name')
		?? $('artists-title')).focus({ preventScroll: true });
}
