# SPDX-License-Identifier: ISC
"""session: who is logged in, for how long, and for the web server."""

import os
import time

import pytest

from tools import fastcgi
from tools.amounts import DAY
from tools.answers import Browser, refused
from tools.steps import is_logged_in
from tools.store import stored


def test_nobody_is_logged_in(browser):
    reply = browser.fetch("session")
    assert (reply.status, reply.json) == (200, {"logged_in": False})


def test_somebody_is(browser, stack):
    browser.login()
    found = browser.fetch("session").json
    now = time.time()
    for member, after in (("session_expires_at", 7 * DAY),
                          ("authorization_expires_at", 180 * DAY)):
        assert abs(found.pop(member) - now - after) < 20
    assert 3580 <= found.pop("expires_in") <= 3600
    image = f"{stack.spotify.url}/account-image/wizzler/300.svg"
    assert found == {
        "logged_in": True, "renew_soon": False, "account": {
            "id": "wizzler", "account_id": "aB3dE5fG7h",
            "display_name": "Ada", "image": image,
            "email": "ada@example.com"}}


def test_the_email_is_there_only_if_spotify_sent_it(browser, spotify):
    spotify.settings(send_email=False)
    browser.login()
    assert set(browser.fetch("session").json["account"]) == {
        "id", "account_id", "display_name", "image"}


def test_asking_costs_spotify_nothing(browser, spotify):
    browser.login()
    spotify.clear_requests()
    for _ in range(3):
        browser.fetch("session")
    assert spotify.requests() == []


def test_head_is_get_without_a_body(browser):
    browser.login()
    head, get = browser.fetch("session", "HEAD"), browser.fetch("session")
    assert head.status == 200
    assert head.header("Content-Length") == get.header("Content-Length")
    assert head.header("Content-Type") == get.header("Content-Type")


# The cookie

@pytest.mark.parametrize("value", [
    "", "x", "A" * 42, "A" * 43, "A" * 44, "A" * 4000, "../" * 14, '"',
    "A" * 42 + "B", "A" * 42 + "\xff"], ids=lambda v: v[:10] + str(len(v)))
def test_a_cookie_that_is_none_is_nobodys(browser, value):
    browser.session_cookie = value
    reply = browser.fetch("session")
    assert reply.json == {"logged_in": False}
    refused(browser.fetch("artists"), 401, "not_logged_in")
    refused(browser.fetch("refresh", "POST"), 401, "not_logged_in")


@pytest.mark.parametrize("bend", [
    lambda v: v + "=", lambda v: v + " x", lambda v: '"' + v + '"',
    lambda v: v.swapcase(), lambda v: v[:-1], lambda v: v[1:] + v[0],
    lambda v: v[:-1] + chr(ord(v[-1]) + 1)])
def test_only_the_exact_value_opens_a_session(browser, bend):
    browser.login()
    value = browser.session_cookie
    browser.session_cookie = bend(value)
    assert not is_logged_in(browser)
    browser.session_cookie = value
    assert is_logged_in(browser)


@pytest.mark.parametrize("first", [True, False])
def test_two_cookies_of_the_name_are_nobodys(browser, first):
    browser.login()
    pair = f"spotify-session={browser.session_cookie}"
    other = "spotify-session=" + "A" * 43
    cookies = "; ".join([pair, other] if first else [other, pair])
    for text in (cookies, f"{pair}; {pair}"):
        reply = browser.fetch("session", headers={"Cookie": text})
        assert reply.json == {"logged_in": False}


@pytest.mark.parametrize("text", [
    "{0}", " {0} ", ";{0};", "a=b; {0}; c=d", "a; b; {0}", "a=b;{0}",
    "spotify-session2=x; {0}", "Spotify-Session=x; {0}", "=; {0}",
    "a=spotify-session=x; {0}", "__Host-spotify-session=x; {0}",
    "a=\"b; c\"; {0}", "x=" + "y" * 3000 + "; {0}", "{0}; $Path=/"])
