# SPDX-License-Identifier: ISC
"""Faults by strace: at a system call of a choice it kills the process or
answers with an error. It is attached to the one thread that serves requests
(`workers = 1`), so calls are counted from the request on."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from stack.processes import wait_until

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")
INJECTED = "(INJECTED"


def can_trace():
    """None, or why not: the programs are not dumpable, so only root may."""
    if shutil.which("strace") is None:
        return "strace is missing"
    if os.geteuid() != 0:
        return "tracing a program that cannot be dumped takes root"
    return None


needs_strace = pytest.mark.skipif(can_trace() is not None,
                                  reason=str(can_trace()))


def serving_thread(pid):
    """The thread beside main; it is there once the program waits for work."""
    def others():
        return [int(t) for t in os.listdir(f"/proc/{pid}/task")
                if int(t) != pid]
    return wait_until(others, 10, "no serving thread")[0]


class Strace:
    """`with Strace(pid, "inject=fsync:error=EIO:when=1") as trace:` and
    afterwards trace.calls: [(name, the rest of the line)]."""

    def __init__(self, pid, inject=None):
        self.thread = serving_thread(pid)
        self._inject = inject
        self._folder = tempfile.TemporaryDirectory(prefix="sf-trace-")
        self._output = pathlib.Path(self._folder.name) / "trace"
        self._process = None
        self.calls = []
        self.text = ""

    def _is_attached(self):
        assert self._process.poll() is None, self._process.stderr.read()
        try:
            text = pathlib.Path(f"/proc/{self.thread}/status").read_text()
        except OSError:
            return False
        return "TracerPid:\t0\n" not in text

    def __enter__(self):
        name = self._inject.split("=")[1].split(":")[0] if self._inject \
            else "all"
        options = ["-e", "trace=" + name]
        if self._inject:
            options += ["-e", self._inject]
        self._process = subprocess.Popen(
            ["strace", "-qq", "-y", "-o", str(self._output), *options, "-p",
             str(self.thread)], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        wait_until(self._is_attached, 10, "no attached strace")
        return self

    def __exit__(self, *_):
        if self._inject and ":signal=KILL" in self._inject:
            # The answer may be there before the death that follows it.
            for _ in range(100):
                if self._process.poll() is not None:
                    break
                time.sleep(0.002)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)    # detaches
        self._process.communicate(timeout=20)
        self.text = self._output.read_text("utf-8", "replace")
        found = (CALL.match(line) for line in self.text.splitlines())
        self.calls = [match.groups() for match in found if match]
        self._folder.cleanup()

    @property
    def hit(self):
        """Whether the fault was met."""
        return INJECTED in self.text


def numbered(calls):
    """[(name, how many of that name so far, rest)]."""
    count = {}
    result = []
    for name, rest in calls:
        count[name] = count.get(name, 0) + 1
        result.append((name, count[name], rest))
    return result
