# SPDX-License-Identifier: ISC
"""Puts everything together in one short temporary directory."""

import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile

from sim.client import Simulation

from . import certificates, notes
from .apache import Apache
from .clock import Clock
from .error import StackError
from .leaks import Leaks, processes
from .nginx import Nginx
from .ports import free_port
from .processes import STARTED, Program, Spawner, wait_until

PROGRAMS = ("login", "callback", "artists", "refresh", "session", "logout",
            "api")
# With that which only the web server asks.
ALL_PROGRAMS = (*PROGRAMS, "auth")
# A class each, with write(pictures), start(), log(name), close() and ports.
SERVERS = {"nginx": Nginx, "apache": Apache}
# What no web server says while all is well; for nginx a socket that a test
# has taken away is "crit".
ALARM = re.compile(r"[\[:](alert|emerg|crit)\](?!.* connect\(\) to unix:)"
                   r"|exit signal")
HOST = "music.test"
# A report ends a program, a leak is reported when it stops.
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
              "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99"}
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def check_programs(build_dir):
    """All of them, or one line that says what to do."""
    for name in ALL_PROGRAMS:
        if not os.access(build_dir / "cgi-bin" / name, os.X_OK):
            raise StackError(f"{build_dir}/cgi-bin/{name} is missing: build "
                             "there first, or set BUILD_DIR")


