# SPDX-License-Identifier: ISC
"""Nothing of a past request stays behind in a process: not in its heap, freed
memory included, not on the stacks of threads that wait, nor in buffers of
libcurl and OpenSSL. A build as users make it, with TLS to Spotify; looked at
after each kind of request, in all programs."""

import base64
import os
import pathlib

import pytest

from stack import Client, StackError
from stack.fixtures import start_stack
from stack.leaks import KEY_FILES, Search, forms
from stack.processes import wait_until
from tools.fastcgi import auth, vouch
from tools.impostor import impostor_of
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="reading another process's memory takes root")

# What stands for a secret in answers that are made up.
MARK = "mArKer-Xq7Zp0LwVt3Rb9Ky"
# The good answer, tokens and all, as one that cannot be used.
UNUSABLE = [{"status": 500, "pass": True}, {"status": 400, "pass": True},
            {"headers": {"Content-Type": "text/html"}, "pass": True}]


def memory(pid):
    """(what, bytes) of all that a process can write to."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text("ascii").splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(text, 16) for text in place.split("-"))
            if "w" not in rights or end - start > 1 << 26:
                continue
            try:
                file.seek(start)
                yield line, file.read(end - start)
            except OSError:
                continue


def log_in(stack):
    """A visitor who is logged in and has a list."""
    client = Client(stack)
    client.login()
    assert client.fetch("artists").status == 200
    return client


# Each kind of request

def a_good_login(stack):
    assert is_logged_in(log_in(stack))


def a_session_that_is_asked_for(stack):
    client = log_in(stack)
    assert vouch(client).status == 204


def a_token_that_is_passed_on(stack):
    client = log_in(stack)
    assert auth(client).header("X-Spotify-Access-Token")
    let_tokens_end(stack)
    assert auth(client).status == 204


def a_list_from_the_copy(stack):
    assert log_in(stack).fetch("artists").status == 200


def a_failed_exchange(stack):
    client = Client(stack)
    url = client.approve(client.start_login())
    assert client.copy().finish(url + "x").status == 400
    stack.spotify.answers("token", "invalid_grant_code")
    assert client.finish(url).status == 400


def an_answer_that_cannot_be_used(stack):
    for answer in UNUSABLE:
        client = Client(stack)
        url = client.approve(client.start_login())
        stack.spotify.answers("token", answer)
        assert client.finish(url).status >= 400
        stack.clock.advance(100)


def a_login_that_is_cancelled(stack):
    client = Client(stack)
    assert client.finish(client.deny(client.start_login())).status == 403


def a_refresh(stack):
    client = log_in(stack)
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]


def a_refresh_for_a_list(stack):
    client = log_in(stack)
    let_tokens_end(stack)
    assert client.fetch("artists?fresh=1").status == 200


def an_authorization_that_has_ended(stack):
    client = log_in(stack)
    let_tokens_end(stack)
    stack.spotify.answers("token", "invalid_grant_revoked")
    assert refresh(client).status == 401


def a_401_and_the_second_try(stack):
    client = log_in(stack)
    stack.clock.advance(100)
    stack.spotify.answers("following", "expired_token_401")
    assert client.fetch("artists?fresh=1").json["stale"] is False
    targets = [entry["target"] for entry in stack.spotify.requests()]
    assert targets.count("token") == 2


def a_login_that_is_cut_off(stack):
    for cut in (0, 60, 400):
        client = Client(stack)
        url = client.approve(client.start_login())
        stack.spotify.answers("token", {"cut": cut, "pass": True})
        assert client.finish(url).status == 502
        stack.clock.advance(100)


def a_refresh_that_is_cut_off(stack):
    client = log_in(stack)
    let_tokens_end(stack)
    stack.spotify.answers("token", {"cut": 60, "pass": True})
    assert refresh(client).status == 503
    stack.clock.advance(100)


def a_list_that_is_cut_off(stack):
    client = log_in(stack)
    stack.clock.advance(100)
    stack.spotify.answers("following", {"cut": 500, "pass": True},
                          repeat=True)
    assert client.fetch("artists?fresh=1").json["stale"] is True
    stack.spotify.clear_answers()


def a_logout(stack):
    client = log_in(stack)
    assert refresh(client).status == 200
    assert logout(client).status == 204


def answers_that_break_off(stack):
    """Each in another place of what libcurl reads; what it held is gone."""
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
    flood = "".join(f"X-{n}: {MARK}{'y' * 500}\r\n" for n in range(300))
    good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    for target, ask in (("token", refresh),
                        ("following", lambda c: c.fetch("artists?fresh=1"))):
        for raw in (f"HTTP/9.9 {MARK * 10}\r\n\r\n",
                    f"HTTP/1.1 200 OK\r\n{flood}\r\n",
                    f"HTTP/1.1 103 Early\r\nLink: {MARK}\r\n\r\n{good}{MARK}",
                    f'{chunked}{{"a":\r\nZZZ{MARK * 100}\r\n'):
            client = log_in(stack)
            if target == "token":
                let_tokens_end(stack)
            stack.clock.advance(100)
            stack.spotify.answers(target, {"raw": raw}, repeat=True)
            reply = ask(client)
            stack.spotify.clear_answers()
            assert reply.status == 503 or reply.json["stale"], reply
            stack.clock.advance(100)


def calls_that_pages_make(stack):
    """Good ones, refused ones, and answers that are nobody's."""
    client, path = log_in(stack), "api/search?q=x&type=artist"
    assert client.fetch(path).status == 200
    stack.spotify.expire("access")
    assert client.fetch(path).status == 200
    for answer in ({"name": "forbidden_403"}, {"status": 200, "body": MARK},
                   {"status": 500, "body": MARK}, {"pass": True, "cut": 300},
                   {"raw": f"HTTP/1.1 200 OK\r\nX-A: {MARK}\r\n\r\n{MARK}"}):
        stack.spotify.answers("api", answer, repeat=True)
        assert client.fetch(path).status >= 400
        stack.spotify.clear_answers()


