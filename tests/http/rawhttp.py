# SPDX-License-Identifier: ISC
"""HTTP/1.1 byte for byte: what is sent is what the test says, and what comes
back must be well-formed (RFC 9112), or the test fails."""

import re
import socket

from stack import Reply

TIMEOUT_S = 60
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) [ -~]*\r\n")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~]*?)[ \t]*\r\n")
# The page with which a web server refuses what it cannot read; its programs
# never see such a request.
STOCK_PAGE = re.compile(rb"<center>nginx</center>|-//(?:IETF|W3C)//DTD HTML")


def is_of_program(reply):
    """Whether a program has answered, or the web server in its name."""
    return not STOCK_PAGE.search(reply.body)


def read_head(stream):
    """(status, headers), None at the end of the connection."""
    line = stream.readline()
    if not line:
        return None
    status, headers = STATUS.fullmatch(line), []
    assert status, line[:200]
    while (line := stream.readline()) != b"\r\n":
        found = HEADER.fullmatch(line)
        assert found, line[:200]
        headers.append((found[1].decode(), found[2].decode()))
    return int(status[1]), headers


def read_chunks(stream):
    """A chunked body; no trailers, nobody here sends them."""
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        assert stream.readline() == b"\r\n"
    assert stream.readline() == b"\r\n"
    return body


def read_body(stream, method, reply):
    """As its headers announce it, in one way."""
    length, coding = (reply.header(name) for name in (
        "Content-Length", "Transfer-Encoding"))
    if method == "HEAD" or reply.status in (204, 304):
        return b""
    assert length is None or coding is None, reply.headers
    if coding is not None:
        assert coding == "chunked"
        return read_chunks(stream)
    if length is None:
        assert reply.header("Connection") == "close", reply.headers
        return stream.read()
    body = stream.read(int(length))
    assert len(body) == int(length)
    return body


def read_answer(stream, method="GET"):
    """The next Reply, None at the end; interim ones are passed over."""
    while (head := read_head(stream)) is not None:
        reply = Reply(*head, b"", "raw")
        if reply.status >= 200:
            reply.body = read_body(stream, method, reply)
            return reply
    return None


class Raw:
    """One connection to a port of the loopback."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Idempotent."""
        self._stream.close()
        self._socket.close()

    def send(self, data):
        """Text is Latin-1: a byte is a character."""
        self._socket.sendall(data.encode("latin-1") if isinstance(data, str)
                             else data)

    def answer(self, method="GET"):
        """The next Reply, None at the end."""
        return read_answer(self._stream, method)

    def rest(self):
        """All bytes until the end."""
        return self._stream.read()

    def answers(self):
        """All that come until the server ends the connection. That it is
        reset means that it did not read all: what was there is lost."""
        found = []
        try:
            while (reply := self.answer()) is not None:
                found.append(reply)
        except ConnectionResetError:
            pass
        return found


class Kept:
    """A connection that is opened again when the server has closed it."""

    def __init__(self, port):
        self._port, self._raw = port, None

    def close(self):
        """Idempotent."""
        if self._raw is not None:
            self._raw.close()
        self._raw = None

    def ask(self, target, headers=()):
        """The Reply to a GET; headers: pairs, Host among them."""
        if self._raw is None:
            self._raw = Raw(self._port)
        self._raw.send(f"GET {target} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers) + "\r\n")
        reply = self._raw.answer()
        assert reply is not None, target[:200]
        if reply.header("Connection") == "close":
            self.close()
        return reply
