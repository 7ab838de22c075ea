// SPDX-License-Identifier: ISC
/*
 * <spotify-login>: a link to log in for who is logged out, and a name and a
 * button to log out for who is logged in. It draws ordinary elements, for the
 * page's own style sheet; what stands in it at first is for browsers without
 * script. frontend.md has its attributes and events.
 */

import { call, Trouble } from './api.js';
import { login_url, way_back } from './login.js';
import { account_name, is_same_login } from './who.js';
import { explain } from './words.js';

const RECHECK_MS = 60000;	/* a page seen again asks anew after this */

function node(name, text)
{
	const made = document.createElement(name);
	made.textContent = text;
	return made;
}

function button(text, press)
{
	const made = node('button', text);
	made.type = 'button';
	made.addEventListener('click', press);
	return made;
}

export class SpotifyLogin extends HTMLElement {
	constructor()
	{
		super();
		this.session = null;	/* the last answer, null when logged out */
		this.known = false;	/* whether there was one */
		this.drawn = null;	/* what is to be seen, in a word */
		this.asked = 0;		/* the last question's answer holds */
		this.checked_at = 0;
		this.tabs = null;
		this.on_seen = () => this.seen();
		this.on_shown = (event) => event.persisted && this.check();
	}

	static get observedAttributes()
	{
		return ['base', 'return-to', 'login-text', 'logout-text'];
	}

	/* Where the programs lie. */
	get base()
	{
		return new URL(this.getAttribute('base') ?? './', document.baseURI);
	}

	connectedCallback()
	{
		/* Where it is missing (Safari before 15.4) a tab finds out when it
		 * is seen. Tabs of another origin are not reached by it. */
		if (typeof BroadcastChannel !== 'undefined') {
			this.tabs = new BroadcastChannel(
				`spotify-fcgi ${this.base.pathname}`);
			this.tabs.addEventListener('message', () => this.check());
		}
		document.addEventListener('visibilitychange', this.on_seen);
		addEventListener('pageshow', this.on_shown);
		this.check();
	}

	disconnectedCallback()
	{
		this.asked++;
		this.tabs?.close();
		this.tabs = null;
		document.removeEventListener('visibilitychange', this.on_seen);
		removeEventListener('pageshow', this.on_shown);
	}

	attributeChangedCallback()
	{
		if (this.known)
			this.draw();
	}

	seen()
	{
		if (!document.hidden && Date.now() - this.checked_at > RECHECK_MS)
			this.check();
	}

	/* Ask who is logged in. */
	async check()
	{
		const question = ++this.asked;
		this.checked_at = Date.now();
		try {
			const answer = await call(new URL('session', this.base).href);
			if (question !== this.asked)
				return;
			if (typeof answer.logged_in !== 'boolean')
				throw new Trouble('not_json');
			this.take(answer);
		} catch (trouble) {
			if (question === this.asked)
				this.failed(trouble, () => this.check());
		}
	}

	/*
	 * What the answer says holds for the login that was there before: if
	 * another one has come meanwhile, or may have, who it is is asked.
	 */
	async logout()
	{
		const mine = this.session, asked = this.asked;
		let trouble = null;
		try {
			await call(new URL('logout', this.base).href,
				{ method: 'POST' });
		} catch (error) {
			trouble = error;
		}
		if (!this.isConnected)
			return;
		const kept = this.session === mine
			|| (mine && this.session && is_same_login(mine, this.session));
		if (!kept || (!trouble && asked !== this.asked)) {
			this.check();
		} else if (trouble) {
			this.failed(trouble, () => this.logout());
		} else {
			this.asked++;
			this.take({ logged_in: false });
		}
	}

	take(answer)
	{
		const old = this.session, first = !this.known;
		this.known = true;
		this.session = answer.logged_in ? answer : null;
		this.draw();
		const same = old && this.session && is_same_login(old, this.session);
		if (this.session && !same)
			this.tell('login', this.session, first);
		else if (!this.session && old)
			this.tell('logout', null, first);
		/* Once a login: as it begins, or on a page that stays open. */
		if (answer.renew_soon === true && !(same && old.renew_soon === true))
			this.dispatch('expires-soon', answer);
	}

	/* Other tabs know it already when this one has only just come. */
	tell(type, detail, first)
	{
		if (!first)
			this.tabs?.postMessage({ logged_in: detail !== null });
		this.dispatch(type, detail);
	}

	dispatch(type, detail)
	{
		this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
	}

	failed(trouble, again)
	{
		if (!(trouble instanceof Trouble))
			throw trouble;
		this.drawn = null;	/* the button may do something else */
		this.show('trouble', `${explain(trouble.code).title}.`,
			button('Try again', again));
		this.dispatch('failure', { code: trouble.code });
	}

	/* The address of a login that comes back to here. */
	login_url()
	{
		const base = this.base;
		const same = base.origin === location.origin;
		return new URL(login_url({
			back: this.getAttribute('return-to') ?? (same ? way_back() : null),
		}), base).href;
	}

	/* A page may change its address (pushState) and tell nobody: the link looks
	 * where it is, whatever is about to be done with it. */
	login_link()
	{
		const link = node('a', this.getAttribute('login-text')
			?? 'Log in with Spotify');
		const aim = () => {
			link.href = this.login_url();
		};
		for (const type of ['pointerenter', 'focus', 'contextmenu', 'click',
			'auxclick'])
			link.addEventListener(type, aim);
		aim();
		return link;
	}

	/* Nothing is drawn anew that is there already: it may have the focus. */
	show(state, text, control)
	{
		const drawn = JSON.stringify([state, text, control.textContent]);
		if (drawn === this.drawn) {
			if (control.href)
				this.lastElementChild.href = control.href;
			return;
		}
		this.drawn = drawn;
		this.dataset.state = state;
		this.replaceChildren(...(text === null ? [] : [node('span', text), ' ']),
			control);
	}

	draw()
	{
		if (!this.session) {
			this.show('out', null, this.login_link());
			return;
		}
		this.show('in', account_name(this.session),
			button(this.getAttribute('logout-text') ?? 'Log out',
				() => this.logout()));
	}
}

customElements.define('spotify-login', SpotifyLogin);
