# SPDX-License-Identifier: ISC
"""auth: what the site's own application is told of a visitor, by way of either
web server, and who is not asked."""

import contextlib
import itertools
import socket
import ssl
import urllib.parse

import pytest

from application import (NAMES, application, ask, chunked, server_or_skip,
                         site, site_of_module, visitor)
from rawhttp import Raw
from stack import Client
from tools import http2
from tools.answers import refused
from tools.spotify import newest_secret

__all__ = ["application", "site", "site_of_module"]
SCOPE = "user-read-email user-follow-read"


def test_the_application_learns_who_it_is(site, application):
    client = visitor(site)
    assert client.get("/app/").status == 200
    told = application.told()
    assert 3590 <= int(told.pop("access-expires")) <= 3600
    assert told == {
        "account-id": "aB3dE5fG7h", "scope": SCOPE, "name": "Ada",
        "email": "ada%40example.com",
        "access-token": newest_secret(site.spotify, "access_token")}


def test_a_name_of_any_characters_arrives(site, application):
    name = "Žofie \r\n% \"O'Neil\" 😀"
    site.spotify.account("wizzler", display_name=name)
    client = visitor(site)
    assert client.get("/app/").status == 200
    told = application.told()["name"]
    assert told.isascii() and urllib.parse.unquote(told) == name


def spellings(name, prefix="X-Spotify-"):
    """With "-" or "_" at each place."""
    words = f"{prefix}{name}".split("-")
    for dashes in itertools.product("-_", repeat=len(words) - 1):
        yield "".join(map("".join, zip(words, (*dashes, ""))))


def test_what_a_client_says_about_itself_does_not_arrive(site, application):
    client = visitor(site)
    forged = [(spelling, "forged") for name in NAMES
              for spelling in spellings(name)]
    assert len(forged) == 8 + 4 + 4 + 4 + 8 + 8
    assert client.request("GET", "/app/", forged).status == 200
    told = application.told()
    assert set(told) == {name.lower() for name in NAMES}
    assert "forged" not in told.values()


@pytest.mark.parametrize("sent", [
    ["close, {}"], ["{}"], ["close", "{}"], ["Keep-Alive , ,{},upgrade"],
    ["\tclose\t,\t{}\t"]])
def test_no_client_takes_away_what_the_application_is_told(site, application,
                                                           sent):
    """A proxy leaves out all that Connection names (RFC 9110, section
    7.6.1)."""
    client = visitor(site)
    for name in (*NAMES, "ACCESS-TOKEN"):
        lines = [("Connection", line.format(f"X-Spotify-{name}"))
                 for line in sent]
        assert client.request("GET", "/app/", lines).status == 200
        assert set(application.told()) == {name.lower() for name in NAMES}


def test_the_application_learns_how_the_visitor_came(site, application):
    names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
             "X-Forwarded-Server", "X-Forwarded-Port", "X-Real-IP", "Forwarded",
             "Proxy")
    forged = [(name.replace("-", dash), "forged.example")
              for name in names for dash in "-_"]
    reply = visitor(site).request("GET", "/app/", [
        ("Connection", "X-Forwarded-Proto, X-Forwarded-For, Host"), *forged])
    assert reply.status == 200
    assert "forged" not in str(application.seen[-1])
    arrived = dict(application.seen[-1][1])
    assert arrived["X-Forwarded-Proto"] == "http"
    assert arrived["X-Forwarded-For"] == "127.0.0.1"
    assert arrived["Host"] == f"{site.host}:{site.port}"


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_no_client_takes_anything_away_over_http2(make_stack, application,
                                                  server):
    """Where such a field may not be (RFC 9113, section 8.2.2): it is refused,
    or says nothing."""
    stack = make_stack(server=server_or_skip(server), tls=True,
                       application=application.url)
    client = visitor(stack)
    application.seen.clear()
    cookies = ("cookie", client.cookies.text(client.base))
    assert http2.get(stack, "app/", [cookies])[0] == 200
    plain = application.told()
    for name in ("connection", "proxy-connection", "keep-alive", "te"):
        application.seen.clear()
        with contextlib.suppress(http2.Closed):
            http2.get(stack, "app/", [cookies, (
                name, "close, x-spotify-account-id, x-spotify-scope")])
        assert not application.seen or application.told() == plain


