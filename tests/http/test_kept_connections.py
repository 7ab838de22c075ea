# SPDX-License-Identifier: ISC
"""Connections that the web server keeps (FCGI_KEEP_CONN): they serve one
request after another, hold no thread, and are not lost when a program ends."""

import collections
import contextlib
import resource
import signal
import socket
import threading

import pytest

from stack import Client
from stack.processes import wait_until
from tools import fastcgi
from tools.answers import refused
from tools.fastcgi import END, PARAMS, STDERR, STDIN, STDOUT
from tools.processes import descriptors, is_pending, stopped

KEEP = 1            # FastCGI 1.0, section 3.3
KEPT_MAX = 512      # idle ones; more are marked
MARK = fastcgi.record(STDERR)


class Kept:
    """A connection to a program that one means to use again."""

    def __init__(self, stack, program):
        self.program = program
        self.marked = False     # right behind the last answer
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.settimeout(60)
        self.peer.connect(stack.socket(program))

    def send(self, stack, flags=KEEP, body=b"", **changes):
        """A whole request."""
        params = fastcgi.params_of(stack, self.program, **changes)
        self.peer.sendall(
            fastcgi.begin(flags=flags)
            + fastcgi.stream(PARAMS, fastcgi.pairs(params))
            + fastcgi.stream(STDIN, body))

    def receive(self):
        """{kind: content} to the end of one answer, None if there is none."""
        data = b""
        while piece := self.peer.recv(fastcgi.LONG):
            data += piece
            found, end = fastcgi.split(data)
            if end is not None:
                self.marked = data.endswith(MARK)
                return found
        return None

    def ask(self, stack, **changes):
        """The Reply."""
        self.send(stack, **changes)
        return fastcgi.parse(self.receive()[STDOUT])

    def is_closed(self):
        """Nothing but the end is to come; waits for it."""
        try:
            return self.peer.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.fixture(name="connect")
def fixture_connect(stack):
    """Makes connections; closes them at the end."""
    with contextlib.ExitStack() as made:
        def connect(program="session"):
            kept = Kept(stack, program)
            made.enter_context(kept.peer)
            return kept
        yield connect


def session_of(client):
    """The cookie of somebody who logs in."""
    client.login()
    return f"{client.session_cookie_name}={client.session_cookie}"


@contextlib.contextmanager
def ending(stack, program):
    """Meanwhile a program has been told to end; at the end it has."""
    thread = threading.Thread(target=stack.kill,
                              args=(program, signal.SIGTERM))
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert stack.pids(program) == []
    assert stack.complaints() == []


