# SPDX-License-Identifier: ISC
"""A browser that other software of the host has given many cookies, over TLS
with HTTP/1.1 and HTTP/2: it gets through, or is told what to do, behind both
web servers, on the site, in its parts for members, and on the way to TLS."""

import json
import shutil
import subprocess

import pytest

from stack import Client
from stack.fixtures import start_stack
from test_nginx_members import application
from tools import http2

__all__ = ["application"]
pytestmark = pytest.mark.skipif(shutil.which("curl") is None,
                                reason="needs curl")
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
VERSIONS = ["--http1.1", "--http2"]
PARTS = ["members/", "app/"]


@pytest.fixture(name="site_of_module", scope="module",
                params=["nginx", "apache"])
def fixture_site_of_module(request, application):
    """Not reset."""
    with start_stack(server=request.param, tls=True,
                     members=application,
                     application=application) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(name="client")
def fixture_client(site_of_module):
    """Somebody who is logged in there."""
    site_of_module.reset()
    client = Client(site_of_module)
    client.login()
    yield client
    assert site_of_module.complaints() == []


def crowd(number, size):
    """Cookies of others."""
    return [f"c{n}=" + "x" * size for n in range(number)]


def ask(client, version, path, cookies, port=0):
    """(status, text) by curl; HTTP/2 has a field for each cookie, as browsers
    send them, HTTP/1.1 one line."""
    stack = client.stack
    cookies = [*cookies, f"{client.session_cookie_name}="
               f"{client.session_cookie}"]
    if version == "--http1.1":
        cookies = ["; ".join(cookies)]
    port = stack.server.ports[port]
    scheme = "https" if port == stack.port else "http"
    lines = "".join(f'header = "Cookie: {cookie}"\n' for cookie in cookies)
    done = subprocess.run(
        ["curl", "--silent", "--config", "-", version, "--cacert",
         str(stack.ca_file), "--resolve", f"{stack.host}:{port}:127.0.0.1",
         "--write-out", "\n%{http_code}", "--max-time", "60",
         f"{scheme}://{stack.host}:{port}/{path}"], input=lines, text=True,
        capture_output=True, timeout=90, check=True)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def ask_at_length(client, version, path, cookies):
    """The same with more than curl sends."""
    cookies = [*cookies, f"{client.session_cookie_name}="
               f"{client.session_cookie}"]
    if version == "--http1.1":
        reply = client.request("GET", path, {"Cookie": "; ".join(cookies)})
        return reply.status, reply.text
    return http2.get(client.stack, path,
                     [("cookie", cookie) for cookie in cookies])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number, size", [
    (90, 1), (180, 1), (180, 80), (1, 15000), (4, 4000)])
def test_as_many_as_browsers_keep_lock_nobody_out(client, version, number,
                                                  size):
    cookies = crowd(number, size)
    status, text = ask(client, version, "session", cookies)
    assert status == 200 and '"logged_in":true' in text
    for path in PARTS:
        assert ask(client, version, path, cookies)[0] == 200
    status, text = ask(client, version, "login", cookies)
    assert status == 303


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number, size", [
    (40, 420), (5, 4000), (7, 4000), (10, 3000), (80, 600), (14, 4000)])
def test_more_get_through_or_are_told_of(client, version, number, size):
    """Never "busy", never logged out, never round in circles."""
    for path in ("session", "login", "artists", *PARTS, ""):
        status, text = ask(client, version, path, crowd(number, size))
        if status in (400, 431):
            assert "Delete the cookies" in text or "delete the cookies" in text
            assert "<main>" in text
        else:
            assert status == (303 if path == "login" else 200)
            assert path != "session" or '"logged_in":true' in text


@pytest.mark.parametrize("version", VERSIONS)
def test_nginx_reads_past_56_kilobytes_over_http_2(client, version):
    if client.stack.options["server"] != "nginx":
        pytest.skip("about nginx: Apache hands no more than 16 KiB on")
    number = 14 if version == "--http2" else 7
    status, text = ask(client, version, "session", crowd(number, 4000))
    assert status == 200 and '"logged_in":true' in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kilobytes", [10, 40, 57, 61, 63, 64, 70, 130, 200])
def test_nginx_answers_whatever_the_size(client, version, kilobytes):
    """With what was asked for, or with a refusal in the form of the one who
    asks. Over HTTP/1.1 a line that nginx cannot hold is refused before it
    knows for whom, and then it is the page."""
    if client.stack.options["server"] != "nginx":
        pytest.skip("about nginx")
    cookies = crowd(kilobytes, 990)
    for path, good in (("session", 200), ("login", 303), ("artists", 200),
                       *((part, 200) for part in PARTS)):
        status, text = ask_at_length(client, version, path, cookies)
        if kilobytes <= 57:
            assert status == good, path
            continue
        assert status == 431 or (kilobytes < 63 and status == good), path
        if status == 431 and text.startswith("{"):
            problem = json.loads(text)
            assert path in ("session", "artists")
            assert set(problem) == PROBLEM
            assert problem["code"] == "too_many_cookies"
        elif status == 431:
            assert path in ("login", *PARTS) or (
                version == "--http1.1" and kilobytes > 63)
            assert "<h1>Too many cookies</h1>" in text
    # The page needs no program, and tells whoever sees it what is wrong.
    status, _ = ask_at_length(client, version, "", cookies)
    assert status == (431 if version == "--http1.1" and kilobytes > 64
                      else 200)


def test_headers_of_any_name_are_too_large_together(client):
    """FastCGI has no room for them, however they are shared out."""
    if client.stack.options["server"] != "nginx":
        pytest.skip("about nginx")
    for name in ("Accept", "If-None-Match", "Sec-Fetch-Site"):
        reply = client.request("GET", "session?a=" + "b" * 30000, {
            "Cookie": "c=" + "x" * 15000, name: "y" * 17000})
        assert (reply.status, reply.code) == (431, "too_many_cookies")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_way_to_tls_is_as_wide(client, number):
    status, _ = ask(client, "--http1.1", "x", crowd(number, 4000), port=1)
    assert status == 308


def test_apache_calls_it_by_its_name_over_http_2(client):
    if client.stack.options["server"] != "apache":
        pytest.skip("about Apache: curl sends less than nginx takes")
    for path in ("session", "login", *PARTS, "", "x"):
        status, text = ask(client, "--http2", path, crowd(10, 4000))
        assert status == 431
        assert "<h1>Too many cookies</h1>" in text
