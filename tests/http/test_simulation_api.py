# SPDX-License-Identifier: ISC
"""The simulated Spotify: its Web API and the known defects of it."""

import re
import urllib.parse

import pytest

from sim_client import (  # noqa: F401
    all_pages, ask, fixture_running, fixture_spotify, followed, get, login,
    refresh)


# The Web API

def test_an_access_token_works_until_it_ends(spotify):
    access = login(spotify)["access_token"]
    assert get(spotify, "/v1/me", access).status == 200
    spotify.clock(3601)
    late = get(spotify, "/v1/me", access)
    assert late.status == 401
    assert 'error="invalid_token"' in late.headers["WWW-Authenticate"]
    assert late.json["error"]["status"] == 401
    spotify.clock(0)
    assert spotify.expire("access", "grace.many") == 0
    assert spotify.expire("access", "wizzler") == 1
    assert get(spotify, "/v1/me", access).status == 401
    none = ask(spotify, "GET", "/v1/me")
    assert 'error="missing_token"' in none.headers["WWW-Authenticate"]


def test_revoked_refresh_tokens_are_an_invalid_grant(spotify):
    token = login(spotify)["refresh_token"]
    assert spotify.expire("all") == 2
    assert refresh(spotify, token).error == (
        "invalid_grant", "Refresh token revoked")


def test_the_profile_shows_what_development_mode_shows(spotify):
    access = login(spotify)["access_token"]
    me = get(spotify, "/v1/me", access).json
    assert sorted(me) == ["account_id", "display_name", "email",
                          "external_urls", "href", "id", "images", "type",
                          "uri"]
    image = get(spotify, urllib.parse.urlsplit(me["images"][0]["url"]).path,
                access)
    assert image.headers["Content-Type"] == "image/svg+xml"
    spotify.settings(send_email=False, extended=True,
                     me_override={"id": "__missing__", "display_name": None})
    me = get(spotify, "/v1/me", access).json
    assert "email" not in me and "id" not in me and me["product"] == "premium"
    assert me["display_name"] is None
    narrow = login(spotify, scope="user-follow-read")["access_token"]
    spotify.settings(send_email=True)
    assert "email" not in get(spotify, "/v1/me", narrow).json


