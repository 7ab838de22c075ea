# SPDX-License-Identifier: ISC
"""Processes that cannot outlive us, and the sockets that outlive them."""

import concurrent.futures
import ctypes
import os
import re
import signal
import socket
import subprocess
import time

from .error import StackError

PR_SET_PDEATHSIG = 1
STOP_S = 60
LIBC = ctypes.CDLL(None, use_errno=True)


STARTED = "event=started"


class Spawner:
    """Starts processes from one thread of its own: the kernel's "signal me
    when my parent dies" means the thread, and tests start things in threads
    that end soon."""

    def __init__(self):
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "spawner")
        self._parent = os.getpid()

    def _start(self, command, death_signal, **keywords):
        def die_with_parent():
            LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != self._parent:    # it was quicker than we
                os._exit(1)
        try:
            return subprocess.Popen(command, preexec_fn=die_with_parent,
                                    **keywords)
        except OSError as error:
            raise StackError(f"{command[0]}: {error.strerror}") from None

    def start(self, command, death_signal=signal.SIGKILL, **keywords):
        """subprocess.Popen(command, **keywords)."""
        return self._thread.submit(self._start, command, death_signal,
                                   **keywords).result()

    def close(self):
        """The thread ends, and so does whatever still runs."""
        self._thread.shutdown()


def listen_unix(path):
    """A listening socket, as a service manager makes it."""
    if len(os.fsencode(path)) > 107:
        raise StackError(f"{path}: too long for a unix socket; set TMPDIR to "
                         "a shorter directory")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o660)
    listener.listen(1024)
    return listener


def minds(process, number):
    """Whether the signal would not just kill it: a program that has only
    begun to start has not said yet what it does with it. All its threads are
    looked at: one that waits for a signal seems not to block it."""
    try:
        tasks = os.listdir(f"/proc/{process.pid}/task")
        for task in tasks:
            with open(f"/proc/{process.pid}/task/{task}/status",
                      encoding="ascii") as status:
                masks = dict(line.split(":", 1) for line in status)
            if any(int(masks[name], 16) >> (number - 1) & 1
                   for name in ("SigBlk", "SigCgt", "SigIgn")):
                return True
        return False
    except (OSError, KeyError):     # gone, or a zombie
        return True


def end(process, number):
    """Send a signal, wait, return the exit status (negative: a signal)."""
    process.send_signal(number)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


class Program:
    """One program: its listening socket and the processes that share it."""

    def __init__(self, name, command, socket_path, log_path, spawner, **more):
        self.name = name
        self.command = command
        self.socket_path = socket_path
        self.log_path = log_path
        self.complaints = []
        self.wanted = more["wanted"]
        self.stderr = None      # a descriptor, instead of the log
        self._environment = more["environment"]
        self._spawner = spawner
        self._processes = []
        self._listener = None
        self._told = 0          # of the log

    def _launch(self):
        with open(self.log_path, "ab") as log:
            self._processes.append(self._spawner.start(
                self.command, stdin=self._listener.fileno(), stdout=log,
                stderr=log if self.stderr is None else self.stderr,
                env=self._environment, start_new_session=True))

    def _reap(self):
        """Drop those that have ended without being asked."""
        for process in [p for p in self._processes if p.poll() is not None]:
            self._processes.remove(process)
            self.complaints.append(
                f"{self.name} ended by itself: {process.returncode}")

    def start(self):
        """Open the socket and start what is missing."""
        if self._listener is None:
            self._listener = listen_unix(self.socket_path)
        self._reap()
        while len(self._processes) < self.wanted:
            self._launch()

    def settle(self, change):
        """Let it be started, and wait until what is new has read its
        configuration, if those before it have told when they had."""
        old = set(self.pids())
        told = self.log().count(STARTED)
        change()
        new = len(set(self.pids()) - old)
        if told > 0:
            wait_until(lambda: self.log().count(STARTED) >= told + new, STOP_S,
                       f"{self.name} that starts")

    def revive(self):
        """Start what is missing, and wait for it."""
        if len(self.pids()) < self.wanted:
            self.settle(self.start)
        else:
            self.start()

    def _end(self, process, number):
        self._processes.remove(process)
        if process.poll() is not None:
            self.complaints.append(
                f"{self.name} ended by itself: {process.returncode}")
            return
        if number != signal.SIGKILL:
            try:
                wait_until(lambda: minds(process, number), STOP_S,
                           f"{self.name} does not handle signal {number}")
            except StackError as error:
                self.complaints.append(str(error))
        status = end(process, number)
        if number != signal.SIGKILL and status != 0:
            reason = "did not stop" if status is None else f"status {status}"
            self.complaints.append(f"{self.name}, signal {number}: {reason}")

    def restart(self):
        """As a service manager does it, one process after the other."""
        for process in list(self._processes):
            self._end(process, signal.SIGTERM)
            self._launch()

    def kill(self, number):
        """To all processes; the socket stays."""
        for process in list(self._processes):
            self._end(process, number)

    def close(self, number=signal.SIGTERM):
        """Processes and socket go; clients are refused."""
        self.kill(number)
        if self._listener is not None:
            self._listener.close()
            os.unlink(self.socket_path)
        self._listener = None

    def pids(self):
        """Of the living."""
        return [p.pid for p in self._processes if p.poll() is None]

    def log(self):
        """All it has written."""
        try:
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def reports(self):
        """What went wrong since the last time."""
        self._reap()
        found, self.complaints = self.complaints, []
        log = self.log()
        marks = re.findall(r"^.*(?:ERROR: \w+Sanitizer|runtime error:).*$",
                           log[self._told:], re.M)
        self._told = len(log)
        return found + [f"{self.name}: {mark}" for mark in marks]


def wait_until(true, seconds, what):
    """Poll a condition."""
    limit = time.monotonic() + seconds
    while not (value := true()):
        if time.monotonic() > limit:
            raise StackError(f"{what} within {seconds} s")
        time.sleep(0.005)
    return value
