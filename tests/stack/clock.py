# SPDX-License-Identifier: ISC
"""Both clocks: the file that moves the programs' time (lib/base/clock.c), and
the simulated Spotify's."""

import os
import struct


class Clock:
    """An offset to the real time, in seconds."""

    def __init__(self, path, spotify):
        self.path = path
        self.offset = 0
        self._spotify = spotify
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                             0o600)
        self._write()

    def _write(self):
        # The programs have the file mapped: it is written in place, at once.
        os.pwrite(self._file, struct.pack("=q", self.offset), 0)

    def set(self, offset):
        """Be that many seconds ahead of the real time."""
        self.offset = int(offset)
        self._write()
        self._spotify.clock(self.offset)

    def advance(self, seconds):
        """Let time pass."""
        self.set(self.offset + seconds)

    def close(self):
        """Idempotent."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
