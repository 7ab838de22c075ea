# SPDX-License-Identifier: ISC
"""Who is first: a logout or another login while Spotify is slow. What has ended
does not come back, and what is new is not overwritten."""

import time

import pytest

from stack import Client
from tools import fastcgi
from tools.amounts import scaled
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import stored

HELD = {"held": True}    # it has happened; we hear of it after release()


def start_renewal(stack, client, ask=refresh):
    """One that has reached Spotify and waits for the answer."""
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", HELD)
    under_way = Later(lambda: ask(client.copy()))
    stack.spotify.wait_for("token", before + 1)
    return under_way


@pytest.mark.parametrize("ask", [refresh, lambda c: c.fetch("artists")],
                         ids=["refresh", "artists"])
def test_a_logout_during_a_refresh_is_not_undone(stack, client, ask):
    """It answers at once; the late save finds the file gone and leaves nothing
    behind."""
    client.login()
    thief = client.copy()
    under_way = start_renewal(stack, client, ask)
    assert logout(client).status == 204
    assert under_way.under_way()
    stack.spotify.release()
    late = under_way.result()
    assert (late.status, late.code) == (401, "not_logged_in")
    assert late.header("Set-Cookie") is None
    assert {path.name for path in stored(stack, "")} <= {"lock", "metrics",
                                                         "used"}
    assert not is_logged_in(thief)
    assert refresh(thief).status == 401


def test_a_login_in_another_tab_during_a_refresh_is_not_overwritten(
        stack, client):
    """The old session has ended, the new one is whole, and the late 401 of the
    old one does not touch its cookie."""
    client.login()
    under_way = start_renewal(stack, client)
    client.login("grace.many")
    stack.spotify.release()
    late = under_way.result()
    assert (late.status, late.code) == (401, "not_logged_in")
    assert late.header("Set-Cookie") is None
    assert client.fetch("session").json["account"]["id"] == "grace.many"
    assert len(stored(stack)) == 1 and stored(stack, "temp-") == []
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]


def test_a_late_401_never_disturbs_a_newer_login(stack, client):
    """No endpoint but callback and logout speaks of the session cookie."""
    client.login()
    old = client.copy()
    client.login()
    new = client.session_cookie
    for path, method in (("artists", "GET"), ("refresh", "POST"),
                         ("session", "GET"), (None, None)):
        reply = old.fetch(path, method) if path else fastcgi.vouch(old)
        assert reply.status == 401 or not reply.json["logged_in"]
        assert reply.all("Set-Cookie") == []
    assert client.session_cookie == new and is_logged_in(client)


def test_a_logout_during_the_list_leaves_no_copy(stack, client, spotify):
    """The copy of the artists must not outlive its session."""
    client.login()
    held = client.copy()
    spotify.answers("following", HELD)
    under_way = Later(lambda: held.fetch("artists"))
    spotify.wait_for("following")
    assert logout(client).status == 204
    spotify.release()
    under_way.result()
    assert stored(stack, "copy-") == stored(stack, "session-") == []


def test_a_login_during_the_list_leaves_one_session_and_its_copy(
        stack, client, spotify):
    """The list that was asked for still comes; it is of the old session."""
    client.login()
    held = client.copy()
    spotify.answers("following", HELD)
    under_way = Later(lambda: held.fetch("artists"))
    spotify.wait_for("following")
    client.login("grace.many")
    spotify.release()
    assert under_way.result().status in (200, 401)
    assert stored(stack, "copy-") == []
    assert client.fetch("artists").json["total"] == 2000
    assert len(stored(stack, "copy-")) == len(stored(stack)) == 1


def test_logout_and_refresh_at_the_same_moment_end_in_one_of_two_ways(
        stack, spotify):
    """Whoever comes first, nobody is logged in at the end."""
    spotify.settings(rotation="strict")
    for number in range(scaled(20, 500)):
        client = Client(stack)
        client.login()
        let_tokens_end(stack)
        racing = Later(lambda c=client.copy(): refresh(c))
        time.sleep(number % 10 / 500)   # the order is left to chance
        assert logout(client.copy()).status == 204
        assert racing.result().status in (200, 401)
        assert not is_logged_in(client)
        assert stored(stack) == stored(stack, "temp-") == []


def test_two_tabs_that_log_in_at_once_both_finish(stack, client):
    """One cookie survives, and it works."""
    first = client.approve(client.start_login())
    second = client.approve(client.start_login())
    one, two = client.copy(), client.copy()
    racing = Later(lambda: one.finish(first))
    assert two.finish(second).status == 303
    assert racing.result().status == 303
    assert is_logged_in(one) and is_logged_in(two)
    assert one.session_cookie != two.session_cookie
