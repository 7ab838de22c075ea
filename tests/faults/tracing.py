# SPDX-License-Identifier: ISC
"""Faults by strace: at a system call of a choice it kills the process or
answers with an error. It is attached to the one thread that serves requests
(`workers = 1`), so calls are counted from the request on. That thread is one of
two, as one always waits for who comes: both are traced, and what counts is what
the one does that has more to do."""

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

CALL = re.compile(r"^(\w+)\((.*)")
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


def serving_threads(pid):
    """The threads beside main; they are there once the program waits for
    work."""
    def others():
        found = [int(t) for t in os.listdir(f"/proc/{pid}/task")
                 if int(t) != pid]
        return found if len(found) > 1 else None
    return wait_until(others, 60, "no serving threads")


class Strace:
    """`with Strace(pid, "inject=fsync:error=EIO:when=1") as trace:` and
    afterwards trace.calls: [(name, the rest of the line)]."""

    def __init__(self, pid, inject=None):
        self._pid, self.threads = pid, serving_threads(pid)
        self._inject = inject
        self._folder = tempfile.TemporaryDirectory(prefix="sf-trace-")
        self._output = pathlib.Path(self._folder.name) / "trace"
        self._process = None
        self.calls = []
        self.text = ""

    def _is_attached(self):
        assert self._process.poll() is None, self._process.stderr.read()
        try:
            return all("TracerPid:\t0\n" not in pathlib.Path(
                f"/proc/{thread}/status").read_text("utf-8")
                for thread in self.threads)
        except OSError:
            return False

    def _is_dead(self):
        try:
            stat = pathlib.Path(f"/proc/{self._pid}/stat").read_text("ascii")
        except OSError:
            return True
        return stat.rpartition(") ")[2][0] == "Z"

    def __enter__(self):
        name = self._inject.split("=")[1].split(":")[0] if self._inject \
            else "all"
        options = ["-e", "trace=" + name]
        if self._inject:
            options += ["-e", self._inject]
        self._process = subprocess.Popen(
            ["strace", "-qq", "-y", "-o", str(self._output), *options,
             *[f"-p{thread}" for thread in self.threads]],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until(self._is_attached, 60, "no attached strace")
        return self

    def __exit__(self, *_):
        if self._inject and ":signal=KILL" in self._inject:
            # The answer may be there before the death that follows it, and
            # strace tells of that after all.
            for _ in range(100):
                if self._process.poll() is not None or self._is_dead():
                    break
                time.sleep(0.002)
            if self._is_dead():
                self._process.wait(60)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)    # detaches
        self._process.communicate(timeout=60)
        self.text = self._output.read_text("utf-8", "replace")
        by_thread = {}
        for line in self.text.splitlines():
            thread, _, rest = line.partition(" ")
            by_thread.setdefault(thread, []).append(rest.lstrip())
        found = (CALL.match(line) for line in
                 max(by_thread.values(), key=len, default=[]))
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


def calls_of(pid, ask):
    """All that a process calls while that is asked, without the look at its
    counts that comes every ten seconds: then it is asked again."""
    while True:
        with Strace(pid) as trace:
            ask()
        if not any('"metrics"' in rest for _, rest in trace.calls):
            return trace.calls
