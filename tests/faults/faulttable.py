# SPDX-License-Identifier: ISC
"""The walk through the system calls of one request, and its table: call,
fault, what the client saw, what the next request sees. FAULT_TABLE in the
environment names a file to which the rows are added."""

import os

from stack.processes import wait_until
from tracing import Strace, numbered, serving_threads

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "EINTR")
# How often a process waits for a peer is a matter of luck.
UNSTEADY = {"poll", "recvfrom", "sendto", "epoll_wait", "futex", "accept4"}
# One login in 16, by chance, looks for old marks in a directory.
BY_CHANCE = "getdents64"
# Each of the two threads has connections of its own to Spotify.
CONNECTS = "connect"
# And with glibc 2.41 a state for random numbers, when it first needs some.
BEGINS = "rt_sigprocmask"
# These do nothing that could be left half done.
MEMORY = {"mprotect", "mmap", "munmap", "mremap", "madvise", "brk"}


class Walk:
    """One program with one thread, and what happens to it. prepare() makes a
    request possible, ask() makes it, look() checks what was left behind and
    says in a few words what the next request sees."""

    def __init__(self, stack, program, *, prepare, ask, look):
        self.stack, self.program = stack, program
        self.prepare, self.ask, self.look = prepare, ask, look
        self.rows = []

    def pid(self):
        """Of its only process, started if need be."""
        self.stack.start(self.program)
        return self.stack.pids(self.program)[0]

    def _wait_until_up(self):
        """A start tries the file system, with files of its own."""
        serving_threads(self.pid())

    def warm_up(self):
        """One undisturbed request: what a process opens once is open then,
        and calls can be counted."""
        self.prepare()
        self.look(self.ask(), None)

    def _watch(self):
        """The calls of an undisturbed request."""
        self.prepare()
        with Strace(self.pid()) as trace:
            reply = self.ask()
        self.look(reply, None)
        return trace.calls

    def calls(self):
        """What such a request does, from its arrival on, without what it does
        by chance: [(name, how many of that name so far, rest)]."""
        self.warm_up()
        calls = self._watch()
        # Each ten seconds the counts are looked at, by calls of such names.
        while any(name in (BY_CHANCE, CONNECTS, BEGINS) or "metrics" in rest
                  for name, rest in calls):
            calls = self._watch()
        found = numbered(calls)
        first = next(n for n, (name, _, rest) in enumerate(found)
                     if name == "read" and "socket" in rest)
        last = max(n for n, (name, _, rest) in enumerate(found)
                   if name == "sendmsg" and "socket" in rest)
        return [call for call in found[first:last + 1]
                if call[0] not in MEMORY]

    def store_calls(self):
        """Those that touch the store."""
        place = str(self.stack.session_dir)
        return [call for call in self.calls() if place in call[2]]

    def _disturb(self, inject):
        self.prepare()
        with Strace(self.pid(), inject) as trace:
            reply = self.ask()
        return trace, reply

    def _tell(self, call, fault, reply, seen):
        name, number, rest = call
        place = str(self.stack.session_dir) + "/"
        what = rest.replace(place, "").replace(place[:-1], "store")
        saw = f"{reply.status}" + (f" {reply.code}" if reply.status >= 400
                                   else "")
        self.rows.append((f"{name} {number}", what[:46], fault, saw, seen))

    def kill(self, call):
        """SIGKILL as the call begins; True if it came to that."""
        name, number, _ = call
        self.warm_up()
        trace, reply = self._disturb(
            f"inject={name}:signal=KILL:when={number}")
        dead = "+++ killed by SIGKILL +++" in trace.text
        if dead:
            wait_until(lambda: not self.stack.pids(self.program), 60, "no end")
        self._wait_until_up()
        complaints = self.stack.complaints()
        assert complaints == [f"{self.program} ended by itself: -9"] * dead, \
            complaints
        seen = self.look(reply, "KILL")
        self._tell(call, "KILL" if dead else "(not met)", reply, seen)
        assert dead or name in UNSTEADY, call
        return dead

    def fail(self, call, error):
        """The call answers with an error."""
        name, number, _ = call
        trace, reply = self._disturb(
            f"inject={name}:error={error}:when={number}")
        assert trace.hit, call
        if name == "close":
            # The kernel would have closed it; strace kept it from doing so.
            self.stack.restart(self.program)
            self._wait_until_up()
        seen = self.look(reply, name)
        self._tell(call, error, reply, seen)
        assert self.stack.complaints() == []

    def table(self):
        """The rows as text; also printed and kept if asked for."""
        widths = (14, 46, 9, 24, 0)
        lines = ["  ".join(text.ljust(width) for text, width
                           in zip(row, widths)).rstrip() for row in self.rows]
        text = "\n".join([f"{self.program}: {len(lines)} faults", *lines, ""])
        print(text)
        if os.environ.get("FAULT_TABLE"):
            with open(os.environ["FAULT_TABLE"], "a", encoding="utf-8") as out:
                out.write(text + "\n")
        return text
