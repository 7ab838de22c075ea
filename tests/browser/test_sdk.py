# SPDX-License-Identifier: ISC
"""Spotify's own SDK for browsers runs against api, by the lines that
conf/frontend.md shows, and without a token. It comes from npm, by the lock
file in sdk/."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from tools.amounts import SOAK

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "conf" / "frontend.md"
PACKAGE = "node_modules/@spotify/web-api-ts-sdk/dist/mjs"
PAGE = ("<!doctype html><html lang=en><meta charset=utf-8><title>x</title>"
        "<link rel=icon href=/favicon.svg>"
        "<body><p id=who>here<script type=module src=calls.js></script>")
ID = "0OdUWJ0sBjDrqHygGUXeCF"
SCOPE = ("user-follow-read user-top-read user-read-playback-state "
         "user-read-currently-playing user-read-recently-played "
         "user-library-read playlist-read-private user-modify-playback-state")
# What is called, and the path that Spotify is then asked for.
CALLS = {
    "currentUser.topItems('artists', 'short_term', 5)": "/me/top/artists",
    "currentUser.topItems('tracks')": "/me/top/tracks",
    "currentUser.playlists.playlists(10)": "/me/playlists",
    "currentUser.tracks.savedTracks(10, 0)": "/me/tracks",
    "currentUser.albums.savedAlbums()": "/me/albums",
    f"playlists.getPlaylist('{ID}')": f"/playlists/{ID}",
    "player.getPlaybackState()": "/me/player",
    "player.getCurrentlyPlayingTrack()": "/me/player/currently-playing",
    "player.getAvailableDevices()": "/me/player/devices",
    "player.getUsersQueue()": "/me/player/queue",
    "player.getRecentlyPlayedTracks(5)": "/me/player/recently-played",
    "search('ab & c', ['artist', 'track'], undefined, 5)": "/search",
    f"artists.get('{ID}')": f"/artists/{ID}",
    f"artists.albums('{ID}', 'album,single', undefined, 5)":
        f"/artists/{ID}/albums",
    f"albums.get('{ID}')": f"/albums/{ID}",
    f"albums.tracks('{ID}')": f"/albums/{ID}/tracks",
    f"tracks.get('{ID}')": f"/tracks/{ID}",
}
PAUSE = "player.pausePlayback('a1b2')"
TRANSFER = "player.transferPlayback(['a1b2'], true)"
SCRIPT = """
window.told = {{}};
for (const text of {calls})
	try {{
		const call = new window.Map([{functions}]).get(text);
		window.told[text] = [await call()];
	}} catch (error) {{
		window.told[text] = String(error);
	}}
window.finished = true;
"""


def adapter():
    """The lines of the document."""
    found = re.search(r"^    import \{ SpotifyApi \}.*?\n(?=^$)",
                      DOCUMENT.read_text("utf-8"), re.M | re.S)
    assert "sdk-adapter.js" in found[0]
    return found[0]


def script(calls):
    """A module that makes the calls; the page's policy forbids eval()."""
    functions = ", ".join(f"[{json.dumps(call)}, () => spotify.{call}]"
                          for call in calls)
    return adapter() + SCRIPT.format(calls=json.dumps(list(calls)),
                                     functions=functions)


@pytest.fixture(scope="module", name="package")
def fixture_package(tmp_path_factory):
    """The SDK's modules for browsers."""
    folder = tmp_path_factory.mktemp("sdk")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "sdk" / name, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder, env={**os.environ, "HOME": str(folder)}, text=True,
        capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip("npm could not install the SDK")
    return folder / PACKAGE


@pytest.mark.skipif(not SOAK, reason="set SOAK=1: asks npm for the SDK")
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_spotifys_own_sdk_runs_without_a_token(make_stack, anybody, package):
    site = make_stack(conf={"api_allow": "reading pause transfer",
                            "scope": SCOPE})
    www = site.folder / "www"
    shutil.copytree(package, www / "sdk")
    (www / "calls.html").write_text(PAGE, "utf-8")
    (www / "calls.js").write_text(script([*CALLS, PAUSE, TRANSFER]), "utf-8")
    anybody.begin(site)
    anybody.log_in()
    before = len(site.spotify.requests("api"))
    anybody.open("calls.html")
    anybody.until(lambda: anybody.run("return window.finished"),
                  "the last call")
    told = anybody.run("return window.told")
    assert [call for call, what in told.items()
            if not isinstance(what, list)] == [], told
    assert told[PAUSE] == told[TRANSFER] == [None]
    assert all(told[call][0] for call in CALLS)
    assert told[f"artists.get('{ID}')"][0]["type"] == "artist"
    requests = site.spotify.requests("api")[before:]
    assert [request["path"].removeprefix("/v1") for request in requests] == [
        *CALLS.values(), "/me/player/pause", "/me/player"]
    tokens = {value.partition(" ")[2] for request in requests
              for name, value in request["headers"]
              if name.lower() == "authorization"}
    assert tokens and "-" not in tokens
    page = anybody.run(
        "return document.documentElement.outerHTML"
        " + JSON.stringify([window.told, {...localStorage},"
        " {...sessionStorage}, document.cookie])")
    assert not any(token in page for token in tokens)
    asked = anybody.run(
        "return performance.getEntriesByType('resource').map((e) => e.name)")
    assert all(url.startswith(site.url) for url in asked)
