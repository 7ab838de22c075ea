# SPDX-License-Identifier: ISC
"""An application behind conf/nginx/auth.example and conf/apache/auth.example,
which keeps what it was sent to itself, and a site of either web server with
it. A module imports the fixtures it uses, and those that they use."""

import http.client
import http.server
import threading

import pytest

from stack import Client
from stack.fixtures import start_stack
from test_apache_members import LUA_SOCKET
from tools import fastcgi

NAMES = ("Account-Id", "Scope", "Name", "Email", "Access-Token",
         "Access-Expires")
PROCESSES = 4


def read_chunks(stream):
    """A chunked body (RFC 9112, section 7.1); the pairs of its trailer."""
    while size := int(stream.readline().partition(b";")[0], 16):
        stream.read(size + 2)
    return list(http.client.parse_headers(stream).items())


class Application(http.server.BaseHTTPRequestHandler):
    """Answers "ok", whoever asks."""

    def do_GET(self):
        """Any method; the body is read, with what comes behind it."""
        behind = []
        if "Transfer-Encoding" in self.headers:
            behind = read_chunks(self.rfile)
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.headers.items() + behind))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, format, *args):   # pylint: disable=redefined-builtin
        """Quiet."""


class Server(http.server.ThreadingHTTPServer):
    """Many may come at once."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Application)
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def told(self):
        """Of the last request: {name: value} of all X-Spotify-* in whatever
        spelling; none may come twice."""
        found = [(name.lower().replace("_", "-"), value)
                 for name, value in self.seen[-1][1]]
        mine = [(name.removeprefix("x-spotify-"), value)
                for name, value in found if name.startswith("x-spotify-")]
        assert len(mine) == len(dict(mine)), mine
        return dict(mine)


@pytest.fixture(scope="module")
def application():
    """Running."""
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def server_or_skip(name):
    """The name, if what auth.example needs is there."""
    if name == "apache" and not LUA_SOCKET.exists():
        pytest.skip("needs lua-socket")
    return name


@pytest.fixture(scope="module", params=["nginx", "apache"])
def site_of_module(
        request, application):  # pylint: disable=redefined-outer-name
    """Not reset."""
    with start_stack(server=server_or_skip(request.param),
                     application=application.url,
                     processes={"auth": PROCESSES},
                     conf={"auth_pass": "id name email token"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def site(site_of_module, application):  # pylint: disable=redefined-outer-name
    """With everything passed on, and four processes of auth."""
    site_of_module.reset()
    application.seen.clear()
    yield site_of_module
    assert site_of_module.complaints() == []


def visitor(site, account=None):    # pylint: disable=redefined-outer-name
    """Somebody who is logged in."""
    client = Client(site)
    client.login(account=account)
    return client


def chunked(host, client):
    """A request with a trailer that says who asks."""
    names = [f"X-Spotify-{name}" for name in NAMES]
    return (f"POST /app/ HTTP/1.1\r\nHost: {host}\r\n"
            f"Cookie: {client.cookies.text(client.base)}\r\n"
            "Transfer-Encoding: chunked\r\nTE: trailers\r\n"
            f"Trailer: {', '.join(names)}\r\n\r\n5\r\nhello\r\n0\r\n"
            + "".join(f"{name}: forged\r\n" for name in names) + "\r\n")


def ask(client, query="", **changes):
    """What auth answers to the web server, without one."""
    reply = fastcgi.auth(client, query, **changes)
    # Never a way to go, never a cookie.
    assert reply.location is None and not reply.all("Set-Cookie")
    assert reply.header("Cache-Control") == "no-store"
    return reply
