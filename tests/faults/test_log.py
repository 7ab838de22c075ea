# SPDX-License-Identifier: ISC
"""Whoever reads the log may stop: lines are lost then, and counted, and no
request waits for him."""

import contextlib
import fcntl
import os
import pty
import signal
import socket

import pytest

from preloading import preloaded
from stack import Client
from stack.processes import wait_until
from tools.fastcgi import ask
from tools.parallel import together

REQUESTS = 300


class Reader:
    """One who reads the log when he likes to; ours() is what to give to a
    program, and may be shared by several."""

    def __init__(self, kind):
        self.kind, self._rest = kind, b""
        self._read, self._write = {
            "pipe": os.pipe, "terminal": pty.openpty,
            "stream": lambda: [end.detach() for end in socket.socketpair(
                socket.AF_UNIX, socket.SOCK_STREAM)],
            "packets": lambda: [end.detach() for end in socket.socketpair(
                socket.AF_UNIX, socket.SOCK_SEQPACKET)]}[kind]()

    def ours(self):
        """A descriptor for the program's end."""
        return self._write

    def fill(self):
        """To the last byte, as somebody else who writes there may; the flag
        belongs to the description, so it is taken back."""
        flags = fcntl.fcntl(self._write, fcntl.F_GETFL)
        fcntl.fcntl(self._write, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while os.write(self._write, b"x" * 1024):
                pass
        with contextlib.suppress(BlockingIOError):
            while os.write(self._write, b"x"):
                pass
        fcntl.fcntl(self._write, fcntl.F_SETFL, flags)

    def is_blocking(self):
        """Whether the description still is what it was."""
        return not fcntl.fcntl(self._write, fcntl.F_GETFL) & os.O_NONBLOCK

    def read(self):
        """All lines of programs that are there; what is there of one that is
        on its way comes with the rest of it."""
        os.set_blocking(self._read, False)
        found = self._rest
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._read, 65536):
                found += piece
        found, _, rest = found.rpartition(b"\n")
        self._rest = rest if rest.strip(b"x") else b""
        return [line for line in found.decode("ascii").splitlines()
                if line.strip("x")]

    def close(self):
        """Both ends."""
        os.close(self._read)
        os.close(self._write)


@pytest.fixture
def make_reader():
    """A factory."""
    made = []

    def make(kind):
        made.append(Reader(kind))
        return made[-1]
    yield make
    for reader in made:
        reader.close()


def logs_to(stack, reader, program="session"):
    """Restart a program with its log there."""
    stack.programs[program].stderr = reader.ours()
    stack.restart(program)


def answers(stack, count=REQUESTS):
    """So many requests of one after the other, all good. At level debug each
    is a line."""
    for _ in range(count):
        assert ask(stack, "session").status == 200


def lost(lines):
    """How many, by what the log says."""
    return sum(int(line.rpartition("lines=")[2]) for line in lines
               if " event=log_lost " in line)


def answered(lines):
    """How many requests the log knows of."""
    return sum(" event=answered " in line for line in lines)


def check_sum(told, requests):
    """Each was logged or is known to be lost, and little besides: a line
    that tells of something else, and of a terminal, which takes parts of
    lines, those of which a part was taken."""
    known = answered(told) + lost(told)
    assert requests <= known <= requests * 1.05


KINDS = ["pipe", "terminal", "stream", "packets"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_who_stops_holds_up_no_request_and_no_end(
        make_stack, make_reader, kind):
    """Nor does he afterwards: what is lost is told as soon as he goes on."""
    stack, reader = make_stack(conf={"log_level": "debug"}), make_reader(kind)
    logs_to(stack, reader)
    answers(stack, 1)
    wait_until(lambda: answered(reader.read()) == 1, 60, "a line")
    reader.fill()
    answers(stack)
    told = reader.read()
    # The kernel makes room in a terminal as it likes.
    assert kind == "terminal" or answered(told) == lost(told) == 0
    answers(stack, 3)
    wait_until(lambda: told.extend(reader.read()) or told[-3:] and all(
        answered([line]) for line in told[-3:]), 60, "the lines")
    check_sum(told, REQUESTS + 3)
    assert " level=error program=session event=log_lost " in told[-4]
    assert reader.is_blocking()
    reader.fill()
    stack.kill("session", signal.SIGTERM)
    assert stack.complaints() == []


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_share_a_log_lose_the_same(make_stack, make_reader,
                                                  kind):
    """Each counts its own, all of them at once; who reads slowly gets what
    there is room for, in whole lines."""
    stack = make_stack(conf={"log_level": "debug"},
                       processes={"session": 3})
    reader = make_reader(kind)
    logs_to(stack, reader)
    together([lambda: answers(stack, 500)] * 4)
    told = reader.read()
    assert 0 < answered(told) < 2000
    # Each has a last line, and before that it says what it has lost.
    stack.kill("session", signal.SIGTERM)
    told += reader.read()
    assert all(line.startswith("time=") for line in told)
    check_sum(told, 2000)
    assert reader.is_blocking()
    assert stack.complaints() == []


def test_a_pipe_that_cannot_be_opened_again_is_no_trap(
        make_stack, make_reader, tmp_path):
    """One that root has made, say, for somebody who is not root."""
    stack = make_stack(conf={"log_level": "debug"}, environment={
        **preloaded("refusing", tmp_path), "REFUSE_OPEN": "/proc/self/fd/2"})
    reader = make_reader("pipe")
    logs_to(stack, reader)
    answers(stack, 600)         # more than it has room for
    told = reader.read()
    assert 0 < answered(told) < 600 and lost(told) == 0
    answers(stack, 1)
    assert lost(reader.read()) == 600 - answered(told)
    reader.fill()
    answers(stack)
    stack.kill("session", signal.SIGTERM)
    assert stack.complaints() == []


def test_a_log_of_nobodys_is_written_nowhere(stack):
    """Else the first file that a program opens would become its standard
    error, and that is one of the store."""
    program = stack.programs["session"]
    usual, program.command = program.command, [
        "sh", "-c", 'exec "$0" "$@" 2>&-', *program.command]
    stack.restart("session")
    program.command = usual
    client = Client(stack)
    client.login()
    assert client.fetch("session").json["logged_in"]
    [pid] = stack.pids("session")
    assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"
    stack.restart("session")
