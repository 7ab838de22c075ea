# SPDX-License-Identifier: ISC
"""What the tests of api share: calls that work, and fixtures. A module names
its site, and imports the fixtures it uses, and those that they use:

    fixture_open_stack = site_with({"api_allow": "reading"}, "nginx")
"""

import json

import pytest

from stack.fixtures import SERVER, start_stack, use_stack
from tools.answers import Browser
from tools.shapes import TABLE

ID = "0OdUWJ0sBjDrqHygGUXeCF"
TRACK, ARTIST = f"spotify:track:{ID}", f"spotify:artist:{ID}"
JSON = {"Content-Type": "application/json"}
BOTH = ("nginx", "apache")

# All that reads, and what a site needs for it.
OPERATIONS = TABLE["GET"]
READING = {"api_allow": "reading", "log_level": "debug",
           "scope": "user-follow-read " + " ".join(sorted(
               {scope for call in OPERATIONS.values()
                for scope in call["scopes"]}))}
# All that changes something, and the same.
CHANGES = [(method, path) for method in ("PUT", "POST", "DELETE")
           for path in TABLE[method]]
WRITING = {
    "api_allow": "library-save library-remove pause next previous seek volume "
                 "repeat shuffle queue-add player play transfer "
                 "playlist-create playlist-add playlist-replace "
                 "playlist-remove",
    "scope": "user-follow-read user-library-modify user-follow-modify "
             "playlist-modify-public user-modify-playback-state "
             "user-read-playback-state"}
NEEDED = {("GET", "/search"): "?q=a&type=artist,track",
          ("GET", "/me/library/contains"): f"?uris={TRACK}",
          ("PUT", "/me/library"): f"?uris={TRACK}",
          ("DELETE", "/me/library"): f"?uris={TRACK}",
          ("PUT", "/me/player/repeat"): "?state=off",
          ("PUT", "/me/player/seek"): "?position_ms=1",
          ("PUT", "/me/player/volume"): "?volume_percent=5",
          ("PUT", "/me/player/shuffle"): "?state=false",
          ("POST", "/me/player/queue"): f"?uri={TRACK}"}
BODIES = {("PUT", "/me/player"): {"device_ids": ["5fbb3b"]},
          ("POST", "/me/playlists"): {"name": "Canary"},
          ("POST", "/playlists/{id}/items"): {"uris": [TRACK]},
          ("PUT", "/playlists/{id}/items"): {"uris": []},
          ("DELETE", "/playlists/{id}/items"): {"items": [{"uri": TRACK}]}}
# What a page is told of them, where that is more than 204.
ANSWERED = {key: 201 if key[0] == "POST" else 200 for key in BODIES
            if key != ("PUT", "/me/player")}


def site_with(conf, *servers, name="open_stack"):
    """The fixture of a site with this configuration, behind each of the web
    servers, or behind the one of this run."""
    @pytest.fixture(scope="module", params=servers or [SERVER], name=name)
    def fixture(request):
        with start_stack(server=request.param, conf=conf) as running:
            yield running
            assert running.stop() == []
    return fixture


@pytest.fixture(name="site")
def fixture_site(open_stack):
    """It, as if nobody had ever been there."""
    yield from use_stack(open_stack)


@pytest.fixture(name="member")
def fixture_member(site):
    """Somebody who is logged in."""
    client = Browser(site)
    client.login()
    return client


def address(method, path):
    """A call that works."""
    return "api" + path.replace("{id}", ID) + NEEDED.get((method, path), "")


def change(client, method, path, headers=(), **options):
    """Ask for it, with what its body has to say."""
    body = BODIES.get((method, path))
    return client.fetch(address(method, path), method,
                        {**JSON, **dict(headers)},
                        body=json.dumps(body) if body else "", **options)
