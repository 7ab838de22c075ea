# SPDX-License-Identifier: ISC
"""api: calls that change something, which are sent once."""

import concurrent.futures

import pytest

from calls import (  # noqa: F401
    ANSWERED, ARTIST, BOTH, CHANGES, WRITING, ID, TRACK, address, change,
    fixture_member, fixture_site, site_with)
from tools.answers import Browser
from tools.parallel import Later
from tools.shapes import TABLE

PLAYLIST = f"spotify:playlist:{ID}"
FOLLOW = f"api/me/library?uris={ARTIST}"
FRIEND, STRANGER = "https://app.music.test", "https://evil.test"

# All of them are on, for another origin, too.
fixture_open_stack = site_with({**WRITING, "allowed_origins": FRIEND}, *BOTH)


@pytest.mark.parametrize("method, path", [
    key for key in CHANGES if "body" not in TABLE[key[0]][key[1]]])
def test_every_change_is_sent_once_and_without_a_body(site, member, method,
                                                      path):
    """Neither the page's body nor its headers travel, and the answer is
    nothing, whatever words Spotify has for it."""
    site.spotify.answers("api", {"status": 200, "body": "done, not JSON"})
    reply = member.fetch(address(method, path), method,
                         body='{"ids": ["Canary"]}',
                         headers={"X-Requested-With": "Canary",
                                  "Content-Type": "application/json"})
    assert (reply.status, reply.body) == (204, b"")
    call, = site.spotify.requests("api")
    assert (call["method"], call["path"]) == (method, "/v1" + path)
    assert call["body"] == "" and "Canary" not in str(call)
    sent = {name.lower(): value for name, value in call["headers"]}
    assert sent["content-length"] == "0"
    assert set(sent) <= {"host", "authorization", "accept", "content-length",
                         "user-agent"}
    assert member.fetch(address(method, path), method).status == 204


@pytest.mark.parametrize("method, path", CHANGES)
def test_no_other_site_changes_anything(site, member, method, path):
    """By a form, a script or an old browser; and an allowed origin does."""
    cookie = {"Cookie": member.cookies.text(member.base)}
    for wanted, origin in (("cross-site", STRANGER), ("same-site", STRANGER),
                           ("none", None), (None, STRANGER), (None, None)):
        reply = change(member, method, path, {**cookie, "Origin": origin},
                       site=wanted)
        assert (reply.status, reply.code) == (403, "cross_site"), wanted
    assert site.spotify.requests("api") == []
    reply = change(member, method, path, site="same-site", origin=FRIEND)
    assert reply.status == ANSWERED.get((method, path), 204)
    assert reply.header("Access-Control-Allow-Origin") == FRIEND


def test_a_preflight_names_the_methods_of_its_path(site, member):
    for path, methods in (("me/library", "PUT, DELETE"),
                          ("me/player/next", "POST"),
                          ("me/player/queue", "GET, HEAD, POST"),
                          ("me/player", "GET, HEAD, PUT"),
                          ("me/playlists", "GET, HEAD, POST"),
                          (f"playlists/{ID}/items",
                           "GET, HEAD, POST, PUT, DELETE"),
                          ("me", "GET, HEAD")):
        reply = member.fetch(
            f"api/{path}", "OPTIONS", {"Access-Control-Request-Method": "PUT"},
            site="same-site", origin=FRIEND)
        assert reply.status == 204
        assert reply.header("Access-Control-Allow-Methods") == methods
    reply = member.fetch("api/me/library?uris=x", "POST")
    assert reply.status == 405
    assert reply.header("Allow") == "PUT, DELETE, OPTIONS"
    assert site.spotify.requests("api") == []


def test_reading_turns_no_change_on(make_stack):
    """Each is turned on by its name."""
    site = make_stack(conf={"api_allow": "search artist track pause",
                            "scope": WRITING["scope"]})
    client = Browser(site)
    client.login()
    for method, path in CHANGES:
        reply = change(client, method, path)
        if path == "/me/player/pause":
            assert reply.status == 204
        else:
            assert (reply.status, reply.code) == (404, "not_enabled")
    assert len(site.spotify.requests("api")) == 1


@pytest.mark.parametrize("answer", [{"cut": -1},
                                    {"name": "bad_gateway_502_html"},
                                    {"status": 500, "body": "{}"}])
@pytest.mark.parametrize("method, path", CHANGES)
def test_a_lost_answer_is_not_asked_for_again(site, member, method, path,
                                              answer):
    """What must not be done twice says so; what may, that it has failed."""
    assert change(member, method, path).status in (200, 201, 204)
    site.spotify.answers("api", answer)
    reply = change(member, method, path)
    assert (reply.status, reply.code) == (502, "outcome_unknown" if
                                          method == "POST" else
                                          "upstream_failed")
    assert len(site.spotify.requests("api")) == 2


def test_a_token_that_is_refused_is_replaced_and_the_call_made(site, member):
    """A 401 says that it was not done."""
    site.spotify.expire("access")
    assert member.fetch("api/me/player/next", "POST").status == 204
    assert len(site.spotify.requests("api")) == 2
    site.spotify.answers("api", "invalid_token_401", repeat=True)
    reply = member.fetch("api/me/player/next", "POST")
    assert reply.code == "upstream_failed"
    assert len(site.spotify.requests("api")) <= 4


