# SPDX-License-Identifier: ISC
"""What Apache itself must do, from the files in conf/apache (mod_proxy_fcgi),
and the main flow behind it."""

import collections
import pathlib
import re
import select
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from stack import ALL_PROGRAMS, PROGRAMS, Client
from test_nginx import (JSON_PROGRAMS, ONCE, PAGE_PROGRAMS, PROBLEM, SECRET,
                        echo_dir, handshake, raw, style_hash)
from tools import fastcgi
from tools.answers import Unjudged

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
APACHE = REPOSITORY / "conf" / "apache"
__all__ = ["echo_dir"]


@pytest.fixture(name="site_of_module", scope="module", params=[False, True],
                ids=["http", "tls"])
def fixture_site_of_module(request):
    """Not reset."""
    from stack.fixtures import start_stack
    with start_stack(server="apache", tls=request.param) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(name="site")
def fixture_site(site_of_module):
    """Everything behind Apache, over http and over TLS."""
    site_of_module.reset()
    yield site_of_module
    assert site_of_module.complaints() == []


@pytest.fixture(name="echo", scope="module")
def fixture_echo(echo_dir):     # pylint: disable=redefined-outer-name
    """A client of a site whose programs echo."""
    from stack.fixtures import start_stack
    with start_stack(echo_dir, server="apache") as running:
        yield Unjudged(running)


# The main flow

def test_a_person_logs_in_sees_artists_and_logs_out(site):
    client = Client(site)
    assert client.fetch("session").json == {"logged_in": False}
    done = client.login(return_to="/index.html")
    assert done.location == f"{site.url}/index.html"
    assert client.fetch("session").json["logged_in"] is True
    reply = client.fetch("artists")
    assert reply.status == 200, reply
    assert len(reply.json["artists"]) == reply.json["total"] > 50
    again = client.fetch("artists", headers={
        "If-None-Match": reply.header("ETag")})
    assert (again.status, again.body) == (304, b"")
    assert client.fetch("refresh", "POST").json["refreshed"] is False
    assert client.fetch("logout", "POST").status == 204
    assert client.fetch("artists").code == "not_logged_in"


def test_a_denied_login_shows_its_page(site):
    client = Client(site)
    reply = client.finish(client.deny(client.start_login()))
    assert (reply.status, reply.code) == (403, "login_denied")


def test_apaches_id_of_the_request_stands_in_answer_and_logs(site):
    reply = Client(site).fetch("artists")
    request_id = reply.json["request_id"]
    assert request_id in site.wait_for_log("access", request_id)
    assert re.fullmatch(r"[\w@-]{20,}", request_id)


def test_a_prefix_moves_the_programs_and_the_page(make_stack):
    stack = make_stack(server="apache", prefix="/spotify/")
    client = Client(stack)
    assert client.login().location == f"{stack.origin}/spotify/"
    assert client.fetch("session").json["logged_in"] is True
    assert client.get("").status == client.get("style.css").status == 200
    for name in ALL_PROGRAMS:
        assert client.get("/" + name).status == 404


def test_a_restart_loses_no_request(site):
    client = Client(site)
    client.login()
    for _ in range(3):
        site.restart("session")
        assert client.fetch("session").json["logged_in"] is True


# What reaches the programs

def names_read():
    """By the programs, cookies included."""
    source = (REPOSITORY / "lib" / "web" / "request.c").read_text("utf-8")
    return set(re.findall(r'^\tPARAM\("(\w+)"', source, re.M)) | {
        "HTTP_COOKIE"}


def test_all_that_the_programs_read_arrives_once(echo):
    wanted = {name: f"v{i}" for i, name in enumerate(sorted(names_read()))
              if name.startswith("HTTP_") and name != "HTTP_HOST"}
    headers = {name[5:].replace("_", "-"): value
               for name, value in wanted.items()}
    reply = echo.request("POST", "artists?a=b", {
        **headers, "Content-Type": "text/x"}, "body")
    counts = collections.Counter(name for name, _ in reply.json["params"])
    got = dict(reply.json["params"])
    assert wanted.items() <= got.items()
    assert got["HTTP_HOST"] == f"127.0.0.1:{echo.stack.port}"
    assert got["SCRIPT_NAME"] == "/artists" and got["QUERY_STRING"] == "a=b"
    assert (got["CONTENT_LENGTH"], got["CONTENT_TYPE"]) == ("4", "text/x")
    assert got["UNIQUE_ID"] and got["REQUEST_METHOD"] == "POST"
    assert names_read() - set(got) == {"PATH_INFO", "REQUEST_ID",
                                       "SPOTIFY_FCGI_REQUIRE",
                                       "SPOTIFY_FCGI_INTERNAL"}
    assert max(counts.values()) == 1


