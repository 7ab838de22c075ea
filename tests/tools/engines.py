# SPDX-License-Identifier: ISC
"""lib/engine in a process of its own: tests/faults/engine.c."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import threading

from stack.engine import PASSWORD, USER, decode, encode


def program():
    """The path of the program."""
    build = pathlib.Path(os.environ.get(
        "BUILD_DIR", pathlib.Path(__file__).parents[2] / "build" / "tests"))
    return build / "tests" / "faults" / "engine"


def arguments(engine, **more):
    """What leads to the port of an Engine; more of it, or something else;
    None leaves a key out."""
    keys = {"hosts": f"127.0.0.1:{engine.port}"}
    if engine.kind == "acl":
        keys.update(user=USER, password=PASSWORD)
    if engine.kind == "tls":
        folder = engine.folder / "tls"
        keys.update(tls=1, ca_file=folder / "ca.pem",
                    cert_file=folder / "leaf.pem",
                    key_file=folder / "leaf.key")
    keys.update(more)
    return [f"{key}={value}" for key, value in keys.items()
            if value is not None]


class Caller:
    """The process; each method is one line for it and gives its answer."""

    def __init__(self, log, *keys):
        self._path = pathlib.Path(log)
        with self._path.open("wb") as file:
            self.process = subprocess.Popen(
                [program(), *map(str, keys)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=file, text=True,
                # Else the linker, when it looks for a function at its first
                # call, keeps on the stack what is in the registers.
                env={**os.environ, "LD_BIND_NOW": "1"})
        self.opened = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.process.stdout.close()
        assert status == 0, self.log()

    def begin(self, line):
        """Ask for something; answer() will tell."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        """To what was begun."""
        return json.loads(self.process.stdout.readline())

    def do(self, line):
        """Ask and wait."""
        self.begin(line)
        return self.answer()

    def call(self, *words, replicated=False):
        """The result of a command and its value."""
        got = self.do(("replicated " if replicated else "")
                      + "call " + " ".join(words))
        return got["result"], got["value"]

    def connections(self):
        """How many it has."""
        folder = f"/proc/{self.process.pid}/fd"
        return sum(os.readlink(f"{folder}/{fd}").startswith("socket:")
                   for fd in os.listdir(folder))

    def in_memory(self, text):
        """How often its memory has a text; as root."""
        found = 0
        with open(f"/proc/{self.process.pid}/maps", encoding="ascii") as maps:
            areas = [line.split() for line in maps]
        with open(f"/proc/{self.process.pid}/mem", "rb", 0) as memory:
            for area in areas:
                if not area[1].startswith("rw"):
                    continue
                start, end = (int(n, 16) for n in area[0].split("-"))
                if end - start > 1 << 30:       # the sanitizer's shadow
                    continue
                try:
                    memory.seek(start)
                    found += memory.read(end - start).count(text)
                except OSError:
                    continue
        return found

    def log(self):
        """All it has written."""
        return self._path.read_text("utf-8", "replace")


def has_ipv6():
    """Whether this machine's loopback has an address of that kind."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


HELLO = (b"*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
         b"$4\r\nmode\r\n$10\r\nstandalone\r\n")


class Peer:
    """Something that is taken for an engine: each connection is handed to a
    function, with what came first, and closed after it."""

    def __init__(self, serve, greet=True, host="127.0.0.1"):
        self._serve, self._greet = serve, greet
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host
            else socket.AF_INET)
        self.port = self._listener.getsockname()[1]
        self.heard = []         # what came after the greeting
        self.ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,),
                             daemon=True).start()

    def _talk(self, connection):
        with connection:
            try:
                if self._greet:
                    connection.recv(4096)
                    connection.sendall(HELLO)
                self.heard.append(connection.recv(4096))
                self._serve(connection)
            except OSError:
                pass            # the other side has had enough

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)   # wakes who accepts
        self._listener.close()


@contextlib.contextmanager
def watching(engine):
    """All that the engine hears, as a list of bytes."""
    heard, done = [], threading.Event()

    def listen(file):
        with contextlib.suppress(OSError, ValueError):
            while not done.is_set():
                heard.append(decode(file))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(engine.socket)
        connection.sendall(encode(("MONITOR",)))
        with connection.makefile("rb") as file:
            assert decode(file) == b"OK"
            thread = threading.Thread(target=listen, args=(file,), daemon=True)
            thread.start()
            try:
                yield heard
            finally:
                done.set()
                engine.command("PING")
                thread.join()
