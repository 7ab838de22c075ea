# SPDX-License-Identifier: ISC
"""callback: every way in which a login can fail ends on a page of its own,
and without a session."""

import pytest

from tools.answers import Browser, refused, set_cookies
from tools.parallel import together
from tools.spotify import count, json_answer
from tools.store import stored
from tools.urls import query_of, with_query

GOOD_TOKENS = {"access_token": "BQgood", "token_type": "Bearer",
               "expires_in": 3600, "refresh_token": "AQgood",
               "scope": "user-read-email user-follow-read"}
# What Spotify would say again to this account, and without a question.
OF_THE_ACCOUNT = {"not_on_allowlist", "spotify_refused"}


@pytest.fixture
def fails(browser, stack):
    """A function: log in, and see it refused like this."""
    def check(status, code, account=None):
        url = browser.start_login(return_to="/x")
        reply = refused(browser.finish(browser.approve(url, account)),
                        status, code)
        assert "spotify-session" not in set_cookies(reply)
        assert stored(stack) == []
        assert not any(name.startswith("spotify-login-")
                       for name in browser.cookies.names())
        query = "?switch=1" if code in OF_THE_ACCOUNT else ""
        assert f'href="{stack.url}/login{query}"' in reply.text
        assert f'href="{stack.url}/"' in reply.text
        return reply
    return check


# What Spotify's redirect may say

def test_a_denied_consent_is_no_error_of_anybody(browser, stack, spotify):
    url = browser.deny(browser.start_login())
    assert query_of(url)["error"] == "access_denied"
    reply = refused(browser.finish(url), 403, "login_denied")
    assert "nobody has been logged in" in reply.text
    assert stored(stack) == [] and count(spotify, "token") == 0
    refused(browser.finish(url), 400, "login_no_cookie")
    for outcome in ("login_denied", "login_no_cookie"):
        stack.wait_for_event("callback", "login", outcome=outcome,
                             level="info")
    assert "error=access_denied" not in stack.log("callback")


@pytest.mark.parametrize("error, status, code", [
    ("server_error", 502, "upstream_failed"),
    ("temporarily_unavailable", 502, "upstream_failed"),
    ("invalid_scope", 503, "misconfigured"),
    ("invalid_request", 503, "misconfigured"),
    ("unauthorized_client", 503, "misconfigured"),
    ("unsupported_response_type", 503, "misconfigured"),
    ("interaction_required", 400, "login_refused"),
    ("x.new-word_2", 400, "login_refused")])
def test_an_error_of_spotifys_is_told_by_its_word(browser, stack, spotify,
                                                  error, status, code):
    """The visitor what to do, the operator which word it was."""
    spotify.settings(deny_error=error)
    url = browser.deny(browser.start_login())
    reply = refused(browser.finish(url), status, code)
    assert error not in reply.text and count(spotify, "token") == 0
    assert stack.wait_for_event(
        "callback", "authorize_refused", error=error,
        level="error" if code == "misconfigured" else "warn")
    assert stored(stack) == []


@pytest.mark.parametrize("error", [
    "<script>", "a b=c", "e" * 64, "urn:x:evil", "x\" event=login"])
def test_an_error_that_is_no_word_is_neither_shown_nor_logged(
        browser, stack, spotify, error):
    spotify.settings(deny_error=error)
    url = browser.deny(browser.start_login())
    reply = refused(browser.finish(url), 400, "login_refused")
    assert error not in reply.text and count(spotify, "token") == 0
    assert stack.wait_for_event("callback", "authorize_refused",
                                error="unreadable")
    assert error not in stack.log("callback")


@pytest.mark.parametrize("changes", [
    {"code": None}, {"code": ""}, {"error": "access_denied"},
    {"code": None, "error": ""}, {"code": "x" * 2049}, {"code": "a b"},
    {"code": None, "error": "e" * 65}, {"code": "a\r\nX: y"},
    {"code": "a\x00b"}, {"code": "ö"}, {"iss": "x" * 257}])
def test_an_answer_that_makes_no_sense_is_refused(browser, spotify, changes):
    url = browser.approve(browser.start_login())
    refused(browser.finish(with_query(url, **changes)), 400, "bad_request")
    assert count(spotify, "token") == 0


@pytest.mark.parametrize("name", ["code", "state", "error", "iss"])
def test_a_parameter_given_twice_is_refused(browser, spotify, name):
    url = browser.approve(browser.start_login())
    value = query_of(url).get(name, "")
    extra = f"&{name}={value}" * (1 if name in query_of(url) else 2)
    refused(browser.finish(url + extra), 400, "bad_request")
    assert count(spotify, "token") == 0
    assert browser.finish(url).status == 303


def test_the_issuer_may_be_named(browser, stack):
    url = browser.approve(browser.start_login())
    reply = browser.finish(with_query(url, iss=stack.spotify.url))
    assert reply.status == 303


