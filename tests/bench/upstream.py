# SPDX-License-Identifier: ISC
"""The Spotify of upstream.c as a process, and what others are told of it."""

import contextlib
import http.client
import json
import pathlib
import secrets
import ssl
import subprocess

from stack import certificates
from stack.error import StackError
from stack.processes import Spawner

BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


class Upstream:
    """Runs from the beginning until stop()."""

    client_id = secrets.token_hex(16)
    issuer = "https://accounts.example"

    def __init__(self, folder, program):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.client_secret = secrets.token_hex(16)
        self.secret_file = self.folder / "secret"
        self.secret_file.touch(mode=0o600)
        self.secret_file.write_text(self.client_secret + "\n", "ascii")
        self._make_certificates()
        self._spawner = Spawner()
        self._process = self._spawner.start(
            [str(program), *map(str, (
                self.tls / "leaf.pem", self.tls / "leaf.key", self.issuer,
                self.client_id, self.secret_file))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        ready = self._process.stdout.readline().split()
        if len(ready) != 2:
            raise StackError("the upstream did not start")
        self.port = int(ready[1])
        base = f"https://127.0.0.1:{self.port}"
        self.authorize_url = base + "/authorize"
        self.token_url = base + "/api/token"
        self.api_base = base
        self.api_url = base + "/v1"

    def _make_certificates(self):
        """A bundle as large as everybody's by default, and one of one."""
        self.tls = certificates.make(self.folder / "tls", ["127.0.0.1"])
        self.ca_only = self.tls / "ca.pem"
        self.ca_file = self.folder / "bundle.pem"
        try:
            bundle = BUNDLE.read_bytes()
        except OSError:
            raise StackError(f"{BUNDLE} is missing: apt-get install "
                             "ca-certificates") from None
        self.ca_file.write_bytes(bundle + self.ca_only.read_bytes())

    def _ask(self, path):
        context = ssl.create_default_context(cafile=self.ca_only)
        client = http.client.HTTPSConnection("127.0.0.1", self.port,
                                             context=context, timeout=10)
        try:
            client.request("GET", path)
            return json.loads(client.getresponse().read())
        finally:
            client.close()

    @contextlib.contextmanager
    def delayed(self, ms):
        """Meanwhile every answer takes so long."""
        self._ask(f"/delay/{ms}")
        try:
            yield
        finally:
            self._ask("/delay/0")

    def counts(self):
        """{"connections": ..., "requests": ...} so far."""
        return self._ask("/stats")

    @property
    def pid(self):
        """Of the process."""
        return self._process.pid

    def stop(self):
        """Idempotent."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._spawner.close()
