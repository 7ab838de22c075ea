# SPDX-License-Identifier: ISC
"""login sends the browser to Spotify and remembers it in a sealed cookie."""

import base64
import re
import urllib.parse

import pytest

from tools.answers import Browser, refused, set_cookies
from tools.urls import query_of

PENDING = re.compile(r"spotify-login-[A-Za-z0-9_-]{8}")
SECRET_43 = re.compile(r"[A-Za-z0-9_-]{43}")


def pending_names(browser):
    """Of the logins that this browser has begun."""
    return [name for name in browser.cookies.names() if "-login-" in name]


def test_it_leads_to_spotify_with_everything_that_a_login_needs(
        browser, stack):
    reply = browser.get("login", link=True)
    assert reply.status == 303
    address, _, query = reply.location.partition("?")
    assert address == stack.spotify.url + "/authorize"
    fields = query_of(reply.location)
    assert SECRET_43.fullmatch(fields["state"])
    assert SECRET_43.fullmatch(fields["code_challenge"])
    redirect = urllib.parse.quote(stack.redirect_uri, safe="")
    assert query == (
        "response_type=code&client_id=simulated-client"
        "&scope=user-read-email%20user-follow-read"
        f"&redirect_uri={redirect}&state={fields['state']}"
        "&code_challenge_method=S256"
        f"&code_challenge={fields['code_challenge']}")


def test_it_sets_one_cookie_for_the_attempt(browser):
    cookies = set_cookies(browser.get("login"))
    [(name, (value, attributes))] = cookies.items()
    assert PENDING.fullmatch(name)
    assert attributes == {"Max-Age=600", "Path=/", "HttpOnly", "SameSite=Lax"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{100,}", value)


def test_the_cookie_shows_nothing_of_what_it_holds(browser):
    reply = browser.get("login?return_to=/a-place-to-return-to", link=True)
    [(_, (value, _))] = set_cookies(reply).items()
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    state = query_of(reply.location)["state"]
    assert state not in value
    assert base64.urlsafe_b64decode(state + "=") not in raw
    assert b"return" not in raw


def test_every_attempt_is_new(browser):
    seen = [query_of(browser.start_login()) for _ in range(5)]
    assert len({fields["state"] for fields in seen}) == 5
    assert len({fields["code_challenge"] for fields in seen}) == 5
    assert len(pending_names(browser)) == 5


def test_nothing_is_written(browser, stack):
    before = sorted(stack.session_dir.rglob("*"))
    for _ in range(20):
        browser.get("login?return_to=/x")
    assert sorted(stack.session_dir.rglob("*")) == before


@pytest.mark.parametrize("query, dialog", [
    ("switch=1", True), ("switch=0", False), ("switch=", False), ("", False),
    ("switch=true", False)])
def test_switch_makes_spotify_ask_again(browser, query, dialog):
    fields = query_of(browser.get("login?" + query).location)
    assert fields.get("show_dialog") == ("true" if dialog else None)


def test_switch_changes_the_account(browser, spotify):
    browser.login()
    assert browser.fetch("session").json["account"]["id"] == "wizzler"
    spotify.settings(consent="ask")
    url = browser.start_login(switch=True)
    browser.finish(browser.approve(url, "grace.many"))
    assert browser.fetch("session").json["account"]["id"] == "grace.many"


# At most five at a time

def test_the_sixth_login_ends_the_oldest_only(browser, stack):
    urls = []
    for _ in range(6):
        urls.append(browser.start_login())
        stack.clock.advance(1)
    assert len(pending_names(browser)) == 5
    callbacks = [browser.approve(url) for url in urls]
    refused(browser.finish(callbacks[0]), 400, "login_no_cookie")
    for callback in callbacks[:0:-1]:
        assert browser.finish(callback).location == stack.url + "/"
    assert pending_names(browser) == []


def test_cookies_that_are_not_ours_go_before_those_that_are(browser, stack):
    for name in ("aaaaaaaa", "bbbbbbbb"):
        browser.cookies.set(f"spotify-login-{name}", "junk", stack.host)
    callbacks = [browser.approve(browser.start_login()) for _ in range(5)]
    assert not {"spotify-login-aaaaaaaa",
                "spotify-login-bbbbbbbb"} & set(pending_names(browser))
    for callback in callbacks:
        assert browser.finish(callback).status == 303


def test_however_many_there_are_five_remain(browser, stack):
    for n in range(9):
        browser.cookies.set(f"spotify-login-{n:08d}", "junk", stack.host)
    browser.start_login()
    assert len(pending_names(browser)) == 5


# Hosts

@pytest.mark.parametrize("host", [
    "localhost", "localhost:{port}", "other.example", "127.0.0.2:{port}",
    "127.0.0.1.evil.example", "[::1]:{port}"])
def test_another_host_is_sent_to_the_right_one_once(browser, stack, host):
    host = host.format(port=stack.port)
    for query in ("", "?return_to=/x%3Fy%3Dz&switch=1"):
        reply = browser.get("login" + query, {"Host": host})
        assert reply.status == 303
        assert reply.location == (
            f"{stack.url}/login{query}{'&' if query else '?'}moved=1")
        assert reply.all("Set-Cookie") == []
    again = reply.location.partition(str(stack.port))[2]
    reply = browser.get(again, {"Host": host})
    assert reply.location.startswith(stack.spotify.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1",
                                  "127.0.0.1:{port}"])
