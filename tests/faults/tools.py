# SPDX-License-Identifier: ISC
"""What the tests of faults share: crowds, places, and figures."""

import os
import pathlib
import re
import subprocess
import threading
import time

SOAK = os.environ.get("SOAK") == "1"
HOUR = 3600
DAY = 24 * HOUR


def scaled(usual, soak):
    """How much of it: on every run, or when there is time."""
    return soak if SOAK else usual


def together(count, act):
    """act(i) in that many threads at one moment; a list of (seconds, value)
    in the order of i. A failure in a thread is one of the test."""
    gate = threading.Barrier(count)
    done, failures = [None] * count, []

    def run(number):
        gate.wait()
        started = time.monotonic()
        try:
            value = act(number)
        except BaseException as error:  # pylint: disable=broad-except
            failures.append(error)
            return
        done[number] = (time.monotonic() - started, value)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return done


class Later:
    """act() in a thread of its own, beside what the test does."""

    def __init__(self, act):
        self._value = self._failure = None
        self.seconds = None
        self._thread = threading.Thread(target=self._run, args=(act,))
        self._thread.start()

    def _run(self, act):
        started = time.monotonic()
        try:
            self._value = act()
        except BaseException as error:  # pylint: disable=broad-except
            self._failure = error
        self.seconds = time.monotonic() - started

    def under_way(self):
        """Whether it has not come to its end."""
        return self._thread.is_alive()

    def result(self, timeout=60):
        """What it returned or raised."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "still under way"
        if self._failure:
            raise self._failure
        return self._value


def timed(act):
    """(seconds, value)."""
    started = time.monotonic()
    value = act()
    return time.monotonic() - started, value


def until(true, what, seconds=10):
    """Wait for a condition; its value."""
    limit = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < limit, f"no {what} within {seconds} s"
        time.sleep(0.005)
    return value


# Who asks

def refresh(client):
    """What the page does before the token ends."""
    return client.fetch("refresh", "POST")


def logout(client):
    """The button of the page."""
    return client.fetch("logout", "POST")


def is_logged_in(client):
    """What `session` says; asserts that it says something."""
    reply = client.fetch("session")
    assert reply.status == 200, reply
    return reply.json["logged_in"]


def expire(stack):
    """One hour later the access tokens are dead."""
    stack.clock.advance(HOUR)


# Programs with a library of ours before all others

def preloaded(name, folder):
    """The environment for tests/faults/NAME.c, which is built in folder."""
    library = folder / f"{name}.so"
    source = pathlib.Path(__file__).parent / f"{name}.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library),
                    str(source)], check=True)
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS":
            "detect_leaks=0:exitcode=99:verify_asan_link_order=0"}


# The store

def files(stack, kind="session-"):
    """Names in the store that begin so, in order."""
    return sorted(name for name in os.listdir(stack.session_dir)
                  if name.startswith(kind))


def only_file(stack, kind="session-"):
    """The path of the only one."""
    names = files(stack, kind)
    assert len(names) == 1, names
    return pathlib.Path(stack.session_dir) / names[0]


def content(stack):
    """{name: bytes} of all sessions."""
    folder = pathlib.Path(stack.session_dir)
    return {name: (folder / name).read_bytes() for name in files(stack)}


# Processes

def status(pid, field):
    """A number of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])


def is_sanitized(stack):
    """Whether the programs carry a sanitizer, which costs memory and time."""
    program = stack.build_dir / "cgi-bin" / "session"
    return b"__asan_init" in program.read_bytes()
