# SPDX-License-Identifier: ISC
"""Requests of other sites: refused unless the configuration names them."""

import re

import pytest

from tools.answers import Browser, refused
from tools.spotify import count
from tools.steps import let_tokens_end
from tools.store import stored

APP = "https://app.example"
SECOND = "https://two.example:8443"
STRANGERS = [
    "https://evil.example", "null", "https://app.example.evil.example",
    "https://evilapp.example", "http://app.example", "https://app.example:444",
    "https://app.example.", "https://app.example/", "https://APP.example",
    "https://app.example:443", "https://app.example https://two.example:8443",
    "https://app.example, https://two.example:8443", "*", "https://",
    "https://app.example\thttps://x", "https://two.example", "app.example",
    "https://app.example@evil.example"]
READERS = [("session", "GET"), ("artists", "GET")]
WRITERS = [("refresh", "POST"), ("logout", "POST")]


@pytest.fixture(scope="module")
def sharing_stack_of_module():
    """Do not use it in a test."""
    from stack.fixtures import start_stack
    with start_stack(conf={"allowed_origins": f"{APP} {SECOND}"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def sharer(sharing_stack_of_module):
    """Logged in where other origins are allowed."""
    stack = sharing_stack_of_module
    stack.reset()
    browser = Browser(stack)
    browser.login()
    yield browser
    assert stack.complaints() == []


@pytest.fixture
def member(browser):
    """Logged in where none are."""
    browser.login()
    return browser


# The rules for POST, in their order: which headers, and is it accepted?

OWN, EVIL = "{own}", "https://evil.example"
WRITES = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": OWN}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": EVIL}, False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "{own}.evil"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, False),
    ({"Sec-Fetch-Site": "same-site", "X-Requested-With": "x"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, False),
    ({"Sec-Fetch-Site": "cross-site", "X-Requested-With": "x"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Sec-Fetch-Site": "none", "X-Requested-With": "x"}, False),
    ({"Sec-Fetch-Site": "Same-Origin"}, False),
    ({"Sec-Fetch-Site": "same-origin, cross-site"}, False),
    ({"Sec-Fetch-Site": "anything"}, False),
    ({"Origin": OWN}, True),
    ({"Origin": OWN, "X-Requested-With": "x"}, True),
    ({"Origin": "null"}, False),
    ({"Origin": "null", "X-Requested-With": "x"}, False),
    ({"Origin": EVIL}, False),
    ({"Origin": EVIL, "X-Requested-With": "x"}, False),
    ({"Origin": "{own}/"}, False),
    ({"Origin": "http://127.0.0.1"}, False),
    ({"X-Requested-With": "fetch"}, True),
    ({"X-Requested-With": ""}, False),
    ({"Referer": "{own}/"}, False),
    ({}, False)]


@pytest.mark.parametrize("headers, good", WRITES, ids=lambda v: str(v)[:60])
@pytest.mark.parametrize("path", ["refresh", "logout"])
def test_who_may_write(member, stack, spotify, path, headers, good):
    let_tokens_end(stack)
    spotify.clear_requests()
    headers = {name: value.replace("{own}", stack.origin)
               for name, value in headers.items()}
    reply = member.request("POST", path, headers)
    if good:
        assert reply.status in (200, 204)
        return
    refused(reply, 403, "cross_site")
    assert reply.all("Set-Cookie") == []
    assert len(stored(stack)) == 1
    assert spotify.requests() == []


@pytest.mark.parametrize("path, method", READERS)
@pytest.mark.parametrize("headers, good", [
    ({}, True), ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True), ({"Origin": "{own}"}, True),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
    ({"Sec-Fetch-Site": "cross-site", "X-Requested-With": "x"}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"}, False),
    ({"Origin": "https://evil.example"}, False), ({"Origin": "null"}, False)],
    ids=str)
def test_who_may_read(member, stack, spotify, path, method, headers, good):
    spotify.clear_requests()
    headers = {name: value.replace("{own}", stack.origin)
               for name, value in headers.items()}
    reply = member.request(method, path, headers)
    if good:
        assert reply.status == 200
        return
    refused(reply, 403, "cross_site")
    assert spotify.requests() == []
    assert b"wizzler" not in reply.body


def test_a_form_of_another_site_logs_nobody_out(member, stack):
    """Lax keeps the cookie at home; and were it sent, the request would be
    refused all the same."""
    cookie = "spotify-session=" + member.session_cookie
    for headers in ({}, {"Cookie": cookie}):
        reply = member.post("logout", headers=headers, site="cross-site",
                            origin="https://evil.example")
        refused(reply, 403, "cross_site")
    assert member.fetch("session").json["logged_in"] is True
    assert len(stored(stack)) == 1


def test_a_refusal_is_told_apart_from_being_logged_out(stack):
    """It comes first, so nobody learns whether he would be logged in."""
    stranger = Browser(stack)
    for path, method in READERS + WRITERS:
        refused(stranger.request(method, path, {
            "Sec-Fetch-Site": "cross-site"}), 403, "cross_site")


# CORS: nothing of it where no origin is configured

@pytest.mark.parametrize("path, method", READERS + WRITERS)
def test_without_configuration_nothing_is_shared(member, stack, path, method):
    for origin in (APP, stack.origin, "null"):
        reply = member.fetch(path, method, origin=origin)
        assert not [name for name, _ in reply.headers
                    if name.lower().startswith("access-control")]
        assert "Origin" not in ", ".join(reply.all("Vary"))
    reply = member.request("OPTIONS", path, {
        "Origin": APP, "Access-Control-Request-Method": method})
    assert reply.status == 405
    assert "OPTIONS" not in reply.header("Allow")


def check_shared(reply, origin):
    """The headers of an answer that a script of the origin may read."""
    assert reply.header("Access-Control-Allow-Origin") == origin
    assert reply.header("Access-Control-Allow-Credentials") == "true"
    assert "Origin" in ", ".join(reply.all("Vary"))
    assert {name.strip() for name in reply.header(
        "Access-Control-Expose-Headers").split(",")} == {
            "Age", "ETag", "Retry-After"}


@pytest.mark.parametrize("origin", [APP, SECOND])
@pytest.mark.parametrize("path, method", READERS + WRITERS)
@pytest.mark.parametrize("site", ["same-site", "cross-site", None])
def test_an_allowed_origin_may_do_it_all(sharer, path, method, origin, site):
    reply = sharer.request(method, path, {"Origin": origin,
                                          "Sec-Fetch-Site": site})
    assert reply.status in (200, 204)
    check_shared(reply, origin)


@pytest.mark.parametrize("path, method", READERS + WRITERS)
@pytest.mark.parametrize("origin", STRANGERS)
def test_no_other_origin_may(sharer, path, method, origin):
    for site in ("cross-site", None):
        reply = sharer.request(method, path, {"Origin": origin,
                                              "Sec-Fetch-Site": site})
        assert reply.status in (400, 403), reply
        assert reply.header("Access-Control-Allow-Origin") is None
        assert "Origin" in ", ".join(reply.all("Vary"))
    assert sharer.fetch("session").json["logged_in"] is True


@pytest.mark.parametrize("path, method", READERS + WRITERS)
def test_errors_and_304_are_shared_too(sharer, path, method):
    stranger = Browser(sharer.stack)
    reply = stranger.request(method, path, {"Origin": APP})
    check_shared(reply, APP)
    assert reply.status == (200 if path == "session" else
                            204 if path == "logout" else 401)
    reply = sharer.request("PUT", path, {"Origin": APP})
    assert reply.status == 405
    check_shared(reply, APP)
    if path == "artists":
        tag = sharer.fetch("artists").header("ETag")
        reply = sharer.request("GET", path, {"Origin": APP,
                                             "If-None-Match": tag})
        assert reply.status == 304
        check_shared(reply, APP)


# A list as browsers send it, the headers of libraries that trace requests
# among them; what is no list, or longer than anybody's, is not answered back.
WANTED = [
    "if-none-match,x-requested-with",
    "baggage,sentry-trace,traceparent,tracestate",
    "b3,x-b3-flags,x-b3-parentspanid,x-b3-sampled,x-b3-spanid,x-b3-traceid",
    "x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,"
    "x-datadog-trace-id", "newrelic,request-id,request-context,uber-trace-id",
    None, "", "x" * 3000, "a:b", "caf\xe9", "a\tb", '"a"']
USUAL = {"x-requested-with", "if-none-match", "content-type"}


@pytest.mark.parametrize("path, method", READERS + WRITERS)
@pytest.mark.parametrize("wanted", WANTED, ids=lambda text: str(text)[:20])
def test_a_preflight_is_answered(sharer, path, method, wanted):
    reply = Browser(sharer.stack).request("OPTIONS", path, {
        "Origin": APP, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wanted,
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})
    assert reply.status == 204
    assert reply.header("Access-Control-Allow-Origin") == APP
    assert reply.header("Access-Control-Allow-Credentials") == "true"
    assert method in reply.header("Access-Control-Allow-Methods").split(", ")
    told = reply.header("Access-Control-Allow-Headers").lower()
    assert set(told.replace(" ", "").split(",")) == (
        set(wanted.split(",")) if wanted and re.fullmatch(
            "[a-z0-9,-]{1,2048}", wanted) else USUAL)
    assert "Access-Control-Request-Headers" in ", ".join(reply.all("Vary"))
    assert int(reply.header("Access-Control-Max-Age")) <= 7200


@pytest.mark.parametrize("headers", [
    {}, {"Origin": APP}, {"Access-Control-Request-Method": "GET"},
    {"Origin": "https://evil.example",
     "Access-Control-Request-Method": "GET"}], ids=str)
def test_what_is_no_preflight_of_an_allowed_origin(sharer, headers):
    for path, _ in READERS + WRITERS:
        reply = sharer.request("OPTIONS", path, headers)
        refused(reply, 403, "cross_site")
        assert reply.header("Access-Control-Allow-Methods") is None


@pytest.mark.parametrize("path", ["login", "callback"])
def test_pages_are_not_shared(sharer, path):
    reply = sharer.request("OPTIONS", path, {
        "Origin": APP, "Access-Control-Request-Method": "GET"})
    assert reply.status == 405
    reply = sharer.request("GET", path, {"Origin": APP})
    assert not [name for name, _ in reply.headers
                if name.lower().startswith("access-control")]


def test_a_login_may_not_be_returned_to_an_allowed_origin(sharer):
    """return_to is local; after_login alone may lie elsewhere."""
    reply = sharer.login(return_to=APP + "/")
    assert reply.location == sharer.stack.url + "/"
    assert count(sharer.stack.spotify, "token") == 2
