# SPDX-License-Identifier: ISC
"""api is no open proxy: whatever address somebody who is logged in sends, in
whatever spelling, Spotify sees calls of the table or nothing (RFC 10017,
section 6.1.3). By class, through the web server and past it."""

import re
import socket
import urllib.parse

import pytest

from calls import (  # noqa: F401
    BOTH, ID, OPERATIONS, READING, WRITING, address, fixture_site, site_with)
from stack import Client
from tools import fastcgi
from tools.shapes import TABLE

ALLOWED = re.compile("|".join(
    "/v1" + re.escape(path).replace(re.escape("{id}"), "[0-9A-Za-z]{22}")
    for path in OPERATIONS))
CHANGING = {method: re.compile("|".join(
    "/v1" + re.escape(path).replace(re.escape("{id}"), "[0-9A-Za-z]{22}")
    for path in TABLE[method])) for method in ("PUT", "POST", "DELETE")}
ROWS = [address("GET", path).removeprefix("api") for path in OPERATIONS]
# What a way out would lead to: calls that Spotify has and the table has not.
BEYOND = ("users/x", "me", "me/following?type=artist", "browse/categories")
DOTS = (".", "..", "...", "..;", ".;", "..%20", "%2e", "%2e%2e", "%2E%2e",
        ".%2e", "%2e.", "%252e", "%252e%252e", "%25252e%25252e",
        "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%u002e%u002e", "%ff0e%ff0e")
SLASHES = ("%2f", "%2F", "%252f", "%25252f", "%5c", "%5C", "\\", "%255c", "//",
           "///", "/./", "%c0%af", "%e0%80%af", "%ef%bc%8f", "%e2%88%95",
           "/%2f", "%2f/", "/;/")
BYTES = ("%00", "%0a", "%0d", "%0d%0a", "%0d%0aHost:%20e.org", "%09", "%7f",
         "%01", "%1f", "%20", "+", "%80", "%ff", "%fe%ff", "%ef%bb%bf",
         "%e2%80%8b", "%c2%a0", "%ed%a0%80", "%f4%90%80%80")
MARKS = (";", ";x=1", ";jsessionid=1", "%3b", "#x", "%23x", "%3f", "%26x=1",
         "@e.org", ":80", ",x", "!", "$", "*", "~", "'", "\"", "<", "{id}",
         "%7Bid%7D", "=", "|", "^", "`", "(", "[0]", "%", "%2", "%zz")
SAME = ("%6d%65/player", "m%65/player", "%EF%BD%8De/player", "ME/player",
        "Me/Player", "me/PLAYER", "me/pl%C3%A4yer", "me/pl%D0%B0yer",
        "me/player%CC%88", "me/playe", "me/players", "me/play%20er",
        "xme/player", "me-player", "me_player", "me.player", "me/player.json",
        "me/player/", "me/player/x", "me/player/devices/", "v1/me/player",
        "/v1/me/player", "me/player?", "me/player??", "me/player?/../me")


def dots():
    """Out of the table by going up."""
    for dot in DOTS:
        for end in BEYOND:
            yield f"/api/{dot}/{end}"
            yield f"/api/me/{dot}/{dot}/v1/{end}"
            yield f"/api/artists/{ID}/{dot}/{dot}/{end}"


def slashes():
    """Other bytes for a slash, or more of them."""
    for slash in SLASHES:
        yield f"/api{slash}me/player"
        yield f"/api/me{slash}player"
        yield f"/api/artists{slash}{ID}{slash}albums"
        yield f"/api/artists/{ID}{slash}..{slash}..{slash}me"


def odd_bytes():
    """In the middle and at the end."""
    for byte in BYTES:
        yield f"/api/{byte}me/player"
        yield f"/api/me{byte}/player"
        yield f"/api/me/player{byte}"
        yield f"/api/artists/{ID[:-1]}{byte}"


def marks():
    """What means something in some address, somewhere."""
    for mark in MARKS:
        yield f"/api/me/player{mark}"
        yield f"/api/artists/{mark}{ID}"