def test_what_no_program_needs_stays_away(echo):
    got = dict(echo.request("GET", "session", [
        ("Proxy", "http://evil.example"), ("Range", "bytes=0-1"),
        ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("X_Under", "x"), ("Authorization", "Bearer x"),
        ("Request-Id", "forged"), ("Unique-Id", "forged"),
        ("Script-Name", "/other")]).json["params"])
    for name in ("HTTP_PROXY", "HTTP_RANGE", "HTTP_IF_MODIFIED_SINCE",
                 "HTTP_X_UNDER", "HTTP_AUTHORIZATION", "PATH", "REQUEST_ID",
                 "SCRIPT_FILENAME", "DOCUMENT_ROOT", "SERVER_ADMIN"):
        assert name not in got, name
    assert got["UNIQUE_ID"] != "forged"
    assert got["SCRIPT_NAME"] == "/session"


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_the_exact_path_reaches_a_program(echo, name):
    assert "params" in echo.get(name).json
    for path in (f"/{name}/", f"/{name}/x", f"/{name}x", f"/{name.upper()}",
                 f"/x/{name}", f"/{name}.php", f"/{name}%2F", f"/{name};x"):
        below = name == "api" and path in ("/api/", "/api/x")
        assert echo.get(path).status == (200 if below else 404), path


def test_many_cookies_and_a_long_code_arrive(echo):
    cookie = "; ".join(f"c{i}=" + "x" * 3000 for i in range(4))
    got = dict(echo.request("GET", "callback?code=" + "c" * 2048,
                            {"Cookie": cookie}).json["params"])
    assert got["HTTP_COOKIE"] == cookie
    assert got["QUERY_STRING"] == "code=" + "c" * 2048


def test_the_record_that_ends_a_body_may_come_late(site):
    """A connection closed before it would be a failure to Apache."""
    params = fastcgi.pairs({
        "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "4",
        "SCRIPT_NAME": "/logout", "HTTP_X_REQUESTED_WITH": "x"})
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(site.socket("logout"))
        connection.sendall(fastcgi.begin()
                           + fastcgi.stream(fastcgi.PARAMS, params)
                           + fastcgi.record(fastcgi.STDIN, b"body"))
        sent = time.monotonic()
        early = select.select([connection], [], [], 0.3)[0]
        # After a second it is served as it is (CONNECTION_END_MS).
        assert early == [] or time.monotonic() - sent > 0.9
        connection.sendall(fastcgi.record(fastcgi.STDIN))
        assert b"Status: 204" in connection.makefile("rb").read()


# What becomes of the answers

def test_programs_replies_are_not_compressed(echo):
    reply = echo.get("artists?size=50000", {"Accept-Encoding": "gzip, br"})
    assert reply.header("Content-Encoding") is None
    assert len(reply.body) == 50000
    # And the page is, in this set-up: or the test would prove nothing.
    assert echo.get("/style.css", {"Accept-Encoding": "gzip"}).header(
        "Content-Encoding") == "gzip"


def test_large_replies_pass_unharmed(echo):
    assert len(echo.get("artists?size=6000000").body) == 6000000
    reply = echo.get("session", {"Range": "bytes=0-1"})
    assert (reply.status, reply.header("Content-Range")) == (200, None)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_programs_own_headers_are_not_doubled(site, name):
    reply = Client(site).fetch(name)
    for header in ONCE:
        assert len(reply.all(header)) == 1, (header, reply.headers)
    assert len(reply.all("Strict-Transport-Security")) == site.tls


def test_answers_keep_their_length(site):
    client = Client(site)
    client.login()
    reply = client.fetch("artists")
    assert reply.header("Content-Length") == str(len(reply.body))
    head = client.fetch("session", "HEAD")
    assert int(head.header("Content-Length")) > 2 and head.body == b""


def test_a_programs_own_errors_pass_as_they_are(echo):
    for status in (401, 413, 429, 500, 502, 503, 504):
        reply = echo.get(f"session?status={status}&header="
                         "Cache-Control:%20x")
        assert reply.status == status and "params" in reply.json
        assert reply.header("Retry-After") is None
        assert reply.header("Cache-Control") == "x"
        assert reply.header("Content-Type") == "application/json"


# What Apache answers itself

@pytest.mark.parametrize("name", JSON_PROGRAMS)
def test_a_program_that_is_down_is_busy_in_json(site, name):
    site.down(name)
    reply = Client(site).fetch(name)
    assert (reply.status, reply.code) == (503, "busy")
    assert set(reply.json) == PROBLEM
    assert reply.json["status"] == 503
    assert reply.header("Content-Type").startswith("application/problem+json")
    assert reply.header("Retry-After") == "2"
    for header in ONCE:
        assert len(reply.all(header)) == 1, (header, reply.headers)
    assert reply.header("Cache-Control") == "no-store"
    assert f'/{name} HTTP/1.1" 503 ' in site.wait_for_log(
        "access", reply.json["request_id"])
    site.up(name)
    assert Client(site).fetch(name).status != 503


