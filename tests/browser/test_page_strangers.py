# SPDX-License-Identifier: ISC
"""What another site sees of a window in which it opens an address of ours: the
same whether somebody is logged in or not."""

import secrets
import urllib.parse

import pytest

# Opened, and watched until the handle is of no use, as it always should be.
OPEN = """
const [url, done] = arguments;
const before = history.length;
const other = window.open(url, '_blank');
const seen = () => {
	let at = 'unreadable';
	try { at = String(other.location.href); } catch { /* another origin */ }
	return JSON.stringify({ closed: other.closed, at, frames: other.length,
		history: history.length - before });
};
const end = Date.now() + 50000;
const watch = () => other.closed || Date.now() > end ? done(seen())
	: setTimeout(watch, 50);
watch();
"""
ADDRESSES = ["session", "session?require=1", "artists", "refresh", "logout",
             "callback?state={0}", "callback?code=x&state={0}",
             "callback?error=access_denied&state={0}", "login", ""]


def what_is_seen(person, elsewhere, address):
    """By the other site, of a window with that address."""
    person.driver.get(elsewhere)
    person.find("#here")
    url = urllib.parse.urljoin(person.stack.url + person.stack.prefix,
                               address.format(secrets.token_urlsafe(32)))
    seen = person.driver.execute_async_script(OPEN, url)
    home, *others = person.driver.window_handles
    for other in others:
        person.driver.switch_to.window(other)
        person.driver.close()
    person.driver.switch_to.window(home)
    return seen


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_window_looks_the_same_with_and_without_a_session(
        person, elsewhere, address):
    person.expected = {400, 401, 403, 405}
    person.driver.set_script_timeout(60)
    person.log_in(with_list=False)
    logged_in = what_is_seen(person, elsewhere, address)
    assert person.session_cookie() is not None
    person.chromium.command("Network.clearBrowserCookies")
    assert what_is_seen(person, elsewhere, address) == logged_in
    assert '"closed":true' in logged_in
