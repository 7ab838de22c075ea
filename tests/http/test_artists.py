# SPDX-License-Identifier: ISC
"""artists: the whole list, rebuilt field by field, and nothing else."""

import re
import urllib.parse

import pytest

from sim.defects import EVIL
from tools.answers import Browser, refused
from tools.spotify import bearer_of, count, headers_of, json_answer

ID = re.compile(r"[0-9A-Za-z]{22}")
GOOD_URL = re.compile(r"https://(open\.spotify\.com|([a-z0-9-]+\.)+"
                      r"(scdn\.co|spotifycdn\.com))/[!-~]*")


def follower(stack, follows):
    """A browser of somebody who follows so many."""
    stack.spotify.account("many", follows=follows)
    browser = Browser(stack)
    browser.login(account="many")
    stack.spotify.clear_requests()
    return browser


def page(items, after=None, **changes):
    """A page as Spotify sends it, as a canned answer."""
    return json_answer({"artists": {
        "items": items, "next": None, "total": len(items), "limit": 50,
        "cursors": {"after": after}, "href": "", **changes}})


def artist(n, **changes):
    """An artist as Spotify sends it."""
    return {"id": f"{n:022d}", "name": f"Artist {n}", "type": "artist",
            "uri": f"spotify:artist:{n:022d}", "images": [],
            "external_urls": {
                "spotify": f"https://open.spotify.com/artist/{n:022d}"},
            **changes}


def list_of(browser, spotify, *answers):
    """What artists makes of these pages."""
    spotify.answers("following", *answers)
    reply = browser.fetch("artists")
    assert reply.status == 200, reply
    assert reply.json["total"] == len(reply.json["artists"])
    return reply.json


@pytest.mark.parametrize("follows, pages", [(0, 1), (1, 1), (50, 1), (51, 2),
                                            (120, 3), (2000, 40)])
def test_all_artists_come_in_spotifys_order(stack, spotify, follows, pages):
    browser = follower(stack, follows)
    reply = browser.fetch("artists")
    assert reply.status == 200
    assert reply.header("Content-Type") == "application/json; charset=utf-8"
    found = reply.json
    assert abs(found.pop("fetched_at") - spotify.requests(
        "following")[0]["time"]) < 20
    artists = found.pop("artists")
    assert found == {"total": follows, "complete": True, "stale": False}
    ids = [one["id"] for one in artists]
    assert len(set(ids)) == follows and ids == sorted(ids)
    assert count(spotify, "following") == pages


def test_spotify_is_sent_exactly_this(stack, spotify):
    browser = follower(stack, 120)
    artists = browser.fetch("artists").json["artists"]
    requests = spotify.requests("following")
    assert [request["raw_query"] for request in requests] == [
        "type=artist&limit=50",
        f"type=artist&limit=50&after={artists[49]['id']}",
        f"type=artist&limit=50&after={artists[99]['id']}"]
    for request in requests:
        assert (request["method"], request["path"], request["body"]) == (
            "GET", "/v1/me/following", "")
        assert set(headers_of(request)) == {"Host", "User-Agent", "Accept",
                                            "Authorization"}
    assert len({bearer_of(request) for request in requests}) == 1
    assert len({request["connection"] for request in requests}) == 1


def test_an_artist_has_these_members(stack, spotify):
    browser = follower(stack, 50)
    for one in browser.fetch("artists").json["artists"]:
        assert set(one) == {"id", "name", "uri", "url", "images"}
        assert one["uri"] == f"spotify:artist:{one['id']}"
        assert one["url"] == f"https://open.spotify.com/artist/{one['id']}"
        for image in one["images"]:
            assert set(image) == {"url", "width", "height"}
            assert image["url"].startswith(spotify.url + "/image/")


def test_and_these_when_spotify_sends_them(stack, spotify):
    spotify.settings(artist_fields="full")
    browser = follower(stack, 50)
    for one in browser.fetch("artists").json["artists"]:
        assert set(one) == {"id", "name", "uri", "url", "images", "genres",
                            "followers", "popularity"}
        assert isinstance(one["followers"], int)
        assert isinstance(one["popularity"], int)