@pytest.mark.parametrize("follows", [0, 1, 49, 50, 51, 100, 2000])
def test_every_artist_comes_once_whatever_the_length_of_the_list(spotify,
                                                                 follows):
    spotify.account("fan", follows=follows)
    access = login(spotify, "fan")["access_token"]
    pages = all_pages(spotify, access)
    assert len(pages) == max(1, (follows + 49) // 50)
    ids = [item["id"] for page in pages for item in page["items"]]
    assert len(ids) == follows and ids == sorted(set(ids))
    assert all(re.fullmatch("[0-9A-Za-z]{22}", identity) for identity in ids)
    assert {page["total"] for page in pages} == {follows}
    assert pages[-1]["next"] is None and all(p["next"] for p in pages[:-1])


def test_a_page_mirrors_the_language_and_a_cursor_needs_no_artist(spotify):
    access = login(spotify)["access_token"]
    page = ask(spotify, "GET", "/v1/me/following?type=artist", headers={
        "Authorization": f"Bearer {access}",
        "Accept-Language": "de-DE,de;q=0.9"}).json["artists"]
    assert page["limit"] == 20 and len(page["items"]) == 20
    assert page["next"].endswith("&limit=20&locale=de-DE,de;q=0.9")
    first = followed(spotify, access, limit=20, after="0" * 22)
    assert first.json["artists"]["items"] == page["items"]


def test_artists_have_the_fields_of_their_mode_and_every_kind_of_name(spotify):
    spotify.account("fan", follows=1000)
    access = login(spotify, "fan")["access_token"]
    items = [a for p in all_pages(spotify, access) for a in p["items"]]
    assert {tuple(sorted(a)) for a in items} == {(
        "external_urls", "href", "id", "images", "name", "type", "uri")}
    names = [a["name"] for a in items]
    for kind in ("The ", " & ", '"', "ö", "Тих", "夜", "<3", "رحلة"):
        assert any(kind in name for name in names), kind
    assert max(map(len, names)) > 150
    assert any(not a["images"] for a in items)
    assert any(a["images"] and a["images"][0]["width"] is None for a in items)
    spotify.settings(artist_fields="full")
    full = followed(spotify, access).json["artists"]["items"][0]
    assert {"genres", "followers", "popularity"} <= set(full)


def test_pictures_are_drawn_and_may_be_cached(spotify):
    access = login(spotify)["access_token"]
    items = followed(spotify, access).json["artists"]["items"]
    urls = [i["url"] for a in items for i in a["images"]]
    assert all(url.startswith(spotify.url + "/image/") for url in urls)
    for url in urls[:30]:
        image = ask(spotify, "GET", url[len(spotify.url):])
        assert image.body.startswith(b"<svg") and image.body.endswith(b"</svg>")
        assert "max-age" in image.headers["Cache-Control"]
    assert ask(spotify, "GET", "/image/x").status == 404


@pytest.mark.parametrize("query, status, message", [
    ("", 400, "Missing parameter type"), ("type=user", 400, "Invalid type"),
    ("type=artist&limit=0", 400, "Invalid limit"),
    ("type=artist&limit=51", 400, "Invalid limit"),
    ("type=artist&limit=x", 400, "Invalid limit"),
    ("type=artist&limit=50", 200, None)])
def test_a_wrong_query_is_answered_in_spotifys_form(spotify, query, status,
                                                    message):
    access = login(spotify)["access_token"]
    answer = get(spotify, "/v1/me/following?" + query, access)
    assert answer.status == status
    if message:
        assert answer.json == {"error": {"status": 400, "message": message}}


def test_the_403s_have_their_different_shapes(spotify):
    access = login(spotify, scope="user-read-email")["access_token"]
    missing = followed(spotify, access)
    assert missing.status == 403
    assert missing.json["error"]["message"] == "Insufficient client scope"
    access = login(spotify, "uninvited")["access_token"]
    stranger = get(spotify, "/v1/me", access)
    assert stranger.status == 403
    assert stranger.body == b"User not registered in the Developer Dashboard"
    assert stranger.headers["Content-Type"].startswith("text/plain")
    spotify.settings(owner_premium=False)
    lapsed = followed(spotify, login(spotify, "wizzler")["access_token"])
    assert lapsed.status == 403 and len(lapsed.body) == 159


# The known defects

def test_defects_of_the_list_can_be_switched_on(spotify):
    access = login(spotify)["access_token"]
    plain = [p["items"] for p in all_pages(spotify, access)]
    spotify.settings(null_items=True, duplicate_items=True, wrong_total=True,
                     null_name=True)
    bent = all_pages(spotify, access)
    assert bent[0]["items"].count(None) == 7 and bent[0]["total"] == 60
    assert bent[1]["items"][0]["id"] == plain[0][-1]["id"]
    assert bent[0]["items"][10]["name"] is None
    ids = {a["id"] for p in bent for a in p["items"] if a}
    assert ids == {a["id"] for items in plain for a in items}
    spotify.settings(wrong_total=-1)
    assert followed(spotify, access).json["artists"]["total"] == -1


def test_the_cursor_can_stand_still_or_turn_evil(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(repeat_cursor=True)
    first = followed(spotify, access).json["artists"]["cursors"]["after"]
    for _ in range(3):
        page = followed(spotify, access, after=first).json["artists"]
        assert page["cursors"]["after"] == first
    spotify.settings(evil_after=True, evil_next=True)
    page = followed(spotify, access).json["artists"]
    assert page["cursors"]["after"] == "../../me?x="
    assert page["next"] == "http://169.254.169.254/"
    spotify.settings(evil_after=17)
    assert followed(spotify, access).json["artists"]["cursors"]["after"] == 17


def test_evil_items_are_evil(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(evil_items=True)
    text = followed(spotify, access).body.decode()
    for evil in ("javascript:", "</script>", "\u2028", "x" * 10240,
                 "evil.example", "169.254.169.254"):
        assert evil in text


def test_one_page_can_fail_again_and_again(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(fail_page={"2": "bad_gateway_502_json"})
    first = followed(spotify, access)
    assert first.status == 200
    after = first.json["artists"]["cursors"]["after"]
    for _ in range(2):
        second = followed(spotify, access, after=after)
        assert second.status == 502
        assert "Failed to get followed" in second.json["error"]["message"]
