# SPDX-License-Identifier: ISC
"""Where a login ends: where it should, and never on a site of somebody else.
Every payload of tools/redirects.py goes all the way, behind both web
servers."""

import collections
import concurrent.futures
import contextlib
import urllib.parse

import pytest

from both_servers import site, site_of_session
from rawhttp import Kept, is_of_program
from stack import Client
from tools import redirects
from tools.answers import check_answer

__all__ = ["site", "site_of_session"]
AT_ONCE = 3


class Traveller:
    """Logs in over connections that are kept."""

    def __init__(self, stack):
        self.stack = stack
        self.host = f"127.0.0.1:{stack.port}"
        self.site = Kept(stack.port)
        self.spotify = Kept(urllib.parse.urlsplit(stack.spotify.url).port)

    def close(self):
        """Idempotent."""
        self.site.close()
        self.spotify.close()

    def ask(self, target, cookie=None, host=None):
        """An answer of the site; of a program it must be as all are."""
        headers = [("Host", host or self.host)]
        if cookie:
            headers.append(("Cookie", cookie))
        reply = self.site.ask(target, headers)
        if is_of_program(reply):
            check_answer(reply, target[1:].partition("?")[0], "GET")
        return reply

    def approve(self, login):
        """Agree at Spotify; (path and query of callback, cookie)."""
        assert login.location.startswith(self.stack.spotify.url
                                         + "/authorize?")
        target = login.location.removeprefix(self.stack.spotify.url)
        back = self.spotify.ask(target, [("Host", "spotify")])
        [cookie] = login.all("Set-Cookie")
        return (back.location.removeprefix(self.stack.url),
                cookie.partition(";")[0])

    def land(self, login, payload):
        """Where callback leads to; it has the payload in its query, too,
        where it means nothing. If the web server refuses that, the login is
        still there to be finished."""
        callback, cookie = self.approve(login)
        reply = self.ask(f"{callback}&return_to={payload}", cookie)
        if reply.status in (400, 414):
            assert reply.all("Set-Cookie") == [], payload
            reply = self.ask(callback, cookie)
        assert reply.status == 303, (payload, reply)
        return reply.location


def check_refusal(reply, payload):
    """It leads nowhere and begins nothing."""
    assert reply.status in (400, 414), (payload, reply)
    assert reply.location is None and not reply.all("Set-Cookie")
    assert "evil.example" not in str(reply.headers), payload


def check_landing(stack, location, payload, verdict):
    """Of the site, whatever the payload, and where the verdict says."""
    assert redirects.is_at_home(location, stack.url + "/callback"), (
        payload, location)
    stays = stack.url + redirects.spelling(payload)
    assert location in {
        "home": [stack.url + "/"], "refused": [stack.url + "/"],
        "stays": [stays], "either": [stack.url + "/", stays],
        "safe": [stack.url + "/", stack.url + "/x"]
        }[verdict], payload


def check_move(traveller, payload):
    """Under another name login leads to the right one, the query with it."""
    url = traveller.stack.url
    reply = traveller.ask(f"/login?return_to={payload}", host="localhost")
    if reply.status != 303:
        check_refusal(reply, payload)
        return
    assert redirects.is_at_home(reply.location, url + "/login")
    assert reply.location.startswith(url + "/login?return_to=") or (
        len(payload) > 1500 and reply.location == url + "/login?&moved=1")
    assert reply.all("Set-Cookie") == []


def check_payload(traveller, payload, verdict):
    """All the way."""
    login = traveller.ask(f"/login?return_to={payload}")
    if verdict == "refused" or verdict == "safe" and login.status != 303:
        check_refusal(login, payload)
        login = traveller.ask("/login")
    assert login.status == 303, (payload, login)
    check_landing(traveller.stack, traveller.land(login, payload), payload,
                  verdict)
    check_move(traveller, payload)


def check_share(stack, payloads, verdict):
    """One after the other."""
    with contextlib.closing(Traveller(stack)) as traveller:
        for payload in payloads:
            check_payload(traveller, payload, verdict)


@pytest.mark.parametrize("name", redirects.NAMES)
def test_no_login_ends_elsewhere(site, name):
    payloads, verdict = redirects.of_class(name)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for share in [pool.submit(check_share, site, payloads[n::AT_ONCE],
                                  verdict) for n in range(AT_ONCE)]:
            share.result()


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_redirects_of_the_web_server_itself_stay_on_the_site(make_stack,
                                                             server):
    """To https, and from a directory to its "/"."""
    stack = make_stack(server=server, tls=True, prefix="/spotify/")
    host = [("Host", f"{stack.host}:{stack.port}")]
    with contextlib.closing(Kept(stack.server.ports[1])) as plain:
        for target in (
                "/", "/x?y", "//evil.example", "/%0d%0aX-Evil:y", "/\\evil",
                "/%5cevil.example", "//evil.example/%2f..", "/@evil.example",
                "/.evil.example", "/:80@evil.example/", "/%2f%2fevil.example",
                "http://music.test@evil.example/", "http://music.test",
                "http://music.test?@evil.example/", "@evil.example",
                ".evil.example", "http://music.test/@evil.example/x"):
            reply = plain.ask(target, host)
            assert reply.status in (308, 400, 404), (target, reply)
            if reply.status == 308:
                assert redirects.is_at_home(reply.location, stack.url + "/x")
            assert reply.header("X-Evil") is None
    client = Client(stack)
    for path in ("/spotify", "//spotify", "/x/../spotify", "/%73potify",
                 "/spotify?//evil.example"):
        reply = client.get(stack.url + path)
        assert reply.status == 301, (path, reply)
        assert redirects.is_at_home(reply.location, stack.url + "/x"), path


def test_there_are_enough_payloads_of_every_class():
    found = list(redirects.payloads())
    assert len(found) >= 500
    assert len({payload for _, payload in found}) == len(found)
    counts = collections.Counter(name for name, _ in found)
    assert set(counts) == set(redirects.NAMES)
    assert {name for name, n in counts.items() if n < 10} <= {
        "parameters_of_paths", "too_long_ones",
        "spelt_as_they_are_read_raw"}
    assert min(counts.values()) >= 3


@pytest.mark.parametrize("address, at_home", [
    ("", True), ("/", True), ("x", True), ("?x", True), ("/x//y", True),
    ("http:x", True), ("http:/x", True), ("/ /evil.example", True),
    ("http://own.example:8080/", True), ("//OWN.example:8080/", True),
    ("//a:b@own.example:8080/", True), ("\\\\own.example:8080", True),
    ("http://own.example/", False), ("https:x", False), ("//", False),
    ("//evil.example", False), ("/\\evil.example", False),
    ("/\t/evil.example", False), (" //evil.example", False),
    ("\x01//evil.example", False), ("h\nttp://evil.example", False),
    ("http:////evil.example", False), ("javascript:x", False),
    ("//own.example:8080@evil.example", False), ("data:,x", False),
    ("//own.example:8080.evil.example", False), ("//[::1]:8080", False)])
def test_the_oracle_reads_addresses_as_browsers_do(address, at_home):
    assert redirects.is_at_home(
        address, "http://own.example:8080/callback") == at_home


def test_a_return_path_is_not_taken_from_spotifys_answer(browser, stack):
    url = browser.approve(browser.start_login(return_to="/mine"))
    reply = browser.finish(url + "&return_to=/theirs")
    assert reply.location == stack.url + "/mine"
