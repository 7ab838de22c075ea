# SPDX-License-Identifier: ISC
"""A FastCGI client that can be wrong on purpose, for what no web server
would send (FastCGI 1.0). Plain CGI besides."""

import socket
import struct
import subprocess

from stack import Reply

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
LONG = 65535


def record(kind, content=b"", padding=0, request=1, version=1):
    """One record as it travels."""
    return struct.pack(">BBHHBx", version, kind, request, len(content),
                       padding) + content + b"\0" * padding


def stream(kind, content, piece=LONG, padding=0, request=1):
    """A stream, cut into records, and its end."""
    parts = [content[i:i + piece] for i in range(0, len(content), piece)]
    return b"".join(record(kind, part, padding, request)
                    for part in parts) + record(kind, request=request)


def begin(role=RESPONDER, flags=0, request=1):
    """The first record of a request."""
    return record(BEGIN, struct.pack(">HB5x", role, flags), request=request)


def length(n, wide=False):
    """Of a name or value."""
    return struct.pack(">I", n | 1 << 31) if wide or n > 127 else bytes([n])


def pairs(params, wide=False):
    """Names and values; params: dict or pairs of str (Latin-1) or bytes.
    wide: all lengths in four bytes."""
    items = params.items() if isinstance(params, dict) else params
    result = []
    for pair in items:
        name, value = (x.encode("latin-1") if isinstance(x, str) else x
                       for x in pair)
        result += (length(len(name), wide), length(len(value), wide), name,
                   value)
    return b"".join(result)


def params_of(stack, program, **changes):
    """What nginx would send for a request of the site's own page; None
    leaves one out."""
    method = "POST" if program in ("refresh", "logout") else "GET"
    return {name: value for name, value in {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_METHOD": method, "SCRIPT_NAME": stack.prefix + program,
        "QUERY_STRING": "", "CONTENT_TYPE": "", "CONTENT_LENGTH": "",
        "REQUEST_ID": "0123456789abcdef", "HTTP_HOST": f"127.0.0.1:"
        f"{stack.port}", "HTTP_SEC_FETCH_SITE": "same-origin",
        **changes}.items() if value is not None}


def parse(output, url=""):
    """The CGI answer as a Reply; its grammar is checked (RFC 3875, 6)."""
    head, separator, body = output.partition(b"\r\n\r\n")
    assert separator, output[:300]
    lines = head.decode("ascii").split("\r\n")
    assert lines[0].startswith("Status: "), lines
    headers = []
    for line in lines:
        name, colon, value = line.partition(": ")
        assert colon and name.replace("-", "").isalnum(), line
        assert "\n" not in value and "\r" not in value
        headers.append((name, value))
    return Reply(int(headers[0][1][:3]), headers[1:], body, url)


def split(data):
    """Records of an answer as {kind: content} and the END body, or None."""
    found, end = {}, None
    while len(data) >= 8:
        _, kind, _, n, padding = struct.unpack(">BBHHBx", data[:8])
        content = data[8:8 + n]
        if kind == END:
            end = struct.unpack(">IB3x", content)
        found[kind] = found.get(kind, b"") + content
        data = data[8 + n + padding:]
    return found, end


def send(path, data, close=False, timeout=10):
    """All that comes back for these bytes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        answer = b""
        try:
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(LONG):
                answer += piece
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer


def ask(stack, program, params=None, body=b"", role=RESPONDER):
    """A whole request; the Reply."""
    params = params_of(stack, program) if params is None else params
    answer = send(stack.socket(program), begin(role)
                  + stream(PARAMS, pairs(params)) + stream(STDIN, body))
    found, end = split(answer)
    assert end is not None, answer[:300]
    assert not found.get(STDERR)
    return parse(found[STDOUT], program)


def run_cgi(stack, program, params, arguments=(), body=b""):
    """The program as plain CGI: (exit status, stdout, stderr)."""
    environment = {**stack.environment, **params,
                   "SPOTIFY_FCGI_CONF": str(stack.conf_file)}
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), *arguments], input=body,
        capture_output=True, env=environment, check=False, timeout=30)
    return done.returncode, done.stdout, done.stderr.decode()
