# SPDX-License-Identifier: ISC
"""How long anybody is kept waiting at most."""

import fcntl
import time

from tools.answers import Browser, refused
from tools.parallel import timed, together
from tools.spotify import count
from tools.steps import let_tokens_end


def test_a_list_may_take_fifteen_seconds(stack, spotify):
    """40 pages of half a second; nobody is sent a part of them."""
    browser = Browser(stack)
    browser.login(account="grace.many")
    spotify.answers("following", {"delay": 0.5}, repeat=True)
    seconds, reply = timed(lambda: browser.fetch("artists"))
    refused(reply, 504, "upstream_timeout")
    assert seconds > 14
    assert count(spotify, "following") < 40
    assert not list(stack.session_dir.glob("copy-*"))


def test_a_lock_that_somebody_keeps_stops_only_who_needs_it(stack, spotify):
    """A process of ours that hangs, for instance: those who need what it
    guards wait for 12 seconds, the others not at all."""
    expired, new, leaving = (Browser(stack) for _ in range(3))
    expired.login()
    let_tokens_end(stack)
    for browser in (new, leaving):
        browser.login()
    spotify.clear_requests()
    with open(stack.session_dir / "lock", "ab") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        assert leaving.fetch("logout", "POST").status == 204
        assert new.fetch("session").json["logged_in"] is True
        assert new.fetch("refresh", "POST").json["refreshed"] is False
        assert time.monotonic() - began < 11
        replies = together([
            lambda: timed(lambda: expired.fetch("refresh", "POST")),
            lambda: timed(lambda: new.fetch("artists"))])
    for seconds, reply in replies:
        refused(reply, 503, "busy")
        assert 11 < seconds < 23    # not one after the other
    assert spotify.requests() == []
    assert expired.fetch("refresh", "POST").json["refreshed"] is True
    assert new.fetch("artists").json["total"] == 120