def connections(stack, program):
    """How many are established on a program's socket, by the kernel's
    table: it names the accepted ends."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return sum(line.endswith(f" {stack.socket(program)}\n")
                   and " 00000000 " in line for line in table)


def test_requests_follow_each_other_and_know_nothing_of_each_other(
        stack, connect):
    cookie, kept = session_of(Client(stack)), connect()
    for _ in range(3):
        reply = kept.ask(stack, HTTP_COOKIE=cookie, REQUEST_ID="a" * 16)
        assert reply.json["logged_in"] is True
        assert kept.ask(stack).json["logged_in"] is False
        reply = kept.ask(stack, SCRIPT_NAME="/x")
        assert reply.status == 404
        assert reply.json["request_id"] == "0123456789abcdef"


@pytest.mark.parametrize("first", [1, 8, 100, None])
def test_a_request_that_came_behind_another_is_answered_after_it(
        stack, connect, first):
    """As many bytes of it as come with the other; None: all."""
    kept = connect()
    mine, none = (fastcgi.begin(flags=KEEP) + fastcgi.stream(
        PARAMS, fastcgi.pairs(fastcgi.params_of(
            stack, "session", HTTP_COOKIE=cookie))) + fastcgi.record(STDIN)
        for cookie in (session_of(Client(stack)), None))
    kept.peer.sendall(mine + none[:first])
    data, found = b"", {}
    while len(found.get(END, b"")) < 2 * 8:
        piece = kept.peer.recv(fastcgi.LONG)
        assert piece, found
        if not data and first is not None:
            kept.peer.sendall(none[first:])
        data += piece
        found, _ = fastcgi.split(data)
    said = found[STDOUT]
    assert said.count(b"Status: 200") == said.count(b'"logged_in"') == 2
    assert 0 < said.index(b'"logged_in":true') < said.index(
        b'"logged_in":false')
    assert kept.ask(stack).json["logged_in"] is False


def test_without_the_flag_the_program_closes(stack, connect):
    kept = connect()
    assert kept.ask(stack).status == 200
    assert kept.ask(stack, flags=0).status == 200
    assert kept.is_closed()


@pytest.mark.parametrize("program, status", [
    ("login", 303), ("session", 200), ("logout", 204)])
def test_idle_connections_hold_no_thread(stack, connect, program, status):
    idle = [connect(program) for _ in range(100)]
    for kept in (*idle, connect(program), *reversed(idle)):
        assert kept.ask(stack).status == status


def test_a_body_that_nobody_needs_is_not_the_next_request(stack, connect):
    cookie = session_of(Client(stack))
    inner = (fastcgi.begin(flags=KEEP) + fastcgi.stream(
        PARAMS, fastcgi.pairs(fastcgi.params_of(
            stack, "session", HTTP_COOKIE=cookie))) + fastcgi.record(STDIN))
    for length in ("0", "1", str(len(inner) * 3), ""):
        kept = connect()
        reply = kept.ask(stack, body=inner * 3, CONTENT_LENGTH=length)
        assert "account" not in reply.text
        assert kept.ask(stack).json["logged_in"] is False


def test_a_request_without_an_end_is_answered_but_not_kept(stack, connect):
    kept = connect()
    kept.peer.sendall(fastcgi.begin(flags=KEEP) + fastcgi.stream(
        PARAMS, fastcgi.pairs(fastcgi.params_of(
            stack, "session", CONTENT_LENGTH="1")))
        + fastcgi.record(STDIN, b"x"))
    assert b"Status: 200" in kept.receive()[STDOUT]
    assert kept.is_closed()


@pytest.mark.parametrize("rubbish", [
    b"\0" * 64, fastcgi.record(STDIN), fastcgi.begin(role=2, flags=KEEP),
    fastcgi.begin(flags=KEEP) + fastcgi.record(PARAMS, b"\x7f")])
def test_rubbish_ends_a_kept_connection_and_nothing_else(stack, connect,
                                                         rubbish):
    other, kept = connect(), connect()
    assert other.ask(stack).status == kept.ask(stack).status == 200
    kept.peer.sendall(rubbish)
    kept.peer.shutdown(socket.SHUT_WR)
    found = kept.receive()
    assert found is None or b"200" not in found.get(STDOUT, b"")[:20]
    assert other.ask(stack).status == 200


def test_too_many_are_marked_and_left_to_the_peer(stack, connect):
    """To close one after its answer would lose a request on its way. The
    thread that has just answered one may count it after the next."""
    kept = [connect() for _ in range(KEPT_MAX + 20)]
    assert {one.ask(stack).status for one in kept} == {200}
    for one in kept[KEPT_MAX + 8:]:
        assert one.marked or one.peer.recv(8) == MARK
        assert one.ask(stack).status == 200


def test_nginx_loses_nothing_when_too_many_are_kept(stack, connect):
    idle = [connect() for _ in range(KEPT_MAX)]
    assert {one.ask(stack).status for one in idle} == {200}
    answers = []

    def ask():
        client = Client(stack)
        answers.extend(client.fetch("session").status for _ in range(500))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collections.Counter(answers) == {200: 2000}


# No descriptor is left

@pytest.fixture(name="take_descriptors")
def fixture_take_descriptors(stack):
    """Leaves `session` no descriptor below its lowest one that is free."""
    [pid] = stack.pids("session")
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def take():
        free = min(set(range(old[0])) - set(descriptors(pid)))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, old[1]))
    yield take
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)


def test_the_store_out_of_reach_is_said_so(stack, connect, take_descriptors):
    """By what no new connection and no file can be opened for. One that the
    program had open for a moment, and has closed since, is taken as well."""
    cookie, kept = session_of(Client(stack)), connect()

    def ask(**changes):
        return kept.ask(stack, HTTP_COOKIE=cookie, **changes)
    before = [ask(), ask(SPOTIFY_FCGI_REQUIRE="1")]
    assert [reply.status for reply in before] == [200, 204]

    def is_unavailable():
        take_descriptors()
        return ask().status == 503
    wait_until(is_unavailable, 60, "a store out of reach")
    refused(ask(), 503, "store_unavailable")
    refused(ask(SPOTIFY_FCGI_REQUIRE="1"), 503, "store_unavailable")


def test_who_cannot_be_accepted_is_when_an_idle_one_goes(stack, connect,
                                                         take_descriptors):
    """Which the program asks them to by a mark, and the peer does."""
    idle = [connect() for _ in range(20)]
    assert {one.ask(stack).status for one in idle} == {200}
    take_descriptors()
    late = connect()
    late.send(stack)
    stack.wait_for_event("session", "accept_failed")
    assert {one.peer.recv(8) for one in idle} == {MARK}
    for one in idle:
        one.peer.close()
    assert b"Status: 200" in late.receive()[STDOUT]


# How a program ends

def test_an_idle_connection_is_marked_and_then_the_peer_closes(stack,
                                                               connect):
    kept = connect()
    assert kept.ask(stack).status == 200
    with ending(stack, "session"):
        assert kept.peer.recv(8) == MARK
        kept.peer.close()


def test_a_request_on_its_way_is_answered(stack, connect):
    """The peer has sent it before it could see the mark."""
    kept = connect()
    assert kept.ask(stack).status == 200
    [pid] = stack.pids("session")
    with contextlib.ExitStack() as until_told:
        until_told.enter_context(stopped(pid))
        kept.send(stack)
        with ending(stack, "session"):
            wait_until(lambda: is_pending(pid, signal.SIGTERM), 60, "no TERM")
            until_told.close()
            assert fastcgi.parse(kept.receive()[STDOUT]).status == 200
            kept.peer.close()


def test_a_peer_that_does_not_close_has_to_see_it_closed(stack, connect):
    """Among them may be one of nginx, if that is slow."""
    kept = [connect() for _ in range(10)]
    assert {one.ask(stack).status for one in kept} == {200}
    told = len(stack.events("session"))
    with ending(stack, "session"):
        for one in kept:
            while data := one.peer.recv(8):
                assert data == MARK
    [closed] = [int(event["connections"])
                for event in stack.events("session")[told:]
                if event["event"] == "kept_closed"]
    assert closed >= 10


# nginx

def test_nginx_uses_a_connection_again_and_again(stack):
    """It may open another when a client that has its answer is quicker than
    what nginx has to do after that."""
    client = Client(stack)
    for _ in range(30):
        assert client.fetch("session").status == 200
    assert 1 <= connections(stack, "session") <= 5


def test_nginx_closes_idle_connections_when_a_program_ends(stack):
    """The program does it for one that is slow to do so: that is tried
    again."""
    def all_are_closed_by_nginx():
        before = stack.log("session").count("event=kept_closed")
        assert Client(stack).fetch("session").status == 200
        assert connections(stack, "session") >= 1
        stack.restart("session")
        return stack.log("session").count("event=kept_closed") == before
    wait_until(all_are_closed_by_nginx, 60, "nginx closes nothing")
    assert Client(stack).fetch("session").status == 200
    assert stack.complaints() == []
