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
import pathlib
import signal
import socket
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tools.records import (BEGIN, END, PARAMS, STDIN,       # noqa: E402
                           STDOUT, read_pairs, read_records, record, stream)

KEEP = 1    # the flag by which a web server keeps the connection


def read_request(file):
    """(the raw parameters, the body, whether the connection is kept)."""
    params, body, kept = b"", b"", False
    for kind, content in read_records(file):
        if kind == BEGIN:
            kept = bool(content[2] & KEEP)
        elif kind == PARAMS:
            params += content
        elif kind == STDIN:
            body += content
            if not content:
                break
    return params, body, kept


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
    """The requests of a connection. Who closed one that is kept would race
    with the next request on it."""
    kept = True
    with connection, connection.makefile("rb") as file:
        while kept:
            params, body, kept = read_request(file)
            if params:
                reply = answer(list(read_pairs(params)), body)
                connection.sendall(stream(STDOUT, reply, 32768)
                                   + record(END, bytes(8)))


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
