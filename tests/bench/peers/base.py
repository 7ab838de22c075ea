# SPDX-License-Identifier: ISC
"""What all peers have in common: processes on one CPU, and when they are up.

Peer(folder, upstream, cpu)
    folder              of the whole benchmark, the same for all peers: each
                        keeps to folder/NAME, those of Node share folder/node
    upstream            .authorize_url .token_url .api_base .issuer
                        .client_id .client_secret
                        .ca_file    Debian's bundle and the upstream's CA
                        .ca_only    the upstream's CA alone
    cpu                 number of the CPU for all its processes, or None
  .name .kind           for tables; "server", or "application" behind nginx
  .note                 what is particular about it, in a sentence
  .available()          None, or why it cannot run, with the remedy
  .start() .stop()      start() returns once /login redirects; no process is
                        left after stop(), nor after our own end
  .url                  "http://127.0.0.1:PORT", from the beginning
  .login_path .callback_path .session_path
  .artists_path         None if it has none
  .workers              processes that answer, where that can be chosen: set
                        it before start()
  .start_ms             how long the last start took, to the first redirect
  .pids()               of all its processes, nginx included
  .front_pids()         those of its nginx alone
"""

import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import time

from stack import processes
from stack.error import StackError

START_S = 60
ANSWER_S = 5


def sessions():
    """{session id: [pids]} of all processes that are not zombies."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii",
                                                               "replace")
        except OSError:     # gone meanwhile
            continue
        state, _, _, session = text.rpartition(")")[2].split()[:4]
        if state != "Z":
            found.setdefault(int(session), []).append(int(pid))
    return found


def works(*command):
    """Whether a command can be run and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False,
                              timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class BasePeer:
    """Its processes and their logs. Subclasses have launch()."""

    name = kind = note = url = None
    login_path = "/login"
    callback_path = "/callback"
    session_path = "/session"
    artists_path = "/artists"
    workers = 1
    start_ms = None

    def __init__(self, folder, upstream, cpu):
        self.upstream = upstream
        self.cpu = cpu
        self.shared = pathlib.Path(folder)
        self.folder = self.shared / type(self).__module__.rpartition(".")[2]
        self.folder.mkdir(exist_ok=True)
        self._spawner = self._began = None
        self._running = {}      # name: process, each a session of its own

    def available(self):
        """None, or the reason in words."""
        return None if shutil.which("taskset") else \
            "taskset is missing: apt-get install util-linux"

    def launch(self):
        """run() what is needed."""
        raise NotImplementedError

    def run(self, name, command, **keywords):
        """Start one process, on our CPU; its output goes to NAME.log."""
        if self.cpu is not None:
            command = ["taskset", "-c", str(self.cpu), *command]
        with open(self.folder / f"{name}.log", "ab") as log:
            self._began = self._began or time.monotonic()
            self._running[name] = self._spawner.start(
                command, signal.SIGTERM, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, **keywords)

    def _redirects(self):
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self.folder / f"{name}.log"
                lines = log.read_text("utf-8", "replace").split("\n")
                raise StackError(f"{name} ended: " + " ".join(lines[-4:]))
        client = http.client.HTTPConnection(self.url.partition("//")[2],
                                            timeout=ANSWER_S)
        try:
            client.request("GET", self.login_path,
                           headers={"Accept": "text/html"})
            return client.getresponse().status in (302, 303)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def start(self):
        """All processes; waits until the login answers."""
        self._spawner = processes.Spawner()
        self._began = None
        try:
            self.launch()
            while not self._redirects():
                if time.monotonic() > self._began + START_S:
                    raise StackError(f"{self.name} did not answer")
                time.sleep(0.001)   # the start is timed: more often than usual
            self.start_ms = (time.monotonic() - self._began) * 1000
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Idempotent. Whatever outlives its leader is killed."""
        leaders = [process.pid for process in self._running.values()]
        for process in reversed(list(self._running.values())):
            if process.poll() is None:
                processes.end(process, signal.SIGTERM)
        for pid in self._members(leaders):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        processes.wait_until(lambda: not self._members(leaders),
                             processes.STOP_S, f"{self.name} did not stop")
        self._running = {}
        if self._spawner is not None:
            self._spawner.close()
            self._spawner = None

    @staticmethod
    def _members(leaders):
        all_sessions = sessions()
        return [pid for leader in leaders
                for pid in all_sessions.get(leader, [])]

    def pids(self):
        """Of all its processes."""
        return self._members([p.pid for p in self._running.values()])

    def front_pids(self):
        """Of the nginx before it: none if it is a server itself."""
        return self._members([process.pid for name, process
                              in self._running.items() if name == "nginx"])
