// SPDX-License-Identifier: ISC
/*
 * What all parts of the page draw with: elements, pictures, messages, the
 * spoken #status and the one clock that every countdown hangs on.
 * Text enters the document by textContent alone.
 */

import { explain, wait } from './words.js';

export const $ = (id) => document.getElementById(id);

/* element('a', { href: '…' }, 'text', child, …); null children are left out. */
export function element(name, attributes = {}, ...children)
{
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		if (value !== null && value !== false)
			node.setAttribute(key, value === true ? '' : value);
	node.append(...children.filter((child) => child !== null));
	return node;
}

/* An address that may become a link or a picture, else null. */
function address(text, https_hosts)
{
	let url;
	try {
		url = new URL(text);
	} catch {
		return null;
	}
	/* The simulated Spotify lives on loopback. */
	const loopback = ['127.0.0.1', '[::1]'].includes(url.hostname);
	if (url.protocol === 'http:')
		return loopback ? url.href : null;
	return url.protocol === 'https:' && https_hosts.test(url.hostname)
		? url.href : null;
}

export function spotify_link(url, ...children)
{
	const href = address(url, /^open\.spotify\.com$/);
	return href === null ? element('span', {}, ...children)
		: element('a', { href, target: '_blank', rel: 'noopener noreferrer' },
			...children);
}

function initials(name)
{
	const words = name.match(/[\p{L}\p{N}]+/gu) ?? [...name.trim()].slice(0, 1);
	return words.slice(0, 2).map((word) => [...word][0]).join('').toUpperCase();
}

/* Six quiet tints, always the same one for the same name. */
function tint(name)
{
	let sum = 0;
	for (const letter of name)
		sum = (sum * 31 + letter.codePointAt(0)) % 6007;
	return sum % 6;
}

function placeholder(name)
{
	return element('span', { class: `initials tint-${tint(name)}`,
		'aria-hidden': 'true' }, initials(name) || '♪');
}

/* A picture, or the initials when there is none or it does not load. */
export function picture(url, name, lazy)
{
	const src = typeof url === 'string'
		? address(url, /(^|\.)(scdn\.co|spotifycdn\.com)$/) : null;
	if (src === null)
		return placeholder(name);
	const image = element('img', { alt: '', width: 320, height: 320,
		decoding: 'async', referrerpolicy: 'no-referrer',
		loading: lazy ? 'lazy' : 'eager' });
	image.addEventListener('error',
		() => image.replaceWith(placeholder(name)), { once: true });
	image.src = src;
	return image;
}

/* Says it to a screen reader, also when it is the same as before. */
let speaking = 0;

export function announce(text)
{
	$('status').textContent = '';
	clearTimeout(speaking);
	speaking = setTimeout(() => set_text($('status'), text), 100);
}

/*
 * Calls tick(now) every second until it returns false; not while the page is
 * hidden, but at once when it is seen again.
 */
const ticks = new Set();

export function every_second(tick)
{
	if (tick(Date.now()) !== false)
		ticks.add(tick);
}

function run_ticks()
{
	if (document.hidden)
		return;
	for (const tick of [...ticks])
		if (tick(Date.now()) === false)
			ticks.delete(tick);
}

setInterval(run_ticks, 1000);
document.addEventListener('visibilitychange', run_ticks);

/* Writes only what changed, so that a clock costs no layout. */
export function set_text(node, text)
{
	if (node.textContent !== text)
		node.textContent = text;
}

/*
 * Messages.  One per topic ("session", "artists", …): a new one takes the old
 * one's place, and success takes it away.  It stands where the topic has a
 * place of its own, or on top.  Good news goes by itself, unless there is
 * something to press in it: nobody has to be quick.
 */
const GOOD_NEWS_MS = 15000;

function message_of(topic)
{
	return document.querySelector(`.notices > [data-topic="${topic}"]`);
}

export function scroll_to_notice(topic)
{
	message_of(topic)?.scrollIntoView({ block: 'nearest' });
}

/* A question wants its answer: the first thing in it that can be pressed. */
export function focus_notice(topic)
{
	message_of(topic)?.querySelector('button, .button').focus();
}

export function clear_notice(topic)
{
	const old = message_of(topic);
	if (old?.contains(document.activeElement))
		$('main').focus({ preventScroll: true });
	old?.remove();
}

/* When the next thing is begun; a message about trouble stays. */
export function clear_good_news(topic)
{
	if (message_of(topic)?.matches('.good'))
		clear_notice(topic);
}

function wait_line(until, button)
{
	const line = element('p', { class: 'wait', role: 'timer' });
	every_second((now) => {
		set_text(line, wait(until, now));
		if (button instanceof HTMLButtonElement)
			button.disabled = now < until;
		if (now < until)
			return line.isConnected || !line.dataset.shown;
		if (line.isConnected)
			announce(line.textContent);
		return false;
	});
	line.dataset.shown = 'yes';
	return line;
}

/*
 * kind: bad, note or good.  action: { label, run } or { label, href }; its keys,
 * if it has any, are for whoever would have far to go to it by the tabulator.
 * Neither code, until (ms) nor reference need be given.
 */
export function notice(topic, { kind, code = null, title, text = '', action,
	until = 0, reference = '' })
{
	const old = message_of(topic);
	const focused = old?.contains(document.activeElement);
	const button = !action ? null : action.href
		? element('a', { class: 'button', href: action.href }, action.label)
		: element('button', { type: 'button',
			'aria-keyshortcuts': action.keys ?? null }, action.label);
	const keys = action?.keys ? `${action.keys}: ${action.label}.` : '';
	if (action?.run)
		button.addEventListener('click', action.run);
	const close = element('button', { type: 'button', class: 'close',
		'aria-label': 'Dismiss this message' }, '×');
	close.addEventListener('click', () => clear_notice(topic));
	const node = element('section', { class: `message ${kind}`, tabindex: '-1',
		'data-topic': topic, 'data-code': code, 'aria-label': title },
	element('div', {},
		element('h2', {}, title),
		text ? element('p', {}, text) : null,
		keys ? element('p', { class: 'keys' }, keys) : null,
		until > Date.now() ? wait_line(until, button) : null,
		reference ? element('p', { class: 'reference' },
			`For whoever runs the site: ${code}, request ${reference}`) : null),
	button, close);
	if (old)
		old.replaceWith(node);
	else
		($(`${topic}-notice`) ?? $('notice')).append(node);
	if (focused)
		node.focus();
	announce(`${title}. ${text || keys}`);
	if (kind === 'good' && !action) {
		const end = Date.now() + GOOD_NEWS_MS;
		every_second((now) => {
			if (now >= end && node.isConnected && !node.matches(':focus-within, :hover'))
				clear_notice(topic);
			return node.isConnected;
		});
	}
}

/* The message about a Trouble; `actions` has what a button may do here. */
export function show_trouble(topic, trouble, actions)
{
	const { title, text, action } = explain(trouble.code);
	notice(topic, { kind: 'bad', code: trouble.code, title, text,
		action: actions[action], until: trouble.retry_at,
		reference: trouble.reference });
}

/* A button that is busy keeps its focus and ignores a second press. */
export async function busy(button, words, topic, work)
{
	if (button.getAttribute('aria-disabled') === 'true')
		return;
	const label = button.textContent;
	button.setAttribute('aria-disabled', 'true');
	button.textContent = words;
	try {
		await work();
	} finally {
		button.removeAttribute('aria-disabled');
		button.textContent = label;
	}
	scroll_to_notice(topic);
}