def test_cookies_of_others_do_not_matter(browser, text):
    browser.login()
    pair = f"spotify-session={browser.session_cookie}"
    reply = browser.fetch("session", headers={"Cookie": text.format(pair)})
    assert reply.json["logged_in"] is True


# Limits

def test_it_ends_when_it_is_not_used_for_a_week(browser, stack):
    browser.login()
    stack.clock.advance(7 * DAY - 30)
    assert is_logged_in(browser)
    stack.clock.advance(40)
    assert not is_logged_in(browser)
    assert stored(stack) == []


def test_asking_does_not_prolong_it(browser, stack):
    browser.login()
    ends = browser.fetch("session").json["session_expires_at"]
    stack.clock.advance(6 * DAY)
    assert browser.fetch("session").json["session_expires_at"] == ends
    stack.clock.advance(2 * DAY)
    assert not is_logged_in(browser)


def test_the_web_server_that_asks_prolongs_it(browser, stack):
    browser.login()
    stack.clock.advance(6 * DAY)
    fastcgi.vouch(browser)
    stack.clock.advance(2 * DAY)
    assert is_logged_in(browser)


@pytest.mark.parametrize("path, method", [("artists", "GET"),
                                          ("refresh", "POST")])
def test_using_it_prolongs_it(browser, stack, path, method):
    browser.login()
    stack.clock.advance(6 * DAY)
    assert browser.fetch(path, method).status == 200
    stack.clock.advance(6 * DAY)
    assert is_logged_in(browser)


def test_it_ends_after_a_month_of_daily_use(browser, stack):
    browser.login()
    for _ in range(5):
        stack.clock.advance(6 * DAY - 10)
        assert browser.fetch("refresh", "POST").status == 200
    assert is_logged_in(browser)
    found = browser.fetch("session").json
    assert 0 < found["session_expires_at"] - time.time() \
        - stack.clock.offset < 60
    stack.clock.advance(60)
    assert not is_logged_in(browser)


def test_the_server_ends_it_even_if_the_browser_keeps_the_cookie(
        browser, stack):
    browser.login()
    value = browser.session_cookie
    stack.clock.advance(30 * DAY + 5)
    assert browser.session_cookie is None
    reply = browser.fetch("artists",
                          headers={"Cookie": "spotify-session=" + value})
    refused(reply, 401, "not_logged_in")
    assert stored(stack) == []


def test_no_session_outlives_spotifys_authorization(make_stack):
    stack = make_stack(conf={"idle_limit": "180d", "absolute_limit": "180d"})
    browser = Browser(stack)
    browser.login()
    for days, soon in ((165, False), (2, True), (12, True)):
        stack.clock.advance(days * DAY)
        assert browser.fetch("refresh", "POST").status == 200
        assert browser.fetch("session").json["renew_soon"] is soon
    value = browser.session_cookie
    stack.clock.advance(DAY + 5)
    reply = browser.fetch("session",
                          headers={"Cookie": "spotify-session=" + value})
    assert reply.json == {"logged_in": False}
    browser.login()
    assert browser.fetch("session").json["renew_soon"] is False


def test_a_small_step_of_the_clock_backwards_logs_nobody_out(browser, stack):
    stack.clock.set(10 * DAY)
    browser.login()
    stack.clock.advance(-3600)
    assert is_logged_in(browser)
    stack.clock.set(0)
    assert not is_logged_in(browser)


# The file

@pytest.mark.parametrize("bend", [
    lambda data: b"", lambda data: data[:-1], lambda data: data + b"x",
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    lambda data: bytes([data[0] ^ 1]) + data[1:],
    lambda data: data[:-1] + bytes([data[-1] ^ 128]),
    lambda data: b"\0" * len(data), lambda data: data * 30])
def test_a_file_that_was_changed_is_nobodys(browser, stack, bend):
    browser.login()
    [path] = stored(stack)
    path.write_bytes(bend(path.read_bytes()))
    assert not is_logged_in(browser)
    refused(browser.fetch("artists"), 401, "not_logged_in")


