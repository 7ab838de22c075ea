# SPDX-License-Identifier: ISC
"""The simulation as a test sees it: a process, and a method per control.

    with Simulation(redirect_uris=["http://127.0.0.1:9/callback"]) as spotify:
        spotify.settings(rotation="strict")
        spotify.answers("token", "server_error_500", {"delay": 2})
        ...
        assert len(spotify.requests("token")) == 1
"""

import json
import os
import pathlib
import select
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "simulated-spotify"
READY_S = 60
CONTROL_S = 60


class Simulation:
    """A running simulated Spotify. Stops with the context, with stop(), or
    when this process ends in whatever way."""

    def __init__(self, client_id="simulated-client",
                 client_secret="simulated:secret+%&",
                 redirect_uris=("http://127.0.0.1:8080/callback",),
                 cert=None, key=None, follows=None, port=0):
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris = list(redirect_uris)
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-spotify-")
        self._secret_file = os.path.join(self._folder.name, "secret")
        pathlib.Path(self._secret_file).write_text(client_secret + "\n",
                                                   "utf-8")
        self._opener = self._make_opener()
        self._process = self._start(cert, key, follows, port)
        self.url = self._wait()

    @staticmethod
    def _make_opener():
        """No proxy from the environment; any certificate: the tests of wrong
        certificates steer the simulation over them, too."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context))

    def _start(self, cert, key, follows, port):
        command = ["/usr/bin/python3", str(PROGRAM), "--stop-at-eof",
                   "--port", str(port), "--client-id", self.client_id,
                   "--client-secret-file", self._secret_file]
        for uri in self.redirect_uris:
            command += ["--redirect-uri", uri]
        for name, value in (("--cert", cert), ("--key", key),
                            ("--follows", follows)):
            if value is not None:
                command += [name, str(value)]
        with open(self._path("stderr"), "wb") as errors:
            return subprocess.Popen(command, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=errors)

    def _path(self, name):
        return os.path.join(self._folder.name, name)

    def _wait(self):
        """The URL of the ready line, within a limit."""
        readable = select.select([self._process.stdout], [], [], READY_S)[0]
        line = self._process.stdout.readline().decode() if readable else ""
        if not line.startswith("ready "):
            errors = self.stderr()
            self.stop()
            raise RuntimeError(f"the simulation did not start: {errors}")
        return line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        """The process, for tests that stop and continue it."""
        return self._process.pid

    def stderr(self):
        """What the program complained about so far; should be empty."""
        path = pathlib.Path(self._path("stderr"))
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def send_signal(self, number):
        """A signal to the process."""
        self._process.send_signal(number)

    def close_stdin(self):
        """What happens when the test process dies."""
        self._process.stdin.close()

    def wait(self, seconds=60):
        """The exit status of a process that is about to end."""
        return self._process.wait(seconds)

    def stop(self):
        """End the process and return its exit status; idempotent."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._folder.cleanup()
        return self._process.returncode

    def control(self, method, path, data=None):
        """One control call; a refusal is a ValueError with its words."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(
            self.url + "/control/" + path, data=body, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=CONTROL_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.load(error)["error"]) from None

    def reset(self):
        """Everything to the defaults, log included; secrets stay listed."""
        return self.control("POST", "reset")

    def settings(self, **changes):
        """Change settings (none: just ask); returns all of them."""
        if not changes:
            return self.control("GET", "settings")
        return self.control("POST", "settings", changes)

    def account(self, id, **changes):  # pylint: disable=redefined-builtin
        """Create or change an account; returns it."""
        return self.control("POST", "accounts", {"id": id, **changes})

    def accounts(self):
        """All accounts."""
        return self.control("GET", "accounts")["accounts"]

    def remove_account(self, id):  # pylint: disable=redefined-builtin
        """Remove an account; True if there was one."""
        return self.control("DELETE", "accounts", {"id": id})["removed"]

    def answers(self, target, *answers, repeat=False):
        """Canned answers for token, me, following, authorize or any."""
        return self.control("POST", "answers", {
            "target": target, "answers": list(answers), "repeat": repeat})

    def release(self):
        """Let the answers go that are held ({"held": true}) by now."""
        return self.control("POST", "release")

    def clear_answers(self):
        """Back to normal behaviour."""
        return self.control("DELETE", "answers")

    def expire(self, what="access", account=None):
        """End access tokens, refresh tokens or all; returns how many."""
        return self.control("POST", "expire", {
            "what": what, "account": account})["ended"]

    def clock(self, offset):
        """Move the simulated clock to that many seconds from the real one."""
        return self.control("POST", "clock", {"offset": offset})

    def requests(self, target=None, since=0):
        """The log: dicts with target, method, query, headers, form, ..."""
        query = {"since": since, **({"target": target} if target else {})}
        return self.control(
            "GET", "requests?" + urllib.parse.urlencode(query))["requests"]

    def clear_requests(self):
        """Empty the log."""
        return self.control("DELETE", "requests")

    def wait_for(self, target, count=1, seconds=60):
        """Wait until that many requests to a target have arrived (answered or
        not) and return them."""
        end = time.monotonic() + seconds
        while len(found := self.requests(target)) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} of {count} {target} requests")
            time.sleep(0.01)
        return found

    def secrets(self):
        """Every secret issued so far: dicts with kind, value, account."""
        return self.control("GET", "secrets")["secrets"]

    def state(self):
        """Counts of tokens, refreshes, connections, requests."""
        return self.control("GET", "state")
