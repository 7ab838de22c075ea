# SPDX-License-Identifier: ISC
"""callback: the whole way of a login, and what is sent to Spotify on it."""

import base64
import re
import shutil
import urllib.parse

import pytest

from tools.answers import Browser, refused, set_cookies
from tools.parallel import Later, together
from tools.spotify import count, headers_of, newest_secret
from tools.store import stored
from tools.urls import challenge_of, query_of, with_query

SESSION_43 = re.compile(r"[A-Za-z0-9_-]{43}")


def test_a_login_ends_where_it_should_with_a_session(browser, stack):
    reply = browser.login(return_to="/x?y=z")
    assert (reply.status, reply.location) == (303, stack.url + "/x?y=z")
    cookies = set_cookies(reply)
    secret, attributes = cookies.pop("spotify-session")
    assert SESSION_43.fullmatch(secret)
    assert attributes == {"Max-Age=2592000", "Path=/", "HttpOnly",
                          "SameSite=Lax"}
    [(name, (value, attributes))] = cookies.items()
    assert name.startswith("spotify-login-") and value == ""
    assert attributes == {"Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"}
    [path] = stored(stack)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert secret not in path.name


def test_spotify_is_sent_exactly_this(browser, stack, spotify):
    authorize = query_of(url := browser.start_login())
    callback = browser.approve(url)
    code = query_of(callback)["code"]
    browser.finish(callback)
    [token] = spotify.requests("token")
    verifier = dict(token["form"])["code_verifier"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", verifier)
    assert challenge_of(verifier) == authorize["code_challenge"]
    quoted = urllib.parse.quote(stack.redirect_uri, safe="")
    assert token["body"] == (
        f"grant_type=authorization_code&code={code}"
        f"&redirect_uri={quoted}&code_verifier={verifier}")
    assert authorize["redirect_uri"] == stack.redirect_uri
    sent = headers_of(token)
    # Id and secret form-encoded, then base64 (RFC 6749, section 2.3.1).
    assert base64.b64decode(sent.pop("Authorization").split()[1]) == \
        b"simulated-client:simulated%3Asecret%2B%25%26"
    assert sent.pop("User-Agent").startswith("spotify-fcgi/")
    assert sent == {
        "Host": spotify.url.partition("//")[2], "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(token["body"]))}
    assert (token["method"], token["path"], token["raw_query"],
            token["note"]) == ("POST", "/api/token", "", None)


def test_then_it_asks_once_who_it_is(browser, spotify):
    browser.login()
    [me] = spotify.requests("me")
    assert (me["method"], me["path"], me["raw_query"], me["body"]) == (
        "GET", "/v1/me", "", "")
    access = newest_secret(spotify, "access_token")
    sent = headers_of(me)
    assert sent["Authorization"] == "Bearer " + access
    assert set(sent) == {"Host", "User-Agent", "Accept", "Authorization"}
    assert len(access) == 582
    assert count(spotify, "token") == 1
    assert count(spotify, "following") == 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_tabs_finish_in_either_order(browser, stack, spotify, order):
    urls = [browser.start_login(return_to="/tab0"),
            browser.start_login(return_to="/tab1")]
    callbacks = [browser.approve(url) for url in urls]
    for tab in order:
        reply = browser.finish(callbacks[tab])
        assert reply.location == f"{stack.url}/tab{tab}"
    assert browser.fetch("session").json["logged_in"] is True
    assert len(stored(stack)) == 1
    assert count(spotify, "token") == 2


def test_two_tabs_may_finish_at_the_same_moment(browser, stack):
    callbacks = [browser.approve(browser.start_login()) for _ in range(2)]
    tabs = [browser.copy(), browser.copy()]
    replies = together(lambda t=tab, c=callback: t.finish(c)
                       for tab, callback in zip(tabs, callbacks))
    assert [reply.status for reply in replies] == [303, 303]
    for tab in tabs:
        assert tab.fetch("session").json["logged_in"] is True
    assert len(stored(stack)) == 2


def test_two_people_stay_apart(stack):
    people = {name: Browser(stack) for name in ("wizzler", "grace.many",
                                                "özkant")}
    for name, browser in people.items():
        browser.login(account=name)
    for _ in range(3):
        for name, browser in people.items():
            found = browser.fetch("session").json["account"]
            assert found["id"] == name
            assert browser.fetch("artists").json["total"] == {
                "wizzler": 120, "grace.many": 2000, "özkant": 0}[name]


# The session

def test_every_login_begins_a_new_session(browser, stack):
    browser.login()
    old = browser.copy()
    [file] = stored(stack)
    browser.login()
    assert browser.session_cookie != old.session_cookie
    assert stored(stack) != [file]
    assert len(stored(stack)) == 1
    assert old.fetch("session").json == {"logged_in": False}
    assert browser.fetch("session").json["logged_in"] is True


def test_a_session_cookie_from_elsewhere_is_not_adopted(browser, stack):
    browser.session_cookie = "A" * 43
    browser.login()
    assert browser.session_cookie != "A" * 43
    planted = Browser(stack)
    planted.session_cookie = "A" * 43
    assert planted.fetch("session").json == {"logged_in": False}


def test_a_login_that_fails_leaves_the_old_session_alone(browser, spotify):
    browser.login()
    spotify.answers("token", "server_error_500")
    url = browser.approve(browser.start_login())
    refused(browser.finish(url), 502, "upstream_failed")
    assert browser.fetch("session").json["logged_in"] is True


# Back and reload

def test_back_and_reload_lead_home(browser, stack, spotify):
    url = browser.approve(browser.start_login(return_to="/x"))
    assert browser.finish(url).location == stack.url + "/x"
    for _ in range(2):
        assert browser.finish(url).location == stack.url + "/"
    assert browser.fetch("session").json["logged_in"] is True
    assert count(spotify, "token") == 1


def test_an_answer_is_good_once_even_with_its_cookie(browser, spotify):
    url = browser.approve(browser.start_login())
    thief = browser.copy()
    browser.finish(url)
    for _ in range(2):
        refused(thief.copy().finish(url), 400, "login_replayed")
    assert count(spotify, "token") == 1


@pytest.mark.parametrize("first", [False, True])
def test_of_many_at_the_same_moment_one_wins(browser, spotify, stack, first):
    """Also where nobody has logged in during these ten minutes."""
    url = browser.approve(browser.start_login())
    if first:
        shutil.rmtree(stack.session_dir / "used", ignore_errors=True)
    replies = together(lambda b=browser.copy(): b.finish(url)
                       for _ in range(10))
    good = [reply for reply in replies if reply.status == 303]
    assert {reply.code for reply in replies if reply.status != 303} <= {
        "login_replayed", "login_under_way"}
    # Whoever had asked meanwhile may have been given the same session.
    assert 1 <= len(good) <= 2
    assert len({set_cookies(reply)["spotify-session"][0]
                for reply in good}) == 1
    assert count(spotify, "token") == 1
    assert len(stored(stack)) == 1


def test_a_failed_login_is_used_up_as_well(browser, spotify):
    url = browser.approve(browser.start_login())
    copy = browser.copy()
    spotify.answers("token", "server_error_500")
    refused(browser.finish(url), 502, "upstream_failed")
    refused(copy.finish(url), 400, "login_replayed")
    assert count(spotify, "token") == 1


# Reload while the login is being finished

class Reloading:
    """A browser whose first request is being worked on, and was given up."""

    def __init__(self, browser, spotify, **answer):
        self.browser, self.spotify = browser, spotify
        self.url = browser.approve(browser.start_login(return_to="/x"))
        since = count(spotify, "token")
        spotify.answers("token", {"held": True, **answer})
        self.first = Later(lambda b=browser.copy(): b.finish(self.url))
        spotify.wait_for("token", since + 1)

    def end(self):
        """Let Spotify answer; nobody reads what the first is told."""
        self.spotify.release()
        return self.first.result()


@pytest.fixture
def reloading(browser, spotify):
    found = Reloading(browser, spotify)
    yield found
    found.end()


def test_a_reload_meanwhile_is_told_so_and_the_next_one_logs_in(
        reloading, browser, stack, spotify):
    for _ in range(3):
        page = refused(browser.finish(reloading.url), 503, "login_under_way")
        assert page.header("Retry-After") == page.header("Refresh") == "2"
        assert page.all("Set-Cookie") == []
        assert b'href=""' in page.body and b"/login" not in page.body
    assert reloading.end().status == 303
    assert browser.finish(reloading.url).location == stack.url + "/x"
    assert browser.fetch("session").json["logged_in"]
    assert browser.fetch("artists").json["complete"]
    assert browser.finish(reloading.url).location == stack.url + "/"
    assert len(stored(stack)) == count(spotify, "token") == 1


def test_what_was_given_again_is_not_given_a_third_time(
        reloading, browser, spotify):
    thief = browser.copy()
    refused(browser.finish(reloading.url), 503, "login_under_way")
    reloading.end()
    browser.finish(reloading.url)
    for _ in range(2):
        refused(thief.copy().finish(reloading.url), 400, "login_replayed")
    assert count(spotify, "token") == 1


def test_the_same_address_in_another_browser_gets_nothing(
        reloading, browser, stack):
    refused(browser.finish(reloading.url), 503, "login_under_way")
    refused(Browser(stack).finish(reloading.url), 400, "login_no_cookie")
    reloading.end()
    refused(Browser(stack).finish(reloading.url), 400, "login_no_cookie")
    assert browser.finish(reloading.url).status == 303


@pytest.mark.parametrize("change", [("code=", "code=x"), ("code=", "code=&x=")])
def test_another_code_with_the_same_cookie_gets_nothing(
        reloading, browser, change):
    """Who has planted his cookie does not know the code that came with it."""
    refused(browser.finish(reloading.url), 503, "login_under_way")
    reloading.end()
    reply = browser.copy().finish(reloading.url.replace(*change))
    assert reply.status == 400 and browser.session_cookie is None


def test_a_logout_meanwhile_wins(reloading, browser, stack):
    refused(browser.finish(reloading.url), 503, "login_under_way")
    first = reloading.first
    reloading.spotify.release()
    other = Browser(stack)
    other.session_cookie = first.result().all("Set-Cookie")[-1].partition(
        ";")[0].partition("=")[2]
    assert other.fetch("logout", "POST").status == 204
    refused(browser.finish(reloading.url), 400, "login_replayed")
    assert stored(stack) == []


def test_after_two_minutes_it_is_too_late(reloading, browser, stack):
    refused(browser.finish(reloading.url), 503, "login_under_way")
    reloading.end()
    stack.clock.advance(130)
    refused(browser.finish(reloading.url), 400, "login_replayed")


def test_a_reload_of_a_login_that_fails_is_told_that(browser, spotify):
    reloading = Reloading(browser, spotify, name="server_error_500")
    refused(browser.finish(reloading.url), 503, "login_under_way")
    refused(reloading.end(), 502, "upstream_failed")
    for _ in range(2):
        refused(browser.finish(reloading.url), 400, "login_replayed")


def test_who_reloads_a_failure_is_not_told_to_allow_cookies_only(
        browser, spotify):
    """The failure has deleted the cookie that the reload lacks."""
    url = browser.approve(browser.start_login())
    spotify.answers("token", "server_error_500")
    refused(browser.finish(url), 502, "upstream_failed")
    page = refused(browser.finish(url), 400, "login_no_cookie")
    assert "If you have reloaded" in page.text


def test_it_is_under_way_for_all_processes(make_stack):
    stack = make_stack(processes={"callback": 2})
    browser = Browser(stack)
    reloading = Reloading(browser, stack.spotify)
    for _ in range(6):
        refused(browser.finish(reloading.url), 503, "login_under_way")
    assert reloading.end().status == 303
    assert browser.finish(reloading.url).status == 303
    assert browser.fetch("session").json["logged_in"]


# Somebody else's

def test_another_browsers_answer_is_refused(browser, stack, spotify):
    victim, url = Browser(stack), browser.approve(browser.start_login())
    refused(victim.finish(url), 400, "login_no_cookie")
    victim.start_login()
    refused(victim.finish(url), 400, "login_no_cookie")
    assert count(spotify, "token") == 0
    assert browser.finish(url).status == 303


def test_a_victim_who_is_logged_in_stays_who_he_is(browser, stack):
    victim = Browser(stack)
    victim.login(account="grace.many")
    url = browser.approve(browser.start_login(return_to="/evil"))
    assert victim.finish(url).location == stack.url + "/"
    assert victim.fetch("session").json["account"]["id"] == "grace.many"


def test_crossed_codes_do_not_fit_their_verifiers(browser, stack, spotify):
    other = Browser(stack)
    mine = browser.approve(browser.start_login())
    theirs = other.approve(other.start_login(), "grace.many")
    crossed = with_query(mine, code=query_of(theirs)["code"])
    reply = refused(browser.finish(crossed), 400, "login_refused")
    assert "spotify-session" not in set_cookies(reply)
    assert stored(stack) == []
    [token] = spotify.requests("token")
    assert token["status"] == 400


def test_one_browsers_cookie_under_the_others_name_is_refused(
        browser, stack, spotify):
    other = Browser(stack)
    url = other.approve(other.start_login())
    browser.start_login()
    [name], [value] = other.cookies.names(), [
        browser.cookies.get(n) for n in browser.cookies.names()]
    browser.cookies.set(name, value, stack.host)
    refused(browser.finish(url), 400, "login_bad_state")
    assert count(spotify, "token") == 0


@pytest.mark.parametrize("bend", [
    lambda v: v[:-1], lambda v: v + "A", lambda v: "A" + v, lambda v: "",
    lambda v: v[:50] + ("B" if v[50] == "A" else "A") + v[51:],
    lambda v: v + "=", lambda v: '"' + v + '"'])
def test_a_cookie_that_was_changed_is_refused(browser, stack, spotify, bend):
    url = browser.approve(browser.start_login())
    [name] = browser.cookies.names()
    browser.cookies.set(name, bend(browser.cookies.get(name)), stack.host)
    refused(browser.finish(url), 400, "login_bad_state")
    assert count(spotify, "token") == 0


def test_a_cookie_longer_than_any_of_ours_is_none(browser, spotify):
    url = browser.approve(browser.start_login())
    [name] = browser.cookies.names()
    browser.cookies.set(name, "A" * 3000, browser.stack.host)
    refused(browser.finish(url), 400, "login_no_cookie")
    assert count(spotify, "token") == 0


@pytest.mark.parametrize("state", [
    None, "", "x", "A" * 42, "A" * 44, "A" * 43 + "\n", "A" * 42 + "=",
    "../../../etc/passwd", "A" * 42 + "B"])
def test_a_state_that_is_none_is_refused(browser, spotify, state):
    url = browser.approve(browser.start_login())
    reply = browser.finish(with_query(url, state=state))
    assert reply.status == 400
    assert reply.code in ("login_bad_state", "bad_request")
    assert count(spotify, "token") == 0
    assert browser.finish(url).status == 303
