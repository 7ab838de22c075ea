# SPDX-License-Identifier: ISC
"""What nginx and Apache have in common as processes of the stack."""

import pathlib
import re
import signal

from . import processes
from .error import StackError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "conf" / "www"


def change(text, pattern, new, what):
    """Replace all in a shipped file; that there is nothing to replace is an
    error, or the tests would silently run something else than they say."""
    text, count = re.subn(pattern, lambda _: new, text, flags=re.M)
    if count == 0:
        raise StackError(f"conf/: no {what} to replace")
    return text


class WebServer:
    """A running web server, its logs, its reserved ports. Subclasses set
    folder, _process and _holders (sockets)."""

    folder = None
    _process = None
    _holders = ()

    def log(self, name):
        """"access" or "error"."""
        file = {"access": "spotify-fcgi.log"}.get(name, f"{name}.log")
        path = self.folder / "log" / file
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def pid(self):
        """Of the master process."""
        return self._process.pid

    def close(self):
        """Idempotent."""
        if self._process is not None and self._process.poll() is None:
            processes.end(self._process, signal.SIGTERM)
        for holder in self._holders:
            holder.close()