def test_one_persons_file_does_not_open_under_anothers_name(browser, stack):
    browser.login()
    [mine] = stored(stack)
    other = Browser(stack)
    other.login(account="grace.many")
    [theirs] = set(stored(stack)) - {mine}
    mine.write_bytes(theirs.read_bytes())
    assert not is_logged_in(browser)
    assert is_logged_in(other)


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_link_is_no_session(browser, stack, make):
    browser.login()
    [path] = stored(stack)
    aside = stack.folder / "aside"
    path.rename(aside)
    make(aside, path)
    assert not is_logged_in(browser)
    path.unlink()
    aside.rename(path)
    assert is_logged_in(browser)


def test_a_pipe_is_no_session_and_stops_nobody(browser, stack):
    browser.login()
    [path] = stored(stack)
    path.unlink()
    os.mkfifo(path)
    assert not is_logged_in(browser)


def test_all_files_have_the_same_size(stack):
    for name in ("wizzler", "grace.many", "özkant"):
        Browser(stack).login(account=name)
    assert len({path.stat().st_size for path in stored(stack)}) == 1


# For the web server

def test_the_web_server_learns_who_it_is(browser):
    browser.login()
    reply = fastcgi.vouch(browser)
    assert reply.status == 204
    assert reply.header("X-Spotify-Account-Id") == "aB3dE5fG7h"


def test_or_that_nobody_is(browser):
    reply = fastcgi.vouch(browser)
    refused(reply, 401, "not_logged_in")
    assert reply.header("X-Spotify-Account-Id") is None


@pytest.mark.parametrize("override, header", [
    ({}, "uV2wX4yZ6a"),
    ({"account_id": "__missing__"}, "user:%C3%B6zkant"),
    ({"account_id": None}, "user:%C3%B6zkant"),
    ({"account_id": ""}, "user:%C3%B6zkant"),
    ({"account_id": "a b\u00f6%"}, "a%20b%C3%B6%25"),
    ({"account_id": "user:x"}, "user%3Ax"),
    ({"account_id": "a\r\nX: y"}, "a%0D%0AX%3A%20y")])
def test_an_id_of_any_characters_fits_the_header(browser, spotify, override,
                                                 header):
    spotify.settings(me_override=override)
    browser.login(account="özkant")
    reply = fastcgi.vouch(browser)
    assert reply.status == 204
    assert reply.header("X-Spotify-Account-Id") == header


def test_it_asks_on_behalf_of_any_request(browser):
    browser.login()
    for site in ("cross-site", "same-site", "none"):
        reply = fastcgi.vouch(browser, HTTP_SEC_FETCH_SITE=site,
                              HTTP_ORIGIN="https://evil.example")
        assert reply.status == 204


@pytest.mark.parametrize("value", ["0", "", "true", "11", "1 "])
def test_it_is_asked_by_1_or_not_at_all(browser, value):
    reply = fastcgi.vouch(browser, SPOTIFY_FCGI_REQUIRE=value)
    assert reply.json == {"logged_in": False}


@pytest.mark.parametrize("query", [
    "require=1", "SPOTIFY_FCGI_REQUIRE=1", "require=%", "%", "require=1&require"
    "=1", "x=" + "1" * 8100])   # Apache takes lines of 8190
def test_nobody_else_can_ask_like_the_web_server(browser, query):
    """No query, and no header, whatever its name."""
    headers = {"Spotify-Fcgi-Require": "1", "Require": "1"}
    for logged_in in (False, True):
        for sent in ({}, headers):
            reply = browser.fetch("session?" + query, headers=sent)
            assert reply.json["logged_in"] is logged_in
            assert reply.header("X-Spotify-Account-Id") is None
        browser.login()


@pytest.mark.parametrize("name", [
    "HTTP_SPOTIFY_FCGI_REQUIRE", "HTTP_REQUIRE", "Spotify_Fcgi_Require",
    "SPOTIFY_FCGI_REQUIRE ", "SPOTIFY-FCGI-REQUIRE"])
def test_a_parameter_of_another_name_asks_for_nothing(browser, name):
    reply = fastcgi.vouch(browser, SPOTIFY_FCGI_REQUIRE=None, **{name: "1"})
    assert reply.json == {"logged_in": False}
