# SPDX-License-Identifier: ISC
"""Flask and requests, served by gunicorn.

gunicorn has one worker unless .workers says more; its manual recommends
2 * CPUs + 1, which adds memory, and users at a time, but no speed on one CPU.
A worker of its default kind serves one user at a time, without keep-alive.
"""

import pathlib

from .base import works
from .behind_nginx import ApplicationPeer

APPLICATION = pathlib.Path(__file__).parent / "flask_app.py"
PYTHON = "/usr/bin/python3"     # Debian's, for which its packages are


class Peer(ApplicationPeer):
    """Sessions, tokens included, are in Flask's signed cookie."""

    name = "Flask + gunicorn + requests"
    note = ("one sync worker; a connection for every call, as requests.get() "
            "does it; tokens in a signed cookie; no call to /me")
    keepalive = ""
    more_environment = {}

    def available(self):
        """All three from Debian's packages."""
        if not works(PYTHON, "-c", "import flask, gunicorn, requests"):
            return ("Flask, gunicorn or requests is missing: "
                    "apt-get install python3-flask gunicorn python3-requests")
        return super().available()

    def run_application(self):
        """REQUESTS_CA_BUNDLE replaces Debian's bundle by one as large."""
        self.run("gunicorn", [
            PYTHON, "-m", "gunicorn", "--workers", str(self.workers),
            "--bind", f"unix:{self.socket}", "--log-level", "warning",
            "flask_app:app"],
            cwd=self._copied(),
            env=self.environment(REQUESTS_CA_BUNDLE=self.upstream.ca_file,
                                 **self.more_environment))

    def _copied(self):
        """Apart from our modules, which must not be found as libraries."""
        (self.folder / "flask_app.py").write_bytes(APPLICATION.read_bytes())
        return self.folder
