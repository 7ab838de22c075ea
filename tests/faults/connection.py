# SPDX-License-Identifier: ISC
"""HTTP for crowd.py: a connection that is kept, from an address of its own,
and that can end in the middle of anything."""

import asyncio
import json
import re
import socket
import struct

RESET = struct.pack("ii", 1, 0)


class Answer:
    """Of an HTTP server."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        """The first of that name, or None."""
        return next((value for key, value in self.headers
                     if key == name), None)

    @property
    def json(self):
        """The body."""
        return json.loads(self.body)


class Line:
    """A connection that is kept, and opened again when the server closes."""

    def __init__(self, port, source, receive=None):
        self._place = ("127.0.0.1", port)
        self._source, self._receive = source, receive
        self.reader = self.writer = None

    async def open(self):
        """Connect from our address."""
        peer = socket.socket()
        peer.setblocking(False)
        if self._receive:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            self._receive)
        peer.bind((self._source, 0))
        try:
            await asyncio.get_running_loop().sock_connect(peer, self._place)
        except BaseException:
            peer.close()
            raise
        self.reader, self.writer = await asyncio.open_connection(
            sock=peer, limit=1 << 16)

    async def send(self, data):
        """Bytes."""
        if self.writer is None:
            await self.open()
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self, method="GET"):
        """An Answer; the end of the stream is an IncompleteReadError."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        headers = [(name.lower(), value) for name, _, value in (
            line.partition(": ") for line in lines)]
        answer = Answer(int(first.split()[1]), headers, b"")
        size = int(answer.header("content-length") or 0)
        if method != "HEAD" and answer.status not in (204, 304):
            answer.body = await self.reader.readexactly(size)
        if answer.header("connection") == "close":
            self.close()
        return answer

    def close(self, reset=False):
        """Orderly, or with a reset in the middle of whatever it was."""
        if self.writer is None:
            return
        if reset:
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.writer.transport.abort()
        else:
            self.writer.close()
        self.writer = None


def request(method, path, headers, body=b""):
    """The bytes of one."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def code_of(answer):
    """The stable word of a failure, of a program or of nginx."""
    found = re.search(rb'"code":"(\w+)"|<small>(\w+)', answer.body)
    return (found[1] or found[2]).decode() if found else answer.status
