# SPDX-License-Identifier: ISC
"""Nobody stops the others: not who sends slowly, not who reads slowly, not who
gave up while all threads were busy. That others are served meanwhile is seen
by what comes first, and not by a clock."""

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import termios
import threading
import time

import pytest

from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools import fastcgi
from tools.fastcgi import PARAMS, STDIN, STDOUT
from tools.spotify import count
from tools.steps import is_logged_in, let_tokens_end, refresh
from tools.parallel import Later

THREADS, PAUSE_S = 2, 0.1   # of login and session; between two bytes sent
REQUEST_S = 10      # that a request may take to come; process/connection.h
DEADLINE_S = 18     # that it may take from then on; process/server.c


class Slow:
    """Sends what is urgent at once and the rest byte by byte, as long as it
    is not ended, from a thread of its own."""

    def __init__(self, peer, urgent, rest):
        self.peer, self.rest = peer, rest
        self._over = threading.Event()
        peer.sendall(urgent)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        for byte in self.rest:
            if self._over.wait(PAUSE_S):
                return
            try:
                self.peer.sendall(bytes([byte]))
            except OSError:
                return

    def is_answered(self):
        """Or cut off."""
        return bool(select.select([self.peer], [], [], 0)[0])

    def close(self):
        """In the middle of it."""
        self._over.set()
        self._thread.join()
        self.peer.close()


def connect(stack, program):
    """To the program itself."""
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    peer.connect(stack.socket(program))
    return peer


def whole(stack, program, **changes):
    """The bytes of a request without a body."""
    return (fastcgi.begin() + fastcgi.stream(PARAMS, fastcgi.pairs(
        fastcgi.params_of(stack, program, **changes)))
        + fastcgi.record(STDIN))


def head(stack, program, length):
    """The bytes of a request whose body has that length and is to come."""
    return fastcgi.begin() + fastcgi.stream(PARAMS, fastcgi.pairs(
        fastcgi.params_of(stack, program, CONTENT_LENGTH=str(length),
                          REQUEST_METHOD="POST")))


