# SPDX-License-Identifier: ISC
"""What nginx itself must do, from the files in conf/nginx. A program that
echoes its parameters stands behind it where ours would hide the answer."""

import base64
import collections
import concurrent.futures
import hashlib
import pathlib
import re
import shutil
import socket
import ssl
import subprocess

import pytest

from stack import ALL_PROGRAMS, PROGRAMS, Client
from stack.fixtures import SERVER
from stack.processes import wait_until
from tools.answers import Unjudged

pytestmark = pytest.mark.skipif(SERVER != "nginx", reason="about nginx")
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NGINX = REPOSITORY / "conf" / "nginx"
JSON_PROGRAMS = ("artists", "refresh", "session", "logout", "api")
PAGE_PROGRAMS = ("login", "callback")
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
SECRET = "QmFkIGx1Y2s"
# Scripts send no secrets: the error log may print the queries of the four
# programs for them, and the tests of these leave SECRET in it.
OTHER_SECRET = "T3RoZXIgbHVjaw"
ONCE = ("Content-Security-Policy", "X-Content-Type-Options",
        "Referrer-Policy", "Cross-Origin-Resource-Policy", "Cache-Control",
        "Cross-Origin-Opener-Policy")


@pytest.fixture(scope="module")
def echo_dir(tmp_path_factory):
    """A build directory in which all programs are the echo."""
    folder = tmp_path_factory.mktemp("echo") / "cgi-bin"
    folder.mkdir()
    for name in ALL_PROGRAMS:
        (folder / name).symlink_to(
            pathlib.Path(__file__).with_name("echo_program.py"))
    return folder.parent


@pytest.fixture
def echo(make_stack, echo_dir):
    """A client of a site whose programs echo."""
    return Unjudged(make_stack(build_dir=echo_dir))


def raw(stack, data):
    """The first line of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", stack.port), 60) as connection:
        connection.sendall(data)
        return connection.makefile("rb").readline().decode()


def style_hash(html):
    """The CSP source of the page's one style."""
    style = re.search(r"<style>(.*)</style>", html, re.S)[1]
    return "sha256-" + base64.b64encode(
        hashlib.sha256(style.encode()).digest()).decode()


# What reaches the programs

def shipped_names():
    """Of spotify-fcgi-params."""
    return re.findall(r"^fastcgi_param\s+(\w+)",
                      (NGINX / "spotify-fcgi-params").read_text("utf-8"), re.M)


def test_the_parameters_are_those_that_the_programs_read():
    source = (REPOSITORY / "lib" / "web" / "request.c").read_text("utf-8")
    read = set(re.findall(r'^\tPARAM\("(\w+)"', source, re.M))
    assert len(read) > 15
    assert set(shipped_names()) == (
        read | {"HTTP_COOKIE", "GATEWAY_INTERFACE", "SERVER_SOFTWARE",
                "SERVER_PROTOCOL", "SERVER_NAME", "SERVER_PORT",
                "REMOTE_ADDR"}) - {
        "PATH_INFO",        # an exact location has none
        "SPOTIFY_FCGI_REQUIRE",     # of nginx's own: members.example,
        "SPOTIFY_FCGI_INTERNAL",    # auth.example
        "UNIQUE_ID"}        # Apache's word for REQUEST_ID


def test_no_parameter_arrives_twice_whatever_the_client_sends(echo):
    reply = echo.request("GET", "artists?a=b", [
        ("Cookie", "a=1"), ("Cookie", "b=2"),
        ("Origin", "https://one.example"), ("Origin", "https://two.example"),
        ("Proxy", "http://evil.example"), ("X-Forwarded-For", "1.2.3.4"),
        ("Request-Method", "POST"), ("Content-Type", "text/x"),
        ("Script-Name", "/other"), ("If-None-Match", '"x"')])
    params = reply.json["params"]
    counts = collections.Counter(name for name, _ in params)
    cookies = [value for name, value in params if name == "HTTP_COOKIE"]
    assert "; ".join(cookies) == "a=1; b=2"
    assert {n for n, c in counts.items() if c > 1} <= {"HTTP_COOKIE"}
    assert set(counts) <= set(shipped_names())
    got = dict(params)
    assert got["REQUEST_METHOD"] == "GET" and got["QUERY_STRING"] == "a=b"
    assert got["SCRIPT_NAME"] == "/artists"
    assert got["HTTP_HOST"] == f"127.0.0.1:{echo.stack.port}"
    assert got["HTTP_IF_NONE_MATCH"] == '"x"'
    assert re.fullmatch("[0-9a-f]{32}", got["REQUEST_ID"])


