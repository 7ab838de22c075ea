# SPDX-License-Identifier: ISC
"""Two machines with one engine: a waiter dies, a clock is wrong, and a long
time goes by, with refresh tokens that are good once and an engine that is
started anew now and then."""

import itertools
import os
import signal
import threading

import pytest

from stack import Client
from stack.engine import Engine, find_server
from stack.processes import wait_until
from tools.amounts import DAY, HOUR, scaled
from tools.machines import Machine
from tools.parallel import Later
from tools.processes import descriptors
from tools.steps import is_logged_in, let_tokens_end, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

LIFE_S = 1800       # of an access token in the long test
ROUNDS = scaled(24, 1000)
READERS = scaled(10, 50)
RESTART_EVERY = scaled(8, 50)
BACK_S = 60


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="one")
def fixture_one(make_stack, engine):
    """The first machine, with a web server in front."""
    return make_stack(processes={"artists": 2, "refresh": 2},
                      conf=engine.conf(engine.socket_url))


@pytest.fixture(name="visitor")
def fixture_visitor(one):
    """Who is logged in, with refresh tokens that are good once."""
    client = Client(one)
    client.login()
    one.spotify.settings(rotation="strict")
    return client


def until_served(what):
    """The first answer that is no 503 of an engine that was away."""
    def tried():
        reply = what()
        assert reply.status != 503 or reply.code in (
            "store_unavailable", "busy"), reply
        return reply if reply.status != 503 else None
    return wait_until(tried, BACK_S, "it stays a 503")


def test_a_waiter_that_is_killed_delays_nobody(one, visitor):
    """Of the holder's machine, or of another: the holder goes on, and who
    comes next has what he got."""
    let_tokens_end(one)
    with Machine(one) as two:
        before = len(one.spotify.requests("token"))
        one.spotify.answers("token", {"held": True})
        holder = Later(lambda: refresh(visitor.copy()))
        one.spotify.wait_for("token", before + 1)
        waiters = [Later(lambda: two.ask(visitor.copy(), "artists")),
                   Later(lambda: visitor.copy().fetch("artists"))]
        # A waiter has a connection, or has taken it from the socket at least.
        wait_until(lambda: connections(two.pids("artists")), 60, "none waits")
        two.kill("artists", signal.SIGKILL)
        one.kill("artists", signal.SIGKILL)
        one.spotify.release()
        assert holder.result().json["refreshed"]
        for waiter in waiters:
            try:
                waiter.result()
            except (AssertionError, OSError):
                pass                # his connection ended with the program
        two.programs["artists"].start()
        one.start("artists")
        assert two.ask(visitor, "artists").status == 200
        assert visitor.fetch("artists").status == 200
        assert len(one.spotify.requests("token")) == before + 1


def connections(pids):
    """How many sockets processes have, beside the one where they listen."""
    if os.geteuid() != 0:
        return True
    return sum(what.startswith("socket:") for pid in pids
               for what in descriptors(pid).values()) > len(pids)


@pytest.mark.parametrize("step", [-HOUR, -50, 50, HOUR])
def test_a_clock_that_is_wrong_on_one_machine_ends_no_session(one, visitor,
                                                              step):
    """Less than a minute is not noticed. With more the tokens are got too
    early, one token request for each time that they seem to have ended, or
    too late; and a login that ends on the other machine may be refused."""
    with Machine(one, clock=True) as two:
        for programs in range(2):
            before = len(one.spotify.requests("token"))
            two.clock(step * programs)
            for _ in range(3):
                assert two.ask(visitor, "session").json["logged_in"]
                assert is_logged_in(visitor)
                assert two.ask(visitor, "artists").status == 200
                assert visitor.fetch("artists").status == 200
                assert two.ask(visitor, "refresh").status == 200
                assert refresh(visitor).status == 200
            spent = len(one.spotify.requests("token")) - before
            assert spent == 0 if abs(step * programs) < 60 else spent <= 3
        assert is_logged_in(visitor)


class Readers:
    """Who asks both machines without a pause, for all the time that a test
    takes; what they may hear is that all is well, or a 503."""

    def __init__(self, client, two, count):
        self.good, self.bad = itertools.count(), []
        self.seen = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(
            target=self._run, args=(client.copy(), two, n))
            for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, client, two, number):
        while not self._stop.wait(0.01):
            reply = two.ask(client, "session") if number % 2 else \
                client.fetch("session")
            if reply.status == 200 and reply.json["logged_in"]:
                self.seen = next(self.good)
            elif reply.status != 503 or reply.header("Set-Cookie"):
                self.bad.append(reply)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def test_tokens_that_are_good_once_outlive_restarts_of_the_engine(
        one, engine, visitor):
    """Round after round the token ends, both machines are asked at the same
    moment, and one token request is made. Now and then the engine crashes
    while Spotify is asked, and is back before it answers. The readers never
    hear anything but that they are logged in."""
    with Machine(one, wanted=2) as two:
        spotify = one.spotify
        spotify.settings(expires_in=LIFE_S)
        assert refresh(visitor).status == 200
        one.clock.advance(HOUR - LIFE_S)
        before = len(spotify.requests("token"))
        with Readers(visitor, two, READERS) as readers:
            for done in range(1, ROUNDS + 1):
                one.clock.advance(LIFE_S)
                crash = done % RESTART_EVERY == 0
                if crash:
                    spotify.answers("token", {"held": True})
                jobs = [Later(lambda: until_served(
                    lambda: refresh(visitor.copy()))), Later(
                        lambda: until_served(
                            lambda: two.ask(visitor.copy(), "refresh")))]
                if crash:
                    spotify.wait_for("token", before + done)
                    engine.stop(signal.SIGKILL)
                    engine.start()
                    spotify.release()
                for job in jobs:
                    reply = job.result(2 * BACK_S)
                    assert reply.status == 200, reply
                assert len(spotify.requests("token")) == before + done
                # Which keeps its cookie for another week.
                assert until_served(lambda: visitor.fetch("session")).json[
                    "logged_in"]
            wait_until(lambda: readers.seen > READERS, BACK_S,
                       "the readers do not read")
        assert readers.bad == []


# Else the session ends on the way.
assert ROUNDS * LIFE_S < 30 * DAY
