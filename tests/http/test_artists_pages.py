# SPDX-License-Identifier: ISC
"""artists when a page of the list fails: it is asked for again, then with
fewer artists; what Spotify refuses is not."""

import urllib.parse

import pytest

from tools.answers import Browser, refused
from tools.spotify import count, json_answer


@pytest.fixture
def newcomer(stack, spotify):
    """Somebody with 120 artists, and without a copy."""
    browser = Browser(stack)
    browser.login()
    spotify.clear_requests()
    return browser


def limits(spotify):
    """How many artists each page was asked for with."""
    return [int(urllib.parse.parse_qs(request["raw_query"])["limit"][0])
            for request in spotify.requests("following")]


PASSING = ["server_error_500", "bad_gateway_502_html", "unavailable_503_html",
           "gateway_timeout_504_html", {"body": ""}, {"body": "<html>"},
           {"cut": 500, "pass": True}, {"cut": 0, "pass": True},
           {"status": 204, "body": ""}, {"raw": "\x00\x01\x02\r\n\r\n"},
           {"header_flood": 3000}, json_answer({"artists": None})]


@pytest.mark.parametrize("answer", PASSING, ids=lambda a: str(a)[:40])
def test_a_failure_that_passes_costs_one_call(newcomer, spotify, answer):
    spotify.answers("following", answer)
    assert newcomer.fetch("artists").json["total"] == 120
    assert limits(spotify) == [50] * 4


@pytest.mark.parametrize("page", [2, 3])
def test_so_does_one_in_the_middle(newcomer, spotify, page):
    spotify.answers("following", *[{"pass": True}] * (page - 1),
                    "bad_gateway_502_json")
    found = newcomer.fetch("artists").json
    assert (found["total"], found["complete"], found["stale"]) == (
        120, True, False)
    afters = [request["raw_query"] for request in spotify.requests("following")]
    assert len(afters) == 4 and afters[page - 1] == afters[page]
    assert len({one["id"] for one in found["artists"]}) == 120


def test_a_slow_page_is_asked_for_again(newcomer, spotify):
    """One call may take eight seconds, and a whole list fifteen."""
    spotify.answers("following", {"pass": True}, {"delay": 30})
    assert newcomer.fetch("artists").json["total"] == 120
    assert limits(spotify) == [50] * 4


@pytest.mark.parametrize("answer, calls", [
    ("not_found_404", 1), ("scope_403", 1), ("premium_403", 1),
    ("not_registered_403", 1), ("rate_limited_429", 1), ("quota_429", 1)])
def test_what_spotify_refuses_is_not_asked_for_again(newcomer, spotify,
                                                     answer, calls):
    spotify.answers("following", answer)
    assert newcomer.fetch("artists").status >= 400
    assert count(spotify, "following") == calls


def test_a_list_fails_after_a_few_calls(newcomer, spotify):
    """Once more, and with a half, a quarter and an eighth of a page."""
    spotify.answers("following", "server_error_500", repeat=True)
    refused(newcomer.fetch("artists"), 502, "upstream_failed")
    assert limits(spotify) == [50, 50, 25, 12, 6]


def test_spotify_that_is_not_there_is_asked_twice(make_stack):
    """A smaller page would not help, and a connection takes its time."""
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    stack.spotify.stop()
    refused(browser.fetch("artists"), 502, "upstream_failed")
    log = stack.log("artists")
    assert log.count("event=upstream_error call=following") == 2


@pytest.mark.parametrize("most", [6, 20, 25, 49])
def test_a_page_that_is_ill_comes_in_smaller_ones(newcomer, spotify, most):
    """And the pages after it are as large as before."""
    spotify.settings(heavy={"at": 60, "most": most})
    spotify.account("many", follows=1000)
    browser = Browser(newcomer.stack)
    browser.login(account="many")
    spotify.clear_requests()
    found = browser.fetch("artists").json
    assert (found["total"], found["complete"]) == (1000, True)
    assert len({one["id"] for one in found["artists"]}) == 1000
    assert limits(spotify)[0] == limits(spotify)[-1] == 50 or most == 6
    assert len(limits(spotify)) < 45 or most == 6


@pytest.mark.parametrize("most", [6, 20, 25])
def test_many_such_pages_make_the_smaller_one_the_limit(newcomer, spotify,
                                                        most):
    spotify.settings(heavy={"at": None, "most": most})
    found = newcomer.fetch("artists").json
    assert (found["total"], found["complete"]) == (120, True)
    small = {6: 6, 20: 12, 25: 25}[most]
    assert limits(spotify)[-1] == small
    assert len(limits(spotify)) <= 120 / small + 10


@pytest.mark.parametrize("largest, small", [(49, 25), (25, 25), (20, 12),
                                            (10, 6)])
def test_a_limit_that_spotify_lowers_is_met_once(newcomer, spotify, largest,
                                                 small):
    spotify.settings(page_max=largest)
    found = newcomer.fetch("artists").json
    assert (found["total"], found["complete"]) == (120, True)
    asked = limits(spotify)
    first = asked.index(small)
    assert asked[:first] == [50, 25, 12][:first]
    assert set(asked[first:]) == {small}


def test_a_limit_that_is_lowered_in_the_middle(newcomer, spotify):
    spotify.answers("following", {"pass": True}, "invalid_limit_400")
    found = newcomer.fetch("artists").json
    assert (found["total"], found["complete"]) == (120, True)
    assert limits(spotify) == [50, 50, 25, 25, 25]


def test_a_smaller_page_is_told_in_the_log(newcomer, stack, spotify):
    spotify.settings(page_max=25)
    assert newcomer.fetch("artists").status == 200
    stack.wait_for_event("artists", "page_smaller", limit="25")
