# SPDX-License-Identifier: ISC
"""The service manager hears that requests are served, for as long as they are
and no longer. What it does then: tests/install/test_systemd.py."""

import collections
import functools
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from preloading import preloaded
from stack import PROGRAMS, Client
from stack.processes import wait_until
from tools import fastcgi
from tools.amounts import SOAK
from tools.parallel import Later

LIMIT_S = 3.0       # what the service manager allows; a proof is due in a sixth


class Manager:
    """The service manager's socket; who said what, and when."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(self.path)
        self.said = collections.defaultdict(list)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            text, control, _, _ = self._socket.recvmsg(
                512, socket.CMSG_SPACE(12))
            if not text:
                return
            pid = struct.unpack("3i", control[0][2])[0]
            self.said[pid].append((time.monotonic(), text.decode()))

    def environment(self, **more):
        """For a program that is asked for proofs."""
        return {"NOTIFY_SOCKET": self.path,
                "WATCHDOG_USEC": str(int(LIMIT_S * 1e6)), **more}

    def proofs(self, pid):
        """When they came."""
        return [at for at, text in list(self.said[pid])
                if text == "WATCHDOG=1"]

    def close(self):
        """The thread ends."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path)


@pytest.fixture(name="manager")
def fixture_manager(tmp_path):
    """Listening."""
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def next_proof(manager, pid):
    """Wait for another one."""
    before = len(manager.proofs(pid))
    wait_until(lambda: len(manager.proofs(pid)) > before, 60, "no proof")


def test_every_program_proves_that_it_serves(make_stack, manager):
    """Quietly, and again and again; it still ends at once."""
    stack = make_stack(environment=manager.environment())
    pids = {name: stack.programs[name].pids()[0] for name in PROGRAMS}
    for pid in pids.values():
        wait_until(lambda pid=pid: len(manager.proofs(pid)) >= 3, 60,
                   "no proofs")
    for name, pid in pids.items():
        lines = [line for line in stack.programs[name].log().splitlines()
                 if "event=not_confined" not in line]
        assert len(lines) == 1 and "event=started" in lines[0], lines
        assert manager.said[pid][0][1].startswith("READY=1")
    for name, pid in pids.items():
        began = time.monotonic()
        stack.programs[name].kill(signal.SIGTERM)
        assert time.monotonic() - began < 10
        wait_until(lambda pid=pid: manager.said[pid][-1][1] == "STOPPING=1",
                   60, "no word of its end")
        stack.start(name)


@pytest.mark.parametrize("value", ["0", "", "x", "-1", "1e6", None])
def test_nobody_is_told_who_does_not_ask(make_stack, manager, value):
    environment = manager.environment(WATCHDOG_USEC=value)
    stack = make_stack(environment={
        key: text for key, text in environment.items() if text is not None})
    pid = stack.programs["session"].pids()[0]
    wait_until(lambda: manager.said[pid], 60, "not ready")
    time.sleep(LIMIT_S / 3)
    assert len(manager.said[pid]) == 1


def test_another_process_is_meant(make_stack, manager):
    stack = make_stack(environment=manager.environment(WATCHDOG_PID="1"))
    pid = stack.programs["session"].pids()[0]
    wait_until(lambda: manager.said[pid], 60, "not ready")
    time.sleep(LIMIT_S / 3)
    assert len(manager.said[pid]) == 1


@pytest.fixture(name="hanging")
def fixture_hanging(make_stack, manager, tmp_path):
    """A stack whose threads can hang, and the file that makes them."""
    path = tmp_path / "hang"
    stack = make_stack(environment={**manager.environment(),
                                    **preloaded("hanging", tmp_path),
                                    "HANG": str(path)})
    yield stack, path
    path.unlink(missing_ok=True)


def ask(stack, client):
    """For the session of a client."""
    return fastcgi.ask(stack, "session", fastcgi.params_of(
        stack, "session", HTTP_COOKIE=client.cookies.text(client.base)))


def test_threads_that_hang_prove_nothing(hanging, manager):
    """session has two; a thread for connections lives on, and so does the
    one that speaks with the service manager."""
    stack, path = hanging
    client = Client(stack)
    client.login()
    pid = stack.programs["session"].pids()[0]
    next_proof(manager, pid)
    path.touch()
    one = Later(lambda: ask(stack, client))
    next_proof(manager, pid)        # one is left
    two = Later(lambda: ask(stack, client))
    # When both hang a proof may be on its way.
    wait_until(lambda: time.monotonic() - manager.proofs(pid)[-1]
               > LIMIT_S + 1, 60, "proofs of nothing")
    path.unlink()
    assert one.result().status == two.result().status == 200
    next_proof(manager, pid)


def test_a_stopped_process_proves_nothing(make_stack, manager):
    stack = make_stack(environment=manager.environment())
    pid = stack.programs["login"].pids()[0]
    next_proof(manager, pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: time.monotonic() - manager.proofs(pid)[-1]
                   > LIMIT_S + 1, 60, "proofs of nothing")
    finally:
        os.kill(pid, signal.SIGCONT)
    next_proof(manager, pid)


def test_threads_that_are_busy_prove_that_they_serve(make_stack, manager):
    """A request of ours waits in the queue as all others do, and is served:
    here between lists that take Spotify a while."""
    stack = make_stack(environment=manager.environment(),
                       conf={"workers": "2", "artists_max_age": "0"})
    clients = [Client(stack) for _ in range(4)]
    for client in clients:
        client.login()
    stack.spotify.answers("following", {"delay": 1.5}, repeat=True)
    pid, ending = stack.programs["artists"].pids()[0], threading.Event()

    def visit(client):
        while not ending.is_set():
            client.fetch("artists")
    visitors = [Later(functools.partial(visit, client)) for client in clients]
    try:
        for _ in range(3):
            next_proof(manager, pid)
    finally:
        ending.set()
        for visitor in visitors:
            visitor.result()


@pytest.mark.skipif(not SOAK, reason="a timed test: SOAK=1 runs it")
def test_a_queue_that_is_full_is_asked_for_20_seconds(stack, tmp_path):
    """-p of a program that hangs for so long that nobody can connect."""
    path = str(tmp_path / "s")
    waiting = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with pytest.raises(BlockingIOError):
            while True:
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].setblocking(False)
                waiting[-1].connect(path)
        done = subprocess.run(
            [str(stack.build_dir / "cgi-bin" / "session"), "-p", "-s", path],
            env=stack.environment, capture_output=True, text=True,
            check=False, timeout=120)
        for client in waiting:
            client.close()
    assert (done.returncode, done.stdout) == (1, "")
    assert "no answer within 20 seconds" in done.stderr
