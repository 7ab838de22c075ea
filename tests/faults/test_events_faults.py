# SPDX-License-Identifier: ISC
"""Events when something breaks: they are whole or not there, they come at
least once, and no login waits or fails for them."""

import functools
import itertools
import os
import subprocess
import urllib.parse

import pytest

from faulttable import ERRORS, Walk
from stack import Client
from stack.engine import Engine, find_server
from stack.fixtures import start_stack
from tools.amounts import SOAK, scaled
from tools.events import Outbox, make_outbox
from tools.machines import Machine
from tools.parallel import together
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tracing import needs_strace

needs_engine = pytest.mark.skipif(
    find_server() is None, reason="needs valkey-server or redis-server")
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="mounting a small file system takes root")


@pytest.fixture(scope="module")
def stack_of_module(tmp_path_factory):
    """Every program with one thread. Not reset."""
    path = make_outbox(tmp_path_factory.mktemp("events"))
    with start_stack(conf={"events_dir": path, "workers": "1"}) as running:
        running.outbox = Outbox(path, running)
        yield running
        assert running.stop() == []


@pytest.fixture
def stack(stack_of_module):
    """Fresh for a test."""
    stack_of_module.reset()
    yield stack_of_module
    stack_of_module.outbox.take()
    assert stack_of_module.complaints() == []


class Scene:
    """Something that tells events, of a new account each time."""

    program = None

    def __init__(self, stack):
        self.stack, self.outbox = stack, stack.outbox
        self.names = (f"visitor{n}" for n in itertools.count())
        self.name = self.client = None

    def prepare(self):
        """Somebody who was never here."""
        self.name = next(self.names)
        self.stack.spotify.account(self.name)
        self.client = Client(self.stack)
        for path in self.outbox.path.iterdir():
            path.unlink()

    def told(self, fault):
        """The words of what was told, of nobody else."""
        left = [path for path in self.outbox.path.iterdir()
                if path.name.startswith(".temp-")]
        assert len(left) <= (fault in ("KILL", "unlinkat"))
        for path in left:
            path.unlink()
        events = self.outbox.take()
        assert {e["account"]["id"] for e in events} <= {self.name}
        return [event["event"] for event in events]


class LoggingIn(Scene):
    """The first login of an account."""

    program = "callback"

    def prepare(self):
        super().prepare()
        self.url = self.client.approve(self.client.start_login(), self.name)

    def ask(self):
        """Come back from Spotify."""
        return self.client.finish(self.url)

    def look(self, reply, fault):
        """Another login tells what that has not; nothing is told twice
        before it is taken."""
        if fault != "KILL":
            assert reply.status == 303 and is_logged_in(self.client)
        again = Client(self.stack)
        again.login(self.name)
        told = self.told(fault)
        assert told.count("first_login") == 1
        logins = 1 + (reply.status == 303 and not fault)
        assert logins <= told.count("login") <= 2
        again.login(self.name)
        assert self.told(None) == ["login"]
        return f"{told.count('login')} login, 1 first_login"


class LoggingOut(Scene):
    """A logout."""

    program = "logout"

    def prepare(self):
        super().prepare()
        self.client.login(self.name)
        self.outbox.take()

    def ask(self):
        """The button."""
        return logout(self.client)

    def look(self, reply, fault):
        """Who has to do it again has not lost the event."""
        if fault != "KILL":
            assert reply.status == 204
        was_in = is_logged_in(self.client)
        assert logout(self.client).status == 204
        told = self.told(fault)
        assert set(told) <= {"logout"} and len(told) <= 2
        assert told or fault not in ("KILL", None)
        return f"{len(told)} logout, " + ("again" if was_in else "done")


class Ending(Scene):
    """Spotify has ended the authorization."""

    program = "refresh"

    def prepare(self):
        super().prepare()
        self.client.login(self.name)
        let_tokens_end(self.stack)
        self.stack.spotify.answers("token", "invalid_grant_revoked",
                                   repeat=True)
        self.outbox.take()

    def ask(self):
        """A renewal."""
        return refresh(self.client)

    def look(self, reply, fault):
        """Whoever finds out tells."""
        if fault != "KILL":
            assert (reply.status, reply.code) == (401, "login_expired")
        assert refresh(self.client).status == 401
        self.stack.spotify.clear_answers()
        told = self.told(fault)
        assert set(told) <= {"authorization_ended"} and len(told) <= 2
        assert told or fault not in ("KILL", None)
        return f"{len(told)} authorization_ended"


SCENES = [LoggingIn, LoggingOut, Ending]


def walk_of(scene):
    """Through what it does, and the calls that touch the outbox."""
    walk = Walk(scene.stack, scene.program, prepare=scene.prepare,
                ask=scene.ask, look=scene.look)
    calls = walk.calls()
    if not SOAK:
        calls = [call for call in calls if str(scene.outbox.path) in call[2]]
    return walk, calls


@needs_strace
@pytest.mark.parametrize("kind", SCENES if SOAK else SCENES[:1])
def test_a_kill_loses_no_event_and_doubles_no_first(stack, kind):
    """At each system call of it with SOAK=1, else at those of its events."""
    walk, calls = walk_of(kind(stack))
    killed = sum(walk.kill(call) for call in calls)
    walk.table()
    assert killed >= 8


