# SPDX-License-Identifier: ISC
"""The command line, the ready line, and a clean end."""

import argparse
import os
import pathlib
import signal
import sys
import threading

from .server import Server, tls_context
from .world import Client, World

ENDS = {signal.SIGTERM, signal.SIGINT}


def arguments():
    """What the caller wants."""
    parser = argparse.ArgumentParser(
        prog="simulated-spotify",
        description="A simulated Spotify for tests and the demo, on 127.0.0.1.")
    add = parser.add_argument
    add("--port", type=int, default=0, help="0, the default: any free one")
    add("--cert", help="certificate chain (PEM); makes it https")
    add("--key", help="private key (PEM)")
    add("--client-id", required=True)
    add("--client-secret-file", required=True)
    add("--redirect-uri", required=True, action="append",
        help="registered with the application; can be repeated")
    add("--follows", type=int, default=120,
        help="artists that the first account follows (default 120)")
    add("--ready-file", help="gets the ready line, too")
    add("--stop-at-eof", action="store_true",
        help="stop when standard input ends: no orphan survives its test")
    return parser.parse_args()


def secret_of(path):
    """The client secret: one line, one newline at its end removed."""
    return pathlib.Path(path).read_text("utf-8").removesuffix("\n")


def start(options):
    """A listening server on its own thread."""
    client = Client(options.client_id, secret_of(options.client_secret_file),
                    tuple(options.redirect_uri), options.follows)
    tls = tls_context(options.cert, options.key) if options.cert else None
    world = World(client)
    server = Server(options.port, world, tls)
    world.base = server.url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def announce(url, ready_file):
    """The ready line. The file appears complete or not at all."""
    print(f"ready {url}", flush=True)
    if ready_file:
        part = ready_file + ".part"
        pathlib.Path(part).write_text(f"ready {url}\n", "utf-8")
        os.replace(part, ready_file)


def stop_at_eof():
    """Whoever started us holds our standard input open while he lives."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    """Serve until a signal comes. Leaves by os._exit: threads in the middle
    of an answer would otherwise complain on the way out."""
    options = arguments()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        server = start(options)
    except (OSError, ValueError) as error:
        print(f"simulated-spotify: {error}", file=sys.stderr)
        return 2
    announce(server.url, options.ready_file)
    if options.stop_at_eof:
        threading.Thread(target=stop_at_eof, daemon=True).start()
    signal.sigwait(ENDS)
    server.socket.close()
    sys.stdout.flush()
    os._exit(0)