def test_head_is_get_without_a_body(stack, spotify):
    browser = follower(stack, 51)
    head, get = browser.fetch("artists", "HEAD"), browser.fetch("artists")
    assert head.status == 200
    for name in ("ETag", "Content-Length", "Content-Type"):
        assert head.header(name) == get.header(name)
    assert count(spotify, "following") == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_allowed(browser, method):
    browser.login()
    reply = browser.fetch("artists", method)
    assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD")


# Known defects

@pytest.mark.parametrize("defect", ["null_items", "duplicate_items",
                                    "wrong_total"])
@pytest.mark.parametrize("follows", [0, 1, 50, 51, 333])
def test_known_defects_do_no_harm(stack, spotify, defect, follows):
    spotify.settings(**{defect: True})
    browser = follower(stack, follows)
    found = browser.fetch("artists").json
    assert (found["total"], found["complete"]) == (follows, True)
    assert len({one["id"] for one in found["artists"]}) == follows


def test_an_artist_without_a_name_is_still_one(stack, spotify):
    spotify.settings(null_name=True)
    found = follower(stack, 50).fetch("artists").json
    assert found["total"] == 50
    assert [one["name"] for one in found["artists"]].count("") == 5


def test_a_repeated_cursor_stops_and_is_said_so(stack, spotify):
    spotify.settings(repeat_cursor=True)
    browser = follower(stack, 500)
    found = browser.fetch("artists").json
    assert found["complete"] is False
    assert found["total"] == 100
    assert count(spotify, "following") <= 3
    assert "event=paging_stopped" in stack.wait_for_log("artists",
                                                        "paging_stopped")


def test_a_list_that_is_not_complete_is_not_kept(stack, spotify):
    spotify.settings(repeat_cursor=True)
    browser = follower(stack, 500)
    browser.fetch("artists")
    spotify.settings(repeat_cursor=False)
    found = browser.fetch("artists").json
    assert (found["total"], found["complete"]) == (500, True)


def test_cursors_that_go_in_circles_end(browser, spotify):
    browser.login()
    one, two = f"{1:022d}", f"{2:022d}"
    found = list_of(browser, spotify, page([artist(1)], one),
                    page([artist(2)], two), page([artist(3)], one))
    assert found["complete"] is False


# Hostile data

def test_evil_elements_lose_what_is_evil(browser, spotify):
    browser.login()
    items = [spoil(artist(n)) for n, spoil in enumerate(EVIL)]
    spotify.answers("following", page(items))
    reply = browser.fetch("artists")
    found = reply.json
    assert found["total"] == 30
    for one in found["artists"]:
        assert set(one) <= {"id", "name", "uri", "url", "images", "genres",
                            "followers", "popularity"}
        assert ID.fullmatch(one["id"])
        assert one["uri"] == f"spotify:artist:{one['id']}"
        assert GOOD_URL.fullmatch(one["url"]), one
        assert isinstance(one["name"], str)
        assert len(one["name"].encode()) <= 1024
        assert len(one["images"]) <= 8
        for image in one["images"]:
            assert GOOD_URL.fullmatch(image["url"]), image
            for side in (image["width"], image["height"]):
                assert side is None or 0 < side <= 10000
    for text in (b"evil", b"javascript:", b"<", b"169.254", b"\x00"):
        assert text not in reply.body


@pytest.mark.parametrize("url", [
    "http://open.spotify.com/x", "javascript:alert(1)", "//evil.example",
    "https://open.spotify.com.evil.example/", "https://open.spotify.com:8/x",
    "https://open.spotify.com@evil.example/", "https://evilscdn.co/x",
    "https://user@open.spotify.com/", "https://scdn.co.evil.example/",
    "https://open.spotify.com\\@evil.example", "https://open.spotify.com#x",
    "https://open.spotify.com/a b", "https://open.spotify.com/\u00f6",
    "https://evil.example/?https://open.spotify.com/", "", None, 7, [],
    "https://OPEN.spotify.com.evil.example/", "https:open.spotify.com/x",
    "https:///open.spotify.com/x", "https://open.spotify.com/" + "x" * 2048,
    "data:text/html,x", "https://[::1]/", "ftp://open.spotify.com/"])
