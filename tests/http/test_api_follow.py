# SPDX-License-Identifier: ISC
"""api/follow: an artist is followed by whichever way Spotify takes."""

import pytest

from calls import (  # noqa: F401
    BOTH, ID, fixture_member, fixture_site, site_with)
from tools.answers import Browser, Unjudged, refused

OTHER = "2takcwOaAZWiXQijPHIx7B"
URI = "?uris=spotify%3Aartist%3A"
IDS = "?type=artist&ids="
SCOPES = "user-follow-read user-follow-modify playlist-modify-public"
CLOSED = {"status": 403, "body": "Forbidden"}
DONE = {"status": 200, "body": ""}
PASS = {"pass": True}
NOT_YET = {"status": 200, "body": "[false]"}
CLICKS = 30     # lib/relay/pace.h
LOOKS = 3       # after a change; lib/relay/follow.c

fixture_open_stack = site_with({"api_allow": "follow library-save",
                                 "scope": SCOPES}, *BOTH)


@pytest.fixture(name="slow")
def fixture_slow(site):
    """For a test that waits: it is not made behind each of the servers."""
    if site.options["server"] != BOTH[0]:
        pytest.skip("the same behind the other web server")


def asked(site):
    """Methods and addresses of the calls since the last look."""
    calls = [(call["method"], call["path"].removeprefix("/v1/me/") + (
        "?" + call["raw_query"] if call["raw_query"] else ""))
        for call in site.spotify.requests()
        if call["target"] in ("api", "following")]
    site.spotify.clear_requests()
    return calls


def looks(artist, way="library"):
    """What is asked to look whether somebody is followed."""
    return ("GET", "library/contains" + URI + artist) if way == "library" \
        else ("GET", "following/contains" + IDS + artist)


def test_an_artist_is_followed_and_no_more_and_looked_at(site, member):
    """The first change of an installation is looked at, and no other."""
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    assert asked(site) == [looks(ID), ("PUT", "library" + URI + ID), looks(ID)]
    assert member.fetch(f"api/follow/{ID}").json == {"following": True}
    assert member.fetch(f"api/follow/{ID}", "DELETE").status == 204
    assert member.fetch(f"api/follow/{ID}").json == {"following": False}
    assert asked(site) == [looks(ID), ("DELETE", "library" + URI + ID),
                           looks(ID)]


@pytest.mark.parametrize("status", [400, 403, 404])
def test_the_older_way_is_taken_and_remembered(site, member, status):
    """By all processes; a way that closes later is left for the other, which
    is looked at then as well."""
    site.spotify.answers("api", PASS, {**CLOSED, "status": status})
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    assert asked(site) == [looks(ID), ("PUT", "library" + URI + ID),
                           ("PUT", "following" + IDS + ID),
                           looks(ID, "following")]
    site.restart("api")
    assert member.fetch(f"api/follow/{OTHER}", "DELETE").status == 204
    assert asked(site) == [("DELETE", "following" + IDS + OTHER)]
    site.spotify.answers("following", CLOSED)
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    assert member.fetch(f"api/follow/{OTHER}", "PUT").status == 204
    assert asked(site) == [("PUT", "following" + IDS + ID),
                           ("PUT", "library" + URI + ID), looks(OTHER),
                           ("PUT", "library" + URI + OTHER), looks(OTHER)]


@pytest.mark.parametrize("first, second, status, code", [
    ({"status": 404, "body": "{}"}, CLOSED, 404, "spotify_refused"),
    (CLOSED, {"status": 400, "body": "{}"}, 403, "not_for_this_app"),
    (CLOSED, "bad_gateway_502_json", 502, "upstream_failed"),
    ("bad_gateway_502_json", None, 502, "upstream_failed"),
    ({"cut": -1}, None, 502, "upstream_failed"),
    ("not_registered_403", None, 403, "not_on_allowlist")])
