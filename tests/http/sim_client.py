# SPDX-License-Identifier: ISC
"""A client of the simulated Spotify, as its own tests need one.

It speaks HTTP as an application and as its users' browsers would.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import socket
import urllib.parse

import pytest

from sim.client import Simulation

CALLBACK = "http://127.0.0.1:8080/spotify/callback"
ANY_PORT = "http://127.0.0.1/spotify/anyport"
INSECURE = "http://music.example/callback"
SECRET = "a secret: with +%& and ü"
SCOPE = "user-read-email user-follow-read"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(
    hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module", name="running")
def fixture_running():
    """One program for all tests; at the end it has complained of nothing."""
    with Simulation("the-client", SECRET, [CALLBACK, ANY_PORT, INSECURE]) as it:
        yield it
        assert it.stderr() == ""


@pytest.fixture(name="spotify")
def fixture_spotify(running):
    """The program as after its start."""
    running.reset()
    return running


class Reply:
    """Status, headers and body of an answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self):
        """error and error_description of an OAuth error."""
        assert self.status == 400
        return self.json["error"], self.json.get("error_description")

    @property
    def location(self):
        """The query of the redirect as a dict, its base under None."""
        base, _, query = self.headers["Location"].partition("?")
        return {None: base, **dict(urllib.parse.parse_qsl(query))}


def connect(spotify):
    """A connection of one's own."""
    host = urllib.parse.urlsplit(spotify.url).netloc
    return http.client.HTTPConnection(host, timeout=60)


def ask(spotify, method, path, body=None, headers=None):
    """One request on a connection of its own."""
    with contextlib.closing(connect(spotify)) as connection:
        connection.request(method, path, body, headers or {})
        return Reply(connection.getresponse())


def authorize(spotify, headers=None, **changes):
    """GET /authorize as a browser would after a login redirect."""
    fields = {"client_id": "the-client", "response_type": "code",
              "redirect_uri": CALLBACK, "scope": SCOPE, "state": "s t&ate",
              **changes}
    fields = {k: v for k, v in fields.items() if v is not None}
    return ask(spotify, "GET", "/authorize?" + urllib.parse.urlencode(fields),
               headers=headers)


def post_token(spotify, auth=True, **fields):
    """POST /api/token with the client's credentials."""
    pair = ":".join(urllib.parse.quote_plus(t) for t in ("the-client", SECRET))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if auth is True:
        auth = "Basic " + base64.b64encode(pair.encode()).decode()
    if auth:
        headers["Authorization"] = auth
    return ask(spotify, "POST", "/api/token", urllib.parse.urlencode(fields),
               headers)


def new_code(spotify, **changes):
    """A code by the quick way, without a page."""
    spotify.settings(consent="agree")
    return authorize(spotify, **changes).location["code"]


def exchange(spotify, code, **changes):
    """The code for tokens."""
    fields = {"grant_type": "authorization_code", "code": code,
              "redirect_uri": CALLBACK, **changes}
    return post_token(spotify, **fields)


def refresh(spotify, token):
    """The refresh token for an access token."""
    return post_token(spotify, grant_type="refresh_token",
                      refresh_token=token)


def login(spotify, account=None, **changes):
    """The token answer of a whole login."""
    if account:
        spotify.settings(account=account)
    return exchange(spotify, new_code(spotify, **changes)).json


def get(spotify, path, access):
    """An API call."""
    return ask(spotify, "GET", path,
               headers={"Authorization": f"Bearer {access}"})


def followed(spotify, access, **query):
    """One page of followed artists."""
    query = {"type": "artist", "limit": 50, **query}
    return get(spotify, "/v1/me/following?" + urllib.parse.urlencode(query),
               access)


def all_pages(spotify, access):
    """The pages of the whole list, by cursor."""
    pages, after = [], {}
    while True:
        pages.append(followed(spotify, access, **after).json["artists"])
        if pages[-1]["cursors"]["after"] is None:
            return pages
        after = {"after": pages[-1]["cursors"]["after"]}


def raw(spotify, path, access, seconds=10):
    """All the bytes that come for a GET until the connection ends."""
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    with socket.create_connection((host, int(port)), seconds) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: "
                     f"Bearer {access}\r\n\r\n".encode())
        received = b""
        while data := wire.recv(65536):
            received += data
        return received