def test_no_twin_passes_nginx_whatever_it_is_told_elsewhere(make_stack,
                                                            application):
    """The http block of another site may let names with "_" pass."""
    stack = make_stack(server="nginx", tls=True, application=application.url)
    conf = stack.server.conf
    conf.write_text(conf.read_text("utf-8").replace(
        "http {", "http {\nunderscores_in_headers on;\n"
        "ignore_invalid_headers off;"), "utf-8")
    stack.server.reload()
    forged = [(spelling, "forged") for name in NAMES
              for spelling in spellings(name)]
    assert visitor(stack).request("GET", "/app/", forged).status == 200
    assert "forged" not in application.told().values()


def other_site(stack):
    """A server of the same address that lets any name pass."""
    conf = stack.server.conf
    port = stack.server.ports[0]
    text = conf.read_text("utf-8").rstrip().removesuffix("}")
    conf.write_text(f"""{text}server {{
    listen 127.0.0.1:{port} ssl;
    server_name other.test;
    ssl_certificate {stack.folder}/tls/leaf.pem;
    ssl_certificate_key {stack.folder}/tls/leaf.key;
    underscores_in_headers on;
}}
}}
""", "utf-8")
    stack.server.reload()


def test_no_twin_passes_before_nginx_knows_whose_it_is(make_stack, application):
    """Until it has read Host, the server of the SNI name says what passes."""
    stack = make_stack(server="nginx", tls=True, application=application.url)
    other_site(stack)
    client = visitor(stack)
    twins = [spelling for name in (*(f"X-Spotify-{name}" for name in NAMES),
                                   "X-Forwarded-For", "X-Forwarded-Host",
                                   "X-Forwarded-Proto", "X-Real-IP")
             for spelling in spellings(name, "") if "_" in spelling]
    context = ssl.create_default_context(cafile=str(stack.ca_file))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", stack.port), 60) as plain, \
            context.wrap_socket(plain, server_hostname="other.test") as sock:
        sock.sendall("\r\n".join([
            "GET /app/ HTTP/1.1", *(f"{name}: forged" for name in twins),
            "Unknown_Twin: passes", f"Host: {stack.host}:{stack.port}",
            f"Cookie: {client.cookies.text(client.base)}",
            "Connection: close", "", ""]).encode())
        assert sock.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
    heard = application.seen[-1][1]
    assert ("Unknown_Twin", "passes") in heard
    assert "forged" not in dict(heard).values()
    assert set(application.told()) == {"account-id", "scope"}


def test_what_comes_behind_a_body_does_not_arrive(site, application):
    """The fields of a trailer (RFC 9112, section 7.1.2)."""
    client = visitor(site)
    with Raw(site.port) as raw:
        raw.send(chunked(f"{site.host}:{site.port}", client))
        assert raw.answer("POST").status == 200
    assert "forged" not in str(application.seen[-1])
    assert set(application.told()) == {name.lower() for name in NAMES}


@pytest.mark.parametrize("server", ["nginx", "apache"])
@pytest.mark.parametrize("scope", [SCOPE, "user-follow-read"])
def test_what_is_not_told_cannot_be_forged(make_stack, application, server,
                                           scope):
    """As shipped: the account and the scope."""
    stack = make_stack(server=server_or_skip(server), conf={"scope": scope},
                       application=application.url)
    client = visitor(stack)
    forged = [(spelling, "forged") for name in NAMES
              for spelling in spellings(name)]
    assert client.request("GET", "/app/", forged).status == 200
    assert application.told() == {"account-id": "aB3dE5fG7h", "scope": scope}


def test_the_application_gets_its_own_cookies_and_none_of_ours(site,
                                                               application):
    client = visitor(site)
    client.start_login()
    cookies = client.cookies.text(client.base)
    assert "spotify-login-" in cookies
    client.request("GET", "/app/", {"Cookie": f"a=1; {cookies}; b=2"})
    arrived = dict(application.seen[-1][1])["Cookie"]
    assert "spotify" not in arrived
    assert arrived.replace(" ", "").split(";") == ["a=1", "b=2"]


def test_a_post_is_asked_about_without_its_body(site, application):
    client = visitor(site)
    reply = client.post("/app/", {"a": "b" * 20_000})
    assert reply.status == 200
    assert application.seen[-1][0] == "POST"
    assert application.told()["account-id"]


