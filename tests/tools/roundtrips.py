# SPDX-License-Identifier: ISC
"""How often an engine is asked, exactly: no other load changes that."""

import re
import socket

from stack.engine import decode, encode

PATIENCE_S = 60


class RoundTrips:
    """Counts what an engine is asked by others, scripts as one; close it, or
    use it with "with"."""

    def __init__(self, engine):
        self._engine = engine
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(PATIENCE_S)
        self._connection.connect(engine.socket)
        self._connection.sendall(encode(("MONITOR",)))
        self._file = self._connection.makefile("rb")
        decode(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def count(self):
        """Since the last call; greetings of new connections are none, nor is
        WAIT, which goes with a command."""
        self._engine.command("ECHO", "a mark")
        found = 0
        while b"a mark" not in (line := decode(self._file)):
            words = re.match(rb'\S+ \[\d+ ([^\]]+)\] "(\w+)"', line)
            found += words is not None and words[1] != b"lua" and \
                words[2].upper() not in (b"HELLO", b"WAIT")
        return found

    def close(self):
        """Hear no more."""
        self._file.close()
        self._connection.close()
