# SPDX-License-Identifier: ISC
"""A real Valkey or Redis server, in a folder of its own."""

import os
import pathlib
import shutil
import signal
import socket
import tempfile

from . import certificates
from .error import StackError
from .ports import free_port
from .processes import Spawner, end, wait_until

SERVERS = ("valkey-server", "redis-server")
START_S = 60
USER, PASSWORD = "spotify", "a-password-of-the-tests"
ADMIN = ("AUTH", "admin", "an-administrator")

# What it has answered has been written then, and outlives SIGKILL: while an
# fsync of another setting is under way the next writes may wait, up to 2 s.
COMMON = """daemonize no
bind 127.0.0.1
dir {folder}
unixsocket {socket}
logfile {folder}/log
save ""
appendonly yes
appendfsync no
maxmemory-policy noeviction
"""
# What is added for each kind.
KINDS = {
    "single": "port {port}\n",
    "acl": "port {port}\nuser default off\n"
           "user admin on >" + ADMIN[2] + " ~* &* +@all\n"
           "user " + USER + " on >" + PASSWORD + " ~* &* +@all\n",
    "tls": "port 0\ntls-port {port}\ntls-auth-clients yes\n"
           "tls-ca-cert-file {folder}/tls/ca.pem\n"
           "tls-cert-file {folder}/tls/leaf.pem\n"
           "tls-key-file {folder}/tls/leaf.key\n",
    "replica": "port {port}\nrepl-diskless-sync-delay 0\n",
}


class EngineError(Exception):
    """An error that the engine replied."""


def find_server():
    """The one that ENGINE in the environment names, or else the first of
    SERVERS; None if it is not installed."""
    wanted = os.environ.get("ENGINE")
    return next(filter(shutil.which, [wanted] if wanted else SERVERS), None)


def encode(words):
    """A command in RESP2."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def decode(file):
    """A reply in RESP2: None, an int, bytes, a list; or an EngineError."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the engine has closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        return EngineError(rest.decode())
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    if rest == b"-1":
        return None
    if kind == b"$":
        return file.read(int(rest) + 2)[:-2]
    return [decode(file) for _ in range(int(rest))]


class Engine:
    """One server, which listens on a socket and on a port and is started at
    once. Kinds: "single"; "acl", where USER has a PASSWORD and nobody comes
    without one; "tls", whose port wants a certificate of the clients; and
    "replica", a master with a replica, which is an Engine, too.

    "more" are lines for its configuration. Close it, or use it with "with"."""

    def __init__(self, kind="single", more="", server=None):
        self.kind = kind
        self.server = server or find_server()
        if self.server is None:
            raise StackError("no engine: apt-get install valkey-server "
                             "(Debian 12: redis-server)")
        # In memory, where it can be: what it writes waits for no disk.
        memory = "/dev/shm"
        self.folder = pathlib.Path(tempfile.mkdtemp(
            prefix="sf-e", dir=memory if os.access(memory, os.W_OK) else None))
        self.socket = str(self.folder / "socket")
        self.port = None
        self.replica = None
        self._more = more
        self._spawner = Spawner()
        self._process = None
        try:
            if kind == "tls":
                certificates.make(self.folder / "tls",
                                  ["engine.test", "127.0.0.1"])
            self.start()
            if kind == "replica":
                self._add_replica()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _add_replica(self):
        self.replica = Engine(
            "single", f"replicaof 127.0.0.1 {self.port}\n", self.server)
        wait_until(lambda: b"master_link_status:up" in
                   self.replica.command("INFO", "replication"), START_S,
                   "the replica did not find its master")
        # It has told so once: before, nothing is confirmed for a second.
        wait_until(lambda: b"state=online" in
                   self.command("INFO", "replication"), START_S,
                   "the master did not hear of its replica")

    # Places

    @property
    def url(self):
        """The value of the key "store" that leads to its port."""
        scheme = "valkeys" if self.kind == "tls" else "valkey"
        return f"{scheme}://127.0.0.1:{self.port}/0"

    @property
    def socket_url(self):
        """The same for the unix socket."""
        return f"valkey+unix://{self.socket}"

    def conf(self, url=None):
        """The keys of a configuration that lead to it."""
        keys = {"store": url or self.url}
        if self.kind == "acl":
            file = self.folder / "password"
            file.write_text(PASSWORD + "\n", "ascii")
            file.chmod(0o600)
            keys.update(store_user=USER, store_password_file=file)
        if self.kind == "tls":
            keys.update({f"store_{name}_file": self.folder / "tls" / file
                         for name, file in (("ca", "ca.pem"),
                                            ("cert", "leaf.pem"),
                                            ("key", "leaf.key"))})
        return {name: str(value) for name, value in keys.items()}

    # Its life

    def _launch(self):
        file = self.folder / "engine.conf"
        values = {"folder": self.folder, "socket": self.socket,
                  "port": self.port}
        file.write_text((COMMON + KINDS[self.kind]).format(**values)
                        + self._more, "utf-8")
        self._process = self._spawner.start([self.server, str(file)])

    def _is_up(self):
        if self._process.poll() is not None:
            return True
        try:
            return self.command("PING") == b"PONG"
        except (OSError, EngineError):      # LOADING is one
            return False

    def start(self):
        """Start it, where it was before if it has run before; returns when it
        answers."""
        if self.port is None:
            self.port = free_port()
        self._launch()
        wait_until(self._is_up, START_S, f"{self.server} did not answer")
        if self._process.poll() is not None:
            raise StackError(f"{self.server} ended: {self.log()[-300:]}")

    def stop(self, number=signal.SIGTERM):
        """End it by a signal, SIGKILL for a crash; what it has stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            end(self._process, number)
        self._process = None

    def pause(self):
        """It hears nothing any more, and its connections stay."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        """After pause()."""
        self._process.send_signal(signal.SIGCONT)

    def close(self):
        """End it and remove what it had."""
        if self.replica is not None:
            self.replica.close()
        self.stop(signal.SIGKILL)
        self._spawner.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # To talk to it

    @property
    def pid(self):
        """Of the process; None while it does not run."""
        return self._process.pid if self._process is not None else None

    def log(self):
        """All it has written."""
        file = self.folder / "log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def commands(self, *commands, timeout=START_S):
        """The replies to commands, each of them a tuple of words, on one
        connection to the unix socket, as an administrator."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(self.socket)
            with connection.makefile("rb") as file:
                before = [ADMIN] if self.kind == "acl" else []
                replies = []
                for words in before + list(commands):
                    connection.sendall(encode(words))
                    replies.append(decode(file))
                    if isinstance(replies[-1], EngineError):
                        raise replies[-1]
        return replies[len(before):]

    def command(self, *words, **keywords):
        """The reply to one: None, an int, bytes, or a list of those."""
        return self.commands(words, **keywords)[0]

    def info(self, name):
        """One field of INFO, as a string."""
        for line in self.command("INFO").decode().splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return value
        raise KeyError(name)