KINDS = [a_good_login, a_session_that_is_asked_for,
         a_token_that_is_passed_on, a_list_from_the_copy,
         a_failed_exchange, an_answer_that_cannot_be_used,
         a_login_that_is_cancelled, a_refresh, a_refresh_for_a_list,
         an_authorization_that_has_ended, a_401_and_the_second_try,
         a_login_that_is_cut_off, a_refresh_that_is_cut_off,
         a_list_that_is_cut_off, answers_that_break_off,
         calls_that_pages_make, a_logout]


# What must be gone then

def secrets_of(stack):
    """{bytes: kind} of all that visitors had, in each form, and of the header
    with the client's secret; what the configuration holds is needed."""
    found = {form: kind for secret, kind in stack.leaks.secrets().items()
             if kind not in KEY_FILES for form in forms(secret)}
    pair = f"{stack.spotify.client_id}:{stack.spotify.client_secret}"
    found[base64.b64encode(pair.encode())] = "Authorization: Basic"
    return found


def left_in(stack, search):
    """[(program, kind, where)]; and that it was memory, and the right one."""
    found = []
    for program in stack.programs:
        is_right = False
        for pid in stack.pids(program):
            for where, data in memory(pid):
                found += [(program, kind, where)
                          for kind in search.kinds_in(data, 0)]
                if MARK.encode() in data:
                    found.append((program, "a broken answer", where))
                is_right |= stack.redirect_uri.encode() in data
        assert is_right, program
    return found


def assert_nothing_is_left(stack):
    """Soon: an answer is out a moment before its request is wiped."""
    secrets = secrets_of(stack)
    search, found = Search(secrets), []

    def is_clean():
        found[:] = left_in(stack, search)
        return not found
    try:
        wait_until(is_clean, 60, "no clean memory")
    except StackError:
        pytest.fail("\n".join(map(str, found)), pytrace=False)
    return set(secrets.values())


@pytest.fixture(scope="module")
def used(release_with_clock):
    """One for all kinds of requests."""
    with start_stack(release_with_clock, spotify_tls=True, conf={
            "api_allow": "search",
            "auth_pass": "id name email token"}) as stack:
        yield stack
        assert stack.stop() == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_secret_lingers_in_memory_after(used, kind):
    used.reset()
    used.spotify.settings(rotation="strict")
    kind(used)
    kinds = assert_nothing_is_left(used)
    assert {"state", "Authorization: Basic"} <= kinds


def test_no_secret_lingers_in_memory_after_a_failure_of_tls(release_with_clock):
    """Of a login and of a list: nobody was told, and all was prepared."""
    with start_stack(release_with_clock, spotify_tls=True) as stack:
        stack.reset()
        client = log_in(stack)
        url = client.approve(client.start_login())
        secrets_of(stack)       # Spotify is asked now: soon it is gone
        stack.clock.advance(100)
        with impostor_of(stack, "self-signed"):
            assert client.finish(url).status == 502
            assert client.fetch("artists?fresh=1").json["stale"] is True
            let_tokens_end(stack)
            assert refresh(client).status == 503
            assert_nothing_is_left(stack)
        assert stack.stop() == []
