# SPDX-License-Identifier: ISC
"""api: what a call says in its body is read, and written anew."""

import json
import socket

import pytest

from calls import (  # noqa: F401
    ANSWERED, BODIES, BOTH, WRITING, ID, JSON, TRACK, address, change,
    fixture_member, fixture_site, site_with)
from tools import fastcgi
from tools.answers import Browser
from tools.shapes import TABLE, misfit

KEYS = [*BODIES, ("PUT", "/me/player/play")]
MAX = 16384
PLAY = "api/me/player/play"

fixture_open_stack = site_with(WRITING, *BOTH)


def sent(site):
    """The body of the only call, and its headers."""
    call, = site.spotify.requests("api")
    return call["body"], {name.lower(): value
                          for name, value in call["headers"]}


@pytest.mark.parametrize("method, path", KEYS)
def test_a_body_travels_as_the_row_writes_it(site, member, method, path):
    """In one spelling, with a type and a length, and nothing else of what
    came; what Spotify has made is told as it tells it."""
    said = BODIES.get((method, path), {"position_ms": 7, "uris": [TRACK]})
    reply = member.fetch(
        address(method, path), method, body=json.dumps(said, indent=4),
        headers={"Content-Type": "application/json; charset=utf-8",
                 "X-Canary": "Canary"})
    assert reply.status == ANSWERED.get((method, path), 204)
    body, headers = sent(site)
    assert json.loads(body) == said and " " not in body
    assert misfit(json.loads(body), TABLE[method][path]["body"]) is None
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(body))
    assert set(headers) <= {"host", "authorization", "accept",
                            "content-length", "content-type", "user-agent"}
    if reply.body:
        shape = TABLE[method][path]["answer"]
        assert misfit(reply.json, shape) is None


def test_a_body_that_says_nothing_is_sent_as_nothing(site, member):
    """A player that is to go on."""
    assert member.fetch(PLAY, "PUT").status == 204
    body, headers = sent(site)
    assert body == "" and headers["content-length"] == "0"
    assert "content-type" not in headers


@pytest.mark.parametrize("body", [
    "", "[]", "null", "{", "{}{}", '{"name": "x", "name": "y"}',
    '{"name": "x", "owner": "me"}', '{"name": 7}', '{"name": "x\\n"}',
    '{"name": "x", "public": "no"}', '{"name": "' + 401 * "x" + '"}',
    '{"name": "\\ud800"}', b'{"name": "\xff"}', b'{"name": "x"}\0',
    b'\xef\xbb\xbf{"name": "x"}', "name=x", "{" * 5000])
def test_what_the_row_does_not_know_is_a_bad_request(site, member, body):
    reply = member.fetch("api/me/playlists", "POST", JSON, body=body)
    assert (reply.status, reply.code) == (400, "bad_request")
    assert site.spotify.requests("api") == []
    event = site.events("api")[-2]
    assert event["event"] == "body_refused"
    assert event["call"] == "playlist-create"


@pytest.mark.parametrize("kind", [
    None, "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/jsonx",
    "text/plain; application/json"])
def test_a_body_of_another_type_is_refused(site, member, kind):
    """A form of another site could have any of these but JSON."""
    reply = member.fetch("api/me/playlists", "POST",
                         {"Content-Type": kind} if kind else {},
                         body='{"name": "x"}')
    assert (reply.status, reply.code) == (400, "bad_request")
    assert site.spotify.requests("api") == []


def test_a_body_has_a_greatest_length(site, member):
    """Blanks count, too. The web server refuses what is longer."""
    body = '{"name": "x"}'
    reply = member.fetch("api/me/playlists", "POST", JSON,
                         body=body + (MAX - len(body)) * " ")
    assert reply.status == 201
    assert sent(site)[0] == '{"name":"x"}'
    site.spotify.clear_requests()
    url = "/api/me/playlists"
    answer = by_hand(member, f"POST {url} HTTP/1.1", body.ljust(MAX + 1),
                     f"Content-Length: {MAX + 1}")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert site.spotify.requests("api") == []