@pytest.mark.parametrize("error", [None, "server_error"])
@pytest.mark.parametrize("iss", ["https://evil.example", "{url}/", "{url}/x",
                                 "https://accounts.spotify.com"])
def test_another_issuer_is_told_as_that(browser, stack, spotify, iss, error):
    """And logged, for it may be the configuration that is wrong."""
    iss = iss.format(url=stack.spotify.url)
    changes = {"code": None, "error": error} if error else {}
    url = browser.approve(browser.start_login())
    refused(browser.finish(with_query(url, iss=iss, **changes)), 400,
            "login_wrong_issuer")
    assert count(spotify, "token") == 0
    stack.wait_for_event("callback", "wrong_issuer", iss=iss)


def test_an_issuer_may_have_a_path(make_stack):
    """It is compared with the one that is configured, letter by letter (RFC
    9207, section 2.4)."""
    issuer = "https://id.example/realms/one"
    stack = make_stack(conf={"issuer": issuer})
    for iss, status in ((issuer, 303), (None, 303), (issuer + "/", 400),
                        ("https://id.example", 400),
                        (stack.spotify.url, 400)):
        browser = Browser(stack)
        url = browser.approve(browser.start_login())
        assert browser.finish(with_query(url, iss=iss)).status == status, iss


@pytest.mark.parametrize("length", [1, 660, 2048])
def test_codes_may_have_any_length(browser, spotify, length):
    spotify.settings(code_length=length)
    assert browser.login().status == 303


def test_a_code_is_data_and_nothing_else(browser, spotify):
    code = "a&grant_type=refresh_token+%20=#?/~"
    url = with_query(browser.approve(browser.start_login()), code=code)
    refused(browser.finish(url), 400, "login_refused")
    [token] = spotify.requests("token")
    assert dict(token["form"])["code"] == code
    assert len(token["form"]) == 4


# Time

@pytest.mark.parametrize("seconds, good", [(570, True), (602, False)])
def test_a_login_may_take_ten_minutes(browser, stack, spotify, seconds, good):
    spotify.settings(code_lifetime=10_000)
    url = browser.approve(browser.start_login())
    cookies = browser.cookies.text(url)
    stack.clock.advance(seconds)
    reply = browser.finish(url, {"Cookie": cookies})
    if good:
        assert reply.status == 303
    else:
        refused(reply, 400, "login_late")
        assert count(spotify, "token") == 0


def test_a_code_that_has_expired_is_refused(fails, spotify):
    spotify.settings(code_lifetime=-1)
    fails(400, "login_refused")


# Methods

@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
def test_another_method_uses_nothing_up(browser, spotify, method):
    url = browser.approve(browser.start_login())
    reply = browser.request(method, url)
    assert (reply.status, reply.header("Allow")) == (405, "GET")
    assert count(spotify, "token") == 0
    assert browser.finish(url).status == 303


# Who may use the application

def test_an_account_that_is_not_on_the_allowlist(fails):
    reply = fails(403, "not_on_allowlist", "uninvited")
    assert "list of users" in reply.text


@pytest.mark.parametrize("answer, code", [
    ("not_registered_403", "not_on_allowlist"),
    ("not_registered_2026_403", "not_on_allowlist"),
    ("forbidden_403", "spotify_refused"),
    ("premium_403", "owner_not_premium"), ("scope_403", "scope_missing")])
def test_a_403_is_told_by_its_text(fails, spotify, answer, code):
    spotify.answers("me", answer)
    fails(403, code)


def test_an_owner_without_premium(fails, spotify):
    spotify.settings(owner_premium=False)
    assert "Premium" in fails(403, "owner_not_premium").text


@pytest.mark.parametrize("scope", [
    "user-read-email", "user-follow-readx user-read-email", "x",
    "user-read-email,user-follow-read"])
def test_a_missing_permission(fails, spotify, scope):
    spotify.settings(scope=scope)
    fails(403, "scope_missing")


@pytest.mark.parametrize("scope", [
    "__missing__", "user-follow-read", "x user-follow-read", None,
    "user-follow-read user-read-email user-top-read",
    pytest.param("x" * 20000, id="too long")])
def test_a_scope_that_is_good_enough(browser, spotify, scope):
    spotify.settings(token_override={"scope": scope})
    assert browser.login().status == 303
    assert browser.fetch("artists").json["total"] == 120


# The token answer

@pytest.mark.parametrize("answer, status, code", [
    ("invalid_grant_code", 400, "login_refused"),
    ("invalid_grant_verifier", 400, "login_refused"),
    ("invalid_client", 503, "misconfigured"),
    ("invalid_client_secret", 503, "misconfigured"),
    ("invalid_request_form", 503, "misconfigured"),
    ("unsupported_grant_type", 503, "misconfigured"),
    ("oauth_server_error", 502, "upstream_failed"),
    ("server_error_500", 502, "upstream_failed"),
    ("bad_gateway_502_html", 502, "upstream_failed"),
    ("unavailable_503_html", 502, "upstream_failed"),
    ("forbidden_403", 502, "upstream_failed"),
    ("rate_limited_429", 429, "rate_limited")])