def test_a_browsers_headers_arrive(echo):
    got = dict(echo.fetch("refresh", "POST").json["params"])
    assert got["HTTP_SEC_FETCH_SITE"] == "same-origin"
    assert got["HTTP_SEC_FETCH_MODE"] == "cors"
    assert got["HTTP_SEC_FETCH_DEST"] == "empty"
    assert got["HTTP_X_REQUESTED_WITH"] == "fetch"
    assert got["HTTP_ORIGIN"] == echo.stack.origin


def test_many_cookies_and_a_long_code_arrive(echo, tls_client):
    cookie = "; ".join(f"c{i}=" + "x" * 3000 for i in range(4))
    reply = echo.request("GET", "callback?code=" + "c" * 2048,
                         {"Cookie": cookie})
    got = dict(reply.json["params"])
    assert got["HTTP_COOKIE"] == cookie
    assert got["QUERY_STRING"] == "code=" + "c" * 2048
    # And over TLS, where another server's limits are in force until the name
    # is known.
    assert tls_client.request("GET", "session", {
        "Cookie": cookie, "Sec-Fetch-Site": "same-origin"}).status == 200


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_the_exact_path_reaches_a_program(echo, name):
    assert "params" in echo.get(name).json
    for path in (f"/{name}/", f"/{name}/x", f"/{name}x", f"/{name.upper()}",
                 f"/x/{name}", f"/{name}.php"):
        below = name == "api" and path.startswith("/api/")
        assert echo.get(path).status == (200 if below else 404), path


def test_a_prefix_moves_the_programs_and_the_page(make_stack):
    stack = make_stack(prefix="/spotify/")
    client = Client(stack)
    assert client.login().location == f"{stack.origin}/spotify/"
    assert client.fetch("session").json["logged_in"] is True
    assert client.get("").status == client.get("style.css").status == 200
    for name in PROGRAMS:
        assert client.get("/" + name).status == 404


# What becomes of the answers

def test_a_reply_cannot_steer_nginx(echo):
    reply = echo.get("session?header=X-Accel-Redirect:%20/index.html")
    assert "params" in reply.json
    assert echo.get("session?header=X-Accel-Charset:%20koi8-r").header(
        "Content-Type") == "application/json"


def test_large_replies_pass_unharmed(echo):
    cookie = "Set-Cookie:%20a=" + "x" * 9000
    assert len(echo.get("artists?size=6000000").body) == 6000000
    assert len(echo.get("login?header=" + cookie).all("Set-Cookie")[0]) > 9000


def test_programs_replies_are_not_compressed(echo):
    reply = echo.get("artists?size=50000", {"Accept-Encoding": "gzip, br"})
    assert reply.header("Content-Encoding") is None
    assert len(reply.body) == 50000


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_programs_own_headers_are_not_doubled(tls_client, name):
    reply = tls_client.fetch(name)
    for header in (*ONCE, "Strict-Transport-Security"):
        assert len(reply.all(header)) == 1, (header, reply.headers)


# What nginx answers itself

@pytest.mark.parametrize("name", JSON_PROGRAMS)
def test_a_program_that_is_down_is_busy_in_json(stack, client, name):
    stack.down(name)
    reply = client.fetch(name)
    assert (reply.status, reply.code) == (503, "busy")
    assert set(reply.json) == PROBLEM
    assert reply.json["status"] == 503
    assert reply.header("Content-Type").startswith("application/problem+json")
    assert reply.header("Retry-After") == "2"
    assert reply.header("Cache-Control") == "no-store"
    assert f'/{name} HTTP/1.1" 503 ' in stack.wait_for_log(
        "access", reply.json["request_id"])


