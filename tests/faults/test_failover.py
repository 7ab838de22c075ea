# SPDX-License-Identifier: ISC
"""Another engine becomes the master, in the middle of a refresh and under
load. Readers never hear that they are logged out; whoever must save finds the
new master, or says that he has not saved."""

import signal
import threading
import time

import pytest

from stack import Client
from stack.engine import Engine, find_server
from stack.processes import wait_until
from stack.sentinels import Sentinels
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

REQUEST_S = 18      # lib/process/server.c
FAILOVER_S = 180    # the sentinels wait a second here, and then agree
TRIES = 5


@pytest.fixture(name="engine")
def fixture_engine():
    """A master, and its replica."""
    with Engine("replica") as running:
        yield running


def logged_in(stack, engine):
    """Who is logged in, with refresh tokens that are good once; the replica
    has it."""
    client = Client(stack)
    client.login()
    stack.spotify.settings(rotation="strict")
    assert is_copied(engine)
    return client


class Readers:
    """They ask who is logged in, without a pause, until they are stopped."""

    def __init__(self, client, count):
        self.good = self.away = 0
        self.bad = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run,
                                          args=(client.copy(),))
                         for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, client):
        while not self._stop.wait(0.02):
            reply = client.fetch("session")
            with self._lock:
                if reply.status == 200 and reply.json["logged_in"]:
                    self.good += 1
                elif reply.status == 503 and \
                        reply.header("Set-Cookie") is None:
                    self.away += 1
                else:
                    self.bad.append(reply)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def is_copied(engine):
    """Whether the replica gets all that was written until now. WAIT speaks of
    what its own connection has written, which comes after the rest."""
    return engine.commands(("SET", "mark", "1"), ("WAIT", 1, 20000))[1] == 1


def become_master(engine):
    """Whether the replica is. Who is promoted closes connections."""
    try:
        return engine.replica.info("role") == "master"
    except ConnectionError:
        return False


def spending(stack, client):
    """A refresh that waits for Spotify; how many there were before."""
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(client.copy()))
    stack.spotify.wait_for("token", before + 1)
    return under_way, before


def fail_over(stack, engine, visitor):
    """Kill the master while Spotify is asked for a token, under load; the
    answer to that refresh, or None if it may have waited too long, as no
    request waits for ever."""
    with Readers(visitor, 8) as readers:
        wait_until(lambda: readers.good > 20, 60, "the readers do not read")
        began = time.monotonic()
        under_way, before = spending(stack, visitor)
        assert is_copied(engine)
        engine.stop(signal.SIGKILL)
        wait_until(lambda: become_master(engine), FAILOVER_S,
                   "no other master")
        found = readers.good
        wait_until(lambda: readers.good > found + 20, FAILOVER_S,
                   "the readers do not find the new master")
        in_time = time.monotonic() - began < REQUEST_S / 2
        stack.spotify.release()
        reply = under_way.result()
    assert readers.bad == []
    assert is_logged_in(visitor)
    assert not in_time or len(stack.spotify.requests("token")) == before + 1
    return reply if in_time else None


def log_in(client):
    """As soon as the replica that is waited for is quick enough."""
    url = client.approve(client.start_login())
    wait_until(lambda: client.finish(url).status == 303, FAILOVER_S,
               "nobody could log in")


def test_a_failover_in_a_refresh_under_load_loses_nothing(make_stack):
    """The master dies while Spotify is asked; what Spotify answers then is
    saved by the new one. What the replica had confirmed is there. On a busy
    machine a failover may outlast the request: then there is another one."""
    for _ in range(TRIES):
        with Engine("replica") as engine, Sentinels(engine) as sentinels:
            stack = make_stack(conf=engine.conf(sentinels.url))
            visitor = logged_in(stack, engine)
            reply = fail_over(stack, engine, visitor)
            if reply is None:
                continue
            assert reply.status == 200 and reply.json["refreshed"], reply
            let_tokens_end(stack)
            assert refresh(visitor).json["refreshed"]
            held = visitor.copy()
            # Another process, which has not found the new master yet.
            wait_until(lambda: logout(visitor).status == 204, FAILOVER_S,
                       "nobody can log out")
            assert not is_logged_in(held)
            return
    pytest.fail(f"each of {TRIES} failovers took longer than a request waits")


