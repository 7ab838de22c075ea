# SPDX-License-Identifier: ISC
"""What the site's own code is told: who has logged in, for the first time or
again, who has logged out, and whose authorization Spotify has ended."""

import base64
import functools
import os
import subprocess

import pytest

from stack.fixtures import start_stack
from tools.answers import Browser, refused
from tools.events import Outbox, make_outbox
from tools.fastcgi import auth
from tools.parallel import timed, together
from tools.spotify import json_answer
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

ARTIST = "0" * 22
TURN_S = 0.4    # lib/session/logout.c: then it is told without the lock
ADA = {"id": "wizzler", "account_id": "aB3dE5fG7h", "display_name": "Ada"}


@pytest.fixture(scope="module")
def stack_of_module(tmp_path_factory):
    """It tells events; two processes finish logins. Not reset."""
    path = make_outbox(tmp_path_factory.mktemp("events"))
    with start_stack(conf={"events_dir": path, "api_allow": "artist",
                           "auth_pass": "id token"},
                     processes={"callback": 2}) as running:
        running.outbox = Outbox(path, running)
        yield running
        assert running.stop() == []


@pytest.fixture
def stack(stack_of_module):
    """Fresh for a test."""
    stack_of_module.reset()
    yield stack_of_module
    stack_of_module.outbox.take()
    assert stack_of_module.complaints() == []


@pytest.fixture
def outbox(stack):
    """Its events."""
    return stack.outbox


def test_the_first_login_is_told_once_and_each_login(browser, outbox, stack):
    browser.login()
    first, login = outbox.take()
    assert (first["event"], login["event"]) == ("first_login", "login")
    assert {k: login["account"][k] for k in ADA if k != "display_name"} \
        == {k: ADA[k] for k in ADA if k != "display_name"}
    assert first["account"] == login["account"]
    assert "email" not in login["account"]
    assert first["request_id"] == login["request_id"] \
        and f"request={login['request_id']} " in stack.log("callback")
    browser.login()
    Browser(stack).login()
    assert outbox.kinds() == ["login", "login"]


def test_another_account_is_another_first(browser, outbox, spotify):
    spotify.account("bob", account_id=None)
    browser.login("wizzler")
    browser.login("bob")
    told = [(e["event"], e["account"]["id"], e["account"]["account_id"])
            for e in outbox.take()]
    assert sorted(told) == [
        ("first_login", "bob", None), ("first_login", "wizzler", ADA[
            "account_id"]), ("login", "bob", None),
        ("login", "wizzler", ADA["account_id"])]


def test_a_first_login_comes_before_what_the_account_has_done(
        browser, outbox, spotify):
    """Whoever takes names in order makes a profile before it is used; whatever
    the language of his shell makes of their order."""
    for number in range(6):
        spotify.account(f"number{number}")
        browser.login(f"number{number}")
        assert logout(browser).status == 204
    names = [path.name for path in outbox.files()]
    told = [(e["event"], e["account"]["id"]) for e in outbox.take()]
    for number in range(6):
        first, *others = [word for word, who in told
                          if who == f"number{number}"]
        assert first == "first_login"
        assert sorted(others) == ["login", "logout"]
    for language in ("C", "C.UTF-8", "en_US.UTF-8"):
        assert subprocess.run(
            ["sort"], input="\n".join(reversed(names)) + "\n", text=True,
            env={"LC_ALL": language, "PATH": "/usr/bin:/bin"},
            capture_output=True, check=True).stdout.split() == names


def test_a_logout_is_told(browser, outbox):
    browser.login()
    outbox.take()
    assert logout(browser).status == 204
    told, = outbox.take()
    assert told["event"] == "logout"
    assert told["account"]["account_id"] == ADA["account_id"]
    # Who is not logged in any more does not log out.
    assert logout(browser).status == 204
    assert outbox.take() == []


