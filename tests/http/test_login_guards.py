# SPDX-License-Identifier: ISC
"""login and callback keep to what they are told by the configuration and by
their own cookies, whatever else a request says."""

import re

import pytest

from stack import PROGRAMS
from tools import fastcgi
from tools.answers import Browser, refused, set_cookies
from tools.spotify import count
from tools.store import stored
from tools.urls import query_of, with_query

HEADER_MAX = 4096       # what a web server that nobody has tuned takes
COOKIE_MAX = 4096       # what a browser must keep (RFC 6265, section 6.1)
COOKIE = re.compile(r"spotify-(session|login-[\w-]{8})=[\w-]*; Max-Age=\d+; "
                    r"Path=/; HttpOnly; SameSite=Lax", re.A)


def shape(url):
    """An authorize URL without what is new in each."""
    return with_query(url, state="", code_challenge="")


# What leads to Spotify

@pytest.mark.parametrize("headers", [
    {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Port": "81", "X-Forwarded-Prefix": "/evil"},
    {"Forwarded": "host=evil.example;proto=http"},
    {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    {"X-Host": "evil.example", "X-Forwarded-Server": "evil.example"}],
    ids=str)
def test_a_proxys_word_does_not_move_the_redirect_uri(browser, stack, spotify,
                                                      headers):
    """The token request names it again, and it is the same there."""
    url = browser.get("login", headers, link=True).location
    assert query_of(url)["redirect_uri"] == stack.redirect_uri
    reply = browser.finish(browser.approve(url), headers)
    assert reply.location == stack.url + "/"
    [token] = spotify.requests("token")
    assert dict(token["form"])["redirect_uri"] == stack.redirect_uri


@pytest.mark.parametrize("name, value", [
    ("SERVER_NAME", "evil.example"), ("SERVER_PORT", "81"),
    ("HTTP_X_FORWARDED_HOST", "evil.example"), ("HTTPS", "on"),
    ("HTTP_X_FORWARDED_PROTO", "https"), ("REQUEST_SCHEME", "gopher"),
    ("REQUEST_URI", "http://evil.example/login"),
    ("DOCUMENT_URI", "/evil/login"), ("SCRIPT_NAME", "/evil/login"),
    ("CONTEXT_PREFIX", "/evil"), ("SCRIPT_URI", "http://evil.example/login")])
def test_nor_does_the_web_servers(stack, name, value):
    params = fastcgi.params_of(stack, "login", **{name: value})
    reply = fastcgi.ask(stack, "login", params)
    assert query_of(reply.location)["redirect_uri"] == stack.redirect_uri
    assert "evil" not in str(reply.headers)


@pytest.mark.parametrize("query", [
    "scope=playlist-modify-public", "client_id=evil", "response_type=token",
    "redirect_uri=https://evil.example/", "prompt=none", "show_dialog=true",
    "state=" + "A" * 43, "code_challenge=x&code_challenge_method=plain",
    "authorize_url=https://evil.example/", "return_to=/x%26scope%3Dy",
    "return_to=/%26client_id%3Devil%23x", "a=b%26scope%3Dx"])
def test_no_parameter_reaches_spotify(browser, query):
    plain = browser.get("login", link=True).location
    asked = browser.get("login?" + query, link=True).location
    assert shape(asked) == shape(plain)
    assert "A" * 43 not in asked


def test_a_login_fits_into_a_small_header(stack, browser):
    """And its cookie into a browser, with the longest way back, ten times
    in a row."""
    path = "/" + "x" * 511
    for _ in range(10):
        params = fastcgi.params_of(
            stack, "login", QUERY_STRING="return_to=" + path,
            HTTP_COOKIE=browser.cookies.text(stack.url + "/login"))
        reply = fastcgi.ask(stack, "login", params)
        assert reply.status == 303 and reply.body == b""
        head = "".join(f"{name}: {value}\r\n"
                       for name, value in reply.headers)
        assert len(head) < HEADER_MAX - 500     # the web server adds some
        for text in reply.all("Set-Cookie"):
            assert len(text.partition(";")[0]) < COOKIE_MAX
            browser.cookies.accept(text, stack.url)
        stack.clock.advance(1)
    url = browser.approve(reply.location)
    assert browser.finish(url).location == stack.url + path


# What comes back

@pytest.mark.parametrize("bend", [
    lambda s: s[:-1], lambda s: s + "A", lambda s: s.swapcase(),
    lambda s: s + "=", lambda s: s + "\x00", lambda s: "\x00" + s,
    lambda s: s[1:] + s[0], lambda s: s + " ", lambda s: s[::-1],
    lambda s: ("B" if s[0] == "A" else "A") + s[1:],
    lambda s: s[:-1] + chr(ord(s[-1]) + 1)])
def test_only_the_whole_state_is_the_state(browser, stack, spotify, bend):
    url = browser.approve(browser.start_login())
    bent = with_query(url, state=bend(query_of(url)["state"]))
    reply = browser.finish(bent)
    assert reply.status == 400
    assert reply.code in ("login_bad_state", "login_no_cookie", "bad_request")
    assert count(spotify, "token") == 0 and stored(stack) == []
    assert browser.finish(url).status == 303


def test_a_code_of_another_tab_does_not_fit(browser, stack, spotify):
    """One browser, two logins under way: each has a verifier of its own."""
    one, two = (browser.approve(browser.start_login()) for _ in range(2))
    crossed = with_query(one, code=query_of(two)["code"])
    refused(browser.finish(crossed), 400, "login_refused")
    assert stored(stack) == [] and browser.session_cookie is None
    [token] = spotify.requests("token")
    assert token["status"] == 400


@pytest.mark.parametrize("good_first", [True, False])
@pytest.mark.parametrize("lines", [1, 2])
def test_two_cookies_of_one_login_are_refused(browser, spotify, good_first,
                                              lines):
    """Somebody on a sibling host may have planted one of them."""
    url = browser.approve(browser.start_login())
    [name] = browser.cookies.names()
    pairs = [f"{name}={browser.cookies.get(name)}", f"{name}={'A' * 160}"]
    pairs = pairs if good_first else pairs[::-1]
    sent = [("Cookie", text) for text in (
        pairs if lines == 2 else ["; ".join(pairs)])]
    refused(browser.request("GET", url, sent), 400, "login_bad_state")
    assert count(spotify, "token") == 0


EVIL_WORDS = {
    "error_description": "<script>evil()</script>\r\nSet-Cookie: evil=1",
    "error_uri": "https://evil.example/?\"><img src=x onerror=evil()>",
    "x": "\r\n\r\nevil", "evil": "evil\x1b[31m"}


@pytest.mark.parametrize("error", ["access_denied", "server_error",
                                   "javascript:evil", "https://evil.example"])
def test_nothing_that_an_error_says_is_repeated(browser, stack, error):
    """Neither in the page nor in the log nor a header, but for a word. The
    names of cookies are left out, which are random."""
    url = browser.deny(browser.start_login())
    before = len(stack.log("callback"))
    reply = browser.finish(with_query(url, error=error, **EVIL_WORDS))
    assert reply.code in ("login_denied", "login_refused", "upstream_failed")
    said = reply.text.lower() + str([
        pair for pair in reply.headers if pair[0] != "Set-Cookie"]).lower()
    for word in ("evil", "script", "onerror", "\x1b"):
        assert word not in said
    stack.wait_for_event("callback", "answered", code=reply.code)
    assert "evil" not in stack.log("callback")[before:]
    assert [value for value, _ in set_cookies(reply).values()] == [""]


def test_a_failure_ends_one_login_and_no_other(browser, stack, spotify):
    """The page offers to begin again, and does not by itself."""
    broken, good = (browser.approve(browser.start_login()) for _ in range(2))
    before = set(browser.cookies.names())
    spotify.answers("token", "server_error_500")
    reply = refused(browser.finish(broken), 502, "upstream_failed")
    [(name, (value, attributes))] = set_cookies(reply).items()
    assert value == "" and "Max-Age=0" in attributes
    assert before - {name} == set(browser.cookies.names())
    assert len(before) == 2
    assert f'href="{stack.url}/login"' in reply.text
    assert "http-equiv" not in reply.text and "<script" not in reply.text
    assert reply.header("Refresh") is None
    assert browser.finish(good).status == 303


# Who is logged in

@pytest.mark.parametrize("program", ["session", "artists", "refresh"])
def test_a_session_comes_by_its_cookie_only(browser, stack, program):
    """Not by the address, another header, the body or another's login."""
    browser.login()
    value = browser.session_cookie
    name = browser.session_cookie_name
    stranger = Browser(stack)
    method = "POST" if program == "refresh" else "GET"
    for path, headers, body in (
            (f"{program}?{name}={value}&sid={value}", {}, None),
            (program, {"X-Session": value, name: value}, None),
            (program, {"Authorization": f"Bearer {value}"}, None),
            (program, {"Cookie": f"sid={value}; session={value}"}, None),
            (program, {"Cookie2": f"{name}={value}"}, None),
            (program, {}, f"{name}={value}" if method == "POST" else None)):
        reply = stranger.fetch(path, method, headers, body)
        if program == "session":
            assert reply.json == {"logged_in": False}, path
        else:
            refused(reply, 401, "not_logged_in")
    assert browser.fetch(program, method).status == 200


def test_a_session_is_told_by_its_cookie_only(browser):
    """No answer but the one that sets it holds its value."""
    browser.login()
    for program in PROGRAMS:
        for method in ("GET", "POST"):
            if program != "logout":
                browser.fetch(program, method)
    browser.replies.append(fastcgi.vouch(browser))
    assert len(browser.replies) > 10
    for reply in browser.replies:
        text = "".join(f"{n}: {v}\n" for n, v in reply.headers
                       if n != "Set-Cookie").encode() + reply.body
        assert browser.session_cookie.encode() not in text


def test_every_cookie_is_set_once_and_in_a_strict_form(browser, spotify):
    """At a login that succeeds, one that fails, one too many, a logout."""
    for _ in range(6):
        url = browser.start_login()
    browser.finish(browser.approve(url))
    spotify.answers("token", "server_error_500")
    browser.finish(browser.approve(browser.start_login()))
    browser.finish(browser.deny(browser.start_login()))
    browser.fetch("logout", "POST")
    count_seen = 0
    for reply in browser.replies:
        texts = reply.all("Set-Cookie")
        names = [text.partition("=")[0] for text in texts]
        assert len(set(names)) == len(names)
        for text in texts:
            assert COOKIE.fullmatch(text), text
            count_seen += 1
    assert count_seen >= 13
