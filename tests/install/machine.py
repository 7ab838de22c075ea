# SPDX-License-Identifier: ISC
"""A systemd of our own as PID 1 of namespaces, in a root directory made of
memory (new-root). Needs root; changes nothing outside."""

import os
import pathlib
import secrets
import shutil
import signal
import subprocess

from installation import run
from stack.processes import Spawner, wait_until
from tools import fastcgi
from tools.processes import told_of_all

NEW_ROOT = pathlib.Path(__file__).with_name("new-root")
UNSHARE = ("unshare --pid --fork --kill-child --mount --uts --ipc --net "
           "--cgroup").split()
CONF = "/etc/spotify-fcgi"


def configure(installed, folder):
    """An installation as the operator leaves it; its directory."""
    target = folder / "installed"
    shutil.copytree(installed, target, symlinks=True)
    conf = target / "etc" / "spotify-fcgi"
    text = (conf / "spotify-fcgi.conf.example").read_text("utf-8")
    for blank, value in (
            ("put the client id here", "0123456789abcdef0123456789abcdef"),
            ("put https://your.host/callback here",
             "https://music.example/callback")):
        assert blank in text
        text = text.replace(blank, value)
    (conf / "main.conf").write_text(text, "utf-8")
    for name, size in (("main.client_secret", 16), ("main.server_key", 32)):
        (conf / name).touch(mode=0o600)
        (conf / name).write_text(secrets.token_hex(size) + "\n", "utf-8")
    return target


class Machine:
    """Running; see its methods."""

    target = "spotify-fcgi@main.target"
    make = staticmethod(configure)

    def __init__(self, installed, folder):
        """installed: a directory as "make install" leaves it."""
        self.log = folder / "log"
        root = folder / "root"
        root.mkdir()
        self._spawner = Spawner()
        with open(self.log, "wb") as log:
            self._process = self._spawner.start(
                [*UNSHARE, str(NEW_ROOT), str(root),
                 str(self.make(installed, folder)), self.target],
                signal.SIGKILL,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        wait_until(self._is_up, 60, f"systemd was not up ({self.log})")

    def _is_up(self):
        assert self._process.poll() is None, self.log.read_text("utf-8")
        children = pathlib.Path(
            f"/proc/{self._process.pid}/task/{self._process.pid}/children"
            ).read_text("ascii").split()
        if not children:
            return False
        self.pid = int(children[0])
        # Until it has a root of its own, a command would be for this machine.
        if not os.readlink(f"/proc/{self.pid}/exe").endswith("/systemd"):
            return False
        return self.try_run("systemctl", "is-active",
                            self.target)[1] == "active\n"

    def _command(self, command):
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-u", "-i", "-n",
                "-r", "-w", "--", *command]

    def try_run(self, *command):
        """Status and output of a command on the machine."""
        done = subprocess.run(self._command(command), text=True, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def run(self, *command):
        """The output of a command that has to succeed."""
        return run(*self._command(command))

    def show(self, unit, name):
        """A property of a unit."""
        return self.run("systemctl", "show", "-P", name, unit).strip()

    def process(self, program, site="main"):
        """The process ID of a program, seen from here: 0 if none runs."""
        inner = self.show(f"spotify-fcgi-{program}@{site}.service", "MainPID")
        if inner == "0":
            return 0
        for pid, text in told_of_all("status"):
            if (f"\t{inner}\n" in text and f"Name:\t{program}\n" in text
                    and self._is_ours(pid)):
                return pid
        return 0

    def _is_ours(self, pid):
        """Whether a process is one of this machine: a second one, of a test
        that runs at the same time, has the same numbers inside."""
        try:
            return (os.readlink(f"/proc/{pid}/ns/pid")
                    == os.readlink(f"/proc/{self.pid}/ns/pid"))
        except OSError:
            return False

    def path(self, name):
        """A file of the machine, from outside."""
        return pathlib.Path(f"/proc/{self.pid}/root{name}")

    def ask(self, program, method="GET", *, query="", site="main", cookie="",
            **more):
        """The reply to a request that the web server passes on, with more
        parameters."""
        answer = fastcgi.send(
            str(self.path(f"/run/spotify-fcgi/{site}/{program}.sock")),
            fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs({
                "REQUEST_METHOD": method, "SCRIPT_NAME": f"/{program}",
                "QUERY_STRING": query, "HTTP_HOST": "music.example",
                "HTTP_COOKIE": cookie,
                "HTTP_SEC_FETCH_SITE": "same-origin", **more}))
            + fastcgi.stream(fastcgi.STDIN, b""), timeout=60)
        return fastcgi.parse(fastcgi.split(answer)[0][fastcgi.STDOUT])

    def stop(self):
        """All at once."""
        self._process.kill()
        self._process.wait()
        self._spawner.close()


class Debian(Machine):
    """With all of a Debian, in a root directory that stays as it is."""

    target = "multi-user.target"

    @staticmethod
    def make(installed, _):
        """It is whole already."""
        return installed
