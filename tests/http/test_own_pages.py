# SPDX-License-Identifier: ISC
"""Pages of the operator's own in the place of conf/www, by the lines of
conf/OPERATING.md, "Your own pages", in the site.conf.example of each server."""

import http.server
import pathlib
import re
import threading

import pytest

from stack import Client
from stack.processes import wait_until
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
        body = f"made {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="application")
def fixture_application():
    """Where it listens."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(name="site", params=["nginx", "apache"])
def fixture_site(request, make_stack):
    """As site.conf.example has it."""
    return make_stack(server=request.param, tls=True)


def put(site, name, lines, keep=False):
    """The lines in the place of the include of a file of ours, or behind it;
    the server reads them."""
    for installed, ours in (
            (f"/usr/share/spotify-fcgi/{site.options['server']}/",
             f"{site.options['server']}/"), ("/srv/music", "srv")):
        lines = lines.replace(installed, f"{site.folder}/{ours}")
    text, n = re.subn(INCLUDE.format(name), lambda found: found[0] * keep
                      + lines, site.server.conf.read_text("utf-8"))
    assert n == 1
    site.server.conf.write_text(text, "utf-8")
    site.server.reload()


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
    wait_until(lambda: page(site) == "mine", 60, "not mine")
    assert Client(site).get("app.js").status == 404
    for path in ("", "index.html", "nowhere"):
        reply = Client(site).get(path)
        for name in (*ONCE, "Permissions-Policy",
                     "Strict-Transport-Security"):
            assert len(reply.all(name)) == 1, (name, reply.headers)
    assert Client(site).post("").status == 405
    assert has_programs(site)


def test_an_application_makes_the_pages(site, application):
    server = site.options["server"]
    lines = APPLICATION[server].replace("127.0.0.1:3000", application)
    assert application in lines
    if server == "nginx":
        put(site, "page", lines)
    else:
        put(site, "programs", lines, keep=True)
    wait_until(lambda: page(site, "some/page") == "made /some/page", 60,
               "not made by it")
    assert has_programs(site)
    reply = Client(site).get("")
    assert reply.all("Content-Security-Policy") == []
