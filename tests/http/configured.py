# SPDX-License-Identifier: ISC
"""A configuration in a directory of its own, for tests that spoil it."""

import hashlib
import subprocess

from stack.fixtures import BUILD_DIR
from stack.stack import SANITIZERS


def key(n):
    """A server key, the same each time."""
    return hashlib.sha256(f"key {n} of these tests".encode()).hexdigest()


CLIENT_SECRET = "0123456789abcdefCLIENTSECRET"
SERVER_KEY = key(0)
GOOD = {
    "client_id": "an-id", "client_secret_file": "client_secret",
    "server_key_file": "server_key",
    "redirect_uri": "https://music.example/callback",
    "session_dir": "{folder}/store"}


class Setup:
    """A directory with a configuration in it."""

    before = ()         # a command that runs the programs

    def __init__(self, folder):
        self.folder = folder
        (folder / "store").mkdir(mode=0o700)
        self.write("client_secret", CLIENT_SECRET + "\n")
        self.write("server_key", SERVER_KEY + "\n")
        self.conf()

    def write(self, name, text, mode=0o600):
        """A file with this mode."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)

    def conf(self, more="", **changes):
        """The good configuration with changes; None leaves a key out."""
        values = {**GOOD, **changes}
        self.write("c.conf", "".join(
            f"{key} = {value}\n" for key, value in values.items()
            if value is not None).replace("{folder}", str(self.folder))
            + more)

    def run(self, program="callback", *arguments, **environment):
        """program -n; no secret may ever be printed."""
        done = subprocess.run(
            [*self.before, str(BUILD_DIR / "cgi-bin" / program),
             *(arguments or ("-n", "-f", str(self.folder / "c.conf")))],
            capture_output=True, text=True, check=False, timeout=60,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", **SANITIZERS, **environment})
        text = done.stdout + done.stderr
        for secret in (CLIENT_SECRET, SERVER_KEY):
            assert secret[:12] not in text and secret[-12:] not in text
        assert "Sanitizer" not in text
        return done