def test_a_master_that_is_made_a_replica_in_a_refresh_takes_no_save(
        make_stack):
    """READONLY: what Spotify gave is not used, and the session is as it
    was."""
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        client = Client(stack)
        client.login()
        under_way, before = spending(stack, client)
        engine.command("REPLICAOF", "127.0.0.1", "1")
        stack.spotify.release()
        reply = under_way.result()
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert reply.header("Set-Cookie") is None
        engine.command("REPLICAOF", "NO", "ONE")
        wait_until(lambda: refresh(client).status == 200, FAILOVER_S,
                   "the master is not found")
        assert is_logged_in(client)
        assert len(stack.spotify.requests("token")) == before + 2


def test_what_was_not_copied_is_lost_with_the_master(make_stack):
    """And nothing else: a login that the replica has not got ends, the one
    before stays, and one that was logged out is back. So says the manual."""
    with Engine("replica") as engine, Sentinels(engine) as sentinels:
        stack = make_stack(conf=engine.conf(sentinels.url))
        first, second, third = (Client(stack) for _ in range(3))
        first.login()
        third.login()
        held = third.copy()
        assert is_copied(engine)
        engine.replica.pause()
        engine.command("CLIENT", "KILL", "TYPE", "replica")
        second.login()
        assert logout(third).status == 204
        engine.stop(signal.SIGKILL)
        engine.replica.resume()
        wait_until(lambda: become_master(engine), FAILOVER_S,
                   "no other master")
        wait_until(lambda: first.fetch("session").status == 200, FAILOVER_S,
                   "the new master is not found")
        assert is_logged_in(first)
        assert not is_logged_in(second)
        assert is_logged_in(held)
        # Another process than the one that has found it already.
        log_in(second)
        assert is_logged_in(second)


def test_a_logout_that_no_replica_has_is_not_done_the_second_time_either(
        make_stack, engine):
    """Though there is nothing left that could be removed: another process, or
    machine, hears by its own connection what the replica has."""
    stack = make_stack(conf=engine.conf(engine.socket_url)
                       | {"store_replicas": "1"})
    client = Client(stack)
    log_in(client)
    engine.replica.pause()
    for _ in range(3):
        reply = logout(client.copy())
        assert (reply.status, reply.code) == (503, "store_unavailable")
        engine.command("CLIENT", "KILL", "TYPE", "normal")
    engine.replica.resume()
    held = client.copy()
    wait_until(lambda: logout(client).status == 204, FAILOVER_S,
               "nobody can log out")
    engine.replica.command("REPLICAOF", "NO", "ONE")
    assert engine.replica.command("KEYS", "sf:*:s") == []
    assert not is_logged_in(held)


def test_the_only_replica_leaves_a_master_that_promises_nothing(make_stack,
                                                                engine):
    """With store_replicas it has too few of its own, until the old master is
    back as one of them."""
    with Sentinels(engine) as sentinels:
        stack = make_stack(conf=engine.conf(sentinels.url)
                           | {"store_replicas": "1"})
        client = Client(stack)
        log_in(client)
        assert is_copied(engine)
        engine.stop(signal.SIGKILL)
        wait_until(lambda: become_master(engine), FAILOVER_S,
                   "no other master")
        wait_until(lambda: client.fetch("session").status == 200, FAILOVER_S,
                   "the new master is not found")
        assert is_logged_in(client)
        reply = logout(client.copy())
        assert (reply.status, reply.code) == (503, "store_unavailable")
        engine.start()
        wait_until(lambda: logout(client.copy()).status == 204, FAILOVER_S,
                   "the old master is no replica")


@pytest.mark.parametrize("replicas", [0, 1])
def test_what_a_master_says_that_was_left_behind_is_lost_unless_confirmed(
        make_stack, replicas):
    """A network that splits: the replica is the master of the others, and the
    old one, which does not know, still serves this machine. When they are one
    again what it took is gone. With store_replicas it was never promised."""
    with Engine("replica") as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url)
                           | {"store_replicas": str(replicas)})
        first, second = Client(stack), Client(stack)
        log_in(first)
        assert is_copied(engine)
        engine.replica.command("REPLICAOF", "NO", "ONE")
        reply = second.finish(second.approve(second.start_login()))
        assert is_logged_in(first)
        if replicas:
            assert (reply.status, reply.code) == (503, "store_unavailable")
            assert second.session_cookie is None
            return
        assert is_logged_in(second)
        engine.command("REPLICAOF", "127.0.0.1", engine.replica.port)
        wait_until(lambda: engine.info("master_link_status") == "up",
                   FAILOVER_S, "the old master does not follow")
        engine.command("REPLICAOF", "NO", "ONE")
        wait_until(lambda: first.fetch("session").status == 200, FAILOVER_S,
                   "the master is not found")
        assert is_logged_in(first)
        assert not is_logged_in(second)