def ids():
    """Which are 22 letters and digits."""
    for n in (0, 1, 2, 21, 23, 44, 1000):
        yield "/api/artists/" + (ID * 50)[:n]
        yield "/api/artists/" + (ID * 50)[:n] + "/albums"
    for byte in "-_.~!$&'()*+,=:@%":
        yield f"/api/artists/{ID[:10]}{byte}{ID[11:]}"
        yield f"/api/albums/{byte}{ID[1:]}/tracks"
    for name in ("null", "undefined", "me", "spotify:artist:" + ID,
                 "00000000-0000-0000-0000-000000000000", "%7Bid%7D",
                 f"{ID},{ID}", f"{ID}/{ID}", "%30" * 22):
        yield f"/api/artists/{name}"


def elsewhere():
    """Whole addresses, and addresses within the path."""
    for url in ("http://e.org", "https://e.org", "https://api.spotify.com/v1",
                "http://127.0.0.1", "file://", "//e.org", "http:/e.org"):
        for path in ("", "/", "/me", "/api/me", "/me/player"):
            yield "/api/" + url + path
            yield url + "/api" + path + "/x"


def ends():
    """A call with something behind it."""
    for row in ROWS:
        path, mark, query = row.partition("?")
        for end in ("/", "//", "/x", "%2f", "/.", "/..", "%20"):
            yield f"/api{path}{end}{mark}{query}"


def other_calls():
    """That Spotify has, or had."""
    for path in (
            "me", "me/", "me/following?type=artist", f"users/{ID}",
            f"users/{ID}/playlists", "browse/new-releases",
            "browse/categories", f"artists?ids={ID}", f"albums?ids={ID}",
            f"tracks?ids={ID}", f"artists/{ID}/top-tracks",
            f"artists/{ID}/related-artists", f"audio-features/{ID}",
            "recommendations", "me/tracks/contains?ids=" + ID, "me/library",
            f"playlists/{ID}/tracks", f"playlists/{ID}/followers",
            f"playlists/{ID}/images", "me/shows", "me/episodes", "markets",
            "me/player/play", "me/player/pause", "me/player/next",
            "me/top/albums", "me/top", "", "*", ".well-known/x"):
        yield "/api/" + path


def same():
    """Nearly."""
    return ("/api/" + path for path in SAME)


