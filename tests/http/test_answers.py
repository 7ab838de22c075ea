# SPDX-License-Identifier: ISC
"""What nobody may tell from an answer or a log: a web server without the
headers of the programs, files beside the page, Spotify's words about a failure,
and text that came from outside."""

import re

import pytest

from stack import PROGRAMS, Client
from tools import fastcgi
from tools.answers import Browser
from tools.steps import let_tokens_end
from tools.store import stored

ALWAYS = {"X-Content-Type-Options": "nosniff",
          "Referrer-Policy": "no-referrer",
          "Cross-Origin-Resource-Policy": "same-origin",
          "Cross-Origin-Opener-Policy": "same-origin",
          "Cache-Control": "no-store"}
CANARY = "yellow-bird"


# The web server's own answers

def check_own(reply, status):
    """An answer that no program gave, as strict as theirs."""
    assert reply.status == status
    for name, value in ALWAYS.items():
        assert reply.header(name) == value, (name, reply.headers)
    policy = reply.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "max-age=" in reply.header("Strict-Transport-Security")


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_in_place_of_a_program_is_as_strict(tls_stack, program):
    """It is down; or it is asked with a body that is too large."""
    client = Client(tls_stack)
    check_own(client.fetch(program, "POST", body="x" * 20_000), 413)
    tls_stack.down(program)
    check_own(client.fetch(program), 503)


# Names of files beside the page, as this site and others have them.
BESIDE = ("client_secret", "server_key", "spotify-fcgi.conf", "sessions/",
          "sessions/lock", "log/access", ".git/config", ".env", "index.html~",
          "spotify-fcgi.conf.example", "login.c")
WAYS = ("/{}", "/../{}", "/%2e%2e/{}", "/..%2f{}", "/x/%2e%2e/%2e%2e/{}",
        "/%2e%2e%5c{}", "//{}", "/www/{}", "/.%00/{}",
        "/index.html/%2e%2e/%2e%2e/{}")


@pytest.mark.parametrize("name", BESIDE)
def test_nothing_beside_the_page_is_served(stack, client, name):
    """Neither secrets nor the store nor a configuration."""
    client.login()
    assert (stack.folder / "client_secret").exists()
    for way in WAYS:
        reply = client.get(stack.url + way.format(name))
        assert reply.status in (400, 403, 404), reply
        assert client.get("/").body not in reply.body


# Spotify's own words

CHATTY = [
    {"status": 500, "body": CANARY},
    {"status": 400, "body": {"error": "invalid_request",
                             "error_description": CANARY,
                             "error_uri": "https://e.org/" + CANARY}},
    {"status": 403, "body": {"error": {"status": 403, "message": CANARY}}},
    {"status": 503, "headers": {"X-Bird": CANARY, "Retry-After": CANARY,
                                "Content-Type": CANARY, "ETag": CANARY,
                                "Set-Cookie": CANARY + "=1"},
     "body": "<title>" + CANARY},
    {"status_line": f"HTTP/1.1 502 {CANARY}", "body": CANARY},
    {"status": 200, "body": '{"' + CANARY + '": '},
    {"raw": CANARY + "\r\n\r\n"}]


@pytest.mark.parametrize("answer", CHATTY, ids=lambda a: str(a)[:40])
def test_what_spotify_says_about_a_failure_stays_here(stack, spotify, answer):
    """The OAuth error word alone decides and may be logged."""
    member, newcomer = Browser(stack), Browser(stack)
    member.login()
    spotify.answers("following", answer, repeat=True)
    assert member.fetch("artists").status >= 400
    spotify.clear_answers()
    let_tokens_end(stack)
    spotify.answers("token", answer)
    assert member.fetch("refresh", "POST").status >= 400
    stack.clock.advance(120)
    url = newcomer.approve(newcomer.start_login())
    spotify.answers("token", answer)
    assert newcomer.finish(url).status >= 400
    url = newcomer.approve(newcomer.start_login())
    spotify.answers("me", answer)
    newcomer.finish(url)
    replies = member.replies + newcomer.replies
    assert len(replies) == 8
    for reply in replies:
        assert CANARY not in str(reply.headers)
        assert CANARY.encode() not in reply.body
    for program in PROGRAMS:
        assert CANARY not in stack.log(program)


# Logs

FORMATS = "%n%s%p%x%1000000d%.*s%n$n%%"
INPUTS = ("QUERY_STRING", "HTTP_COOKIE", "HTTP_HOST", "HTTP_ORIGIN",
          "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH", "HTTP_SEC_FETCH_SITE",
          "HTTP_SEC_FETCH_DEST", "HTTP_X_REQUESTED_WITH", "SCRIPT_NAME",
          "PATH_INFO", "REQUEST_METHOD", "REQUEST_ID", "UNIQUE_ID",
          "CONTENT_LENGTH", "HTTP_ACCESS_CONTROL_REQUEST_METHOD")
LINE = re.compile(r"time=[0-9TZ:-]{20} level=\w+ program=\w+ "
                  r"(request=[\w.?-]{1,40} )?event=\w+( \w+=(\"[^\"]*\"|\S*))*")


@pytest.mark.parametrize("program", PROGRAMS)
def test_text_from_outside_is_never_a_format(stack, program):
    """Nor does a request write more than two short lines."""
    pids, seen = stack.pids(program), len(stack.log(program))
    for name in INPUTS:
        params = fastcgi.params_of(stack, program, REQUEST_ID=None,
                                   HTTP_SEC_FETCH_SITE=None)
        fastcgi.ask(stack, program, {**params, name: FORMATS})
    assert stack.pids(program) == pids
    lines = stack.log(program)[seen:].splitlines()
    assert 1 <= len(lines) <= 2 * len(INPUTS)
    for line in lines:
        assert LINE.fullmatch(line) and len(line) < 300, line


def last_word(stack, program, event):
    """What the newest such event calls its session."""
    stack.wait_for_event(program, event)
    return [line for line in stack.events(program)
            if line["event"] == event][-1]["session"]


def test_a_session_has_a_word_in_the_log_that_is_none_of_its_names(
        browser, stack):
    """The same in all programs, so that its events can be told together."""
    browser.login()
    [path] = stored(stack)
    let_tokens_end(stack)
    assert browser.fetch("refresh", "POST").json["refreshed"] is True
    word = last_word(stack, "refresh", "refreshed")
    assert re.fullmatch("[0-9a-f]{8}", word)
    assert word not in path.name and word not in browser.session_cookie
    assert browser.fetch("logout", "POST").status == 204
    assert last_word(stack, "logout", "logout") == word
    browser.login()
    assert browser.fetch("logout", "POST").status == 204
    assert last_word(stack, "logout", "logout") != word