def rest(peer):
    """All that is answered."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := peer.recv(fastcgi.LONG):
            answer += piece
    return answer


def reply_of(peer):
    """The Reply to the one request."""
    found, end = fastcgi.split(rest(peer))
    assert end is not None
    return fastcgi.parse(found[STDOUT])


def wait_until_read(peer):
    """Until the program has taken all that was sent."""
    def unread():
        return struct.unpack("i", fcntl.ioctl(
            peer.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
    wait_until(lambda: unread() == 0, 60, "nobody reads")


def cookie_of(client):
    """What the programs know somebody by."""
    return f"{client.session_cookie_name}={client.session_cookie}"


# Slow senders

def slow_to_send(stack, program):
    """One in its parameters, one in its body, one who never ends it."""
    params = fastcgi.record(PARAMS, fastcgi.pairs(
        fastcgi.params_of(stack, program)))
    yield fastcgi.begin(), params * 100
    yield head(stack, program, 16000), fastcgi.record(STDIN, b"x" * 16000)
    yield head(stack, program, 16000), fastcgi.record(STDIN, b"x") * 16000


@contextlib.contextmanager
def slow_senders(stack, program):
    """As many, and one more, than there are threads."""
    with contextlib.ExitStack() as opened:
        slow = []
        for urgent, more in slow_to_send(stack, program):
            peer = opened.enter_context(connect(stack, program))
            peer.sendall(urgent)
            wait_until_read(peer)
            slow.append(opened.enter_context(contextlib.closing(
                Slow(peer, b"", more))))
        yield slow


@pytest.mark.parametrize("program, status", [("login", 303),
                                             ("session", 200)])
def test_slow_senders_hold_no_thread(stack, program, status):
    with slow_senders(stack, program) as slow:
        assert len(slow) > THREADS
        for _ in range(5):
            assert fastcgi.ask(stack, program).status == status
        assert not any(one.is_answered() for one in slow)


def test_a_program_ends_although_slow_senders_go_on(stack):
    with slow_senders(stack, "session") as slow:
        stack.kill("session", signal.SIGTERM)
        assert stack.pids("session") == [] and stack.complaints() == []
        assert all(one.is_answered() for one in slow)


def test_who_does_not_come_to_an_end_is_not_waited_for(stack):
    """Parameters that do not end are no request; a body that does not end
    makes it a bad one; only the record that says so may be missing."""
    with slow_senders(stack, "session") as slow, connect(
            stack, "session") as silent, connect(stack, "session") as brief:
        brief.sendall(fastcgi.begin() + fastcgi.stream(
            PARAMS, fastcgi.pairs(fastcgi.params_of(stack, "session"))))
        assert reply_of(brief).status == 200
        assert not any(one.is_answered() for one in slow)
        assert rest(silent) == b""
        assert rest(slow[0].peer) == b""
        for one in slow[1:]:
            assert reply_of(one.peer).status == 400


def test_more_than_a_request_may_have_is_refused_before_it_is_there(stack):
    long = fastcgi.pairs([("X", "y" * 60_000)])
    for data in (
            head(stack, "session", 1_000_000), head(stack, "session", 16385),
            head(stack, "session", "") + fastcgi.record(STDIN, b"x" * 16385),
            fastcgi.begin() + fastcgi.record(PARAMS, long)
            + fastcgi.record(PARAMS, long)):
        with connect(stack, "session") as peer:
            peer.sendall(data)
            reply = reply_of(peer)
            assert (reply.status, reply.code) == (413, "too_large")


def test_apache_is_not_stopped_by_slow_senders(make_stack):
    """Chunked, so that nobody knows how much is to come, and of a length that
    is permitted. What is not, Apache refuses by itself."""
    stack = make_stack(server="apache")
    client = Client(stack)
    post = (f"POST /session HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\n"
            "Sec-Fetch-Site: same-origin\r\n")
    chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
    announced = post + "Content-Length: 16000\r\n\r\n"
    with contextlib.ExitStack() as opened:
        def slow(first, then):
            peer = socket.create_connection(("127.0.0.1", stack.port), 40)
            return opened.enter_context(contextlib.closing(
                Slow(peer, first.encode(), then)))
        senders = [slow(chunked, b"1\r\nx\r\n" * 16000) for _ in range(2)] + [
            slow(announced, b"x" * 16000) for _ in range(2)]
        for _ in range(5):
            assert client.fetch("session").json == {"logged_in": False}
        assert not any(one.is_answered() for one in senders)
        large = slow(post + "Content-Length: 1000000\r\n\r\n", b"x" * 1000000)
        wait_until(large.is_answered, 60, "no answer")
        assert large.peer.recv(100).startswith(b"HTTP/1.1 413 ")
        stack.kill("session", signal.SIGTERM)
        assert stack.complaints() == []
        stack.start("session")
        assert client.fetch("session").json == {"logged_in": False}


# Slow readers

@pytest.fixture(name="few", scope="module")
def fixture_few():
    """A stack whose programs have one thread that serves, or two."""
    with start_stack(conf={"workers": str(THREADS), "log_level": "debug"}
                     ) as running:
        yield running
        assert running.stop() == []


def slow_readers(stack, client):
    """As many, and one more, than there are threads, and all have an answer
    that is too long for a socket."""
    stack.spotify.account("person of many", follows=2000)
    client.login("person of many")
    assert client.fetch("artists").json["total"] == 2000
    readers = [connect(stack, "artists") for _ in range(THREADS + 1)]
    for reader in readers:
        reader.sendall(whole(stack, "artists", HTTP_COOKIE=cookie_of(client)))
        assert reader.recv(1, socket.MSG_PEEK) == b"\1"
    return readers


def test_slow_readers_hold_no_thread_and_lose_nothing(few):
    client, other = Client(few), Client(few)
    few.reset()
    readers = slow_readers(few, client)
    other.login()
    assert other.fetch("artists").json["total"] > 0
    for reader in readers:
        reply = reply_of(reader)
        assert len(reply.body) == int(reply.header("Content-Length"))
        assert reply.json["total"] == 2000
        reader.close()


def test_who_reads_nothing_is_not_waited_for(few):
    """Neither as long as he is there nor when the program ends."""
    few.reset()
    readers = slow_readers(few, Client(few))
    few.wait_for_event("artists", "answered", status="200")
    wait_until(lambda: few.log("artists").count("event=client_gone") >=
               len(readers), 2 * REQUEST_S, "nobody is given up")
    for reader in readers:
        assert fastcgi.split(rest(reader))[1] is None
    readers = slow_readers(few, Client(few))
    few.kill("artists", signal.SIGTERM)
    assert few.complaints() == []
    few.start("artists")


# All threads are busy

@pytest.fixture(name="one")
def fixture_one(make_stack):
    """Programs with one thread that serves."""
    return make_stack(conf={"workers": "1", "log_level": "debug"})


def occupy(stack, target, job):
    """The one thread waits for Spotify's answer until spotify.release()."""
    stack.spotify.answers(target, {"held": True, "pass": True})
    before = len(stack.spotify.requests(target))
    later = Later(job)
    stack.spotify.wait_for(target, before + 1)
    return later


