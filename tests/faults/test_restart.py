# SPDX-License-Identifier: ISC
"""Nothing is lost when programs are ended politely under load."""

import contextlib
import http.client
import os
import signal
import threading
import time

import pytest

from stack import Client
from stack.processes import wait_until
from tools import fastcgi
from tools.amounts import scaled
from tools.parallel import Later, timed
from tools.steps import is_logged_in, let_tokens_end, refresh
from tracing import Strace, needs_strace

REQUESTS = scaled(2000, 20_000)
ASKERS = 8
CUT_OFF_S = 10     # after which a process ends whatever there is


class Load:
    """Several clients that ask without a pause until enough is asked."""

    def __init__(self, clients, ask, wanted):
        self.wanted, self.ask = wanted, ask
        self.count, self.bad = 0, []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(c,))
                         for c in clients]
        for thread in self._threads:
            thread.start()

    def _run(self, client):
        while not self._stop.is_set():
            with self._lock:
                if self.count >= self.wanted:
                    return
                self.count += 1
                number = self.count
            try:
                reply = self.ask(client, number)
                good = reply.status in (200, 204, 304)
            except (OSError, AssertionError) as error:
                reply, good = error, False
            if not good:
                self.bad.append(reply)

    def running(self):
        """Whether there is more to come."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds=300):
        """For the end."""
        for thread in self._threads:
            thread.join(seconds)
        self._stop.set()

    def stop(self):
        """After the answers that are under way."""
        self._stop.set()
        self.wait()


def crowd(stack, client):
    """Clients of one session, and of others."""
    client.login()
    clients = [client.copy() for _ in range(ASKERS // 2)]
    for _ in range(ASKERS // 2):
        clients.append(Client(stack))
        clients[-1].login("grace.many")
    return clients


def mixed(client, number):
    """Every endpoint that a page asks."""
    kind = number % 4
    if kind == 0:
        return refresh(client)
    return client.fetch("artists" if kind == 1 else "session")


def test_a_rolling_restart_under_load_loses_no_request(stack, client,
                                                       record_property):
    """Two or four processes on one held socket, ended by TERM and replaced
    one after the other, over and over."""
    load = Load(crowd(stack, client), mixed, REQUESTS)
    rounds = 0
    while load.running():
        for program in ("artists", "refresh", "session"):
            stack.restart(program)
        rounds += 1
        if rounds % 3 == 0:
            let_tokens_end(stack)
    load.wait()
    record_property("requests", load.count)
    record_property("restarts", rounds)
    print(f"{load.count} requests over {rounds} rolling restarts: "
          f"{len(load.bad)} lost")
    assert load.bad == [] and load.count >= REQUESTS and rounds >= 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT,
                                    signal.SIGUSR1], ids=lambda n: n.name)
def test_what_was_accepted_is_finished_before_the_end(stack, client, spotify,
                                                      number):
    """A renewal that waits for Spotify while the signal comes is answered
    and saved; the process ends with 0 (or the stack complains)."""
    client.login()
    let_tokens_end(stack)
    spotify.settings(rotation="strict")
    spotify.answers("token", {"after_commit_delay": 1})
    tab = client.copy()
    under_way = Later(lambda: refresh(tab))
    spotify.wait_for("token", 2)
    stack.kill("refresh", number)
    assert under_way.result().json["refreshed"]
    stack.start("refresh")
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]


def test_a_hangup_does_not_cut_the_end_short(stack, client, spotify):
    """HUP is ignored, also while the last requests are finished."""
    client.login()
    let_tokens_end(stack)
    spotify.answers("token", {"after_commit_delay": 1})
    under_way = Later(lambda: refresh(client))
    spotify.wait_for("token", 2)
    pids = stack.pids("refresh")
    ending = Later(lambda: stack.kill("refresh", signal.SIGTERM))
    stack.wait_for_event("refresh", "stopping")
    for pid in pids:
        os.kill(pid, signal.SIGHUP)
    assert under_way.result().json["refreshed"]
    ending.result()


@needs_strace
@pytest.mark.parametrize("ask", [
    lambda tab, _: tab.fetch("session"),
    lambda tab, _: fastcgi.ask(tab.stack, "session")],
    ids=["kept", "new"])
def test_a_queue_that_never_empties_keeps_nobody_from_ending(stack, client,
                                                             ask):
    """The processes are made slow, so that somebody always waits, on a
    connection that nginx has kept or on a new one. Who does is left to the
    next process, and gets an answer."""
    client.login()
    load = Load([client.copy() for _ in range(4 * ASKERS)], ask, 10 ** 9)
    try:
        with contextlib.ExitStack() as traces:
            for pid in stack.pids("session"):
                traces.enter_context(
                    Strace(pid, "inject=epoll_wait:delay_exit=20000"))
            slow = load.count + 8 * ASKERS
            wait_until(lambda: load.count > slow, 60, "no answers")
            load.bad.clear()    # strace interrupts a read when it attaches
            seconds, _ = timed(lambda: stack.kill("session", signal.SIGTERM))
        stack.start("session")
    finally:
        load.stop()
    assert seconds < CUT_OFF_S and load.bad == []


@needs_strace
def test_a_request_that_waits_at_the_end_is_served(make_stack):
    """On a connection that nginx has kept; the only thread is slow to see
    it, and main, which ends idle connections, comes first."""
    stack = make_stack(server="nginx", conf={"workers": 1})
    tab = Client(stack)

    def waits_and_is_served():
        """If nginx has it within 0.2 s; a later one is the next process's."""
        assert not is_logged_in(tab)
        closed = stack.log("session").count("kept_closed")
        [pid] = stack.pids("session")
        with Strace(pid, "inject=epoll_wait:delay_exit=500000") as trace:
            under_way = Later(lambda: is_logged_in(tab))
            time.sleep(0.2)
            stack.kill("session", signal.SIGTERM)
        stack.start("session")
        assert under_way.result() is False
        return "(DELAYED)" in trace.text and \
            stack.log("session").count("kept_closed") == closed
    wait_until(waits_and_is_served, 120, "it is never served")


