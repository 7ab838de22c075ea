# SPDX-License-Identifier: ISC
"""members.example of both servers, seen from the application behind it: who is
sent to log in and who is told, what of a request reaches the application, and
a WebSocket through it all."""

import base64
import hashlib
import http.server
import os
import socket
import ssl
import threading

import pytest

from stack import Client
from stack.fixtures import start_stack
from test_apache_members import LUA_SOCKET
from test_nginx_members import Application

HANDSHAKE = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"     # RFC 6455, section 1.3
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


class WithSockets(Application):
    """Takes any Upgrade, and then echoes what comes in capital letters."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """An upgrade, or what the other one does."""
        wanted = self.headers.get("Upgrade")
        if wanted is None:
            super().do_GET()
            return
        key = self.headers.get("Sec-WebSocket-Key", "").encode()
        accept = base64.b64encode(hashlib.sha1(key + HANDSHAKE).digest())
        self.send_response(101)
        self.send_header("Upgrade", wanted)
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()
        self.wfile.flush()
        while frame := read_frame(self.rfile):
            self.wfile.write(frame_of(frame.upper()))
            self.wfile.flush()
        self.close_connection = True


def read_frame(stream):
    """What a short text frame says (RFC 6455, section 5.2); b"" at the end."""
    head = stream.read(2)
    if len(head) < 2 or head[0] != 0x81:
        return b""
    mask = stream.read(4) if head[1] & 0x80 else bytes(4)
    body = stream.read(head[1] & 0x7f)
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))


def frame_of(text, mask=b""):
    """A short text frame; a client has to mask."""
    body = bytes(byte ^ (mask or bytes(4))[i % 4]
                 for i, byte in enumerate(text))
    return bytes([0x81, len(text) | (0x80 if mask else 0)]) + mask + body


@pytest.fixture(scope="module")
def application_url():
    """Of an application that takes WebSockets."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WithSockets)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=[
    (server, tls) for server in ("nginx", "apache") for tls in (False, True)],
    ids=lambda p: f"{p[0]} {'tls' if p[1] else 'http'}")
def site_of_module(
        request, application_url):      # pylint: disable=redefined-outer-name
    """Not reset."""
    server, tls = request.param
    if server == "apache" and not LUA_SOCKET.exists():
        pytest.skip("needs lua-socket")
    with start_stack(server=server, tls=tls,
                     members=application_url) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(name="site")
def fixture_site(site_of_module):       # pylint: disable=redefined-outer-name
    """A site with members."""
    site_of_module.reset()
    yield site_of_module
    assert site_of_module.complaints() == []


@pytest.fixture(name="member")
def fixture_member(site):
    """Somebody who is logged in."""
    client = Client(site)
    client.login()
    return client


def seen(reply):
    """The headers that the application got: lower case, each once."""
    assert reply.status == 200, reply
    pairs = [(name.lower(), value) for name, value in reply.json["headers"]]
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


@pytest.mark.parametrize("headers", [
    {"Accept": "*/*"}, {}, {"Accept": "application/json"},
    {"Sec-Fetch-Mode": "cors", "Accept": PAGE},
    {"Sec-Fetch-Mode": "same-origin", "Accept": "*/*"},
    {"Sec-Fetch-Mode": "no-cors", "Accept": "image/avif,*/*"},
    {"Sec-Fetch-Mode": "websocket"}, {"Sec-Fetch-Mode": "navigated",
                                      "Accept": PAGE}])