def by_hand(client, line, body, *headers):
    """What a web server answers to these bytes, which end there."""
    head = "\r\n".join([
        line, f"Host: 127.0.0.1:{client.stack.port}",
        f"Cookie: {client.cookies.text(client.base)}",
        "Sec-Fetch-Site: same-origin", "Content-Type: application/json",
        "Connection: close", *headers])
    with socket.create_connection(("127.0.0.1", client.stack.port),
                                  60) as connection:
        connection.sendall(f"{head}\r\n\r\n{body}".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


def test_a_body_in_chunks_is_the_same(site, member):
    """Without a length that was announced."""
    answer = by_hand(member, "POST /api/me/playlists HTTP/1.1",
                     '8\r\n{"name":\r\n4\r\n"x"}\r\n0\r\n\r\n',
                     "Transfer-Encoding: chunked")
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert sent(site)[0] == '{"name":"x"}'


def test_a_body_that_ends_too_soon_makes_no_call(site, member):
    """Cut by a client that goes away, in either framing."""
    for body, header in (('{"name":"x"}', "Content-Length: 13"),
                         ('c\r\n{"name":"x"}\r\n',
                          "Transfer-Encoding: chunked")):
        answer = by_hand(member, "POST /api/me/playlists HTTP/1.1", body,
                         header)
        assert b" 201 " not in answer.partition(b"\r\n")[0]
    assert site.spotify.requests("api") == []


@pytest.mark.parametrize("announced, body, status", [
    (None, b'{"name":"x"}', 201), ("", b'{"name":"x"}', 201),
    ("12", b'{"name":"x"}', 201), ("13", b'{"name":"x"}', 400),
    ("11", b'{"name":"x"}', 413), ("0", b'{"name":"x"}', 201),
    ("x", b'{"name":"x"}', 400), ("-1", b'{"name":"x"}', 400),
    (str(MAX + 1), b'{"name":"x"}', 413), (None, b"x" * (MAX + 1), 413),
    (None, b"", 400), ("12", b"", 400)])
def test_past_the_web_server_the_length_is_the_real_one(site, member,
                                                        announced, body,
                                                        status):
    """Some servers do not announce one."""
    reply = fastcgi.ask(site, "api", fastcgi.params_of(
        site, "api", SCRIPT_NAME="/api/me/playlists", REQUEST_METHOD="POST",
        HTTP_COOKIE=member.cookies.text(member.base),
        CONTENT_TYPE="application/json", CONTENT_LENGTH=announced), body)
    assert reply.status == status
    assert len(site.spotify.requests("api")) == (status == 201)


@pytest.mark.parametrize("announced, status", [
    (None, 400), ("", 400), ("0", 204)])
def test_a_body_that_never_comes_is_not_an_empty_one(site, member, announced,
                                                     status):
    """Of which nobody has said how long it is: an empty one means to go on
    with what was played."""
    reply = fastcgi.ask(site, "api", fastcgi.params_of(
        site, "api", SCRIPT_NAME="/api/me/player/play", REQUEST_METHOD="PUT",
        HTTP_COOKIE=member.cookies.text(member.base),
        CONTENT_TYPE="application/json", CONTENT_LENGTH=announced), b"")
    assert reply.status == status
    assert len(site.spotify.requests("api")) == (status == 204)


def test_a_body_in_many_records_is_the_same(site, member):
    """As many as it has bytes, some of them late."""
    params = fastcgi.params_of(
        site, "api", SCRIPT_NAME="/api/me/playlists", REQUEST_METHOD="POST",
        HTTP_COOKIE=member.cookies.text(member.base),
        CONTENT_TYPE="application/json", CONTENT_LENGTH="12")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(site.socket("api"))
        connection.sendall(fastcgi.begin() + fastcgi.stream(
            fastcgi.PARAMS, fastcgi.pairs(params)))
        for byte in b'{"name":"x"}':
            connection.sendall(fastcgi.record(fastcgi.STDIN, bytes([byte])))
        connection.sendall(fastcgi.record(fastcgi.STDIN, b""))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    found, _ = fastcgi.split(answer)
    assert fastcgi.parse(found[fastcgi.STDOUT]).status == 201
    assert sent(site)[0] == '{"name":"x"}'


def test_a_body_is_sent_again_only_after_a_401(site, member):
    """And is whole both times."""
    site.spotify.expire("access")
    assert change(member, "POST", "/me/playlists").status == 201
    bodies = [call["body"] for call in site.spotify.requests("api")]
    assert bodies == ['{"name":"Canary"}'] * 2


@pytest.mark.parametrize("answer, status", [
    ({"status": 201, "body": "created, not JSON"}, 204),
    ({"status": 201, "body": ""}, 204), ({"status": 204, "body": ""}, 204),
    ({"status": 200, "body": "{}"}, 200), ({"status": 400}, 400),
    ({"status": 201, "body": "[" * 100}, 204)])
def test_what_was_made_is_made_whatever_is_said(site, member, answer, status):
    """A page that is told of a failure would make another one."""
    site.spotify.answers("api", answer)
    assert change(member, "POST", "/me/playlists").status == status
    assert len(site.spotify.requests("api")) == 1


def test_one_of_the_two_scopes_of_playlists_will_do(make_stack):
    """And without both no call is made."""
    site = make_stack(conf={
        "api_allow": "playlist-add",
        "scope": "user-follow-read playlist-modify-private"})
    client = Browser(site)
    client.login()
    path = "/playlists/{id}/items"
    assert change(client, "POST", path).status == 201
    site.spotify.settings(scope="user-follow-read")
    client = Browser(site)
    client.login()
    reply = change(client, "POST", path)
    assert (reply.status, reply.code) == (403, "scope_missing")
    assert len(site.spotify.requests("api")) == 1


PUBLIC, PRIVATE = "playlist-modify-public", "playlist-modify-private"
TO_CREATE = [
    ({}, [PUBLIC]), ({"public": True}, [PUBLIC]),
    ({"public": False}, [PRIVATE]), ({"collaborative": False}, [PUBLIC]),
    ({"public": False, "collaborative": True}, [PUBLIC, PRIVATE]),
    ({"public": False, "collaborative": False}, [PRIVATE])]


def test_a_playlist_is_made_by_the_scope_that_it_needs(make_stack):
    """It is public unless it says something else; a collaborative one takes
    both."""
    site = make_stack(conf={
        "api_allow": "playlist-create",
        "scope": f"user-follow-read {PUBLIC} {PRIVATE}"})
    calls = 0
    for granted in ([PUBLIC], [PRIVATE], [PUBLIC, PRIVATE], []):
        site.spotify.settings(scope=" ".join(["user-follow-read", *granted]))
        client = Browser(site)
        client.login()
        for said, needed in TO_CREATE:
            reply = client.fetch("api/me/playlists", "POST", JSON,
                                 body=json.dumps({"name": "x", **said}))
            lacks = [scope for scope in needed if scope not in granted]
            assert reply.status == (403 if lacks else 201), said
            if lacks:
                assert (reply.code, reply.json["scope"]) == (
                    "scope_missing", lacks[0])
            calls += not lacks
    assert len(site.spotify.requests("api")) == calls


def test_nothing_of_a_body_is_logged(site, member):
    member.fetch("api/me/playlists", "POST", JSON,
                 body='{"name": "Canary-in-a-log"}')
    member.fetch("api/me/playlists", "POST", JSON,
                 body='{"Canary-in-a-log": 1}')
    member.fetch(f"api/playlists/{ID}/items", "POST",
                 {"Content-Type": "x/Canary-in-a-log"}, body="{}")
    assert "Canary-in-a-log" not in site.log("api")
