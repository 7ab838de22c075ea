# SPDX-License-Identifier: ISC
"""Sockets and threads: one thread for a connection, kept alive, plain or TLS.

The TLS handshake happens in the connection's own thread: a client that stalls
in it must not keep the others from being accepted.
"""

import socket
import socketserver
import ssl
import sys
import traceback

from . import faults, routes, wire

HANDSHAKE_S = 60


def tls_context(cert, key):
    """What --cert and --key mean. Also bad certificates are served: that is
    what tests of the other side need."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection(socketserver.BaseRequestHandler):
    """One client connection from accept to close."""

    def setup(self):
        """Count it and give it its number."""
        world = self.server.world
        with world.lock:
            counts = world.journal.connections
            counts["open"] += 1
            counts["total"] += 1
            self.number = counts["total"]

    def finish(self):
        """Count it out; a TLS socket is ours to close."""
        world = self.server.world
        with world.lock:
            world.journal.connections["open"] -= 1
        self.request.close()

    def handle(self):
        """Serve until the client has gone or a fault ends it. A client that
        goes early is no news here: tests do that on purpose."""
        try:
            if self.start_tls():
                self.serve()
        except OSError:
            pass

    def start_tls(self):
        """True if there is a channel; a failed handshake is counted, because
        tests of bad certificates look for exactly that."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.server.tls:
            return True
        try:
            self.request.settimeout(HANDSHAKE_S)
            self.request = self.server.tls.wrap_socket(self.request,
                                                       server_side=True)
            self.request.settimeout(None)
            if self.request.session_reused:
                with self.server.world.lock:
                    self.server.world.journal.connections["resumed"] += 1
            return True
        except OSError:
            with self.server.world.lock:
                self.server.world.journal.connections["tls_failed"] += 1
            return False

    def serve(self):
        """Requests one after the other."""
        with self.request.makefile("rb", 65536) as stream:
            while True:
                try:
                    request = wire.read_request(stream, self.number,
                                                self.request.sendall)
                except wire.BadRequest as bad:
                    faults.transmit(self.request.sendall,
                                    routes.broken(bad.status))
                    return
                if request is None or not self.answer(request):
                    return

    def answer(self, request):
        """One answer; False when the connection ends with it."""
        try:
            result = routes.answer(request, self.server.world)
        except Exception:  # pylint: disable=broad-except
            print("simulated-spotify: a bug of the simulation:\n"
                  + traceback.format_exc(), file=sys.stderr, flush=True)
            result = wire.Answer(500, "a bug of the simulation", "text/plain",
                                 [("Connection", "close")])
        if not request.keep_alive:
            result.set_header("Connection", "close")
        return faults.transmit(self.request.sendall, result,
                               request.method == "HEAD")


class Server(socketserver.ThreadingTCPServer):
    """Listens on the loopback only: this gives tokens to anybody."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, port, world, tls=None):
        super().__init__(("127.0.0.1", port), Connection)
        self.world = world
        self.tls = tls

    @property
    def url(self):
        """The base URL to reach us by."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.server_address[1]}"
