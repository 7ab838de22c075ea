# SPDX-License-Identifier: ISC
"""A bad network on the way to an engine: what goes through it is late, comes
in drops, ends in the middle, or does not come at all."""

import contextlib
import os
import selectors
import socket
import threading
import time

CHUNK = 65536
DROPS = 300         # so many bytes come one by one, and then the rest


class Proxy:
    """Listens on a unix socket and leads to another, of an Engine. What it
    does to answers can be changed at any time, and is good for all
    connections; close it, or use it with "with"."""

    def __init__(self, engine):
        self._target = engine.socket
        self.path = str(engine.folder / "proxy")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._ended = threading.Event()
        self.delay_s = 0.0          # of each answer
        self.byte_s = 0.0           # after each of its first bytes
        self._cut = None            # (answers until then, bytes of it)
        self._wanted = None
        self._lock = threading.Lock()
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        """The value of the key "store" that leads to it."""
        return f"valkey+unix://{self.path}"

    def cut_in(self, position, after):
        """The answer at that position from now on, or from begin() if that is
        called, ends after so many bytes, and its connection with it. What was
        asked for has been done."""
        with self._lock:
            self._cut = (position, after)
            self._wanted = self._cut

    def begin(self):
        """Count the answers anew."""
        with self._lock:
            self._cut = self._wanted

    def was_cut(self):
        """Whether there was such an answer; nothing will be cut any more."""
        with self._lock:
            done, self._cut = self._cut is None, None
        return done

    def good(self):
        """From now on as if it were not there."""
        with self._lock:
            self._cut = None
        self.delay_s = self.byte_s = 0.0

    def drop_all(self):
        """Close all connections."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            with self._lock:
                self._open |= {client, server}
            with contextlib.suppress(OSError):
                server.connect(self._target)
                self._talk(client, server)
            with self._lock:
                self._open -= {client, server}

    def _talk(self, client, server):
        with selectors.DefaultSelector() as waiting:
            for one in (client, server):
                waiting.register(one, selectors.EVENT_READ)
            while not self._ended.is_set():
                for key, _ in waiting.select(1):
                    data = key.fileobj.recv(CHUNK)
                    if not data:
                        return
                    if key.fileobj is client:
                        server.sendall(data)
                    elif not self._answer(client, data):
                        return

    def _next_cut(self):
        """How many bytes of this answer come; None: all."""
        with self._lock:
            if self._cut is None:
                return None
            position, after = self._cut
            self._cut = (position - 1, after) if position > 0 else None
        return after if position == 0 else None

    def _answer(self, client, data):
        """Whether the connection goes on."""
        cut = self._next_cut()
        if self.delay_s:
            time.sleep(self.delay_s)
        data = data if cut is None else data[:cut]
        drops = data[:DROPS] if self.byte_s else b""
        for n in range(len(drops)):
            client.sendall(drops[n:n + 1])
            if self._ended.wait(self.byte_s):
                return False
        client.sendall(data[len(drops):])
        return cut is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """It is gone, and so are its connections."""
        self._ended.set()
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        self.drop_all()