def test_a_request_that_crosses_the_end_of_a_kept_connection(make_stack):
    """nginx has read neither the request nor the mark of the idle connection
    when it goes on; the request came first, so it is sent there, and the mark
    is read before the answer. No other process could give one."""
    stack = make_stack(server="nginx")
    tab = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)

    def ask():
        tab.request("GET", "/session", headers={
            "Sec-Fetch-Site": "same-origin"})

    def status():
        answer = tab.getresponse()
        answer.read()
        return answer.status
    ask()
    assert status() == 200
    time.sleep(0.1)         # until nginx has put its connection aside
    worker = stack.server.worker()
    os.kill(worker, signal.SIGSTOP)
    try:
        ask()
        ending = Later(lambda: stack.kill("session", signal.SIGTERM))
        stack.wait_for_event("session", "stopping")
        time.sleep(0.02)        # a mark every 2 ms, for a second
    finally:
        os.kill(worker, signal.SIGCONT)
    assert status() == 200
    ending.result()
    assert "kept_closed" not in stack.log("session")
    tab.close()


def test_an_idle_process_ends_at_once(stack):
    """No request has to come first."""
    seconds, _ = timed(lambda: stack.kill("session", signal.SIGTERM))
    assert seconds < CUT_OFF_S


def test_requests_wait_in_the_socket_while_nobody_is_there(stack, client):
    """Between the end of one process and the start of the next."""
    client.login()
    stack.kill("session", signal.SIGTERM)
    waiting = Later(lambda: is_logged_in(client))
    wait_until(lambda: stack.pids("session") == [], 60, "no end")
    stack.start("session")
    assert waiting.result() is True


def test_processes_killed_under_load_cost_only_their_own_requests(stack,
                                                                  client):
    """kill -9 is not polite: those it held get 503, the session lives, and
    the next request is served."""
    load = Load(crowd(stack, client), mixed, scaled(400, 2000))
    kills = 0
    while load.running() and kills < 5:
        for pid in stack.pids("artists")[:1]:
            os.kill(pid, signal.SIGKILL)
        kills += 1
        wait_until(lambda: len(stack.pids("artists")) == 3, 60, "no death")
        stack.start("artists")
    load.wait()
    assert stack.complaints() == ["artists ended by itself: -9"] * kills
    assert {reply.status for reply in load.bad} <= {502, 503}
    assert len(load.bad) <= kills * ASKERS
    assert is_logged_in(client)