@pytest.mark.parametrize("name", PAGE_PROGRAMS)
def test_a_program_that_is_down_is_busy_on_a_page(site, name):
    site.down(name)
    reply = Client(site).get(f"{name}?code={SECRET}&state={SECRET}")
    assert (reply.status, reply.code) == (503, "busy")
    assert reply.header("Retry-After") == "2"
    assert reply.header("Cache-Control") == "no-store"
    assert style_hash(reply.text) in reply.header("Content-Security-Policy")
    assert SECRET not in reply.text


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_large_body_is_refused(site, name):
    reply = Client(site).fetch(name, "POST", body="x" * 16385)
    assert (reply.status, reply.code) == (413, "too_large")


# The page, logs, TLS

@pytest.mark.parametrize("path, status", [
    ("", 200), ("app.js", 200), ("style.css", 200), ("nowhere", 404),
    ("login/", 404)])
def test_files_and_errors_carry_the_headers(site, path, status):
    reply = Client(site).get(path)
    assert reply.status == status
    for name in (*ONCE, "Permissions-Policy"):
        assert len(reply.all(name)) == 1, (name, reply.headers)
    assert len(reply.all("Strict-Transport-Security")) == site.tls
    assert Client(site).post("").status == 405


def test_both_servers_send_the_same_policy_for_the_page():
    policies = {re.search(r'Content-Security-Policy "(.*?)"',
                          path.read_text("utf-8"))[1]
                for path in (APACHE / "spotify-fcgi.headers",
                             REPOSITORY / "conf/nginx/spotify-fcgi.headers")}
    assert len(policies) == 1


def test_no_query_and_no_cookie_reaches_the_logs_of_apache(site):
    client = Client(site)
    callback = client.approve(client.start_login())
    state, code = (re.search(rf"{name}=([^&]+)", callback)[1]
                   for name in ("state", "code"))
    client.finish(callback)
    cookie = client.session_cookie
    for name in ("login", "callback"):
        site.down(name)
    client.get(callback)
    query = f"code={SECRET}&state={SECRET}"
    for path in ("Callback", "callback/", "nowhere", "", "app.js", "login"):
        client.get(f"{path}?{query}", {
            "Referer": f"{site.url}/callback?{query}"})
    if not site.tls:
        host = f"Host: {site.host}\r\n"
        assert " 400 " in raw(site, f"GET /callback?{query} HTTP/1.1\r\n{host}"
                              f"Cookie: {SECRET * 2000}\r\n\r\n".encode())
        assert " 414 " in raw(site, f"GET /callback?{SECRET * 2000} HTTP/1.1"
                              "\r\n\r\n".encode())
    client.get("last")
    logs = site.wait_for_log("access", "GET /last ") + site.log("error")
    assert "GET /callback HTTP" in logs
    for secret in (state, code, cookie, SECRET):
        assert secret not in logs
    assert "?" not in site.log("access")


@pytest.fixture(name="tls_site")
def fixture_tls_site(make_stack):
    """Over TLS alone."""
    return make_stack(server="apache", tls=True)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_tls_is_new_and_only_for_our_name(tls_site):
    host = tls_site.host
    assert handshake(tls_site, host) == "TLSv1.3"
    assert handshake(tls_site, host, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert "TLSv1.1" not in handshake(tls_site, host, ssl.TLSVersion.TLSv1_1)
    for path in ("login", "session", ""):
        reply = Client(tls_site).request("GET", path, {"Host": "evil.example"})
        assert reply.status == 421, path
    done = subprocess.run(
        ["curl", "--silent", "--http2", "--cacert", str(tls_site.ca_file),
         "--resolve", f"{host}:{tls_site.port}:127.0.0.1", "--output",
         "/dev/null", "--write-out", "%{http_version} %{http_code}",
         f"{tls_site.url}/session"], text=True, capture_output=True,
        timeout=60, check=False)
    assert done.stdout == "2 200"


def test_another_name_reaches_nothing(tls_site):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", tls_site.port), 60) as plain, \
            context.wrap_socket(plain, server_hostname="x.test") as channel:
        channel.sendall(b"GET /session?x HTTP/1.1\r\nHost: x.test\r\n"
                        b"Connection: close\r\n\r\n")
        assert b" 421 " in channel.makefile("rb").readline()
    assert "?" not in tls_site.wait_for_log("access", "GET /session ")


def test_plain_http_leads_to_tls(tls_site):
    port = tls_site.server.ports[1]
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(b"GET /x?y HTTP/1.1\r\nHost: music.test\r\n"
                           b"Connection: close\r\n\r\n")
        text = connection.makefile("rb").read().decode()
    assert " 308 " in text.splitlines()[0]
    assert f"\r\nLocation: {tls_site.url}/x?y\r\n" in text