def huge():
    """Longer than any row."""
    for n in (300, 2000, 7000):
        yield "/api/" + "a" * n
        yield "/api" + "/me" * (n // 3)
        yield f"/api/artists/{ID}" + "%2e" * (n // 3)
        yield "/api/" + "../" * (n // 3) + "me"


CLASSES = (dots, slashes, odd_bytes, marks, ids, elsewhere, ends, other_calls,
           same, huge)

fixture_open_stack = site_with(READING, *BOTH)
fixture_changing = site_with(WRITING, *BOTH, name="changing")


def send(client, target, method="GET"):
    """Exactly these bytes as the target of a request; its status, or None if
    the connection was closed."""
    cookies = client.cookies.text(client.base)
    with socket.create_connection(("127.0.0.1", client.stack.port),
                                  30) as connection:
        connection.sendall((
            f"{method} {target} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{client.stack.port}\r\nCookie: {cookies}\r\n"
            "Sec-Fetch-Site: same-origin\r\nX-Requested-With: x\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n").encode())
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else None


def asked(site):
    """The addresses that Spotify was asked for with somebody's token."""
    return [(entry["method"], entry["path"])
            for entry in site.spotify.requests()
            if entry["target"] not in ("authorize", "decision", "token")]


def in_batches(paths, client_of):
    """Pairs of a path and a client that may still make calls: a session has
    a limit, which must not be what stops them."""
    for n, path in enumerate(paths):
        if n % 50 == 0:
            client = client_of()
        yield path, client


def logged_in(site):
    """A new session."""
    client = Client(site)
    client.login()
    site.spotify.clear_requests()
    return client


def test_there_are_enough_of_them():
    """Four hundred at least, all different."""
    paths = [path for kind in CLASSES for path in kind()]
    assert len(set(paths)) > 600
    assert all(len(list(kind())) >= 12 for kind in CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_address_leads_out_of_the_table(site, kind):
    """A web server may make a plain address of an odd one; then it is that
    call, and no other."""
    for path, client in in_batches(kind(), lambda: logged_in(site)):
        status = send(client, path)
        calls = asked(site)
        assert all(method == "GET" and ALLOWED.fullmatch(called)
                   for method, called in calls), (path, calls)
        assert len(calls) <= 1 and (status == 200 or not calls), (path, status)
        assert status is None or status < 500, (path, status)
        site.spotify.clear_requests()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_past_the_web_server_no_odd_address_is_a_call(site, kind):
    """The program compares what it gets, as it came and decoded once. Only
    what is the plain address, up to a NUL, which ends a parameter for libfcgi,
    is left out."""
    if site.options["server"] != "nginx":
        pytest.skip("the same without a web server")
    for path, client in in_batches(kind(), lambda: logged_in(site)):
        cookies = client.cookies.text(client.base)
        raw, _, query = path.partition("?")
        decoded = urllib.parse.unquote_to_bytes(raw)
        for script in {raw.encode(), decoded}:
            seen = script.partition(b"\0")[0].decode("latin-1")
            if ALLOWED.fullmatch(seen.replace("/api", "/v1", 1)):
                continue
            reply = fastcgi.ask(site, "api", {**fastcgi.params_of(
                site, "api", QUERY_STRING=query, HTTP_COOKIE=cookies),
                "SCRIPT_NAME": script})
            assert reply.status in (400, 404, 405), (script, reply)
    assert asked(site) == []


def with_methods(paths):
    """Each with the next of the methods that change something."""
    methods = list(CHANGING)
    return [(methods[n % 3], path) for n, path in enumerate(paths)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_address_changes_anything_out_of_the_table(changing, kind):
    """The same with PUT, POST and DELETE."""
    for (method, path), client in in_batches(with_methods(kind()),
                                             lambda: logged_in(changing)):
        status = send(client, path, method)
        calls = asked(changing)
        assert all(used == method and CHANGING[method].fullmatch(called)
                   for used, called in calls), (path, calls)
        assert len(calls) <= 1 and (status == 204 or not calls), (path, status)
        assert status is None or status < 500, (path, status)
        changing.spotify.clear_requests()
    assert changing.complaints() == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_past_the_web_server_no_odd_address_changes_anything(changing, kind):
    """As for reading; a body and its type change nothing of it."""
    if changing.options["server"] != "nginx":
        pytest.skip("the same without a web server")
    for (method, path), client in in_batches(with_methods(kind()),
                                             lambda: logged_in(changing)):
        raw, _, query = path.partition("?")
        decoded = urllib.parse.unquote_to_bytes(raw)
        for script in {raw.encode(), decoded}:
            seen = script.partition(b"\0")[0].decode("latin-1")
            if CHANGING[method].fullmatch(seen.replace("/api", "/v1", 1)):
                continue
            reply = fastcgi.ask(changing, "api", {**fastcgi.params_of(
                changing, "api", QUERY_STRING=query, REQUEST_METHOD=method,
                CONTENT_TYPE="application/json",
                HTTP_COOKIE=client.cookies.text(client.base)),
                "SCRIPT_NAME": script}, b'{"name": "x"}')
            assert reply.status in (400, 404, 405), (script, reply)
    assert asked(changing) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH",
                                    "CONNECT", "TRACE", "PROPFIND", "get",
                                    "GETX", "OPTIONS"])
def test_other_methods_are_no_calls(site, method):
    """Whatever the row."""
    client = logged_in(site)
    for row in ROWS:
        status = send(client, "/api" + row, method)
        assert status is None or status in (400, 403, 404, 405, 501), \
            (row, status)
    assert asked(site) == []


@pytest.mark.parametrize("query", [
    "limit=1&limit=2", "limit=1%26x=y", "x=y", "limit=%31%00", "limit=1;x=y",
    "limit=../..", "offset=1?x=y", "market=DE%0d%0aX:%20y", "fields=items",
    "access_token=x", "limit=" + "9" * 3000, "&&&=", "limit[]=1", "%00=1",
    "time_range=short_term%23", "limit=1#x"])
def test_no_query_brings_in_anything(site, query):
    """It is refused, or is what the row prints."""
    client = logged_in(site)
    for row in ("me/top/artists", f"artists/{ID}/albums", "me/tracks"):
        send(client, f"/api/{row}?{query}")
    for entry in site.spotify.requests("api"):
        assert re.fullmatch(r"(limit=\d+)?", entry["raw_query"]), entry
