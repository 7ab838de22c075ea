# SPDX-License-Identifier: ISC
"""HTTP/1.1 on a socket: requests in, answers out.

http.server parses headers with the e-mail parser, which costs more than all
the rest of a request here, and it hides header order and raw targets, which
the tests want to see. So the little of HTTP that we need is read by hand.
"""

import email.utils
import http
import urllib.parse

LINE_MAX = 65536
HEADERS_MAX = 200
BODY_MAX = 4 * 1024 * 1024


class BadRequest(Exception):
    """What arrived is not HTTP that we can answer; the connection ends."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def pairs(text):
    """Form or query as a list, repeated names and empty values kept."""
    return urllib.parse.parse_qsl(text, keep_blank_values=True,
                                  errors="backslashreplace")


class Request:
    """One request as it came, with views for those who look closer."""

    def __init__(self, method, target, headers, body, connection):
        self.method = method
        self.target = target
        self.path, _, self.raw_query = target.partition("?")
        self.headers = headers
        self.body = body
        self.connection = connection
        self.keep_alive = True
        self.gate = None        # where a held answer to it waits

    def header(self, name):
        """The first header of that (lower case) name, or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    @property
    def query(self):
        """The query string as a list of pairs."""
        return pairs(self.raw_query)

    @property
    def text(self):
        """The body as text; odd bytes stay visible."""
        return self.body.decode("utf-8", "backslashreplace")

    @property
    def form(self):
        """The body as pairs, None when it does not claim to be a form."""
        kind = (self.header("content-type") or "").partition(";")[0]
        if kind.strip().lower() != "application/x-www-form-urlencoded":
            return None
        return pairs(self.text)


class Answer:
    """What a handler decided; faults (a canned answer's members) say how it
    is sent."""

    def __init__(self, status, body=b"", kind=None, headers=()):
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers = list(headers)
        if kind:
            self.headers.insert(0, ("Content-Type", kind))
        self.faults = {}

    def set_header(self, name, value):
        """Replace a header; None removes it, a list repeats it."""
        self.headers = [h for h in self.headers
                        if h[0].lower() != name.lower()]
        if value is None:
            return
        values = value if isinstance(value, list) else [value]
        self.headers += [(name, str(v)) for v in values]

    def has_header(self, name):
        """True if a handler or a canned answer set it."""
        return any(key.lower() == name for key, _ in self.headers)


def read_line(stream):
    """A line without its end; None when the client has gone."""
    line = stream.readline(LINE_MAX + 1)
    if len(line) > LINE_MAX:
        raise BadRequest(431)
    if not line.endswith(b"\n"):
        return None
    return line.rstrip(b"\r\n").decode("latin-1")


def read_headers(stream):
    """Header lines as pairs, in order and as spelt."""
    headers = []
    while line := read_line(stream):
        name, colon, value = line.partition(":")
        if not colon or len(headers) >= HEADERS_MAX:
            raise BadRequest(400)
        headers.append((name, value.strip()))
    if line is None:
        raise BadRequest(400)
    return headers


def read_exactly(stream, size):
    """That many bytes. A request whose end is missing is none: its client was
    killed while it wrote, and must not have spent a token."""
    data = stream.read(size)
    if len(data) < size:
        raise BadRequest(400)
    return data


def read_chunks(stream):
    """A chunked body, in full."""
    body = b""
    while True:
        try:
            size = int((read_line(stream) or "").partition(";")[0], 16)
        except ValueError:
            raise BadRequest(400) from None
        if size < 0 or size > BODY_MAX - len(body):
            raise BadRequest(413)
        body += read_exactly(stream, size)
        if size == 0:
            while read_line(stream):
                pass
            return body
        read_line(stream)


def read_body(stream, request):
    """The body by whichever framing the client announced."""
    if "chunked" in (request.header("transfer-encoding") or "").lower():
        return read_chunks(stream)
    length = request.header("content-length") or "0"
    if not length.isdecimal():
        raise BadRequest(400)
    if int(length) > BODY_MAX:
        raise BadRequest(413)
    return read_exactly(stream, int(length))


def read_request(stream, connection, send):
    """The next request of a connection; None at its end."""
    line = read_line(stream)
    if not line:
        return None
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400)
    request = Request(words[0], words[1], read_headers(stream), b"", connection)
    if (request.header("expect") or "").lower() == "100-continue":
        send(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.body = read_body(stream, request)
    wish = (request.header("connection") or "").lower()
    request.keep_alive = words[2] != "HTTP/1.0" and "close" not in wish
    return request


def reason(status):
    """The usual words for a status, or none."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def head(answer, status_line=None, framing=None):
    """Status line and headers as bytes. framing replaces Content-Length."""
    lines = [status_line or f"HTTP/1.1 {answer.status} {reason(answer.status)}"]
    if not answer.has_header("date"):
        lines.append("Date: " + email.utils.formatdate(usegmt=True))
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if framing:
        lines.append(framing)
    elif not answer.has_header("content-length") and answer.status != 204 \
            and answer.status != 304 and answer.status >= 200:
        lines.append(f"Content-Length: {len(answer.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass")