def test_a_busy_process_leaves_new_connections_to_an_idle_one(make_stack):
    stack = make_stack(conf={"workers": "1"}, processes={"artists": 2})
    client = Client(stack)
    client.login()
    busy = occupy(stack, "following", lambda: client.fetch("artists"))
    for _ in range(20):
        assert fastcgi.ask(stack, "artists").status == 401
    assert busy.under_way()
    stack.spotify.release()
    assert busy.result().status == 200


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_who_waits_for_a_thread_is_served(make_stack, server):
    """No living client is taken for one that has gone."""
    stack = make_stack(server=server, conf={"workers": "1"})
    first, second = Client(stack), Client(stack)
    first.login()
    second.login("grace.many")
    busy = occupy(stack, "following", lambda: first.fetch("artists"))
    waiting = Later(lambda: second.fetch("artists"))
    with connect(stack, "artists") as last:
        last.sendall(whole(stack, "artists"))
        last.shutdown(socket.SHUT_WR)
        wait_until_read(last)
        stack.spotify.release()
        assert busy.result().status == waiting.result().status == 200
        assert reply_of(last).status == 401


def test_who_waits_is_known_although_a_thread_is_free_now_and_then(one):
    """Each end lets one more in, but all are known before that."""
    one.spotify.answers("following", {"delay": 0.06, "pass": True}, repeat=True)
    clients, peers = [Client(one) for _ in range(32)], []
    assert all(client.login() for client in clients)
    for cookie in map(cookie_of, clients):
        peers.append(connect(one, "artists"))
        peers[-1].sendall(whole(one, "artists", HTTP_COOKIE=cookie))
    wait_until_read(peers[-1])
    assert len(select.select(peers, [], [], 0)[0]) < 24
    assert all(reply_of(peer).status == 200 for peer in peers)


def test_nothing_is_done_for_who_has_gone(one):
    first, second = Client(one), Client(one)
    first.login()
    second.login("grace.many")
    busy = occupy(one, "following", lambda: first.fetch("artists"))
    before = count(one.spotify, "following")
    with connect(one, "artists") as gone, connect(one, "artists") as last:
        gone.sendall(whole(one, "artists", HTTP_COOKIE=cookie_of(second)))
        wait_until_read(gone)
        gone.close()
        last.sendall(whole(one, "artists"))
        one.spotify.release()
        assert reply_of(last).status == 401
    assert busy.result().status == 200
    pages = count(one.spotify, "following") - before
    assert pages == len(busy.result().json["artists"]) // 50
    one.wait_for_event("artists", "client_gone")


def test_the_login_of_who_has_gone_is_still_good(one):
    """As nginx does after 20 seconds, the program is told so by the end of
    the connection."""
    first, second = Client(one), Client(one)
    callbacks = [c.approve(c.start_login()) for c in (first, second)]
    busy = occupy(one, "token", lambda: first.finish(callbacks[0]))
    with connect(one, "callback") as gone:
        gone.sendall(whole(
            one, "callback", QUERY_STRING=callbacks[1].partition("?")[2],
            HTTP_COOKIE=second.cookies.text(callbacks[1], "cross-site", True)))
        wait_until_read(gone)
    one.spotify.release()
    assert busy.result().status == 303
    one.wait_for_event("callback", "client_gone")
    assert second.finish(callbacks[1]).status == 303
    assert is_logged_in(second)


def test_no_refresh_token_is_spent_for_who_has_gone(make_stack):
    """He goes while he waits for the lock, whose holder then dies."""
    stack = make_stack(conf={"log_level": "debug"})
    client = Client(stack)
    client.login()
    let_tokens_end(stack)
    busy = occupy(stack, "token", lambda: refresh(client.copy()))
    before = count(stack.spotify, "token")
    with connect(stack, "artists") as gone:
        gone.sendall(whole(stack, "artists", HTTP_COOKIE=cookie_of(client)))
        wait_until_read(gone)
    stack.kill("refresh")
    stack.wait_for_event("artists", "answered", code="busy")
    assert count(stack.spotify, "token") == before
    stack.spotify.release()
    busy.result()
    stack.start("refresh")
    assert client.fetch("artists").status == 200


def test_the_time_of_a_request_runs_while_it_waits(one):
    """All of it has gone by in the queue: there is an answer, and no work."""
    client = Client(one)
    client.login()
    busy = occupy(one, "following", lambda: client.fetch("artists"))
    before = count(one.spotify, "following")
    with connect(one, "artists") as late:
        late.sendall(whole(one, "artists", HTTP_COOKIE=cookie_of(client)))
        wait_until_read(late)
        [pid] = one.pids("artists")
        os.kill(pid, signal.SIGSTOP)
        time.sleep(DEADLINE_S + 0.5)    # this is what the test is about
        os.kill(pid, signal.SIGCONT)
        reply = reply_of(late)
        assert (reply.status, reply.code) == (503, "busy")
        assert reply.header("Retry-After") == "2"
    busy.result()
    assert count(one.spotify, "following") == before
    one.spotify.release()