def test_a_logout_everywhere_is_told_once(browser, stack, outbox):
    """Of the other sessions, which are over by it, nothing is."""
    browser.login()
    other = Browser(stack)
    other.login()
    outbox.take()
    assert browser.fetch("logout?everywhere=1", "POST").status == 204
    assert not is_logged_in(other) and logout(other).status == 204
    told, = outbox.take()
    assert told["event"] == "logout_everywhere"
    assert told["account"]["account_id"] == ADA["account_id"]


@pytest.mark.parametrize("how", ["logout", "logout?everywhere=1"])
def test_who_logs_out_twice_at_once_is_told_once(stack, outbox, how):
    """A double click, or two tabs; how is the path. Who has waited for 0.4 s
    tells it once more, with the same digits: that is for who reads them."""
    for _ in range(5):
        browser = Browser(stack)
        browser.login()
        tabs = [Browser(stack) for _ in range(4)]
        for tab in tabs:
            tab.session_cookie = browser.session_cookie
        outbox.take()
        seconds, done = timed(lambda tabs=tabs: together(
            functools.partial(tab.fetch, how, "POST") for tab in tabs))
        is_quick = seconds < TURN_S
        assert {reply.status for reply in done} <= (
            {204, 401} if is_quick else {204, 401, 503})
        assert 204 in {reply.status for reply in done}
        keys = [path.stem.rsplit("-", 1)[1] for path in outbox.files()]
        assert len(set(keys)) == 1
        assert len(outbox.take()) == 1 or not is_quick


@pytest.mark.parametrize("cookie", ["A" * 43, "x", None])
def test_who_has_no_session_tells_nothing(browser, outbox, cookie):
    if cookie:
        browser.session_cookie = cookie
    assert logout(browser).status == 204
    assert outbox.take() == []


@pytest.mark.parametrize("ask", [
    refresh, lambda browser: browser.fetch("artists"),
    lambda browser: browser.fetch("api/artists/" + ARTIST), auth],
    ids=["refresh", "artists", "api", "auth"])
def test_the_end_of_an_authorization_is_told_once(
        browser, stack, outbox, spotify, ask):
    """By whichever program finds out, though many ask at once."""
    browser.login()
    let_tokens_end(stack)
    outbox.take()
    spotify.answers("token", "invalid_grant_revoked", repeat=True)
    answers = together([functools.partial(ask, browser.copy())
                        for _ in range(6)])
    assert {reply.status for reply in answers} == {401}
    told, = outbox.take()
    assert told["event"] == "authorization_ended"
    assert told["account"]["account_id"] == ADA["account_id"]
    assert not is_logged_in(browser)
    assert outbox.take() == []


def test_who_is_not_known_yet_is_met_later(browser, outbox, spotify):
    spotify.answers("me", "server_error_500")
    browser.login()
    login, = outbox.take()
    assert login["event"] == "login" and login["account"] == dict.fromkeys(ADA)
    assert browser.fetch("artists").status == 200
    first, = outbox.take()
    assert first["event"] == "first_login"
    assert first["account"]["account_id"] == ADA["account_id"]
    browser.fetch("artists?fresh=1")
    assert outbox.take() == []


def test_the_logout_of_somebody_unknown_is_told(browser, outbox, spotify):
    spotify.answers("me", "server_error_500")
    browser.login()
    outbox.take()
    logout(browser)
    told, = outbox.take()
    assert told["event"] == "logout" and told["account"] == dict.fromkeys(ADA)


def test_who_turns_out_not_to_be_allowed_has_ended(browser, outbox, spotify):
    spotify.answers("me", "server_error_500", "not_registered_403")
    spotify.answers("following", "not_registered_403")
    browser.login()
    refused(browser.fetch("artists"), 403, "not_on_allowlist")
    assert outbox.kinds() == ["authorization_ended", "login"]


def test_a_login_that_fails_tells_nothing(browser, outbox, spotify):
    spotify.answers("me", "not_registered_403")
    browser.finish(browser.approve(browser.start_login()))
    browser.finish(browser.deny(browser.start_login()))
    spotify.answers("token", "invalid_grant_code")
    browser.finish(browser.approve(browser.start_login()))
    assert not is_logged_in(browser)
    assert outbox.take() == []


