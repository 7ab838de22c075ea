# SPDX-License-Identifier: ISC
"""logout?everywhere=1 ends all sessions of an account, and no others."""

import re
import subprocess

import pytest

from stack import Client
from tools.answers import Browser, refused, set_cookies
from tools.fastcgi import auth, vouch
from tools.parallel import Later
from tools.spotify import count
from tools.steps import is_logged_in, let_tokens_end, refresh
from tools.store import stored

EVERYWHERE = "logout?everywhere=1"
ARTIST = "api/artists/0OdUWJ0sBjDrqHygGUXeCF"
DAY = 86400


@pytest.fixture(name="phone")
def fixture_phone(stack):
    """Another browser of the same person."""
    phone = Browser(stack)
    phone.login()
    return phone


def leave(client):
    """All browsers, from one."""
    return client.fetch(EVERYWHERE, "POST")


def test_all_sessions_of_the_account_end_and_no_others(browser, phone, stack):
    browser.login()
    friend = Browser(stack)
    friend.login("grace.many")
    phone.fetch("artists")
    reply = leave(browser)
    assert reply.status == 204
    assert set_cookies(reply) == {"spotify-session": (
        "", {"Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"})}
    assert not is_logged_in(phone)
    assert is_logged_in(friend)
    assert len(stored(stack)) == 1 and not stored(stack, "copy-")
    stack.wait_for_event("logout", "logout_everywhere", done="yes")


def test_every_program_says_so(make_stack):
    """The first time and, when the record is gone, the second; the cookie may
    be that of a newer login by then, and stays."""
    site = make_stack(conf={"api_allow": "artist", "auth_pass": "id token"})
    asks = [lambda c: c.fetch("artists"), lambda c: c.fetch("artists?fresh=1"),
            refresh, leave, vouch, auth, lambda c: c.fetch(ARTIST)]
    phones = [Browser(site) for _ in asks]
    browser = Browser(site)
    for one in (browser, *phones):
        one.login()
        assert one.fetch("artists").status == 200
        assert one.fetch(ARTIST).status == 200
    assert leave(browser).status == 204
    for ask, phone in zip(asks, phones):
        for _ in range(2):
            reply = ask(phone)
            assert reply.status == 401, reply
            assert reply.header("Set-Cookie") is None
    assert stored(site) == []


def test_a_newer_login_lives(browser, phone, stack):
    """Though all of it happens within the same second."""
    browser.login()
    for _ in range(3):
        assert leave(browser).status == 204
        assert not is_logged_in(browser) and not is_logged_in(phone)
        browser.login()
        phone.login()
        assert browser.fetch("artists").status == 200
        assert is_logged_in(phone)
    stack.restart("session")
    assert is_logged_in(browser) and is_logged_in(phone)


@pytest.mark.parametrize("step", [-3600, -40, 40, 3600])
def test_no_clock_is_asked_which_was_first(browser, phone, stack, step):
    browser.login()
    stack.clock.advance(step)
    newer = Browser(stack)
    newer.login()
    assert leave(browser).status == 204
    assert not is_logged_in(phone) and not is_logged_in(newer)
    stack.clock.advance(-step)
    newer.login()
    assert is_logged_in(newer)
    assert leave(newer).status == 204
    assert not is_logged_in(newer.copy())


def test_a_login_under_way_is_a_newer_one(browser, phone, stack):
    """It ends afterwards, and so it begins a session then."""
    browser.login()
    url = phone.approve(phone.start_login())
    assert leave(browser).status == 204
    assert phone.finish(url).status == 303
    assert is_logged_in(phone)


def test_a_form_leads_home(browser, phone, stack):
    browser.login()
    reply = browser.post(EVERYWHERE, {})
    assert (reply.status, reply.location) == (303, stack.url + "/")
    assert not is_logged_in(phone)


@pytest.mark.parametrize("query", ["", "?everywhere", "?everywhere=",
                                   "?everywhere=0", "?other=1"])
def test_without_a_one_it_is_an_ordinary_logout(browser, phone, stack, query):
    browser.login()
    assert browser.fetch("logout" + query, "POST").status == 204
    assert is_logged_in(phone)
    assert not stored(stack, "since-")


@pytest.mark.parametrize("query", [
    "everywhere=yes", "everywhere=true", "everywhere=11", "everywhere=%31%31",
    "everywhere=1&everywhere=1", "everywhere=1&everywhere=0", "everywhere=%",
    "everywhere=%00", "everywhere=123456789"])
def test_what_may_have_been_meant_is_not_done_by_halves(
        browser, stack, query):
    browser.login()
    refused(browser.fetch("logout?" + query, "POST"), 400, "bad_request")
    assert is_logged_in(browser)
    assert not stored(stack, "since-")