@pytest.mark.parametrize("name", PAGE_PROGRAMS)
def test_a_program_that_is_down_is_busy_on_a_page(stack, client, name):
    stack.down(name)
    reply = client.get(f"{name}?code={SECRET}&state={SECRET}")
    assert (reply.status, reply.code) == (503, "busy")
    assert reply.header("Retry-After") == "2"
    assert reply.header("Cache-Control") == "no-store"
    assert style_hash(reply.text) in reply.header("Content-Security-Policy")
    assert SECRET not in reply.text


def test_a_program_that_comes_back_is_used_at_once(stack, client):
    stack.down("session")
    assert client.fetch("session").status == 503
    stack.up("session")
    assert client.fetch("session").status == 200


def ask_at_once(stack, path, times):
    """The replies to that many requests, as nearly at once as we can."""
    def ask(_):
        return Unjudged(stack).fetch(path)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(ask, range(times)))


@pytest.mark.parametrize("name, burst", [("session", 40), ("login", 10)])
def test_too_many_requests_are_told_so(make_stack, echo_dir, name, burst):
    """So many more that some are refused however long they take, as more are
    let in each second."""
    stack = make_stack(build_dir=echo_dir, rate_limits=True)
    replies = ask_at_once(stack, f"{name}?x={SECRET}", burst + 300)
    refused = [reply for reply in replies if reply.status == 429]
    assert len(replies) - len(refused) >= burst
    assert len(refused) >= 3
    for reply in refused[:3]:
        assert reply.code == "rate_limited"
        assert reply.header("Retry-After") == "2"
        assert reply.header("Cache-Control") == "no-store"
        if name == "session":
            assert set(reply.json) == PROBLEM and reply.json["status"] == 429
        else:
            assert style_hash(reply.text) in reply.header(
                "Content-Security-Policy")
    if name == "login":
        Client(stack).get("last")
        stack.wait_for_log("access", "GET /last ")
        assert SECRET not in stack.log("error") + stack.log("access")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_large_body_is_refused_in_json(stack, client, name):
    reply = client.fetch(f"{name}?code={SECRET}", "POST", body="x" * 16385)
    assert (reply.status, reply.code) == (413, "too_large")
    assert set(reply.json) == PROBLEM and reply.json["status"] == 413
    assert reply.header("Retry-After") is None
    access = stack.wait_for_log("access", reply.json["request_id"])
    assert SECRET not in access
    if name in PAGE_PROGRAMS:
        assert SECRET not in stack.log("error")


def test_the_errors_have_the_members_of_the_programs_own(stack, client):
    own = client.fetch("artists")
    assert own.status == 401
    stack.down("artists")
    assert set(client.fetch("artists").json) == set(own.json) - {"login_url"}


# The page and its headers

def test_the_page_may_load_nothing_but_its_own_and_pictures(tls_client):
    reply = tls_client.get("")
    assert reply.status == 200 and "<title>" in reply.text
    policy = reply.header("Content-Security-Policy")
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    for name in ("script-src", "style-src", "connect-src", "form-action"):
        assert rules[name] == "'self'", name
    assert "https://i.scdn.co" in rules["img-src"]
    assert "unsafe" not in policy


@pytest.mark.parametrize("path, status", [
    ("", 200), ("app.js", 200), ("style.css", 200), ("favicon.svg", 200),
    ("nowhere", 404), ("login/", 404), ("a%00b", 400)])
def test_files_and_errors_carry_the_headers(tls_client, path, status):
    reply = tls_client.get(path)
    assert reply.status == status
    for name in (*ONCE, "Permissions-Policy",
                 "Strict-Transport-Security"):
        assert len(reply.all(name)) == 1, (name, reply.headers)
    assert reply.header("Server") == "nginx"


