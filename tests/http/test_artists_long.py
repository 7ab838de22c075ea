# SPDX-License-Identifier: ISC
"""artists when a list takes longer than a request, or than what Spotify gives
at a time: what was fetched is kept, and the next request goes on from there.
Nobody is shown a part."""

import time
import urllib.parse

import pytest

from tools.answers import Browser, refused
from tools.spotify import count
from tools.store import stored

LIMITED = {"name": "rate_limited_no_header_429",
           "headers": {"Retry-After": "3"}}


def follower(stack, follows):
    """A browser of somebody who follows so many."""
    stack.spotify.account("many", follows=follows)
    browser = Browser(stack)
    browser.login(account="many")
    stack.spotify.clear_requests()
    return browser


@pytest.fixture
def halfway(stack, spotify):
    """Somebody with 1,000 artists in 20 pages, 8 of which have come."""
    browser = follower(stack, 1000)
    spotify.answers("following", *[{"pass": True}] * 8, LIMITED)
    refused(browser.fetch("artists"), 429, "rate_limited")
    stack.clock.advance(4)
    spotify.clear_requests()
    return browser


def parts(stack):
    """The lists on their way."""
    return stored(stack, "part-")


def afters(spotify):
    """Behind which artist each page was asked for; "" is the first."""
    return [urllib.parse.parse_qs(request["raw_query"]).get("after", [""])[0]
            for request in spotify.requests("following")]


def good(reply, total):
    """A whole, fresh list of so many, each of whom is in it once."""
    assert reply.status == 200, reply
    found = reply.json
    assert (found["total"], found["complete"], found["stale"]) == (
        total, True, False)
    ids = [one["id"] for one in found["artists"]]
    assert len(set(ids)) == len(ids) == total
    return ids


def until_whole(stack, browser, path="artists", most=6):
    """Ask until there is a list, after each pause; how often that was."""
    for times in range(1, most + 1):
        reply = browser.fetch(path)
        if reply.status == 200:
            return times, reply
        assert reply.status in (429, 504), reply
        stack.clock.advance(int(reply.header("Retry-After")))
    raise AssertionError(f"no list after {most} requests: {reply}")


def test_a_list_of_more_calls_than_spotify_gives_at_a_time(stack, spotify):
    """30 pages, of which there are 20 in three seconds."""
    browser = follower(stack, 1500)
    spotify.settings(page_rate={"calls": 20, "seconds": 3})
    times, reply = until_whole(stack, browser)
    ids = good(reply, 1500)
    assert times <= 3 and count(spotify, "following") <= 30 + times
    assert ids == sorted(ids)
    assert parts(stack) == []
    assert len(stored(stack, "copy-")) == 1


def test_a_list_of_more_time_than_a_request_has(stack, spotify):
    """60 pages of 0.27 seconds each are 16."""
    browser = follower(stack, 3000)
    spotify.answers("following", {"delay": 0.27, "pass": True}, repeat=True)
    reply = refused(browser.fetch("artists"), 504, "upstream_timeout")
    assert int(reply.header("Retry-After")) >= 1
    assert len(parts(stack)) == 1
    good(browser.fetch("artists"), 3000)
    assert count(spotify, "following") <= 63


def test_a_part_is_never_shown(stack, spotify, halfway):
    [part] = parts(stack)
    assert part.stat().st_mode & 0o7777 == 0o600
    assert stored(stack, "copy-") == []
    spotify.answers("following", LIMITED, repeat=True)
    for path in ("artists", "artists?fresh=1"):
        refused(halfway.fetch(path), 429, "rate_limited")
    assert len(parts(stack)) == 1


def test_it_is_sealed(stack, spotify, halfway):
    [part] = parts(stack)
    data = part.read_bytes()
    for one in halfway.fetch("artists").json["artists"][:400]:
        assert one["id"].encode() not in data


def test_the_next_request_goes_on(stack, spotify, halfway):
    ids = good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 12
    assert afters(spotify)[0] == ids[8 * 50 - 1]
    assert parts(stack) == []


def test_so_does_one_that_wants_it_fresh(stack, spotify, halfway):
    good(halfway.fetch("artists?fresh=1"), 1000)
    assert count(spotify, "following") == 12


def test_the_list_is_as_old_as_its_beginning(stack, spotify, halfway):
    stack.clock.advance(300)
    found = halfway.fetch("artists").json
    assert time.time() + stack.clock.offset - found["fetched_at"] > 290
    good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 12
    # It is too old ten minutes after its beginning, not after its end.
    stack.clock.advance(310)
    good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 32


