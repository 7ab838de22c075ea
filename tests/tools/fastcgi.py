# SPDX-License-Identifier: ISC
"""A FastCGI client that can be wrong on purpose, for what no web server
would send; the records themselves are those of records.py. Plain CGI
besides."""

import socket
import subprocess

from stack import Reply

from .records import (ABORT, BEGIN, END, LONG, PARAMS, RESPONDER, STDERR,
                      STDIN, STDOUT, begin, pairs, record, split, stream)

__all__ = ["ABORT", "BEGIN", "END", "LONG", "PARAMS", "RESPONDER", "STDERR",
           "STDIN", "STDOUT", "ask", "auth", "begin", "pairs", "params_of",
           "parse", "record", "run_cgi", "send", "split", "stream", "vouch"]


def params_of(stack, program, **changes):
    """What nginx would send for a request of the site's own page, or for its
    own question to auth; None leaves one out."""
    method = "POST" if program in ("refresh", "logout") else "GET"
    return {name: value for name, value in {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_METHOD": method, "SCRIPT_NAME": stack.prefix + program,
        "QUERY_STRING": "", "CONTENT_TYPE": "", "CONTENT_LENGTH": "",
        "REQUEST_ID": "0123456789abcdef", "HTTP_HOST": f"127.0.0.1:"
        f"{stack.port}", "HTTP_SEC_FETCH_SITE": "same-origin",
        "SPOTIFY_FCGI_INTERNAL": "1" if program == "auth" else None,
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


def send(path, data, close=False, timeout=60):
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


def vouch(client, **changes):
    """What session tells the web server about a client, which it asks by a
    parameter that no client can send."""
    cookies = client.cookies.text(client.base)
    return ask(client.stack, "session", params_of(client.stack, "session", **{
        "SPOTIFY_FCGI_REQUIRE": "1", "HTTP_SEC_FETCH_SITE": None,
        "HTTP_COOKIE": cookies or None, **changes}))


def auth(client, query="", **changes):
    """What auth tells the web server about a client, in the same way."""
    cookies = client.cookies.text(client.base)
    return ask(client.stack, "auth", params_of(client.stack, "auth", **{
        "HTTP_SEC_FETCH_SITE": None, "QUERY_STRING": query,
        "HTTP_COOKIE": cookies or None, **changes}))


def run_cgi(stack, program, params, arguments=(), body=b""):
    """The program as plain CGI: (exit status, stdout, stderr)."""
    environment = {**stack.environment,
                   "SPOTIFY_FCGI_CONF": str(stack.conf_file), **params}
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), *arguments], input=body,
        capture_output=True, env=environment, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()
