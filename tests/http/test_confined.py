# SPDX-License-Identifier: ISC
"""What a program gives up before it reads a byte from outside. How far that
goes is tests/unit/process/sandbox.c."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from stack import PROGRAMS
from stack.processes import wait_until

LANDLOCK_CREATE_RULESET = 444
VERSION = 1


def kernel_can():
    """Whether there is Landlock."""
    return ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0,
                                     VERSION) > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_can_gain_privileges(stack, program):
    """No set-user-id program is worth anything to it."""
    for pid in stack.pids(program):
        status = pathlib.Path(f"/proc/{pid}/status")
        # A process that has just been started may not have come to it yet.
        wait_until(lambda: "\nNoNewPrivs:\t1\n" in status.read_text(), 60,
                   "no confined process")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_is_confined(stack, program):
    """Or it says why not, for all to see."""
    stack.wait_for_event(program, "started")
    assert ("event=not_confined" in stack.log(program)) != kernel_can()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.skipif(not kernel_can(), reason="no Landlock")
def test_it_is_confined_before_it_listens_to_anybody(stack, tmp_path):
    """The kernel has said yes, and the first thread comes after that."""
    trace = tmp_path / "trace"
    socket = tmp_path / "socket"
    process = subprocess.Popen(
        ["strace", "-f", "-o", trace, "-e",
         "trace=clone,clone3,listen,landlock_restrict_self",
         stack.build_dir / "cgi-bin" / "session", "-f", stack.conf_file,
         "-s", socket],
        env=stack.environment | {"ASAN_OPTIONS": "detect_leaks=0"})
    try:
        wait_until(lambda: "clone" in trace.read_text() if trace.exists()
                   else False, 60, "no thread was started")
    finally:
        # strace would ignore it; the program is the first in the trace.
        os.kill(int(trace.read_text().split(None, 1)[0]), signal.SIGTERM)
        process.wait(60)
    calls = [line.split(None, 1)[1] for line in
             trace.read_text().splitlines()]
    confined = [n for n, call in enumerate(calls)
                if call.startswith("landlock_restrict_self")]
    assert len(confined) == 1 and calls[confined[0]].endswith("= 0")
    threads = [n for n, call in enumerate(calls) if call.startswith("clone")]
    assert confined[0] < threads[0]