def test_a_stranger_is_sent_to_log_in_and_a_script_is_told(site, application):
    stranger = Client(site)
    reply = stranger.get("/app/page?a=b")
    assert reply.status == 303
    assert reply.location.removeprefix(site.url) == "/login?return_to=/app/"
    refused(stranger.fetch("/app/"), 401, "not_logged_in")
    stranger.session_cookie = "A" * 43
    refused(stranger.fetch("/app/"), 401, "not_logged_in")
    assert not application.seen


def test_without_auth_nobody_gets_in(site, application):
    client = visitor(site)
    site.down("auth")
    reply = client.get("/app/")
    assert (reply.status, reply.code) == (503, "busy")
    assert not application.seen


def test_nobody_outside_can_ask(site):
    client = visitor(site)
    for path in ("/auth", "/auth?scope=x", "/spotify-fcgi-auth",
                 "/app/../auth", f"{site.url}//auth", "/%61uth"):
        for headers in ({}, {"SPOTIFY_FCGI_INTERNAL": "1",
                             "SPOTIFY-FCGI-INTERNAL": "1"}):
            reply = client.request("GET", path, headers)
            assert reply.status == 404, path
            assert not any("spotify" in name.lower()
                           for name, _ in reply.headers)


def test_who_is_not_the_web_server_is_told_nothing(stack):
    client = visitor(stack)
    assert ask(client).status == 204
    for value in (None, "", "0", "11", "1 ", "yes"):
        refused(ask(client, SPOTIFY_FCGI_INTERNAL=value), 404, "not_found")
    for name in ("HTTP_SPOTIFY_FCGI_INTERNAL", "spotify_fcgi_internal",
                 "SPOTIFY_FCGI_REQUIRE"):
        refused(ask(client, **{"SPOTIFY_FCGI_INTERNAL": None, name: "1"}),
                404, "not_found")
    for method in ("POST", "OPTIONS", "PUT"):
        refused(ask(client, REQUEST_METHOD=method,
                    SPOTIFY_FCGI_INTERNAL=None), 404, "not_found")
        refused(ask(client, REQUEST_METHOD=method), 405,
                "method_not_allowed")


def test_a_scope_that_was_not_granted_is_missed(stack):
    client = visitor(stack)
    for query in ("", "scope=", "scope=user-follow-read", "other=1",
                  "scope=user-follow-read+user-read-email",
                  "scope=user-read-email%20user-follow-read"):
        assert ask(client, query).status == 204, query
    for query in ("scope=user-top-read", "scope=user-follow",
                  "scope=user-follow-read+user-top-read",
                  "scope=User-Follow-Read", "scope=user-follow-read%2Cx"):
        refused(ask(client, query), 403, "scope_missing")
    stack.wait_for_event("auth", "scope_missing", scope="user-top-read")
    for query in ("scope=a&scope=b", "scope=%zz", f"scope={'x' * 1025}",
                  "scope=%0a"):
        refused(ask(client, query), 400, "bad_request")


def test_what_spotify_grants_counts_and_not_what_was_asked(stack):
    spotify = stack.spotify
    spotify.settings(scope="user-follow-read")
    client = visitor(stack)
    refused(ask(client, "scope=user-read-email"), 403, "scope_missing")
    # Nothing is said: it is what was asked for (RFC 6749, section 5.1).
    spotify.settings(token_override={"scope": "__missing__"}, scope=None)
    other = visitor(stack)
    assert ask(other).header("X-Spotify-Scope") == SCOPE
    assert ask(other, "scope=user-read-email").status == 204


def test_odd_words_are_no_scopes(stack):
    stack.spotify.settings(
        scope='user-read-email  a"b \\ x\r\nX-Evil:1 \u00fc user-follow-read')
    client = visitor(stack)
    assert ask(client).header("X-Spotify-Scope") == SCOPE


def test_whom_spotify_could_not_name_at_the_login_is_named_later(stack):
    stack.spotify.answers("me", "server_error_500", repeat=True)
    client = visitor(stack)
    refused(ask(client), 503, "upstream_failed")
    stack.spotify.clear_answers()
    assert ask(client).header("X-Spotify-Account-Id") == "aB3dE5fG7h"
    assert client.fetch("session").json["account"]["id"] == "wizzler"


def test_head_is_answered_like_get(stack):
    client = visitor(stack)
    assert ask(client, REQUEST_METHOD="HEAD").headers == ask(client).headers


def test_a_stranger_is_told_where_to_log_in(stack):
    reply = refused(ask(Client(stack)), 401, "not_logged_in")
    assert reply.json["login_url"] == f"{stack.url}/login"
