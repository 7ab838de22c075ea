# SPDX-License-Identifier: ISC
"""What the kernel tells of a process of ours, how it is stopped for a while,
and how it was built."""

import contextlib
import os
import pathlib
import re
import signal

import pytest

from stack.processes import wait_until


def descriptors(pid):
    """What the process has open: {number: what}."""
    found = {}
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):    # just closed
                found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    except PermissionError:
        pytest.skip("a hardened process shows its files to root only")
    return found


def told_of_all(part):
    """(process id, text) of a file that /proc has for every process. One that
    ends meanwhile is left out: pathlib's glob() would raise for it."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            yield int(pid), pathlib.Path(f"/proc/{pid}/{part}").read_text(
                "utf-8", "replace")


def status(pid, field):
    """A number of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])


def _is_stopped(pid):
    """All its threads: each does so when it comes to it."""
    states = [pathlib.Path(f"/proc/{pid}/task/{task}/stat").read_text("ascii")
              for task in os.listdir(f"/proc/{pid}/task")]
    return all(state.rpartition(") ")[2][0] == "T" for state in states)


@contextlib.contextmanager
def stopped(pid):
    """Meanwhile nothing of the process runs."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: _is_stopped(pid), 60, f"{pid} runs on")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_pending(pid, number):
    """Whether a process that is stopped has a signal before it."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    waiting = re.search(r"^ShdPnd:\s*(\w+)$", text, re.M)[1]
    return int(waiting, 16) >> (number - 1) & 1 == 1


def is_sanitized(stack):
    """Whether the programs carry a sanitizer, which costs memory and time."""
    program = stack.build_dir / "cgi-bin" / "session"
    return b"__asan_init" in program.read_bytes()
