# SPDX-License-Identifier: ISC
"""conf/caddy/auth.example with a real Caddy, beside nginx, which serves the
login."""

import http.client
import itertools
import pathlib
import shutil
import signal
import subprocess

import pytest

from application import NAMES, application, chunked, visitor
from rawhttp import Raw
from stack.ports import free_port, listens
from stack.processes import wait_until
from tools.spotify import newest_secret

__all__ = ["application"]
SHIPPED = (pathlib.Path(__file__).resolve().parents[2]
           / "conf/caddy/auth.example")
FRAME = """{
	admin off
	auto_https off
}
http://127.0.0.1:%d {
	bind 127.0.0.1
%s
}
"""
CADDY = shutil.which("caddy")
pytestmark = pytest.mark.skipif(CADDY is None,
                                reason="needs caddy")


@pytest.fixture(params=["id name email token", "id"])
def site(request, make_stack, application):
    """A stack whose .caddy is the port of Caddy."""
    stack = make_stack(conf={"auth_pass": request.param})
    stack.reset()
    application.seen.clear()
    stack.caddy = free_port()
    text = SHIPPED.read_text("utf-8")
    for old, new in (("/run/spotify-fcgi/", f"{stack.folder}/run/"),
                     ("127.0.0.1:3001", application.url[7:])):
        assert old in text
        text = text.replace(old, new)
    (stack.folder / "Caddyfile").write_text(FRAME % (stack.caddy, text),
                                            "utf-8")
    with open(stack.folder / "log" / "caddy.log", "wb") as log, \
            subprocess.Popen(
                [CADDY, "run", "--adapter", "caddyfile", "--config",
                 str(stack.folder / "Caddyfile")], stdout=log, stderr=log,
                env={"HOME": str(stack.folder), "PATH": "/usr/bin:/bin"},
                start_new_session=True) as process:
        try:
            wait_until(lambda: listens(stack.caddy) or process.poll(), 60,
                       "no Caddy")
            assert process.poll() is None, "Caddy has ended"
            yield stack
        finally:
            process.send_signal(signal.SIGTERM)


def ask(client, method="GET", headers=(), body=None, path="/app/page?a=b"):
    """(status, headers) of Caddy's answer, to a client of nginx."""
    connection = http.client.HTTPConnection("127.0.0.1", client.stack.caddy,
                                            timeout=60)
    connection.putrequest(method, path)
    cookies = client.cookies.text(client.base)
    connection.putheader("Cookie", f"a=1; {cookies}; b=2")
    for name, value in headers:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    with connection.getresponse() as reply:
        reply.read()
        connection.close()
        return reply.status, reply.headers


def wanted(stack):
    """What an application is told, without the seconds."""
    told = {"account-id": "aB3dE5fG7h",
            "scope": "user-read-email user-follow-read"}
    if "token" in stack.conf_file.read_text("utf-8").partition("_pass")[2]:
        told |= {"name": "Ada", "email": "ada%40example.com",
                 "access-token": newest_secret(stack.spotify, "access_token")}
    return told


def check_told(site, application):  # pylint: disable=redefined-outer-name
    """What is not told may be there without a value."""
    told = {name: value for name, value in application.told().items()
            if value and name != "access-expires"}
    assert told == wanted(site)


def spellings(name):
    """With "-" or "_" at each place."""
    words = f"X-Spotify-{name}".split("-")
    for dashes in itertools.product("-_", repeat=len(words) - 1):
        yield "".join(map("".join, zip(words, (*dashes, ""))))


def test_the_application_behind_caddy_is_told(site, application):
    client = visitor(site)
    assert ask(client)[0] == 200
    check_told(site, application)
    forged = [(spelling, "forged") for name in NAMES
              for spelling in spellings(name)]
    assert ask(client, headers=forged)[0] == 200
    check_told(site, application)
    assert ask(client, "POST", body=b"x" * 20_000)[0] == 200
    assert application.seen[-1][0] == "POST"
    check_told(site, application)


@pytest.mark.parametrize("words", ["close, {}", "{}", "keep-alive,{} ,Upgrade"])
def test_no_client_takes_away_what_is_told_behind_caddy(site, application,
                                                        words):
    """A proxy leaves out all that Connection names (RFC 9110, section
    7.6.1)."""
    client = visitor(site)
    for name in NAMES:
        line = words.format(f"X-Spotify-{name}")
        for lines in ([line], ["close", line], [line, "upgrade"]):
            assert ask(client, headers=[("Connection", text)
                                        for text in lines])[0] == 200
            check_told(site, application)


def test_caddy_says_how_the_visitor_came(site, application):
    client = visitor(site)
    names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
             "X-Forwarded-Server", "X-Forwarded-Port", "X-Real-IP", "Forwarded",
             "Proxy")
    forged = [(name.replace("-", dash), "forged.example")
              for name in names for dash in "-_"]
    assert ask(client, headers=forged)[0] == 200
    arrived = {name.lower().replace("_", "-"): value
               for name, value in application.seen[-1][1]}
    assert "forged" not in str(arrived)
    assert arrived["x-forwarded-for"] == "127.0.0.1"
    assert arrived["x-forwarded-proto"] == "http"


def test_what_comes_behind_a_body_does_not_pass_caddy(site, application):
    """The fields of a trailer (RFC 9112, section 7.1.2)."""
    client = visitor(site)
    with Raw(site.caddy) as raw:
        raw.send(chunked(f"127.0.0.1:{site.caddy}", client))
        assert raw.answer("POST").status == 200
    assert "forged" not in str(application.seen[-1])
    check_told(site, application)


def upgraded(site, application,     # pylint: disable=redefined-outer-name
             headers):
    """What the application gets of it: (Connection, Upgrade)."""
    assert ask(visitor(site), headers=headers)[0] == 200
    check_told(site, application)
    arrived = dict(application.seen[-1][1])
    return arrived.get("Connection"), arrived.get("Upgrade")


def test_caddy_lets_a_websocket_pass_and_nothing_else(site, application):
    """With another upgrade a client would speak to the application past
    Caddy, which looks at nothing any more."""
    assert upgraded(site, application, [
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "websocket")]) == ("Upgrade", "websocket")
    for words in (["h2c"], ["anything"], ["websocket, h2c"]):
        assert upgraded(site, application, [
            ("Connection", "Upgrade"),
            *(("Upgrade", word) for word in words)]) == (None, None)
    assert upgraded(site, application, [
        ("Connection", "Upgrade"), ("Upgrade", "h2c"),
        ("Upgrade", "websocket")]) == ("Upgrade", "websocket")


def test_caddy_keeps_our_cookies_from_the_application(site, application):
    client = visitor(site)
    client.start_login()
    assert ask(client)[0] == 200
    arrived = dict(application.seen[-1][1])["Cookie"]
    assert "spotify" not in arrived
    assert [c.strip() for c in arrived.split(";") if c.strip()] == ["a=1",
                                                                    "b=2"]


def test_caddy_lets_no_stranger_in(site, application):
    client = visitor(site)
    assert ask(client, path="/auth")[1]["X-Spotify-Account-Id"] is None
    client.session_cookie = "A" * 43
    status, headers = ask(client, headers=[("SPOTIFY_FCGI_INTERNAL", "1")])
    assert (status, headers["Content-Type"]) == (
        401, "application/problem+json; charset=utf-8")
    site.down("auth")
    assert ask(client)[0] == 502
    assert not application.seen