def test_who_is_refused_twice_hears_the_first_reason(site, member, first,
                                                     second, status, code):
    """And what may pass is no reason to take the other way."""
    site.spotify.answers("api", PASS, first)
    if second:
        site.spotify.answers("following", second)
    refused(member.fetch(f"api/follow/{ID}", "PUT"), status, code)
    assert len(asked(site)) == 2 + bool(second)
    assert not list(site.session_dir.glob("follow-*"))


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_success_that_is_none_is_told_and_logged(site, member, method):
    """Until one was seen to be one; the other way comes first then."""
    artist = ID if method == "PUT" else followed(member)
    asked(site)
    site.spotify.answers("api", PASS, DONE)
    refused(member.fetch(f"api/follow/{artist}", method), 403,
            "not_for_this_app")
    event = site.wait_for_event("api", "follow_not_done")
    assert (event["level"], event["way"]) == ("error", "library")
    assert asked(site) == [looks(artist), (method, "library" + URI + artist),
                           *[looks(artist)] * LOOKS]
    assert member.fetch(f"api/follow/{artist}", method).status == 204
    assert asked(site) == [looks(artist, "following"),
                           (method, "following" + IDS + artist),
                           looks(artist, "following")]


def followed(member):
    """An artist whom somebody follows already."""
    return member.fetch("artists").json["artists"][0]["id"]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_was_so_already_proves_nothing(site, member, method):
    """A way that does nothing would seem to work."""
    artists = (followed(member), ID)
    artist, other = artists if method == "PUT" else artists[::-1]
    asked(site)
    site.spotify.answers("api", PASS, DONE, PASS, DONE)
    assert member.fetch(f"api/follow/{artist}", method).status == 204
    assert asked(site) == [looks(artist), (method, "library" + URI + artist)]
    refused(member.fetch(f"api/follow/{other}", method), 403,
            "not_for_this_app")


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("late", range(1, LOOKS))
def test_spotify_may_see_late_what_it_has_done(site, member, late):
    """It is looked at more than once, and then it is proven."""
    site.spotify.answers("api", PASS, PASS, *[NOT_YET] * late)
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    assert asked(site) == [looks(ID), ("PUT", "library" + URI + ID),
                           *[looks(ID)] * (late + 1)]
    assert member.fetch(f"api/follow/{OTHER}", "PUT").status == 204
    assert len(asked(site)) == 1


@pytest.mark.usefixtures("slow")
def test_a_no_that_was_too_early_is_not_for_good(site, member):
    """The other way comes first then, and if it is closed or does nothing,
    this one again, until it was seen to work."""
    site.spotify.answers("api", PASS, PASS, *[NOT_YET] * LOOKS)
    refused(member.fetch(f"api/follow/{ID}", "PUT"), 403, "not_for_this_app")
    site.spotify.answers("following", CLOSED)
    asked(site)
    assert member.fetch(f"api/follow/{OTHER}", "PUT").status == 204
    assert asked(site) == [looks(OTHER, "following"),
                           ("PUT", "following" + IDS + OTHER),
                           ("PUT", "library" + URI + OTHER), looks(OTHER)]
    assert member.fetch(f"api/follow/{ID}", "DELETE").status == 204
    assert asked(site) == [("DELETE", "library" + URI + ID)]


@pytest.mark.parametrize("answer", ["bad_gateway_502_json", CLOSED, {
    "status": 200, "body": "[]"}, {"status": 200, "body": "[1]"}, {
    "status": 200, "body": "[true,true]"}, {"status": 204, "body": ""}, {
    "status": 200, "body": "{}"}])
@pytest.mark.parametrize("before", [True, False])
def test_a_look_that_fails_is_no_failure_and_comes_again(site, member,
                                                         answer, before):
    # A look that is refused is made by the other way as well.
    bad = [answer, answer] if answer is CLOSED else [answer]
    site.spotify.answers("api", *(bad if before else [PASS, PASS, *bad]))
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    site.spotify.clear_requests()
    site.spotify.clear_answers()
    for path, method in ((OTHER, "PUT"), (ID, "DELETE")):
        assert member.fetch(f"api/follow/{path}", method).status == 204
    assert asked(site) == [looks(OTHER), ("PUT", "library" + URI + OTHER),
                           looks(OTHER), ("DELETE", "library" + URI + ID)]


@pytest.mark.parametrize("answer", ["bad_gateway_502_json", {
    "status": 200, "body": "{}"}, {"status": 200, "body": "[false,true]"}])
def test_who_only_looks_hears_that_nobody_knows(site, member, answer):
    site.spotify.answers("api", answer)
    refused(member.fetch(f"api/follow/{ID}"), 502, "upstream_failed")
    assert member.fetch(f"api/follow/{ID}").json == {"following": False}
    assert not list(site.session_dir.glob("follow-*"))