def test_the_list_of_artists_is_asked_anew_after_a_click(site, member):
    """Also when the click was perhaps in vain, but not for a track."""
    def lists():
        member.fetch("artists")
        return len(site.spotify.requests("following"))

    first = lists()
    assert lists() == first
    member.fetch(f"api/me/library?uris={TRACK}", "PUT")
    assert lists() == first
    for n, method in enumerate(("PUT", "DELETE")):
        assert member.fetch(FOLLOW, method).status == 204
        assert lists() == (n + 2) * first
    site.spotify.answers("api", {"cut": -1})
    assert member.fetch(FOLLOW, "PUT").status == 502
    assert lists() == 4 * first


@pytest.mark.parametrize("page", ["1", "2"])
def test_a_list_on_its_way_during_a_click_is_not_kept(site, page):
    """artists is another process than api. Who waits for that list gets it,
    who asks after the click does not."""
    site.spotify.account("keen", follows=70)
    member = Browser(site)
    member.login(account="keen")
    site.spotify.clear_requests()
    site.spotify.settings(fail_page={page: {"held": True, "pass": True}})
    old = Later(lambda: member.copy().fetch("artists"))
    site.spotify.wait_for("following", int(page))
    assert member.fetch(FOLLOW, "PUT").status == 204
    site.spotify.settings(fail_page={})
    site.spotify.release()
    assert old.result().json["total"] in (70, 71)
    site.spotify.clear_requests()
    assert member.fetch("artists").json["total"] == 71
    assert len(site.spotify.requests("following")) == 2
    site.spotify.clear_requests()
    assert member.fetch("artists").json["total"] == 71
    assert site.spotify.requests("following") == []


def test_a_list_on_its_way_during_a_command_to_the_player_is_kept(site):
    """It has nothing to do with that."""
    site.spotify.account("keen", follows=70)
    member = Browser(site)
    member.login(account="keen")
    site.spotify.settings(fail_page={"2": {"held": True, "pass": True}})
    old = Later(lambda: member.copy().fetch("artists"))
    site.spotify.wait_for("following", 2)
    assert member.fetch("api/me/player/pause", "PUT").status == 204
    site.spotify.settings(fail_page={})
    site.spotify.release()
    assert old.result().json["total"] == 70
    site.spotify.clear_requests()
    assert member.fetch("artists").json["total"] == 70
    assert site.spotify.requests("following") == []


def test_a_part_of_a_list_from_before_a_click_is_not_gone_on_with(site):
    """Its second page fails when the click has come."""
    site.spotify.account("keen", follows=70)
    member = Browser(site)
    member.login(account="keen")
    site.spotify.clear_requests()
    site.spotify.settings(fail_page={"2": {"held": True, "status": 404,
                                           "body": ""}})
    old = Later(lambda: member.copy().fetch("artists"))
    site.spotify.wait_for("following", 2)
    assert member.fetch(FOLLOW, "PUT").status == 204
    site.spotify.settings(fail_page={})
    site.spotify.release()
    assert old.result().status == 502
    site.spotify.clear_requests()
    assert member.fetch("artists").json["total"] == 71
    assert len(site.spotify.requests("following")) == 2


def test_an_answer_from_before_a_change_is_not_shared_after_it(site, member):
    """The first tab waits for Spotify while the second changes something."""
    site.spotify.answers("api", {"held": True, "pass": True})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        old = pool.submit(member.copy().fetch, "api/me/player")
        site.spotify.wait_for("api", 1)
        assert member.fetch("api/me/player/pause", "PUT").status == 204
        assert member.fetch("api/me/player").status == 200
        assert len(site.spotify.requests("api")) == 3
        site.spotify.release()
        assert old.result().status == 200


def test_one_click_is_for_one_artist_or_one_playlist(site, member):
    """Both have followers, whose number is made by people."""
    for uris in (f"{ARTIST},{ARTIST}", f"{TRACK},{ARTIST}",
                 f"{PLAYLIST},{PLAYLIST}", f"{TRACK},{PLAYLIST}",
                 f"{PLAYLIST},{ARTIST}",
                 ",".join([TRACK] * 41), "spotify:user:ada"):
        reply = member.fetch(f"api/me/library?uris={uris}", "PUT")
        assert (reply.status, reply.code) == (400, "bad_request")
    assert site.spotify.requests("api") == []


def test_a_scope_that_was_not_granted_changes_nothing(make_stack):
    """The URIs decide which one it is."""
    site = make_stack(conf={"api_allow": "library-save",
                            "scope": "user-follow-read user-library-modify"})
    client = Browser(site)
    client.login()
    reply = client.fetch(FOLLOW, "PUT")
    assert (reply.status, reply.code) == (403, "scope_missing")
    assert site.spotify.requests("api") == []
    assert client.fetch(f"api/me/library?uris={TRACK}", "PUT").status == 204
