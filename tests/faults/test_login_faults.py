# SPDX-License-Identifier: ISC
"""A login without randomness, and one whose program dies in the middle (rows
S1 and C13)."""

import os
import re
import signal

import pytest
from stack import Client

from tools import Later, files, until
from tracing import Strace, needs_strace


@pytest.fixture(scope="module")
def narrow_stack_of_module():
    """Every program with one process and one thread; not reset."""
    from stack.fixtures import start_stack
    with start_stack(conf={"workers": "1"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def narrow(narrow_stack_of_module):
    """Fresh for a test."""
    narrow_stack_of_module.reset()
    yield narrow_stack_of_module
    assert narrow_stack_of_module.complaints() == []


@needs_strace
@pytest.mark.parametrize("program", ["login", "callback"])
def test_without_randomness_nobody_is_sent_on(narrow, program):
    """S1. The kernel refuses random bytes: libsodium ends the process before
    anything weak is sent out, and the web server says that it is busy."""
    client = Client(narrow)
    url = client.approve(client.start_login())
    before = client.cookies.text(narrow.url + "/")
    with Strace(narrow.pids(program)[0], "inject=getrandom:error=EIO") as trace:
        reply = client.get("login", link=True) if program == "login" \
            else client.finish(url)
    assert trace.hit
    assert (reply.status, reply.code) == (503, "busy")
    assert reply.location is None and reply.all("Set-Cookie") == []
    assert client.cookies.text(narrow.url + "/") == before
    assert files(narrow) == []
    until(lambda: narrow.pids(program) == [], "death")
    assert re.match(f"{program} ended by itself: ",
                    narrow.complaints()[0])
    narrow.start(program)
    client.login()


def test_a_program_that_dies_is_not_asked_again_with_the_code(stack, client,
                                                              spotify):
    """C13. Neither by the web server, nor by the one that comes after it: a
    code is sent to Spotify once."""
    url = client.approve(client.start_login())
    copy = client.copy()
    spotify.answers("token", {"delay": 5}, repeat=True)
    under_way = Later(lambda: client.finish(url))
    spotify.wait_for("token")
    for pid in stack.pids("callback"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: stack.pids("callback") == [], "death")
    assert stack.complaints() == ["callback ended by itself: -9"]
    stack.start("callback")
    assert (under_way.result().status, under_way.result().code) == (
        503, "busy")
    spotify.clear_answers()
    reply = copy.finish(url)
    assert (reply.status, reply.code) == (400, "login_replayed")
    assert len(spotify.requests("token")) == 1
    assert files(stack) == []
