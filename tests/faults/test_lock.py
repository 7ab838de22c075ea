# SPDX-License-Identifier: ISC
"""The lock dies with its holder, and a holder that hangs stops nobody for
ever."""

import fcntl
import os
import signal
import time

import pytest

from stack import Client
from tools.answers import Browser, refused
from tools.parallel import Later, timed, together
from tools.processes import status
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import stored

LOCK_WAIT_S = 12        # lib/session/token.c


@pytest.fixture
def pair(make_stack):
    """One process of `refresh`, which gets the lock, and two of `artists`,
    which want it."""
    return make_stack(processes={"artists": 2})


def holder(stack, client, seconds):
    """A renewal under way: `refresh` has the lock and waits for Spotify."""
    stack.spotify.answers("token", {"delay": seconds, "pass": True})
    before = len(stack.spotify.requests("token"))
    under_way = Later(lambda: refresh(client))
    stack.spotify.wait_for("token", before + 1)
    return under_way


def test_after_kill_9_of_the_holder_the_next_is_served_at_once(pair):
    """It does not wait for the lock's limit, which would be an answer of 503.
    The token had not been spent."""
    client = Client(pair)
    client.login()
    let_tokens_end(pair)
    pair.spotify.settings(rotation="strict")
    under_way = holder(pair, client.copy(), 8)
    pair.kill("refresh", signal.SIGKILL)
    reply = client.fetch("artists")
    assert reply.status in (200, 401)
    assert under_way.result().status == 503
    assert stored(pair, "temp-") != []       # for the clean-up
    pair.spotify.clear_answers()


def test_those_who_wait_are_served_when_the_holder_dies(pair):
    """Threads of two processes in the queue: one of them refreshes."""
    client = Client(pair)
    client.login()
    let_tokens_end(pair)
    under_way = holder(pair, client.copy(), 5)
    since = pair.spotify.requests()[-1]["n"]
    waiting = Later(lambda: together(
        lambda c=client.copy(): c.fetch("artists") for _ in range(20)))
    time.sleep(0.5)         # let them queue
    assert pair.spotify.requests(since=since) == []
    pair.kill("refresh", signal.SIGKILL)
    assert [reply.status for reply in waiting.result()] == [200] * 20
    assert len(pair.spotify.requests("token", since)) == 1
    under_way.result()


def test_a_waiter_that_is_killed_delays_nobody(pair):
    """The holder goes on, and who comes next has what he got."""
    client = Client(pair)
    client.login()
    let_tokens_end(pair)
    pair.spotify.settings(rotation="strict")
    before = len(pair.spotify.requests("token"))
    pair.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(client.copy()))
    pair.spotify.wait_for("token", before + 1)
    waiters = [Later(lambda: client.copy().fetch("artists"))
               for _ in range(4)]
    pair.kill("artists", signal.SIGKILL)
    pair.spotify.release()
    assert under_way.result().json["refreshed"]
    pair.start("artists")
    for waiter in waiters:
        # One that was in the socket still is served.
        assert waiter.result().status in (200, 502, 503, 504)
    assert client.fetch("artists").status == 200
    assert len(pair.spotify.requests("token")) == before + 1


def test_a_holder_that_is_stopped_costs_the_lock_limit_and_no_more(pair):
    """503 after twelve seconds at most for all who want that session; everybody
    else is served meanwhile; continued, it all goes on."""
    client, other = Client(pair), Client(pair)
    client.login()
    other.login("grace.many")
    let_tokens_end(pair)
    under_way = holder(pair, client.copy(), 8)
    os.kill(pair.pids("refresh")[0], signal.SIGSTOP)
    try:
        threads = [status(p, "Threads") for p in pair.pids("artists")]
        waiting = Later(lambda: together(
            lambda c=client.copy(): timed(lambda: c.fetch("artists"))
            for _ in range(40)))
        time.sleep(1)
        assert other.fetch("artists").status == 200
        assert waiting.under_way()
        done = waiting.result()
        assert {(r.status, r.code) for _, r in done} == {(503, "busy")}
        assert all(r.header("Retry-After") for _, r in done)
        waits = [seconds for seconds, _ in done]
        print(f"stopped holder: 40 answers of 503 after {min(waits):.2f} to "
              f"{max(waits):.2f} s")
        # Three in each process, and the others for a shorter while.
        assert LOCK_WAIT_S - 1 < max(waits)
        assert max(waits) < 2 * LOCK_WAIT_S - 1     # not one after the other
        assert [status(p, "Threads") for p in pair.pids("artists")] == threads
        # No queue is left: somebody else is served as ever.
        assert other.fetch("artists").status == 200
        assert is_logged_in(client)
    finally:
        os.kill(pair.pids("refresh")[0], signal.SIGCONT)
    under_way.result()
    assert client.fetch("artists").status == 200


def test_a_lock_that_somebody_keeps_stops_only_who_needs_it(stack, spotify):
    """A process of ours that hangs and has all of them, for instance: those
    who need what they guard wait for 12 seconds, the others not at all."""
    expired, new, leaving = (Browser(stack) for _ in range(3))
    expired.login()
    let_tokens_end(stack)
    for browser in (new, leaving):
        browser.login()
    spotify.clear_requests()
    with open(stack.session_dir / "lock", "ab") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        assert logout(leaving).status == 204
        assert is_logged_in(new)
        assert refresh(new).json["refreshed"] is False
        assert time.monotonic() - began < LOCK_WAIT_S - 1
        replies = together([lambda: timed(lambda: refresh(expired)),
                            lambda: timed(lambda: new.fetch("artists"))])
    for seconds, reply in replies:
        refused(reply, 503, "busy")
        assert LOCK_WAIT_S - 1 < seconds < 2 * LOCK_WAIT_S - 1
    assert spotify.requests() == []
    assert refresh(expired).json["refreshed"] is True
    assert new.fetch("artists").json["total"] == 120


def test_a_lock_file_that_was_removed_is_made_again(stack, client):
    """An operator who empties the directory to log everybody out."""
    client.login()
    stack.empty_store()
    assert not is_logged_in(client)
    client.login()
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]