def test_the_port_of_the_host_does_not_matter(browser, stack, host):
    reply = browser.get("login", {"Host": host.format(port=stack.port)})
    assert reply.location.startswith(stack.spotify.url)


def test_a_query_that_is_too_long_to_move_stays_behind(browser, stack):
    reply = browser.get("login?return_to=/" + "x" * 3000,
                        {"Host": "localhost"})
    assert reply.location == f"{stack.url}/login?&moved=1"
    reply = browser.get(reply.location, {"Host": f"localhost:{stack.port}"})
    assert reply.location.startswith(stack.spotify.url)


def test_a_query_moves_in_ascii(browser, stack):
    reply = browser.get("login?return_to=/caf%C3%A9%20x", {
        "Host": "localhost"})
    assert reply.location == (
        f"{stack.url}/login?return_to=/caf%C3%A9%20x&moved=1")


# Who may begin one

@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Dest": "frame"},
    {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "same-origin"},
    {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": None},
    {"Sec-Fetch-Dest": "empty", "Sec-Purpose": "prefetch"},
    {"Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Dest": "embed"},
    {"Sec-Fetch-Dest": "script"}, {"Sec-Fetch-Dest": "object"},
    {"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_what_is_no_visit_is_refused(browser, headers):
    reply = refused(browser.get("login", headers, link=True), 403,
                    "cross_site")
    assert reply.all("Set-Cookie") == []


def test_a_service_worker_may_pass_a_visit_on(browser, stack):
    """As Chromium sends it for respondWith(fetch(event.request))."""
    reply = browser.get("login", {"Sec-Fetch-Dest": "empty"}, link=True)
    assert reply.location.startswith(stack.spotify.url)


@pytest.mark.parametrize("site", ["none", "same-origin", "same-site",
                                  "cross-site", None])
def test_a_visit_may_come_from_anywhere(browser, stack, site):
    reply = browser.get("login", {"Sec-Fetch-Site": site})
    assert reply.location.startswith(stack.spotify.url)


def test_a_browser_that_says_nothing_may_log_in(browser, stack):
    reply = browser.request("GET", "login")
    assert reply.location.startswith(stack.spotify.url)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE",
                                    "OPTIONS"])
def test_only_get_begins_a_login(browser, method):
    reply = browser.request(method, "login")
    assert reply.status == 405
    assert reply.header("Allow") == "GET"
    assert reply.all("Set-Cookie") == []


@pytest.mark.parametrize("query", [
    "switch=1&switch=1", "switch=%zz", "moved=1&moved=1", "%zz=a"])
def test_a_query_that_is_none_is_refused(browser, query):
    reply = refused(browser.get("login?" + query), 400, "bad_request")
    assert reply.all("Set-Cookie") == []


@pytest.mark.parametrize("query, end", [
    ("return_to=/caf%C3%A9", "/caf%C3%A9"), ("return_to=/%c3%b6", "/%C3%B6"),
    ("return_to=/a%20b", "/a%20b"), ("return_to=/a&return_to=/b", "/"),
    ("return_to=%", "/"), ("return_to=/100%", "/"), ("return_to=%zz", "/"),
    ("return_to=%00", "/"), ("return_to=/%0d%0aX:y", "/"),
    ("return_to=/%09/evil.example", "/"), ("return_to=/%5cevil.example", "/"),
    ("return_to=/%7f", "/"), ("return_to=/" + "x" * 5000, "/"),
    ("return_to=/" + "%C3%A9" * 86, "/"),
    ("return_to=/" + "%C3%A9" * 85, "/" + "%C3%A9" * 85)])
def test_a_way_back_is_taken_or_forgotten(browser, stack, query, end):
    """It is no reason to refuse a login; see test_return_to.py for more."""
    reply = browser.finish(browser.approve(
        browser.get("login?" + query).location))
    assert (reply.status, reply.location) == (303, stack.url + end)


@pytest.mark.parametrize("query", ["unknown=1", "&&&", "x=%zz", "a=b&a=c",
                                   "x" * 100 + "=1", "utm_source=%C3%B6"])
def test_parameters_of_others_do_not_matter(browser, stack, query):
    reply = browser.get("login?" + query)
    assert reply.location.startswith(stack.spotify.url)


# Over another configuration

def test_a_prefix_is_in_every_address(make_stack):
    stack = make_stack(prefix="/a/b/")
    browser = Browser(stack)
    url = browser.start_login(return_to="/elsewhere?x=1#part")
    assert query_of(url)["redirect_uri"] == f"{stack.url}/a/b/callback"
    reply = browser.finish(browser.approve(url))
    assert reply.location == f"{stack.url}/elsewhere?x=1#part"
    assert Browser(stack).fetch("artists").json["login_url"] == \
        f"{stack.url}/a/b/login"
    reply = browser.get("login", {"Host": "localhost"})
    assert reply.location == f"{stack.url}/a/b/login?moved=1"


def test_scope_and_landing_page_are_the_configured_ones(make_stack):
    origin = "https://app.example"
    browser = Browser(make_stack(conf={
        "scope": "user-follow-read", "after_login": origin + "/welcome?a=b",
        "allowed_origins": origin}))
    url = browser.start_login()
    assert query_of(url)["scope"] == "user-follow-read"
    assert browser.finish(browser.approve(url)).location == \
        origin + "/welcome?a=b"
    assert "email" not in browser.fetch("session").json["account"]
    assert browser.post("logout").location == origin + "/welcome?a=b"
    assert origin in browser.get("callback?state=x").text