@pytest.mark.parametrize("cookie", [None, "A" * 43, "x", ""])
def test_of_who_is_not_logged_in_nobody_knows_whose_they_are(
        browser, stack, cookie):
    if cookie is not None:
        browser.session_cookie = cookie
    refused(leave(browser), 401, "not_logged_in")
    assert not stored(stack, "since-")


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://other.example"},
    {}], ids=str)
def test_another_site_cannot(browser, phone, stack, headers):
    browser.login()
    refused(browser.request("POST", EVERYWHERE, headers), 403, "cross_site")
    assert is_logged_in(browser) and is_logged_in(phone)
    assert not stored(stack, "since-")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post_does(browser, phone, method):
    browser.login()
    assert browser.fetch(EVERYWHERE, method).status == 405
    assert is_logged_in(browser) and is_logged_in(phone)


def test_spotify_need_not_be_there(browser, phone, spotify):
    browser.login()
    spotify.answers("any", {"delay": 30}, repeat=True)
    assert leave(browser).status == 204
    assert not is_logged_in(phone)


# ---- an account that is not known yet


def test_while_nobody_knows_whose_it_is_nothing_is_done(
        browser, phone, stack, spotify):
    """Until refresh has asked, as it does for every session."""
    spotify.answers("me", "server_error_500")
    browser.login()
    reply = leave(browser)
    refused(reply, 503, "upstream_failed")
    assert reply.header("Retry-After")
    assert is_logged_in(browser) and is_logged_in(phone)
    assert not stored(stack, "since-")
    assert refresh(browser).status == 200
    assert leave(browser).status == 204
    assert not is_logged_in(phone)


def test_who_turns_out_to_be_logged_out_is(browser, phone, stack, spotify):
    """Spotify tells only now whose the session is, which began before."""
    spotify.answers("me", "server_error_500")
    browser.login()
    assert leave(phone).status == 204
    assert is_logged_in(browser)
    refresh(browser)
    assert not is_logged_in(browser)
    assert stored(stack) == []


# ---- what is under way


@pytest.mark.parametrize("ask", [
    refresh, lambda c: c.fetch("artists"), auth],
    ids=["refresh", "artists", "auth"])
def test_it_wins_against_a_refresh_under_way(make_stack, ask):
    site = make_stack(conf={"auth_pass": "id token"})
    spotify = site.spotify
    spotify.settings(rotation="strict")
    phone, browser = Client(site), Client(site)
    for one in (phone, browser):
        one.login()
    let_tokens_end(site)
    spotify.clear_requests()
    spotify.answers("token", {"held": True})
    waiting = Later(lambda: ask(phone))
    spotify.wait_for("token")
    assert leave(browser).status == 204
    spotify.release()
    assert waiting.result().status == 401
    assert stored(site) == []
    assert count(spotify, "token") == 1


def test_a_list_under_way_leaves_no_copy(browser, phone, stack, spotify):
    browser.login()
    spotify.clear_requests()
    spotify.answers("following", {"held": True})
    waiting = Later(lambda: phone.fetch("artists"))
    spotify.wait_for("following")
    assert leave(browser).status == 204
    spotify.release()
    waiting.result()
    refused(phone.fetch("artists"), 401, "not_logged_in")
    assert stored(stack) == stored(stack, "copy-") == []


# ---- the store


def test_the_store_shows_no_account(browser, stack):
    browser.login()
    leave(browser)
    names = [path.name for path in stored(stack, "since-")]
    assert names.count("since-latest") == 1 and len(names) == 3
    for path in stored(stack, "since-"):
        assert re.fullmatch(r"since-(latest|[0-9a-f]{64})", path.name)
        assert path.read_bytes() == b""
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_store_that_fails_logs_nobody_out(browser, phone, stack):
    """A directory in its place stands for a disk that fails."""
    browser.login()
    path = stack.session_dir / "since-latest"
    path.mkdir()
    for ask in (leave, refresh, lambda c: c.fetch("session")):
        refused(ask(browser), 503, "store_unavailable")
    path.rmdir()
    assert is_logged_in(browser)
    assert leave(browser).status == 204
    assert not is_logged_in(phone)


def clean_up(site):
    """What a timer calls once a day."""
    subprocess.run([str(site.build_dir / "cgi-bin" / "logout"), "-c", "-f",
                    str(site.conf_file)], env=site.environment, check=True,
                   timeout=60, capture_output=True)


def test_the_clean_up_takes_what_nobody_needs(make_stack):
    """A day after no session can be left that began before."""
    site = make_stack(conf={"idle_limit": "1d", "absolute_limit": "2d"})
    browser = Browser(site)
    browser.login()
    leave(browser)
    site.clock.advance(3 * DAY - 60)
    clean_up(site)
    assert len(stored(site, "since-")) == 3
    site.clock.advance(120)
    clean_up(site)
    assert [path.name for path in stored(site, "since-")] == ["since-latest"]