def test_a_refusal_of_the_token_endpoint(fails, spotify, answer, status,
                                         code):
    spotify.answers("token", answer)
    fails(status, code)
    assert count(spotify, "token") == 1
    assert count(spotify, "me") == 0


@pytest.mark.parametrize("changes", [
    {"access_token": value} for value in (
        "__missing__", None, "", 5, [], {}, True, "a b", "a\r\nX-Evil: y",
        "a\x00b", "a\nb", "ö", "\x7f", "x" * 4097)] + [
    {"refresh_token": value} for value in (
        "a\r\nX-Evil: y", "a b", "\x00", "x" * 4097, "\u2028")] + [
    {"token_type": value} for value in (
        "__missing__", None, "", "mac", "Bearer ", 7)], ids=str)
def test_tokens_that_are_none_are_refused(fails, spotify, changes):
    changes = {k: v for k, v in {**GOOD_TOKENS, **changes}.items()
               if v != "__missing__"}
    spotify.answers("token", json_answer(changes))
    fails(502, "upstream_failed")
    assert count(spotify, "me") == 0


@pytest.mark.parametrize("answer", [
    {"status": 201, "headers": {"Content-Type": "application/json"},
     "body": GOOD_TOKENS},
    {"status": 200, "headers": {"Content-Type": "text/html"},
     "body": GOOD_TOKENS},
    {"status": 302, "headers": {"Location": "/api/token"}, "body": ""},
    json_answer([GOOD_TOKENS]), json_answer("x"), json_answer(None),
    json_answer({**GOOD_TOKENS, "x": "y" * 70000}),
    json_answer({**GOOD_TOKENS, "x": [[[[]]]] * 20000}),
    *({"headers": {"Content-Type": "application/json"}, "body": body}
      for body in ("", "{", "}", "{}x", "{}{}", "\ufeff{}", "null", "nul",
                   "[" * 5000, '{"a":1e999}')),
    {"body_base64": "////", "headers": {"Content-Type": "application/json"}},
    {"huge": 10 ** 9}, {"gzip_bomb": 10 ** 8}, {"cut": 20, "pass": True},
    {"cut": -1}, {"header_flood": 3000}, {"raw": "garbage\r\n\r\n"},
    {"status_line": "HTTP/1.1 999999 x"}, {"hang_up": True, "raw": ""}],
    ids=lambda a: str(a)[:50])
def test_a_token_answer_that_is_none_is_refused(fails, spotify, answer):
    spotify.answers("token", answer)
    fails(502, "upstream_failed")
    assert count(spotify, "token") == 1
    assert count(spotify, "me") == 0


@pytest.mark.parametrize("value, life", [
    (3600, 3600), (60, 60), (1, 1), (86400, 86400), (0, 3600), (-1, 3600),
    (86401, 3600), ("3600", 3600), (None, 3600), (True, 3600),
    (2 ** 62, 3600), ([], 3600), ("__missing__", 3600)])
def test_a_life_that_makes_no_sense_is_an_hour(browser, spotify, value, life):
    spotify.settings(expires_in=value)
    browser.login()
    left = browser.fetch("session").json["expires_in"]
    assert life - 20 <= left <= life


@pytest.mark.parametrize("changes", [
    {"token_type": "bEaReR"}, {"unknown": {"a": [1, None]}},
    {"refresh_token": "x" * 4096}, {"refresh_token": "__missing__"},
    {"refresh_token": ""}, {"refresh_token": None}], ids=lambda c: str(c)[:40])
def test_what_may_vary(browser, spotify, changes):
    spotify.settings(token_override=changes)
    browser.login()
    assert browser.fetch("artists").json["total"] == 120


@pytest.mark.parametrize("length", [1, 582, 4096])
def test_tokens_may_have_any_length_that_fits_a_header(
        browser, spotify, length):
    spotify.settings(token_length=max(length, 8), refresh_length=length + 3)
    spotify.settings(refresh_length=min(length + 3, 4096))
    browser.login()
    assert browser.fetch("artists").json["total"] == 120


# Many at once, one of them failing

def test_a_failure_is_nobody_elses(stack, spotify):
    browsers = [Browser(stack) for _ in range(8)]
    urls = [b.approve(b.start_login()) for b in browsers]
    spotify.answers("token", "server_error_500", {"cut": 10})
    replies = together(lambda b=b, u=u: b.finish(u)
                       for b, u in zip(browsers, urls))
    assert sorted(r.status for r in replies) == [303] * 6 + [502] * 2
    for browser, reply in zip(browsers, replies):
        assert browser.fetch("session").json["logged_in"] is (
            reply.status == 303)