def test_over_plain_http_nothing_is_said_about_tls(client):
    for path in ("", "session", "nowhere"):
        assert client.get(path).header("Strict-Transport-Security") is None


def test_the_page_takes_no_post(client):
    assert client.post("").status == 405


# Logs

def test_no_query_and_no_cookie_reaches_the_logs_of_nginx(stack, client):
    begin = len(stack.log("access"))
    url = client.start_login()
    state = re.search(r"state=([^&]+)", url)[1]
    callback = client.approve(url)
    code = re.search(r"code=([^&]+)", callback)[1]
    client.finish(callback)
    cookie = client.session_cookie
    for name in ("login", "callback"):
        stack.down(name)
    client.get(callback)
    client.get(f"login?return_to=/{OTHER_SECRET}")
    query = f"code={OTHER_SECRET}&state={OTHER_SECRET}"
    for path in ("Callback", "callback/", "nowhere", "", "app.js"):
        client.get(f"{path}?{query}", {
            "Referer": f"{stack.url}/callback?{query}"})
    host = f"Host: {stack.host}\r\n"
    assert " 431 " in raw(
        stack, f"GET /callback?{query} HTTP/1.1\r\n{host}"
        f"Cookie: {OTHER_SECRET * 5000}\r\n\r\n".encode())
    assert " 414 " in raw(
        stack, f"GET /callback?{OTHER_SECRET * 5000} "
        "HTTP/1.1\r\n\r\n".encode())
    assert " 400 " in raw(
        stack, f"GET /callback?{query} HTTP/1.1\r\n\r\n".encode())
    client.get("last")
    wait_until(lambda: "GET /last " in stack.log("access")[begin:], 60, "log")
    access = stack.log("access")[begin:]
    logs = access + stack.log("error")
    assert "GET /callback HTTP" in logs
    for secret in (state, code, cookie, OTHER_SECRET):
        assert secret not in logs
    assert "?" not in access


# TLS

def handshake(stack, name, version=ssl.TLSVersion.TLSv1_3):
    """Connect under a name; the TLS version, or the exception's text."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", stack.port), 60) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name) as channel:
                return channel.version()
        except ssl.SSLError as error:
            return error.reason


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_only_our_name_gets_a_handshake(tls_stack):
    assert handshake(tls_stack, tls_stack.host) == "TLSv1.3"
    for name in ("evil.example", "127.0.0.1", None):
        assert "UNRECOGNIZED_NAME" in handshake(tls_stack, name), name


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(tls_stack):
    host = tls_stack.host
    assert handshake(tls_stack, host, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert "TLSv1.1" not in handshake(tls_stack, host,
                                      ssl.TLSVersion.TLSv1_1)


def test_another_host_over_our_name_reaches_no_program(tls_client):
    for path in ("login", "session", ""):
        reply = tls_client.request("GET", path, {"Host": "evil.example"})
        assert reply.status == 421, path
    # Nor is it one of a site for who counts.
    lines = tls_client.stack.wait_for_log("access", " 421 ").splitlines()
    assert {line.split()[-1] for line in lines if " 421 " in line} == {"-"}


def test_plain_http_leads_to_tls(tls_stack):
    port = tls_stack.server.ports[1]
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(b"GET /x?y HTTP/1.1\r\nHost: music.test\r\n"
                           b"Connection: close\r\n\r\n")
        text = connection.makefile("rb").read().decode()
    assert " 308 " in text.splitlines()[0]
    assert f"\r\nLocation: {tls_stack.url}/x?y\r\n" in text


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_http2_works(tls_stack):
    done = subprocess.run(
        ["curl", "--silent", "--http2", "--cacert", str(tls_stack.ca_file),
         "--resolve", f"{tls_stack.host}:{tls_stack.port}:127.0.0.1",
         "--output", "/dev/null", "--write-out", "%{http_version} %{http_code}",
         f"{tls_stack.url}/session"], text=True, capture_output=True,
        timeout=60, check=False)
    assert done.stdout == "2 200"
