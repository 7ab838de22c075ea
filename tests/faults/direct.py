# SPDX-License-Identifier: ISC
"""A web server of forty lines: one request straight to a program's socket,
for tests that ask ten thousand times."""

import re
import socket
import struct

VERSION, BEGIN, PARAMS, STDIN = 1, 1, 4, 5
RESPONDER = struct.pack(">HB5x", 1, 0)
HEADER = struct.Struct(">BBHHBx")


def record(kind, content=b""):
    """One FastCGI record."""
    return HEADER.pack(VERSION, kind, 1, len(content), 0) + content


def pairs(params):
    """Name-value pairs; all of them are short enough or use four bytes."""
    def length(text):
        size = len(text)
        return bytes([size]) if size < 128 else struct.pack(
            ">I", size | 0x80000000)
    return b"".join(length(name.encode()) + length(value.encode())
                    + name.encode() + value.encode()
                    for name, value in params.items())


def content(answer):
    """The CGI text in the stdout records of an answer."""
    text, at = b"", 0
    while at + 8 <= len(answer):
        _, kind, _, size, padding = HEADER.unpack_from(answer, at)
        if kind == 6:
            text += answer[at + 8:at + 8 + size]
        at += 8 + size + padding
    return text


def ask(stack, program, cookie="", query="", method="GET"):
    """(status, text) of an answer; a program that dies gives (0, b"")."""
    params = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method,
              "SCRIPT_NAME": f"/{program}", "QUERY_STRING": query,
              "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": stack.host,
              "HTTP_COOKIE": cookie, "HTTP_SEC_FETCH_SITE": "same-origin",
              "HTTP_ORIGIN": stack.origin if method == "POST" else ""}
    params = {name: value for name, value in params.items() if value}
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(30)
        peer.connect(stack.socket(program))
        peer.sendall(record(BEGIN, RESPONDER) + record(PARAMS, pairs(params))
                     + record(PARAMS) + record(STDIN))
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
    text = content(answer)
    found = re.match(rb"Status: (\d+)", text)
    return int(found[1]) if found else 0, text