def test_a_person_clicks_so_often_an_hour_by_whatever_door(site, member):
    doors = (f"api/follow/{ID}", f"api/me/library?uris=spotify:artist:{ID}",
             f"api/me/library?uris=spotify:playlist:{ID}")
    for n in range(CLICKS):
        assert member.fetch(doors[n % len(doors)], "PUT").status == 204
    for path in doors:
        reply = refused(member.fetch(path, "PUT"), 429, "rate_limited")
        assert int(reply.header("Retry-After")) > 600
    assert member.fetch(f"api/follow/{ID}").status == 200


def test_a_click_that_is_refused_makes_no_list_old(site, member):
    """Else whoever clicks often has the list fetched as often."""
    for _ in range(CLICKS):
        assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    member.fetch("artists")
    asked(site)
    for path in (f"api/follow/{ID}",
                 f"api/me/library?uris=spotify:artist:{ID}"):
        refused(member.fetch(path, "PUT"), 429, "rate_limited")
        assert member.fetch("artists").status == 200
    assert asked(site) == []


def test_a_look_makes_no_list_old(site, member):
    """Spotify limits it, so that what is to be done is not asked for."""
    member.fetch("artists")
    asked(site)
    site.spotify.answers("api", "rate_limited_429")
    refused(member.fetch(f"api/follow/{ID}", "PUT"), 429, "rate_limited")
    assert asked(site) == [looks(ID)]
    assert member.fetch("artists").status == 200
    assert asked(site) == []


def test_the_list_of_artists_is_asked_anew(site, member):
    member.fetch("artists")
    pages = len(asked(site))
    member.fetch("artists")
    assert asked(site) == []
    assert member.fetch(f"api/follow/{ID}", "PUT").status == 204
    asked(site)
    member.fetch("artists")
    assert len(asked(site)) == pages


@pytest.mark.parametrize("path", [
    "", "/", f"/{ID}/", f"/{ID}x", f"/{ID[1:]}", f"/{ID},{OTHER}", "/{id}",
    f"/{ID}/{OTHER}", f"/spotify:artist:{ID}", f"/../me/player/{ID}",
    f"/%2e%2e/{ID}", f"//{ID}", f"/{ID}%00", f"/{ID}%2f", f"s/{ID}"])
def test_no_other_address_follows_anybody(site, member, path):
    plain = Unjudged(site, member.cookies.copy())
    for method in ("PUT", "DELETE", "GET"):
        reply = plain.fetch(f"api/follow{path}", method)
        # A web server may make the plain address of one.
        if path == f"//{ID}":
            assert reply.status in (200, 204, 404)
        else:
            assert reply.status in (400, 404, 405), reply
            assert asked(site) == []


def test_no_query_and_no_body_says_anything(site, member):
    refused(member.fetch(f"api/follow/{ID}?ids={OTHER}", "PUT"), 400,
            "bad_request")
    assert member.fetch(f"api/follow/{ID}", "PUT", {
        "Content-Type": "application/json"},
        body=f'{{"ids": ["{OTHER}"]}}').status == 204
    assert OTHER not in str(asked(site))
    assert member.fetch(f"api/follow/{ID}", "POST").status == 405


def test_another_site_follows_nobody(site, member):
    for method in ("PUT", "DELETE", "GET"):
        reply = member.fetch(f"api/follow/{ID}", method, site="cross-site",
                             origin="https://evil.test")
        assert (reply.status, reply.code) == (403, "cross_site")
    assert asked(site) == []


def test_reading_does_not_mean_it_and_its_scopes_are_needed(make_stack):
    """Who was not asked for the scope is not asked for it by Spotify."""
    site = make_stack(conf={
        "api_allow": "artist", "scope": "user-follow-read"})
    client = Browser(site)
    client.login()
    refused(client.fetch(f"api/follow/{ID}"), 404, "not_enabled")
    text = site.conf_file.read_text("utf-8").replace(
        "scope = user-follow-read", f"scope = {SCOPES}")
    site.write_conf(text.replace("api_allow = artist", "api_allow = follow"))
    site.restart("api")
    refused(client.fetch(f"api/follow/{ID}", "PUT"), 403, "scope_missing")
    assert client.fetch(f"api/follow/{ID}").status == 200
    assert len(asked(site)) == 1