def test_only_good_urls_pass(browser, spotify, url):
    browser.login()
    [one] = list_of(browser, spotify, page([artist(
        1, external_urls={"spotify": url}, images=[{"url": url}])])
    )["artists"]
    assert one["url"] == f"https://open.spotify.com/artist/{1:022d}"
    assert one["images"] == []


@pytest.mark.parametrize("url", [
    "https://i.scdn.co/image/x", "https://mosaic.scdn.co/a",
    "https://image-cdn-fa.spotifycdn.com/image/1?a=b"])
def test_pictures_come_from_spotifys_hosts(browser, spotify, url):
    browser.login()
    image = {"url": url, "width": 640, "height": None, "x": 1}
    [one] = list_of(browser, spotify, page([artist(1, images=[image])])
                    )["artists"]
    assert one["images"] == [{"url": url, "width": 640, "height": None}]


@pytest.mark.parametrize("bad", [
    None, 5, "x", [], {}, {"id": None}, {"id": "x"}, {"id": 5},
    {"id": "../" * 7 + "x"}, {"id": "1" * 21}, {"id": "1" * 23},
    {"id": "1" * 21 + "-"}, {"id": ["1" * 22]}], ids=str)
def test_what_is_no_artist_is_left_out(browser, spotify, bad):
    browser.login()
    found = list_of(browser, spotify, page([artist(1), bad, artist(2)]))
    assert [one["name"] for one in found["artists"]] == ["Artist 1",
                                                         "Artist 2"]


@pytest.mark.parametrize("name, shown", [
    ("x" * 2000, "x" * 1024), ("ö" * 600, "ö" * 512),
    ("a" + "\U0001f600" * 300, "a" + "\U0001f600" * 255), ("", ""),
    ("</script>\u2028\x01\x1f\"\\", "</script>\u2028\x01\x1f\"\\")],
    ids=["long", "umlauts", "emoji", "empty", "odd"])
def test_names_are_cut_between_characters(browser, spotify, name, shown):
    browser.login()
    [one] = list_of(browser, spotify, page([artist(1, name=name)])
                    )["artists"]
    assert one["name"] == shown


@pytest.mark.parametrize("address", [
    "http://169.254.169.254/", "/v1/me?x=", "file:///etc/passwd",
    "https://evil.example/v1/me/following?after=1"])
def test_the_link_to_the_next_page_is_never_followed(stack, spotify, address):
    spotify.settings(evil_next=address)
    browser = follower(stack, 120)
    browser.fetch("artists")
    spotify.settings(evil_next=False)
    assert {urllib.parse.urlsplit(r["path"]).path
            for r in spotify.requests()} == {"/v1/me/following"}
    assert len(spotify.requests()) <= 12


@pytest.mark.parametrize("after", [
    "../../me?x=", "x", "", "1" * 21, "1" * 23, "1" * 21 + "&", "1" * 21 + " ",
    "1" * 10 + "\r\nX: y" + "1" * 6, "1" * 21 + "ö", 5, [], {}, True,
    "1" * 21 + "\u0000"])
def test_a_cursor_that_is_none_is_refused(browser, spotify, after):
    browser.login()
    spotify.answers("following", page([artist(1)], after), repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    assert all("after" not in request["query"]
               for request in spotify.requests("following"))


@pytest.mark.parametrize("body", ['{"artists":{"items":[}}', "[]", "{}{}"])
def test_a_page_that_is_no_json_is_refused_as_a_whole(browser, stack,
                                                      spotify, body):
    browser.login()
    spotify.answers("following", {"body": body}, repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    stack.wait_for_event("artists", "answer_unreadable", call="following")


def test_a_next_page_without_a_cursor_is_refused(browser, spotify):
    """It would be a short list that looks whole."""
    browser.login()
    spotify.answers("following", page([artist(1)], None, next="https://x/"),
                    repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")