def test_a_part_is_kept_for_ten_minutes(stack, spotify, halfway):
    stack.clock.advance(610)
    good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 20
    assert parts(stack) == []


def test_a_part_from_a_clock_that_was_ahead_is_not_used(stack, spotify):
    browser = follower(stack, 1000)
    stack.clock.set(100)
    spotify.answers("following", *[{"pass": True}] * 8,
                    *["server_error_500"] * 5)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    assert len(parts(stack)) == 1
    stack.clock.set(0)
    spotify.clear_requests()
    good(browser.fetch("artists"), 1000)
    assert count(spotify, "following") == 20


@pytest.mark.parametrize("answer", ["not_found_404", "invalid_limit_400"])
def test_a_cursor_that_is_no_good_any_more(stack, spotify, halfway, answer):
    """The list begins at its first page, once."""
    tries = {"not_found_404": 1, "invalid_limit_400": 4}[answer]
    spotify.answers("following", *[answer] * tries)
    good(halfway.fetch("artists"), 1000)
    asked = afters(spotify)
    assert "" not in asked[:tries] and asked[tries] == ""
    assert len(asked) == tries + 20


def test_artists_who_come_twice_at_the_seam_are_there_once(stack, spotify,
                                                           halfway):
    spotify.settings(duplicate_items=True)
    good(halfway.fetch("artists"), 1000)


@pytest.mark.parametrize("bend", [
    lambda data: b"", lambda data: data[:-9], lambda data: b"\0" * len(data),
    lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:],
    lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_a_part_that_was_changed_is_not_used(stack, spotify, halfway, bend):
    [part] = parts(stack)
    part.write_bytes(bend(part.read_bytes()))
    good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 20


def test_a_part_is_no_copy_and_nobody_elses(stack, spotify, halfway):
    other = Browser(stack)
    other.login()
    [part] = parts(stack)
    data = part.read_bytes()
    mine = part.name.removeprefix("part-")
    [theirs] = [path.name.removeprefix("session-") for path in stored(stack)
                if mine not in path.name]
    for name in ("copy-" + mine, "part-" + theirs, "copy-" + theirs):
        path = stack.session_dir / name
        path.touch(mode=0o600)
        path.write_bytes(data)
    good(other.fetch("artists"), 120)
    good(halfway.fetch("artists"), 1000)


def test_a_logout_removes_it(stack, spotify, halfway):
    assert halfway.fetch("logout", "POST").status == 204
    assert parts(stack) == []


def test_so_does_a_new_login(stack, spotify, halfway):
    halfway.login(account="many")
    assert parts(stack) == []
    good(halfway.fetch("artists"), 1000)


def test_a_smaller_limit_is_remembered(stack, spotify):
    browser = follower(stack, 500)
    spotify.settings(page_max=25)
    spotify.answers("following", *[{"pass": True}] * 8, LIMITED)
    refused(browser.fetch("artists"), 429, "rate_limited")
    stack.clock.advance(4)
    spotify.clear_requests()
    good(browser.fetch("artists"), 500)
    assert all("limit=25" in request["raw_query"]
               for request in spotify.requests("following"))


def test_who_has_a_copy_gets_it_meanwhile(stack, spotify):
    browser = follower(stack, 1000)
    good(browser.fetch("artists"), 1000)
    stack.clock.advance(700)
    spotify.account("many", follows=1001)
    spotify.answers("following", *[{"pass": True}] * 8, LIMITED)
    found = browser.fetch("artists").json
    assert (found["total"], found["stale"]) == (1000, True)
    stack.clock.advance(4)
    spotify.clear_requests()
    good(browser.fetch("artists"), 1001)
    assert count(spotify, "following") == 13


def test_without_copies_nothing_is_kept(make_stack):
    stack = make_stack(conf={"artists_max_age": "0"})
    browser = follower(stack, 1000)
    stack.spotify.answers("following", *[{"pass": True}] * 8, LIMITED)
    refused(browser.fetch("artists"), 429, "rate_limited")
    assert parts(stack) == []
    stack.clock.advance(4)
    good(browser.fetch("artists"), 1000)


def test_a_failure_without_progress_keeps_what_is_there(stack, spotify,
                                                        halfway):
    spotify.answers("following", *["server_error_500"] * 5)
    refused(halfway.fetch("artists"), 502, "upstream_failed")
    spotify.clear_requests()
    good(halfway.fetch("artists"), 1000)
    assert count(spotify, "following") == 12


def test_a_list_that_goes_on_is_told_in_the_log(stack, spotify, halfway):
    good(halfway.fetch("artists"), 1000)
    stack.wait_for_event("artists", "list_continued", pages="8",
                         artists="400")
