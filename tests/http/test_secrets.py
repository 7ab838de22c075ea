# SPDX-License-Identifier: ISC
"""Nothing secret is ever seen: a broad flow, and then a search for every
secret in everything that anybody but Spotify could read."""

import base64
import re
import urllib.parse

import pytest

from helpers import Browser, nearly_expired, query_of, refused
from stack import PROGRAMS

ONCE_SEEN = ("Set-Cookie",)      # where our own secrets travel


def forms_of(value):
    """A secret as it might appear: raw, percent, base64 at each of the three
    places within a longer text, hex."""
    raw = value.encode()
    yield raw
    yield urllib.parse.quote(value, safe="").encode()
    yield urllib.parse.quote_plus(value).encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # Whole groups of four characters only: the ends depend on what
            # stands beside.
            inner = raw[(3 - shift) % 3:]
            yield encode(inner[:len(inner) // 3 * 3])


def needles(values):
    """What to search for; parts of secrets are secrets, too."""
    found = set()
    for value in values:
        assert len(value) >= 15, value
        for part in {value, value[:24], value[-24:]}:
            found |= {form for form in forms_of(part) if len(form) >= 15}
    return found


def everything_said(reply):
    """The bytes of an answer without its cookies."""
    head = "\n".join(f"{name}: {value}" for name, value in reply.headers
                     if name not in ONCE_SEEN)
    return head.encode("latin-1") + b"\n\n" + reply.body


# The good answer, tokens and all, as one that we cannot use.
UNUSABLE = [{"status": 500, "pass": True}, {"status": 400, "pass": True},
            {"headers": {"Content-Type": "text/html"}, "pass": True},
            {"cut": 60, "pass": True}]


def use_everything(browser, spotify, stack):
    """All endpoints, and all ways to fail that see a secret."""
    browser.login(return_to="/x")
    for _ in range(2):
        browser.fetch("session")
        browser.fetch("artists")
        browser.request("GET", "session?require=1")
    copy = browser.copy()
    nearly_expired(stack)
    browser.fetch("refresh", "POST")
    for target, path, method in (("following", "artists?fresh=1", "GET"),
                                 ("token", "refresh", "POST"),
                                 ("token", "artists", "GET")):
        for answer in ("server_error_500", "rate_limited_429",
                       "invalid_client", "expired_token_401",
                       {"raw": "garbage\r\n\r\n"}, *UNUSABLE):
            nearly_expired(stack)
            stack.clock.advance(100)
            spotify.answers(target, answer)
            browser.fetch(path, method)
            spotify.clear_answers()
    spotify.answers("token", "invalid_grant")
    nearly_expired(stack)
    stack.clock.advance(90_000)
    refused(copy.fetch("artists"), 401, "login_expired")


def fail_to_log_in(browser, spotify, stack):
    """Every way that has a code, a state and a verifier in it."""
    for answer in ("invalid_grant_code", "invalid_client", *UNUSABLE):
        spotify.answers("token", answer)
        url = browser.approve(browser.start_login())
        copy = browser.copy()
        browser.finish(url)
        copy.finish(url)
        copy.finish(url + "x")
        copy.request("POST", url)
    other = Browser(stack)
    url = browser.approve(browser.start_login())
    refused(other.finish(url), 400, "login_no_cookie")
    refused(other.finish(url + "&code=1"), 400, "bad_request")
    browser.deny(browser.start_login())
    url = browser.approve(browser.start_login(), "uninvited")
    refused(browser.finish(url), 403, "not_on_allowlist")
    return other


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_secret_is_ever_seen(make_stack, level):
    stack = make_stack(conf={"log_level": level})
    spotify, browser = stack.spotify, Browser(stack)
    spotify.settings(rotation="rotate")
    use_everything(browser, spotify, stack)
    other = fail_to_log_in(browser, spotify, stack)
    stack.clock.advance(90_000)
    browser.login(account="wizzler")
    browser.fetch("artists")

    ours = [value for reply in browser.replies
            for text in reply.all("Set-Cookie")
            if (value := text.partition("=")[2].partition(";")[0])]
    keys = [(stack.folder / name).read_text("utf-8").strip()
            for name in ("client_secret", "server_key")]
    theirs = [secret["value"] for secret in spotify.secrets()]
    assert len(ours) >= 10 and len(theirs) > 30
    wanted = needles({*ours, *keys, *theirs})
    states = {query_of(reply.location)["state"] for reply in browser.replies
              if reply.location and "state=" in reply.location}

    seen = {"answer " + reply.url: everything_said(reply)
            for reply in browser.replies + other.replies}
    seen |= {f"log of {name}": stack.log(name).encode()
             for name in (*PROGRAMS, "access", "error", "nginx")}
    seen |= {f"file {path.name}": path.name.encode() + b"\n"
             + path.read_bytes() for path in stack.session_dir.rglob("*")
             if path.is_file()}
    assert sum(name.startswith("file session-") for name in seen) == 1
    assert sum(name.startswith("answer") for name in seen) > 15
    pattern = re.compile(b"|".join(re.escape(n) for n in sorted(wanted)))
    for name, data in seen.items():
        found = pattern.search(data)
        assert found is None, (name, data[max(0, found.start() - 80):
                                          found.end() + 20])
        if "log of" in name:
            for state in states:
                assert state.encode() not in data, name
    assert all(stack.log(name) for name in PROGRAMS)


def test_the_search_finds_what_it_looks_for():
    secret = "AQC-a.secret_of~some+length/that&is%there"
    pattern = re.compile(b"|".join(re.escape(n) for n in needles([secret])))
    for text in (secret, secret[:30], urllib.parse.quote(secret, safe=""),
                 secret.encode().hex()):
        assert pattern.search(b"x=" + text.encode() + b";")
    for before in ("", "a", "ab", "abc", "client:"):
        text = (before + secret + "tail").encode()
        assert pattern.search(base64.b64encode(text))
        assert pattern.search(base64.urlsafe_b64encode(text))


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_process_shows_a_secret(stack, program):
    """Neither its command line nor its environment."""
    keys = [(stack.folder / name).read_bytes().strip()
            for name in ("client_secret", "server_key")]
    for pid in stack.pids(program):
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    text = file.read()
            except PermissionError:
                continue        # a hardened process shows it to root only
            assert text
            for key in keys:
                assert key[:12] not in text


def test_every_event_that_matters_is_logged(stack, browser, spotify):
    """With time, program and the id that the answer names."""
    browser.login()
    stack.wait_for_event("callback", "login", outcome="ok")
    refused(browser.finish("callback?code=x&state=y"), 400, "login_bad_state")
    stack.wait_for_event("callback", "login", outcome="login_bad_state")
    reply = refused(browser.request("POST", "refresh"), 403, "cross_site")
    stack.wait_for_event("refresh", "answered", code="cross_site",
                         request=reply.json["request_id"])
    nearly_expired(stack)
    browser.fetch("refresh", "POST")
    stack.wait_for_event("refresh", "refreshed")
    nearly_expired(stack)
    spotify.answers("token", "invalid_grant_revoked")
    browser.fetch("refresh", "POST")
    stack.wait_for_event("refresh", "authorization_ended")
    browser.login()
    browser.fetch("logout", "POST")
    stack.wait_for_event("logout", "logout", done="yes")
    for program in PROGRAMS:
        for line in stack.log(program).splitlines():
            assert re.match(r"time=[0-9]{4}-[0-9-]+T[0-9:]+Z level=\w+ "
                            rf"program={program} (request=\S+ )?event=\w+",
                            line), line