class Stack:
    """See the package."""

    def __init__(self, build_dir, tls=False, prefix="/", *, conf=None,
                 spotify_tls=False, **options):
        self.build_dir = pathlib.Path(build_dir).resolve()
        self.tls, self.prefix = tls, prefix
        self.options = {"processes": {}, "rate_limits": False,
                        "members": None, "application": None,
                        "environment": {}, "port": 0,
                        "real_spotify": None, "server": "nginx",
                        "client_id": "simulated-client",
                        "origin": "", "front": None}
        unknown = set(options) - set(self.options)
        if unknown:
            raise TypeError(f"Stack has no option {unknown}")
        self.options.update(options)
        check_programs(self.build_dir)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sf-"))
        self.spotify = self.clock = self.server = None
        self.leaks = Leaks(self)
        self.programs = {}
        self._told = set()
        self._is_whole = False
        self._spawner = Spawner()
        try:
            self._start(spotify_tls, conf or {})
        except BaseException:
            self.stop()
            raise

    # Starting

    def _start(self, spotify_tls, conf):
        for name in ("run", "run/main", "sessions", "log"):
            (self.folder / name).mkdir(mode=0o700)
        if self.tls or spotify_tls:
            certificates.make(self.folder / "tls", [HOST, "127.0.0.1"])
        self.server = SERVERS[self.options["server"]](
            self.folder, self._spawner, self.options["port"], tls=self.tls,
            prefix=self.prefix, members=self.options["members"],
            application=self.options["application"],
            rate_limits=self.options["rate_limits"],
            front=self.options["front"])
        self.port = self.server.ports[0]
        self.host = HOST if self.tls else "127.0.0.1"
        self.url = f"http{'s' * self.tls}://{self.host}:{self.port}"
        # Where a browser sees all this, if another server is in front.
        self.origin = self.options["origin"] or self.url
        self.redirect_uri = f"{self.origin}{self.prefix}callback"
        self.ca_file = self.folder / "tls" / "ca.pem" if self.tls else None
        if self.options["real_spotify"] is None:
            self._start_spotify(spotify_tls)
        self._write_conf(spotify_tls, conf)
        self._check_conf()
        self._start_programs()
        self.server.write(self.spotify.url if self.spotify else "")
        self.server.start()
        self._is_whole = True

    def _start_spotify(self, tls):
        files = {"cert": self.folder / "tls" / "leaf.pem",
                 "key": self.folder / "tls" / "leaf.key"} if tls else {}
        self.spotify = Simulation(self.options["client_id"],
                                  redirect_uris=[self.redirect_uri],
                                  port=free_port(), **files)
        self.clock = Clock(self.folder / "clock", self.spotify)

    def _write_private(self, name, text):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")

    def _credentials(self):
        """Client id and secret: the simulation's, or those of the real one,
        whose file is copied, as it may be readable for too many."""
        if self.spotify:
            return self.spotify.client_id, self.spotify.client_secret
        client_id, file = self.options["real_spotify"]
        try:
            return client_id, pathlib.Path(file).read_text("utf-8").strip()
        except OSError as error:
            raise StackError(f"{file}: {error.strerror}") from None

    def _write_conf(self, spotify_tls, changes):
        client_id, secret = self._credentials()
        self._write_private("client_secret", secret + "\n")
        self._write_private("server_key", secrets.token_hex(32) + "\n")
        values = {"client_id": client_id,
                  "client_secret_file": "client_secret",
                  "server_key_file": "server_key",
                  "redirect_uri": self.redirect_uri,
                  "session_dir": self.session_dir}
        if self.spotify:
            values |= {"authorize_url": self.spotify.url + "/authorize",
                       "token_url": self.spotify.url + "/api/token",
                       "api_url": self.spotify.url + "/v1"}
        if spotify_tls:
            values["ca_file"] = self.folder / "tls" / "ca.pem"
        values |= changes
        self._write_private("spotify-fcgi.conf", "".join(
            f"{key} = {value}\n" for key, value in values.items()
            if value is not None))

    @property
    def environment(self):
        """What the programs see; nothing of the caller's."""
        return {"PATH": "/usr/bin:/bin", **SANITIZERS,
                "SPOTIFY_FCGI_TEST_CLOCK": str(self.folder / "clock"),
                **self.options["environment"]}

    def _command(self, name):
        return [str(self.build_dir / "cgi-bin" / name), "-f",
                str(self.conf_file)]

    def _check_conf(self):
        """A mistake in it, once and in words, instead of dead programs. An
        engine that will not do is none that hinders a start."""
        done = subprocess.run(self._command("callback") + ["-n"], text=True,
                              capture_output=True, check=False,
                              env=self.environment)
        engine = re.compile(rf"{re.escape(str(self.conf_file))}:\d+: store: ")
        kinds = {bool(engine.match(line))
                 for line in done.stderr.splitlines()[:-1]}
        if done.returncode != 0 and kinds != {True}:
            raise StackError("the programs refuse their configuration: "
                             + (done.stderr.strip() or done.stdout.strip()))

    def _start_programs(self):
        unknown = set(self.options["processes"]) - set(ALL_PROGRAMS)
        if unknown:
            raise TypeError(f"no such program: {unknown}")
        for name in ALL_PROGRAMS:
            self.programs[name] = Program(
                name, self._command(name), self.socket(name),
                self.folder / "log" / f"{name}.log", self._spawner,
                wanted=self.options["processes"].get(name, 1),
                environment=self.environment)
            self.programs[name].start()

    # Places

    @property
    def session_dir(self):
        """The store."""
        return self.folder / "sessions"

    @property
    def conf_file(self):
        """spotify-fcgi.conf."""
        return self.folder / "spotify-fcgi.conf"

    def socket(self, program):
        """The path of a program's socket."""
        return str(self.folder / "run" / "main" / f"{program}.sock")

    # Steering

    def pids(self, program):
        """Of its living processes."""
        return self.programs[program].pids()

    def write_conf(self, text):
        """Another configuration, for programs that start from now on; one that
        has just been started may be reading the old one."""
        new = pathlib.Path(shutil.copy(self.conf_file, self.folder / "new"))
        new.write_text(text, "utf-8")
        new.replace(self.conf_file)

    def restart(self, program):
        """TERM, wait, start, one process after the other."""
        self.programs[program].restart()

    def kill(self, program, number=signal.SIGKILL):
        """All its processes; requests wait in the socket."""
        self.programs[program].kill(number)

    def start(self, program):
        """What is missing."""
        self.programs[program].start()

    up = start

    def wait_for_start(self):
        """Until each process of a stack that is new has read its
        configuration: for a test that then takes away what it names. Clients
        need not wait, the sockets are open before."""
        for program in self.programs.values():
            wait_until(
                lambda program=program:
                program.log().count(STARTED) >= program.wanted,
                60, f"{program.name} did not start")

    def down(self, program):
        """Processes and socket are gone."""
        self.programs[program].close()

    # Looking

    def log(self, name):
        """Of a program, or nginx's "access" and "error"."""
        if name in self.programs:
            return self.programs[name].log()
        return self.server.log(name)

    def program_logs(self):
        """All of them."""
        return "".join(self.log(name) for name in ALL_PROGRAMS)

    def events(self, program):
        """Log lines as dicts."""
        return [{key: value.strip('"') for key, value in FIELD.findall(line)}
                for line in self.log(program).splitlines()]

    def wait_for_event(self, program, event, **values):
        """The first such line; values are compared as text."""
        wanted = {"event": event, **{k: str(v) for k, v in values.items()}}
        return wait_until(
            lambda: next((found for found in self.events(program)
                          if wanted.items() <= found.items()), None),
            60, f"{program} did not log {wanted}")

    def wait_for_log(self, name, text):
        """Until the text is there (nginx writes a line of the access log
        after the client has its answer); the whole log."""
        wait_until(lambda: text in self.log(name), 60,
                   f"the {name} log did not get {text}")
        return self.log(name)

    def complaints(self):
        """What went wrong unasked, each thing once."""
        found = [line for program in self.programs.values()
                 for line in program.reports()]
        others = [line for line in self.log("error").splitlines()
                  if ALARM.search(line)]
        if self.spotify:
            others += self.spotify.stderr().splitlines()
        found += [line for line in others if line not in self._told]
        self._told.update(others)
        return found

    # Again

    def empty_store(self):
        """As if nobody had ever logged in, and nothing had been wrong; what
        has happened stays counted, for the programs go on to count in that
        file."""
        notes.forget(self.session_dir / "metrics")
        for path in self.session_dir.iterdir():
            if path.name == "metrics":
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)    # that of a start's trial

    def reset(self):
        """For the next test."""
        for program in self.programs.values():
            program.revive()
        self.leaks.learn()
        self.spotify.reset()
        self.spotify.settings(consent="agree")
        self.clock.set(0)
        self.empty_store()

    # Stopping

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Everything, the directory as well; idempotent. Returns what the
        programs had to complain about on their way out, and secrets that were
        seen where none may be."""
        if not self.folder.exists():
            return []
        search = self._is_whole and self.spotify is not None
        seen = processes(self) if search else {}
        if self.server is not None:
            self.server.close()
        for program in self.programs.values():
            program.close()
        left = [line for program in self.programs.values()
                for line in program.reports()]
        if search:
            left += self.leaks.find(seen)
        if self.spotify is not None:
            self.spotify.stop()
        if self.clock is not None:
            self.clock.close()
        self._spawner.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return left
