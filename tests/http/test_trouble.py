# SPDX-License-Identifier: ISC
"""What the log says when Spotify cannot be reached: on which part of the way
there the operator has to look."""

import contextlib
import re
import socket
import threading

import pytest

from sim.client import Simulation
from stack import certificates
from stack.ports import free_port
from test_proxy import Proxy
from tools.answers import Browser, refused
from tools.impostor import impostor_of


def fail_to_login(stack, status=502, code="upstream_failed"):
    """What the log says of it."""
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    refused(browser.finish(url), status, code)
    return stack.wait_for_event("callback", "upstream_error", call="token")


def test_a_connection_that_is_refused(make_stack):
    port = free_port()
    stack = make_stack(conf={"token_url": f"http://127.0.0.1:{port}/token"})
    said = fail_to_login(stack)
    assert (said["kind"], said["host"]) == ("connect", f"127.0.0.1:{port}")
    assert f"port {port}" in said["cause"]


@pytest.mark.parametrize("kind, why", [
    ("self-signed", "self.signed certificate"),
    ("expired", "certificate has expired"),
    ("of another name", "does not match|no alternative certificate subject"),
])
def test_a_certificate_that_is_not_believed(make_stack, kind, why):
    """The words are OpenSSL's."""
    stack = make_stack(spotify_tls=True)
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    with impostor_of(stack, kind):
        refused(browser.finish(url), 502, "upstream_failed")
    said = stack.wait_for_event("callback", "upstream_error", call="token")
    assert said["kind"] == "tls" and said["host"].startswith("127.0.0.1:")
    assert re.search(why, said["cause"])


def test_a_spotify_without_tls(make_stack):
    stack = make_stack(spotify_tls=True)
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    port = int(stack.spotify.url.rpartition(":")[2])
    stack.spotify.stop()
    with Simulation(redirect_uris=[stack.redirect_uri], port=port):
        refused(browser.finish(url), 502, "upstream_failed")
    said = stack.wait_for_event("callback", "upstream_error", call="token")
    assert said["kind"] == "tls"


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses(make_stack, status):
    proxy = Proxy(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
    stack = make_stack(spotify_tls=True, conf={"proxy": proxy.url})
    said = fail_to_login(stack)
    assert (said["kind"], said["status"]) == ("proxy", str(status))
    proxy.close()


def test_an_answer_that_does_not_come(stack):
    """The connection is there, and the request has gone out."""
    browser = Browser(stack)
    browser.login()
    stack.spotify.answers("following", {"held": True}, repeat=True)
    refused(browser.fetch("artists"), 504, "upstream_timeout")
    stack.wait_for_event("artists", "upstream_error", call="following",
                         kind="slow")
    stack.spotify.release()


def test_an_answer_that_is_cut_short(stack):
    browser = Browser(stack)
    browser.login()
    stack.spotify.answers("following", {"cut": 100}, repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    stack.wait_for_event("artists", "upstream_error", call="following",
                         kind="broken")


class Silent:
    """Takes connections, and never says a word."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._held.append(self._listener.accept()[0])

    def close(self):
        """All of them."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for held in self._held:
            held.close()


@pytest.mark.parametrize("kind", ["tls", "proxy"])
def test_a_handshake_that_does_not_come(make_stack, kind):
    """With TLS, or with a proxy that does not answer."""
    silent = Silent()
    conf = {"token_url": f"https://127.0.0.1:{silent.port}/token"} \
        if kind == "tls" else {"proxy": f"http://127.0.0.1:{silent.port}"}
    stack = make_stack(spotify_tls=True, conf=conf)
    said = fail_to_login(stack, 504, "upstream_timeout")
    assert said["kind"] == kind
    silent.close()


# Certificates that are renewed

@pytest.fixture(name="renewed")
def fixture_renewed(make_stack, tmp_path):
    """A stack with a ca_file of its own, a browser that is logged in, and an
    authority that is not in it yet."""
    ca_file = tmp_path / "bundle.pem"
    stack = make_stack(spotify_tls=True, conf={"ca_file": None})
    stack.wait_for_start()
    ca_file.write_bytes((stack.folder / "tls/ca.pem").read_bytes())
    text = stack.conf_file.read_text("utf-8")
    stack.write_conf(f"{text}ca_file = {ca_file}\n")
    stack.restart("callback")
    stack.restart("artists")
    browser = Browser(stack)
    browser.login()
    stack.other = certificates.make(tmp_path / "other", ["127.0.0.1"])
    stack.bundle, stack.browser = ca_file, browser
    return stack


def replace(stack, content):
    """As update-ca-certificates does it."""
    new = stack.bundle.with_suffix(".new")
    new.write_bytes(content)
    new.rename(stack.bundle)


def test_a_new_authority_is_seen_without_a_restart(renewed):
    """After the first connection that fails without it."""
    pids = renewed.pids("callback")
    port = int(renewed.spotify.url.rpartition(":")[2])
    renewed.spotify.stop()
    with Simulation(redirect_uris=[renewed.redirect_uri], port=port,
                    cert=renewed.other / "leaf.pem",
                    key=renewed.other / "leaf.key") as new:
        new.settings(consent="agree")
        browser = Browser(renewed)
        url = browser.approve(browser.start_login())
        refused(browser.finish(url), 502, "upstream_failed")
        replace(renewed, renewed.bundle.read_bytes()
                + (renewed.other / "ca.pem").read_bytes())
        browser.login()
        assert browser.fetch("session").json["logged_in"]
    renewed.wait_for_event("callback", "ca_renewed")
    assert renewed.pids("callback") == pids


def test_a_bundle_that_is_none_leaves_the_old_one_in_force(renewed):
    """It is tried once, and its successor again."""
    renewed.spotify.answers("token", {"close": True}, repeat=True)
    old = renewed.bundle.read_bytes()
    for content in (b"-----BEGIN CERTIFICATE-----\nAAAA\n", b""):
        replace(renewed, content)
        for _ in range(2):
            renewed.clock.advance(61)
            renewed.browser.login()
    renewed.bundle.unlink()
    renewed.clock.advance(61)
    renewed.browser.login()
    assert renewed.log("callback").count(" event=ca_unreadable ") == 3
    replace(renewed, old)
    renewed.clock.advance(61)
    renewed.browser.login()
    renewed.wait_for_event("callback", "ca_renewed")


def test_an_authority_that_is_gone_is_believed_for_a_minute_at_most(renewed):
    """Though nothing has failed meanwhile."""
    replace(renewed, (renewed.other / "ca.pem").read_bytes())
    browser = Browser(renewed)
    url = browser.approve(browser.start_login())
    renewed.clock.advance(61)
    with impostor_of(renewed, "good") as impostor:
        refused(browser.finish(url), 502, "upstream_failed")
        assert impostor.requests() == []
    said = renewed.wait_for_event("callback", "upstream_error", call="token")
    assert said["kind"] == "tls"