@pytest.mark.parametrize("name", [
    "\0\1\033[31m\n\r\t\177\x85\u2028", '"},{"event":"x"', "\U0001f600" * 99,
    "</script><script>", "\u202egnp.exe", "\\" * 99, "x" * 9000,
    "' OR 1=1 --", "$(id)`id`", "%n%s", "\ufeff\ufffe"],
    ids=lambda name: ascii(name)[:20])
def test_a_hostile_name_is_only_a_name(browser, outbox, spotify, name):
    spotify.answers("me", json_answer({
        "id": "eve", "account_id": "eve1", "display_name": name}))
    browser.login()
    account = browser.fetch("session").json["account"]
    told = outbox.take()
    assert len(told) == 2
    for event in told:
        assert event["account"]["display_name"] == account["display_name"]


@pytest.mark.parametrize("raw", [
    b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\\ud800", b"a\x01b"])
def test_a_name_that_is_no_text_leaves_good_json(
        browser, outbox, spotify, raw):
    """Whatever session makes of it."""
    body = b'{"id":"eve","account_id":"eve1","display_name":"%s"}' % raw
    spotify.answers("me", {
        "status": 200, "headers": {"Content-Type": "application/json"},
        "body_base64": base64.b64encode(body).decode("ascii")})
    browser.login()
    account = browser.fetch("session").json["account"]
    for event in outbox.take():
        assert event["account"]["display_name"] == account["display_name"]


def test_a_login_that_is_taken_up_again_is_told(
        browser, stack, outbox, spotify):
    """Who finished it may have died before it told so. Two files of one event
    have the same digits."""
    spotify.answers("token", {"held": True})
    url = browser.approve(browser.start_login())
    again = browser.copy()
    first = together([lambda: browser.finish(url),
                      lambda: come_meanwhile(stack, again, url)])
    assert first[0].status == 303
    assert again.finish(url).status == 303
    digits = {path.name.split("-")[2] for path in outbox.files()
              if "first" not in path.name}
    assert len(digits) == 1
    assert set(outbox.kinds()) == {"first_login", "login"}


def come_meanwhile(stack, client, url):
    """The same login, while Spotify is asked; then let it answer."""
    stack.spotify.wait_for("token")
    assert client.finish(url).status == 503
    stack.spotify.release()


def test_a_crowd_is_told_of_one_by_one(stack, outbox):
    """Of two accounts, in two processes."""
    stack.spotify.account("bob")
    browsers = [Browser(stack) for _ in range(24)]
    together([functools.partial(browser.login,
                                ("wizzler", "bob")[number % 2])
              for number, browser in enumerate(browsers)])
    told = outbox.take()
    assert sorted(e["account"]["id"] for e in told
                  if e["event"] == "first_login") == ["bob", "wizzler"]
    assert len([e for e in told if e["event"] == "login"]) == len(browsers)


def test_the_address_is_told_where_that_is_wanted(make_stack, tmp_path):
    path = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": path, "events_email": "yes"})
    outbox = Outbox(path, stack)
    browser = Browser(stack)
    browser.login()
    assert [e["account"]["email"] for e in outbox.take()] \
        == ["ada@example.com"] * 2
    stack.spotify.answers("me", json_answer({"id": "wizzler"}))
    browser.login()
    assert {tuple(e["account"]) for e in outbox.take()} == {tuple(ADA)}


def test_with_events_off_nothing_is_written(make_stack, tmp_path):
    path = make_outbox(tmp_path)
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    logout(browser)
    assert list(path.iterdir()) == []
    assert not list(stack.session_dir.glob("known-*"))


def test_the_store_does_not_name_who_was_here(browser, stack):
    browser.login()
    marks = list(stack.session_dir.glob("known-*"))
    assert len(marks) == 2
    for mark in marks:
        assert mark.read_text("ascii").isdigit()
        assert not any(word in mark.name for word in ADA.values())


def test_nothing_is_left_half_done(browser, stack, outbox):
    browser.login()
    assert [name for name in os.listdir(outbox.path)
            if name.startswith(".")] == []
    assert "event=events_lost" not in stack.log("callback")
