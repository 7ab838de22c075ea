# SPDX-License-Identifier: ISC
"""A client that looks at every answer of a program, whatever the test is
about: what holds for all of them holds in every test."""

import re
import urllib.parse

from stack import PROGRAMS, Client
from .contract import check_described

# The public code words and the status that each may come with.
CODES = {
    "bad_request": {400}, "not_found": {404}, "method_not_allowed": {405},
    "too_large": {413}, "cross_site": {403}, "not_logged_in": {401},
    "login_expired": {401}, "not_on_allowlist": {403},
    "owner_not_premium": {403}, "scope_missing": {403},
    "spotify_refused": {400, 403, 404, 409}, "premium_required": {403},
    "not_for_this_app": {403}, "no_active_device": {404},
    "not_enabled": {404}, "outcome_unknown": {502},
    "rate_limited": {429}, "quota_exceeded": {429},
    "upstream_failed": {502, 503}, "upstream_timeout": {504},
    "store_unavailable": {503}, "misconfigured": {503}, "busy": {503},
    "login_denied": {403}, "login_late": {400}, "login_replayed": {400},
    "login_no_cookie": {400}, "login_bad_state": {400},
    "login_refused": {400}, "login_wrong_issuer": {400},
    "login_under_way": {503}, "too_many_cookies": {431}}
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
POLICY_END = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def check_security_headers(reply):
    """Each exactly once."""
    assert reply.header("X-Content-Type-Options") == "nosniff"
    assert reply.header("Referrer-Policy") == "no-referrer"
    assert reply.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert reply.header("Cross-Origin-Opener-Policy") == "same-origin"
    policy = reply.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; "), policy
    assert policy.endswith(POLICY_END), policy
    assert "unsafe" not in policy


def check_caching(reply, program):
    """Only a list of artists may be kept, by the browser, and asked about; and
    of api what has a tag, by api_max_age."""
    if reply.status in (200, 304) and (
            program == "artists" or
            program == "api" and reply.header("ETag") is not None):
        assert reply.header("Cache-Control") == "private, no-cache"
        assert "Cookie" in ", ".join(reply.all("Vary"))
    else:
        assert reply.header("Cache-Control") == "no-store", reply
        assert reply.header("ETag") is None


def check_problem(reply):
    """RFC 9457 with our members."""
    found = reply.json
    more = {"login_url"} if reply.status == 401 else set()
    if found["code"] == "scope_missing":
        more |= {"scope"} & set(found)
    assert set(found) == PROBLEM | more
    assert found["type"] == "about:blank"
    assert found["status"] == reply.status
    assert re.fullmatch(r"[0-9a-zA-Z._?-]{1,40}", found["request_id"])
    assert found["detail"].endswith(".")
    if reply.status == 401:
        assert reply.header("WWW-Authenticate") == "Session"


def check_error(reply):
    """Of whatever form; a code that nobody knows is a mistake."""
    kind = reply.header("Content-Type")
    assert kind in ("application/problem+json; charset=utf-8",
                    "text/html; charset=utf-8"), reply
    assert reply.status in CODES[reply.code], reply
    if "json" in kind:
        check_problem(reply)
    if reply.status in (429, 503, 502, 504) and \
            reply.code != "outcome_unknown":
        assert int(reply.header("Retry-After")) in range(1, 86401)
    else:
        assert reply.header("Retry-After") is None
    assert (reply.header("Allow") is not None) == (reply.status == 405)


def check_cookies(reply, program):
    """A late answer must not touch the cookie of a newer login."""
    names = [text.partition("=")[0] for text in reply.all("Set-Cookie")]
    if program not in ("callback", "logout"):
        assert not any(n.endswith("-session") for n in names), names
    if program not in ("callback", "logout", "login"):
        assert not names
    assert len(names) == len(set(names))


def check_answer(reply, program, method):
    """What holds for every answer."""
    check_security_headers(reply)
    check_caching(reply, program)
    check_cookies(reply, program)
    if reply.status in (204, 304):
        assert reply.body == b""
    elif method == "HEAD":
        assert reply.body == b"" and reply.header("Content-Length")
    else:
        assert int(reply.header("Content-Length")) == len(reply.body)
        if reply.status >= 400:
            check_error(reply)
    if reply.status == 303:
        assert re.match(r"https?://[^/]", reply.location)
    else:
        assert reply.location is None


def _asked(client, reply):
    """What the site calls that which the reply is of; None if it is of no
    program, or of another site under our address."""
    name = urllib.parse.urlsplit(reply.url).path.removeprefix(
        client.stack.prefix)
    program = name.partition("/")[0]
    if program not in PROGRAMS or program not in (name, "api") or \
            reply.status == 421:
        return None
    return name


def judge(client, method, reply):
    """Every answer in the place of a program's, if it is the web server's or
    its own, is among those of conf/www/openapi.yaml."""
    name = _asked(client, reply)
    if name:
        check_described(reply, name, method)


class Unjudged(Client):
    """A Client for what other programs answer in the place of ours."""

    judge = None

    def copy(self):
        return Unjudged(self.stack, self.cookies.copy())


class Browser(Client):
    """A Client that checks also what holds for every answer of a program, and
    keeps them, for tests that search them."""

    def __init__(self, stack, cookies=None):
        super().__init__(stack, cookies)
        self.replies = []

    def copy(self):
        return Browser(self.stack, self.cookies.copy())

    def judge(self, method, reply):
        name = _asked(self, reply)
        if name:
            self.replies.append(reply)
            check_answer(reply, name.partition("/")[0], method)
            check_described(reply, name, method)


def refused(reply, status, code):
    """Assert a refusal; what it looks like check_answer() has seen."""
    assert (reply.status, reply.code) == (status, code), reply
    return reply


def set_cookies(reply):
    """{name: (value, set of attributes)} of an answer."""
    found = {}
    for text in reply.all("Set-Cookie"):
        pair, *attributes = text.split("; ")
        name, _, value = pair.partition("=")
        found[name] = (value, set(attributes))
        assert len(set(attributes)) == len(attributes)
    return found
