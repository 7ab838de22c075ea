#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Stands in for a program where the test is about nginx alone: answers with
the parameters that it got, as JSON. The query string can ask for more:

    status=204      this status instead of 200
    header=X: y     a further header
    size=5000000    so many bytes of body instead
"""

import json
import os
import signal
import socket
import struct
import sys
import threading
import urllib.parse

RECORD = struct.Struct(">BBHHBx")
BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def records(stream):
    """(type, content) until the peer is done."""
    while len(head := stream.read(RECORD.size)) == RECORD.size:
        _, kind, _, length, padding = RECORD.unpack(head)
        yield kind, stream.read(length)
        stream.read(padding)


def read_request(stream):
    """The raw parameters and the body."""
    params, body = b"", b""
    for kind, content in records(stream):
        if kind == PARAMS:
            params += content
        elif kind == STDIN:
            body += content
            if not content:
                break
    return params, body


def lengths(data, at):
    """The two lengths before a pair, and where it begins."""
    found = []
    for _ in "name", "value":
        size = data[at]
        if size & 0x80:
            size = struct.unpack_from(">I", data, at)[0] & 0x7fffffff
            at += 3
        at += 1
        found.append(size)
    return *found, at


def pairs(data):
    """Names and values in the order of their arrival."""
    at = 0
    while at < len(data):
        name, value, at = lengths(data, at)
        yield (data[at:at + name].decode(),
               data[at + name:at + name + value].decode())
        at += name + value


def answer(params, body):
    """A whole CGI reply."""
    wish = dict(urllib.parse.parse_qsl(dict(params).get("QUERY_STRING", "")))
    content = json.dumps({"params": params, "body": len(body)}).encode()
    if "size" in wish:
        content = b"x" * int(wish["size"])
    head = [f"Status: {wish.get('status', 200)}",
            "Content-Type: application/json", f"Content-Length: {len(content)}",
            "X-Content-Type-Options: nosniff"]
    if "header" in wish:
        head.append(wish["header"])
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def serve(connection):
    """One request, one connection."""
    with connection, connection.makefile("rb") as stream:
        params, body = read_request(stream)
        reply = answer(list(pairs(params)), body)
        for at in range(0, len(reply), 32768):
            part = reply[at:at + 32768]
            connection.sendall(RECORD.pack(1, STDOUT, 1, len(part), 0) + part)
        connection.sendall(RECORD.pack(1, STDOUT, 1, 0, 0)
                           + RECORD.pack(1, END, 1, 8, 0) + bytes(8))


def main():
    """The listening socket is standard input."""
    if "-n" in sys.argv:
        return
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with socket.socket(fileno=0) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,),
                             daemon=True).start()


if __name__ == "__main__":
    main()