@needs_strace
@pytest.mark.parametrize("error", ERRORS if SOAK else ERRORS[:1])
@pytest.mark.parametrize("kind", SCENES)
def test_no_error_of_a_call_stops_what_it_tells_of(stack, kind, error):
    scene = kind(stack)
    walk, calls = walk_of(scene)
    for call in calls:
        if str(scene.outbox.path) in call[2]:
            walk.fail(call, error)
    walk.table()
    assert len(walk.rows) >= 8


@needs_root
def test_a_full_disk_stops_no_login(make_stack, tmp_path):
    path = make_outbox(tmp_path)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=0770",
                           "tmpfs", str(path)], check=False,
                          capture_output=True)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        stack = make_stack(conf={"events_dir": path})
        check_full_disk(stack, Outbox(path, stack))
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def check_full_disk(stack, outbox):
    """Nobody notices; there is no part of a file; then there is room again,
    and what counts once is told."""
    filler = outbox.path / "filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 512)
    client = Client(stack)
    for _ in range(3):
        client.login()
    assert is_logged_in(client)
    line, = [e for e in stack.events("callback")
             if e["event"] == "events_lost"]
    assert (line["level"], line["errno"], line["n"]) == ("error", "28", "1")
    assert logout(client).status == 204
    assert [path.name for path in outbox.path.iterdir()] == ["filler"]
    filler.unlink()
    client.login()
    assert outbox.kinds() == ["first_login", "login"]


def test_a_missing_directory_stops_nothing(stack):
    away = stack.outbox.path.with_name("away")
    client = Client(stack)
    stack.restart("callback")       # which has not complained lately
    client.login()
    stack.outbox.take()
    stack.spotify.account("bob")
    stack.outbox.path.rename(away)
    try:
        client.login("bob")
        assert logout(client).status == 204
        stack.wait_for_event("callback", "events_lost", errno="2")
    finally:
        away.rename(stack.outbox.path)
    assert stack.outbox.take() == []
    client.login("bob")
    assert stack.outbox.kinds() == ["first_login", "login"]


def test_a_directory_that_is_made_late_takes_a_restart(make_stack, tmp_path):
    """Without it a program is confined, and serves."""
    path = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": path})
    path.rmdir()
    stack.restart("callback")
    stack.wait_for_event("callback", "directory_missing")
    client = Client(stack)
    client.login()
    assert ("not_confined" in stack.log("callback")) \
        == ("not_confined" in stack.log("login"))
    make_outbox(tmp_path)
    stack.restart("callback")
    client.login()
    assert Outbox(path, stack).kinds() == ["first_login", "login"]


@needs_engine
def test_on_two_machines_an_account_is_first_once(make_stack, tmp_path):
    """Each tells its own code; they have no directory in common."""
    here, there = tmp_path / "one", tmp_path / "other"
    here.mkdir()
    there.mkdir()
    paths = make_outbox(here), make_outbox(there)
    with Engine() as engine:
        one = make_stack(conf={**engine.conf(engine.socket_url),
                               "events_dir": paths[0]})
        with Machine(one, events_dir=paths[1]) as two:
            check_two_machines(one, two, [Outbox(path, one)
                                          for path in paths])
        one.stop()


def check_two_machines(one, two, outboxes):
    """Two browsers of each account come back at the same moment, one to each
    machine."""
    names = [f"visitor{n}" for n in range(5)]
    jobs = []
    for name in names:
        one.spotify.account(name)
        for place in (one, two):
            client = Client(one)
            url = client.approve(client.start_login(), name)
            jobs.append(functools.partial(
                client.finish, url) if place is one else functools.partial(
                    two.ask, client, "callback",
                    urllib.parse.urlsplit(url).query))
    assert {reply.status for reply in together(jobs)} == {303}
    told = [[(e["event"], e["account"]["id"]) for e in outbox.take()]
            for outbox in outboxes]
    for events in told:
        assert sorted(who for word, who in events if word == "login") == names
    assert sorted(who for events in told for word, who in events
                  if word == "first_login") == names
    # Whoever comes later is known on both.
    client = Client(one)
    client.login(names[0])
    assert outboxes[0].kinds() == ["login"]


def test_of_many_logins_each_is_told(make_stack, tmp_path):
    """By two processes of callback. With SOAK=1 a thousand of fifty accounts,
    400 at once: nginx has 1,024 connections here, and each takes two. So many
    are under way; 128, as callback has threads, are finished at a time, and
    the others wait for one."""
    path = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": path}, processes={"callback": 2})
    outbox = Outbox(path, stack)
    count, accounts = scaled(60, 1000), scaled(6, 50)
    at_once = scaled(20, 400)
    for number in range(accounts):
        stack.spotify.account(f"visitor{number}")

    def log_in(first):
        for number in range(first, count, at_once):
            Client(stack).login(f"visitor{number % accounts}")
    together([functools.partial(log_in, first) for first in range(at_once)])
    told = outbox.take()
    assert sum(e["event"] == "login" for e in told) == count
    firsts = [e["account"]["id"] for e in told if e["event"] == "first_login"]
    assert len(firsts) == len(set(firsts)) == accounts