def test_a_script_without_a_session_is_told_in_json(site, headers):
    """The problem of the programs themselves, member by member."""
    reply = Client(site).request("GET", "/members/api?a=b", headers)
    own = Client(site).fetch("artists")
    assert reply.status == 401 and reply.location is None
    assert set(reply.json) == set(own.json)
    for name in set(own.json) - {"request_id", "login_url"}:
        assert reply.json[name] == own.json[name]
    assert len(reply.json["request_id"]) >= 16
    assert reply.json["login_url"] == "/login?return_to=/members/"
    for name in ("Content-Type", "WWW-Authenticate", "Cache-Control",
                 "X-Content-Type-Options", "Referrer-Policy",
                 "Cross-Origin-Resource-Policy",
                 "Cross-Origin-Opener-Policy", "Strict-Transport-Security"):
        assert reply.header(name) == own.header(name), name


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Mode": "navigate", "Accept": PAGE},
    {"Sec-Fetch-Mode": "navigate"}, {"Accept": PAGE},
    {"Accept": "Text/HTML"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_navigation_without_a_session_is_sent_to_log_in(site, method,
                                                          headers):
    reply = Client(site).request(method, "/members/", headers)
    assert reply.status == 303
    assert reply.location.removeprefix(site.url) == (
        "/login?return_to=/members/")


def test_a_401_of_the_application_is_its_own(site, member):
    assert member.request("GET", "/members/refused",
                          {"Accept": "*/*"}).text == "mine"


COOKIES = [
    ("{s}", None), ("{s}; a=1", "a=1"), ("a=1; {s}", "a=1"),
    ("a=1; {s}; b=2", "a=1; b=2"), ("a=1;{s};b=2", "a=1;b=2"),
    ("a=1;  \t{s}  ;b=2", "a=1;b=2"),
    ("a=1; a=2; {s}; a=3", "a=1; a=2; a=3"), ("a=1; {s}; a=1", "a=1; a=1"),
    # Names that only begin or end like ours, and ours as a value.
    ("spotify-session2=x; {s}; my-spotify-session=y; z=spotify-session=1",
     "spotify-session2=x; my-spotify-session=y; z=spotify-session=1"),
    # Of a login under way, also several and between others.
    ("{l}1=x; {s}", None), ("{l}1=x; a=1; {l}2=y; b=2; {s}; c=3; {l}3=z; d=4; "
                            "{l}4=u; e=5; {l}5=v; f=6",
                            "a=1; b=2; c=3; d=4; e=5; f=6"),
    # Of another site of the host, below a directory; and what is none.
    ("spotify.7Qx-3sLS-session=x; a=1; {s}; __Host-spotify.7Qx_3sLS-session=x; "
     "b=2; spotify.7Qx-3sLS-login-abcdefgh=y; spotify.7Qx-3sL-session=z",
     "a=1; b=2; spotify.7Qx-3sL-session=z"),
    # The name that belongs to the other scheme, twice.
    ("{o}=1; a=1; {s}; {o}=2; b=2", "a=1; b=2"),
    ("{s}; empty=; novalue; q=\"a b\"; c=a,b",
     "empty=; novalue; q=\"a b\"; c=a,b")]


@pytest.mark.parametrize("sent, wanted", COOKIES)
def test_the_application_gets_all_cookies_but_ours(site, member, sent, wanted):
    mine = f"{member.session_cookie_name}={member.session_cookie}"
    prefix = "__Host-" * site.tls
    other = ("" if site.tls else "__Host-") + "spotify-session"
    header = sent.format(s=mine, l=prefix + "spotify-login-abcdefg", o=other)
    got = seen(member.request("GET", "/members/", {
        "Cookie": header, "Accept": PAGE})).get("cookie")
    assert (got or "").replace("; ", ";") == (wanted or "").replace("; ", ";")
    assert got is None or got == got.strip("; \t")


@pytest.mark.parametrize("first, second", [
    ("{s}; a=1", "{s}"), ("{s}; a=1", "b=2; {s}"), ("{s}", "a=1; {l}1=x"),
    ("{s}; a=1", "{l}1=x; b=2"), ("a=1; {s}; b=2", "{s}; {s}")])
def test_none_of_ours_hides_between_two_lines(site, member, first, second):
    """nginx joins the lines by a semicolon, and Apache by a comma."""
    mine = f"{member.session_cookie_name}={member.session_cookie}"
    login = "__Host-" * site.tls + "spotify-login-abcdefg"
    reply = member.request("GET", "/members/", {
        "Cookie": first.format(s=mine, l=login),
        "cookie": second.format(s=mine, l=login), "Accept": PAGE})
    assert reply.status in (200, 303)
    if reply.status == 200:
        assert "spotify" not in seen(reply).get("cookie", "")


def test_a_long_header_of_cookies_keeps_those_of_the_application(site,
                                                                 member):
    mine = f"{member.session_cookie_name}={member.session_cookie}"
    # About as many bytes as the server reads in one line.
    size = {"nginx": 29000, "apache": 15500}[site.options["server"]]
    others = "a=b; " * (size // 5) + "c=d"
    got = seen(member.request("GET", "/members/", {
        "Cookie": f"{others}; {mine}", "Accept": PAGE}))
    assert got["cookie"] == others


def test_the_application_learns_how_the_visitor_came(site, member):
    forged = {name.replace("-", dash): "forged.example" for name in (
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
        "X-Forwarded-Server", "X-Forwarded-Port", "X-Real-IP", "Forwarded")
              for dash in "-_"}
    got = seen(member.get("/members/", forged))
    assert "forged" not in str(got)
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert got["x-forwarded-proto"] == ("https" if site.tls else "http")
    assert got["x-forwarded-host"] == f"{site.host}:{site.port}"
    assert got["host"] == f"{site.host}:{site.port}"


def test_what_the_application_is_not_told_nobody_tells(member):
    """It may be one that auth.example tells more, elsewhere."""
    names = ("Scope", "Name", "Email", "Access-Token", "Access-Expires")
    got = seen(member.get("/members/", {
        f"X-Spotify-{name}": "forged" for name in names}))
    assert [name for name in got if name.startswith("x-spotify")] == [
        "x-spotify-account-id"]


@pytest.mark.parametrize("name", ["X-Spotify-Account-Id", "X-Forwarded-For",
                                  "X-Forwarded-Proto", "X-Forwarded-Host"])
@pytest.mark.parametrize("words", ["close, {}", "{}", "keep-alive,{},upgrade"])
def test_no_client_takes_away_what_the_application_is_told(member, name, words):
    """A proxy leaves out all that Connection names (RFC 9110, section
    7.6.1)."""
    plain = seen(member.get("/members/"))
    got = seen(member.get("/members/", {"Connection": words.format(name)}))
    assert got[name.lower()] == plain[name.lower()]


def connect(site):
    """A bare connection, TLS and all."""
    sock = socket.create_connection(("127.0.0.1", site.port), 60)
    if not site.tls:
        return sock
    context = ssl.create_default_context(cafile=str(site.ca_file))
    return context.wrap_socket(sock, server_hostname=site.host)


def upgrade(sock, site, cookie, protocol="websocket"):
    """Ask for one: the head of the answer, and a stream for the rest."""
    key = base64.b64encode(os.urandom(16))
    lines = ["GET /members/live HTTP/1.1", f"Host: {site.host}:{site.port}",
             f"Cookie: {cookie}", "Connection: Upgrade",
             f"Upgrade: {protocol}", "Sec-WebSocket-Version: 13",
             f"Sec-WebSocket-Key: {key.decode()}", "Sec-Fetch-Mode: websocket"]
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
    stream = sock.makefile("rb")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        assert line, head
        head += line
    return key, head, stream


def test_a_websocket_of_a_member_reaches_the_application(site, member):
    cookie = f"{member.session_cookie_name}={member.session_cookie}"
    with connect(site) as sock:
        key, head, stream = upgrade(sock, site, cookie)
        assert head.startswith(b"HTTP/1.1 101 ")
        accept = base64.b64encode(hashlib.sha1(key + HANDSHAKE).digest())
        assert accept in head
        for word in (b"hello", b"once more", b"x" * 100):
            sock.sendall(frame_of(word, os.urandom(4)))
            assert read_frame(stream) == word.upper()


def test_a_websocket_of_a_stranger_gets_401(site):
    with connect(site) as sock:
        _, head, _ = upgrade(sock, site, "a=1")
        assert head.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("protocol", ["h2c", "anything", "websocket, h2c"])
def test_no_other_upgrade_passes(site, member, protocol):
    """With it a member would speak to the application past the web server,
    which looks at nothing any more."""
    cookie = f"{member.session_cookie_name}={member.session_cookie}"
    with connect(site) as sock:
        _, head, _ = upgrade(sock, site, cookie, protocol)
        assert not head.startswith(b"HTTP/1.1 101 ")
