# SPDX-License-Identifier: ISC
"""A real browser before the whole stack: `person` for the site over http,
`tls_person` for the one over TLS, and `elsewhere`, a page of another site.
Each test begins with a fresh tab and no cookies, and fails if the browser's
console has something to say.
"""

import base64
import hashlib
import http.server
import pathlib
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from chromium import Chromium  # noqa: E402
from person import Person  # noqa: E402
from stack.fixtures import *  # noqa: E402,F401,F403
from stack.fixtures import start_stack, use_stack  # noqa: E402


def key_hash(certificate):
    """Of a certificate's public key, as Chromium wants it."""
    key = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"],
        check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"],
                         input=key, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@pytest.fixture(scope="session")
def browser_of_session():
    """Do not use it in a test: it remembers."""
    chromium = Chromium()
    yield chromium
    chromium.stop()


@pytest.fixture(scope="session")
def tls_site_of_session():
    """Do not use it in a test. Pictures come over TLS as well, or a page over
    TLS would not show them."""
    with start_stack(tls=True, spotify_tls=True) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(scope="session")
def tls_browser_of_session(tls_site_of_session):
    """One that believes the certificate of this site and no other."""
    chromium = Chromium(key_hash(
        tls_site_of_session.folder / "tls" / "leaf.pem"))
    yield chromium
    chromium.stop()


@pytest.fixture
def tls_site(tls_site_of_session):
    """The site over TLS, fresh."""
    yield from use_stack(tls_site_of_session)


def attend(chromium, stack):
    """For one test."""
    somebody = Person(chromium)
    somebody.begin(stack)
    yield somebody
    assert somebody.console() == []


@pytest.fixture
def anybody(browser_of_session):
    """Who has not chosen a site: .begin(stack)."""
    somebody = Person(browser_of_session)
    yield somebody
    assert somebody.console() == []


@pytest.fixture
def person(browser_of_session, stack):
    """At the site over http; Spotify shows its consent page."""
    stack.spotify.settings(consent="ask")
    yield from attend(browser_of_session, stack)


@pytest.fixture
def listener(browser_of_session, stack):
    """The same, logged in and with the list on screen."""
    for somebody in attend(browser_of_session, stack):
        somebody.log_in()
        yield somebody


@pytest.fixture
def tls_person(tls_browser_of_session, tls_site):
    """At the site over TLS; Spotify shows its consent page."""
    tls_site.spotify.settings(consent="ask")
    yield from attend(tls_browser_of_session, tls_site)


class OtherSite(http.server.BaseHTTPRequestHandler):
    """The one page of another site."""

    def do_GET(self):
        """Nearly nothing."""
        page = (b"<!doctype html><html lang=en><title>x</title>"
                b"<link rel=icon href='data:,'><p id=here>here")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format, *args):   # pylint: disable=redefined-builtin
        """Quiet."""


@pytest.fixture
def elsewhere():
    """The address of a page on another site, by its name."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherSite)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,),
                              daemon=True)
    thread.start()
    yield f"http://music.test:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()
