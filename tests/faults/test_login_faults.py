# SPDX-License-Identifier: ISC
"""A login without randomness, and one whose program dies in the middle."""

import os
import re
import signal

import pytest

from preloading import preloaded
from stack import Client
from stack.processes import wait_until
from tools.parallel import Later
from tools.store import stored


@pytest.mark.parametrize("program", ["login", "callback"])
def test_without_randomness_nobody_is_sent_on(make_stack, tmp_path, program):
    """There are no random bytes to be had: libsodium ends the process before
    anything weak is sent out, and the web server says that it is busy."""
    switch = tmp_path / "no randomness"
    stack = make_stack(environment=preloaded("random", tmp_path)
                       | {"NO_RANDOMNESS": str(switch)})
    stack.wait_for_start()
    client = Client(stack)
    url = client.approve(client.start_login())
    before = client.cookies.text(stack.url + "/")
    switch.touch()
    reply = client.get("login", link=True) if program == "login" \
        else client.finish(url)
    switch.unlink()
    assert (reply.status, reply.code) == (503, "busy")
    assert reply.location is None and reply.all("Set-Cookie") == []
    assert client.cookies.text(stack.url + "/") == before
    assert stored(stack) == []
    wait_until(lambda: stack.pids(program) == [], 60, "no death")
    assert re.match(f"{program} ended by itself: ",
                    stack.complaints()[0])
    stack.start(program)
    client.login()


def test_a_program_that_dies_is_not_asked_again_with_the_code(stack, client,
                                                              spotify):
    """Neither by the web server, nor by the one that comes after it: a code is
    sent to Spotify once."""
    url = client.approve(client.start_login())
    copy = client.copy()
    spotify.answers("token", {"delay": 5}, repeat=True)
    under_way = Later(lambda: client.finish(url))
    spotify.wait_for("token")
    for pid in stack.pids("callback"):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: stack.pids("callback") == [], 60, "no death")
    assert stack.complaints() == ["callback ended by itself: -9"]
    stack.start("callback")
    assert (under_way.result().status, under_way.result().code) == (
        503, "busy")
    spotify.clear_answers()
    reply = copy.finish(url)
    assert (reply.status, reply.code) == (400, "login_replayed")
    assert len(spotify.requests("token")) == 1
    assert stored(stack) == []
