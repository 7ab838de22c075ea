# SPDX-License-Identifier: ISC
"""A second machine beside that of a stack: the same programs, keys and store,
with a directory for its locks, sockets and a log of its own. It has no web
server: its programs are asked as one would."""

import os
import re
import struct

from stack.processes import Program, Spawner

from . import fastcgi

PROGRAMS = ("artists", "refresh", "session", "logout", "callback")


class Machine:
    """Starts at once, with so many processes of each program; close() it, or
    use it with "with", before the stack stops. With a clock of its own it has
    the real time, until clock() is called; else that of the stack. Further
    keywords change keys that the configuration has."""

    def __init__(self, stack, wanted=1, clock=False, programs=PROGRAMS,
                 **changes):
        self.stack = stack
        self.folder = stack.folder / "two"
        self.session_dir = self.folder / "sessions"
        for path in (self.folder, self.session_dir):
            path.mkdir(mode=0o700)
        text = stack.conf_file.read_text("utf-8")
        for key, value in {"session_dir": self.session_dir, **changes}.items():
            text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        conf = stack.folder / "two.conf"
        conf.touch(mode=0o600)
        conf.write_text(text, "utf-8")
        environment = stack.environment
        if clock:
            self.clock(0)
            environment["SPOTIFY_FCGI_TEST_CLOCK"] = str(self._clock)
        self._spawner = Spawner()
        self.programs = {name: Program(
            name, [str(stack.build_dir / "cgi-bin" / name), "-f", str(conf)],
            self.socket(name), self.folder / f"{name}.log", self._spawner,
            wanted=wanted, environment=environment)
            for name in programs}
        for program in self.programs.values():
            program.start()

    @property
    def _clock(self):
        return self.folder / "clock"

    def clock(self, offset):
        """Be that many seconds ahead of the real time. The programs have the
        file mapped: it is written in place."""
        file = os.open(self._clock, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(file, struct.pack("=q", offset), 0)
        os.close(file)

    def socket(self, program):
        """The path of a program's socket."""
        return str(self.folder / f"{program}.sock")

    # What fastcgi.ask() wants to know of a stack.

    @property
    def prefix(self):
        """Of the site."""
        return self.stack.prefix

    @property
    def port(self):
        """Of the site."""
        return self.stack.port

    def ask(self, client, program, query=""):
        """What a program here answers to the page of a client."""
        return fastcgi.ask(self, program, fastcgi.params_of(
            self, program, HTTP_COOKIE=client.cookies.text(client.base),
            HTTP_ORIGIN=self.stack.url, HTTP_X_REQUESTED_WITH="fetch",
            QUERY_STRING=query))

    def pids(self, program):
        """Of its living processes."""
        return self.programs[program].pids()

    def kill(self, program, number):
        """All its processes; requests wait in the socket."""
        self.programs[program].kill(number)

    def log(self, program):
        """All it has written."""
        return self.programs[program].log()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Idempotent; a program that had to complain fails the test."""
        for program in self.programs.values():
            program.close()
        self._spawner.close()
        reports = [line for program in self.programs.values()
                   for line in program.reports()]
        assert reports == []
