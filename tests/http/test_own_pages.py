# SPDX-License-Identifier: ISC
"""Pages of the operator's own in the place of conf/www, by the lines of
conf/OPERATING.md, "Your own pages", in the site.conf.example of each server."""

import http.server
import pathlib
import re
import threading

import pytest

from application import NAMES, server_or_skip
from stack import Client
from stack.processes import wait_until
from test_auth import spellings
from test_nginx import ONCE

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "conf/OPERATING.md"
SECTION = DOCUMENT.read_text("utf-8").split("## Your own pages\n")[1].split(
    "\n## ")[0]
BLOCKS = re.findall(r"(?<=\n\n)((?: {4}[^\n]*\n)+)", SECTION)
FILES = dict(zip(("nginx", "apache"), BLOCKS[:2], strict=True))
APPLICATION = dict(zip(("nginx", "apache"), BLOCKS[2:], strict=True))
INCLUDE = r"[ \t]*[Ii]nclude \S+/spotify-fcgi\.{};?\n"


class Pages(http.server.BaseHTTPRequestHandler):
    """An application that has one page."""

    def do_GET(self):  # pylint: disable=invalid-name
        """The path that it was asked for."""
        self.server.heard = self.headers.items()
        body = f"made {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="application")
def fixture_application():
    """Running; "heard" is what the last request said."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(name="site", params=["nginx", "apache"])
def fixture_site(request, make_stack):
    """As site.conf.example has it."""
    return make_stack(server=request.param, tls=True)


def put(site, name, lines):
    """The lines in the place of the include of a file of ours."""
    for installed, ours in (
            (f"/usr/share/spotify-fcgi/{site.options['server']}/",
             f"{site.options['server']}/"), ("/srv/music", "srv")):
        lines = lines.replace(installed, f"{site.folder}/{ours}")
    text, n = re.subn(INCLUDE.format(name), lambda _: lines,
                      site.server.conf.read_text("utf-8"))
    assert n == 1
    site.server.conf.write_text(text, "utf-8")


def page(site, path=""):
    """What it says."""
    return Client(site).get(path).body.decode()


def has_programs(site):
    """They are where they were."""
    client = Client(site)
    client.login()
    return client.fetch("session").json["logged_in"]


def test_own_files_are_served_with_the_headers(site):
    folder = site.folder / "srv"
    folder.mkdir()
    (folder / "index.html").write_text("mine", "ascii")
    put(site, "page", FILES[site.options["server"]])
    site.server.reload()
    wait_until(lambda: page(site) == "mine", 60, "not mine")
    assert Client(site).get("app.js").status == 404
    for path in ("", "index.html", "nowhere"):
        reply = Client(site).get(path)
        for name in (*ONCE, "Permissions-Policy",
                     "Strict-Transport-Security"):
            assert len(reply.all(name)) == 1, (name, reply.headers)
    assert Client(site).post("").status == 405
    assert has_programs(site)


def has_application(site, application):
    """The lines for one that makes all pages are in their place."""
    server = site.options["server"]
    where = f"127.0.0.1:{application.server_port}"
    lines = APPLICATION[server].replace("127.0.0.1:3000", where)
    assert where in lines
    if server == "nginx":
        put(site, "page", lines)
    else:
        text, n = re.subn(
            r"(?s)(ServerName music\.test\n\tProtocols.*?)(?=</VirtualHost>)",
            lambda found: found[0] + lines.replace(
                "/usr/share/spotify-fcgi", str(site.folder)),
            site.server.conf.read_text("utf-8"))
        assert n == 1
        site.server.conf.write_text(text, "utf-8")
    site.server.reload()
    wait_until(lambda: page(site, "some/page") == "made /some/page", 60,
               "not made by it")


def test_an_application_makes_the_pages(site, application):
    has_application(site, application)
    assert has_programs(site)
    reply = Client(site).get("")
    assert reply.all("Content-Security-Policy") == []


def test_what_stands_before_the_application_keeps_its_path(site, application):
    """Apache takes the first line that fits."""
    server = site.options["server"]
    line, programs = {"nginx": ("include {};\n", "locations"),
                      "apache": ("Include {}\n", "programs")}[server]
    put(site, programs, "".join(
        line.format(f"/usr/share/spotify-fcgi/{server}/{name}")
        for name in (f"spotify-fcgi.{programs}", "health.example")))
    has_application(site, application)
    reply = Client(site).get("health")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("path", ["", "members", "Members/", "app", "App/x"])
def test_nobody_tells_that_application_who_he_is(site, application, path):
    """It may be the one that serves a guarded part, and take other spellings
    of the path for it."""
    has_application(site, application)
    forged = [(spelling, "forged") for name in NAMES
              for spelling in spellings(name)]
    assert Client(site).request("GET", f"/{path}", forged).status == 200
    assert "forged" not in dict(application.heard).values()


@pytest.mark.parametrize("server, beside", [
    ("nginx", "/Members/"), ("apache", "/Members/"), ("apache", "/members")])
def test_one_application_makes_the_pages_and_has_members(
        make_stack, application, server, beside):
    """A guarded path tells it who somebody is, and one that it may take for the
    same nobody. (nginx leads /members to the guarded path.)"""
    site = make_stack(
        server=server_or_skip(server), tls=True,
        members=f"http://127.0.0.1:{application.server_port}")
    has_application(site, application)
    client = Client(site)
    client.login()
    mine = client.fetch("session").json["account"]["account_id"]
    for path, told in ((beside, None), ("/members/", mine)):
        assert client.request("GET", path, {
            "X-Spotify-Account-Id": "victim"}).status == 200
        heard = dict(application.heard)
        assert heard.get("X-Spotify-Account-Id") == told
        assert "spotify" not in heard.get("Cookie", "")


@pytest.mark.parametrize("sent, heard", [
    ("{0}", ""), ("a=1; {0}; b=2", "a=1;b=2"), ("{0}; a=1", "a=1"),
    ("a=1; {0}", "a=1"), ("{0}; {1}=x; a=1; {1}2=y", "a=1"),
    ("__Host-spotify.7Qx-3sLS-session=x; my-spotify-session=1",
     "my-spotify-session=1")])
def test_that_application_gets_none_of_our_cookies(site, application, sent,
                                                   heard):
    has_application(site, application)
    client = Client(site)
    client.login()
    cookies = sent.format(f"{client.session_cookie_name}="
                          f"{client.session_cookie}",
                          "__Host-spotify-login-abcdefgh")
    client.request("GET", "/some", {"Cookie": cookies})
    arrived = dict(application.heard).get("Cookie", "")
    assert [word.strip() for word in arrived.split(";") if word.strip()] == [
        word for word in heard.split(";") if word]
    assert client.fetch("session").json["logged_in"]


def test_no_cookie_of_ours_hides_between_two_lines(site, application):
    """Apache joins them by a comma."""
    has_application(site, application)
    Client(site).request("GET", "/some", [
        ("Cookie", "a=1"), ("Cookie", "__Host-spotify-session=x")])
    assert "spotify" not in str(application.heard)
