# SPDX-License-Identifier: ISC
"""artists when Spotify fails: the last complete copy, or an error; never a
short list that looks whole, and no call while a pause lasts."""

import email.utils
import time

import pytest

from tools.answers import Browser, refused
from tools.parallel import timed, together
from tools.spotify import count, json_answer
from tools.steps import let_tokens_end
from tools.store import stored


@pytest.fixture
def newcomer(browser, spotify):
    """Logged in, without a copy."""
    browser.login()
    spotify.clear_requests()
    return browser


@pytest.fixture
def reader(newcomer, stack, spotify):
    """With a copy that is too old."""
    newcomer.fetch("artists")
    stack.clock.advance(700)
    spotify.clear_requests()
    return newcomer


BAD = [
    ("server_error_500", 502, "upstream_failed"),
    ("bad_gateway_502_json", 502, "upstream_failed"),
    ("bad_gateway_502_html", 502, "upstream_failed"),
    ("unavailable_503_html", 502, "upstream_failed"),
    ("gateway_timeout_504_html", 502, "upstream_failed"),
    ("not_found_404", 502, "upstream_failed"),
    ("invalid_limit_400", 502, "upstream_failed"),
    ("forbidden_403", 403, "spotify_refused"),
    ("not_registered_403", 403, "not_on_allowlist"),
    ("not_registered_2026_403", 403, "not_on_allowlist"),
    ("premium_403", 403, "owner_not_premium"),
    ("scope_403", 403, "scope_missing"),
    ("rate_limited_429", 429, "rate_limited"),
    ("rate_limited_no_header_429", 429, "rate_limited"),
    ("text_429", 429, "rate_limited"),
    ("quota_429", 429, "quota_exceeded")] + [
    (answer, 502, "upstream_failed") for answer in (
        {"body": ""}, {"body": "<html>"}, {"body": "{"}, {"body": "null"},
        {"body": "{}"}, {"body": "{}x"}, {"body": "[" * 100_000},
        {"body": "{}," * 100_000}, {"body_base64": "gIGC/w=="},
        {"cut": 500, "pass": True}, {"cut": 0, "pass": True},
        {"huge": 10 ** 9}, {"gzip_bomb": 2 * 10 ** 7}, {"header_flood": 3000},
        {"raw": "HTTP/1.1 200 OK\r\n"}, {"raw": "\x00\x01\x02\r\n\r\n"},
        {"status": 302, "headers": {"Location": "/v1/me"}, "body": ""},
        {"status": 204, "body": ""}, {"status": 206, "pass": True},
        {"status_line": "HTTP/1.1 1000 OK", "pass": True},
        json_answer({"artists": None}), json_answer({"artists": []}),
        json_answer({"artists": {}}), json_answer({"artists": {"items": {}}}),
        json_answer({"error": {"status": 500}}))]
IDS = [str(answer)[:50] for answer, _, _ in BAD]
# How often a page is asked for, if that is not five times: what is refused is
# final, but with 400 it may be about the size of the page; where there is no
# answer at all it is not.
CALLS = {"invalid_limit_400": 4, "not_found_404": 1, "forbidden_403": 1,
         str({"raw": "\x00\x01\x02\r\n\r\n"}): 2}
# Which libcurl 7.88 calls none, and 8.14 one of a status that there is not.
NO_STATUS = {"status_line": "HTTP/1.1 1000 OK", "pass": True}


@pytest.mark.parametrize("answer, status, code", BAD, ids=IDS)
def test_without_a_copy_it_is_an_error(newcomer, spotify, answer, status,
                                       code):
    spotify.answers("following", answer, repeat=True)
    refused(newcomer.fetch("artists"), status, code)
    calls = 1 if status in (403, 429) else CALLS.get(str(answer), 5)
    assert count(spotify, "following") in (
        (2, 5) if answer == NO_STATUS else (calls,))
    assert count(spotify, "token") == 0
    assert newcomer.fetch("session").json["logged_in"] is True


@pytest.mark.parametrize("answer", [
    answer for answer, status, _ in BAD if status != 403][::3],
    ids=lambda a: str(a)[:50])
def test_with_a_copy_it_is_the_copy(reader, spotify, answer):
    """But for a 403, which lasts: test_forbidden."""
    spotify.answers("following", answer, repeat=True)
    found = reader.fetch("artists").json
    assert (found["total"], found["stale"], found["complete"]) == (
        120, True, True)


@pytest.mark.parametrize("page", ["1", "2", "3"])
def test_a_failure_in_the_middle_is_no_short_list(newcomer, stack, spotify,
                                                  page):
    spotify.answers("following", *[{"pass": True}] * (int(page) - 1),
                    *["server_error_500"] * 5)
    refused(newcomer.fetch("artists"), 502, "upstream_failed")
    assert not list(stack.session_dir.glob("copy-*"))
    found = newcomer.fetch("artists").json
    assert (found["total"], found["stale"]) == (120, False)


@pytest.mark.parametrize("page", ["1", "2", "3"])
def test_a_failure_in_the_middle_is_the_old_list(reader, spotify, page):
    spotify.account("wizzler", follows=130)
    spotify.answers("following", *[{"pass": True}] * (int(page) - 1),
                    *[{"cut": 500, "pass": True}] * 5)
    found = reader.fetch("artists").json
    assert (found["total"], found["complete"], found["stale"]) == (
        120, True, True)
    assert count(spotify, "following") == int(page) + 4
    assert reader.fetch("artists").json["total"] == 130


def test_a_failure_is_asked_for_once_by_those_who_wait(newcomer, spotify):
    spotify.answers("following", {"name": "server_error_500", "delay": 0.3},
                    repeat=True)
    replies = together(lambda b=newcomer.copy(): b.fetch("artists")
                       for _ in range(20))
    assert {reply.status for reply in replies} == {502}
    assert count(spotify, "following") <= 4 * 5


# Pauses

RETRY_AFTER = [
    ("2", 2, 2), ("0", 1, 5), ("1", 1, 1), ("30", 30, 30), (" 5 ", 5, 5),
    ("3600", 3600, 3600), ("86400", 86400, 86400), ("86401", 86400, 86400),
    ("9" * 20, 86400, 86400), ("9" * 400, 86400, 86400), (None, 5, 5),
    ("", 5, 5), ("soon", 5, 5), ("-5", 5, 5), ("+5", 5, 5), ("5.5", 5, 5),
    ("5 s", 5, 5), ("0x10", 5, 5), ("ö", 5, 5)]


def limited(value):
    """A 429 with that Retry-After."""
    answer = {"name": "rate_limited_no_header_429"}
    return answer if value is None else {**answer,
                                         "headers": {"Retry-After": value}}


@pytest.mark.parametrize("value, least, most", RETRY_AFTER,
                         ids=[str(row[0])[:22] for row in RETRY_AFTER])
def test_spotifys_pause_is_kept_by_everybody(newcomer, stack, spotify, value,
                                             least, most):
    other = Browser(stack)
    other.login()
    spotify.clear_requests()
    spotify.answers("following", limited(value))
    reply = refused(newcomer.fetch("artists"), 429, "rate_limited")
    assert least <= int(reply.header("Retry-After")) <= most
    # A pause of some seconds may be over before we look again.
    for browser in (newcomer, other, newcomer) if least >= 30 else ():
        reply = refused(browser.fetch("artists"), 429, "rate_limited")
        assert 1 <= int(reply.header("Retry-After")) <= most
    assert count(spotify, "following") == 1
    stack.clock.advance(most + 1)
    browser = newcomer if most < 80000 else other
    assert browser.fetch("artists").json["total"] == 120


def test_a_pause_may_be_a_date(newcomer, stack, spotify):
    for ahead, code in ((600, 429), (-600, 429)):
        date = email.utils.formatdate(time.time() + stack.clock.offset
                                      + ahead, usegmt=True)
        spotify.answers("following", limited(date))
        reply = refused(newcomer.fetch("artists"), code, "rate_limited")
        left = int(reply.header("Retry-After"))
        assert left in (range(500, 601) if ahead > 0 else range(1, 6))
        stack.clock.advance(700)
    assert newcomer.fetch("artists").json["total"] == 120


def test_who_has_a_copy_gets_it_during_a_pause(reader, stack, spotify):
    spotify.answers("following", limited("600"))
    for _ in range(3):
        found = reader.fetch("artists").json
        assert (found["total"], found["stale"]) == (120, True)
    assert count(spotify, "following") == 1
    stack.clock.advance(601)
    assert reader.fetch("artists").json["stale"] is False


def test_a_used_up_quota_lasts_its_day(newcomer, stack, spotify):
    spotify.answers("following", "quota_429")
    for _ in range(3):
        reply = refused(newcomer.fetch("artists"), 429, "quota_exceeded")
        assert 48900 < int(reply.header("Retry-After")) <= 48925
    assert count(spotify, "following") == 1
    # Logging in is another call with another quota.
    other = Browser(stack)
    other.login()
    assert other.fetch("session").json["account"]["id"] == "wizzler"
    stack.clock.advance(48926)
    assert newcomer.fetch("artists").json["total"] == 120


def test_a_pause_in_the_middle_of_a_list(newcomer, stack, spotify):
    spotify.settings(fail_page={"2": limited("400")})
    reply = refused(newcomer.fetch("artists"), 429, "rate_limited")
    assert int(reply.header("Retry-After")) in range(300, 401)
    assert count(spotify, "following") == 2
    spotify.settings(fail_page={})
    stack.clock.advance(401)
    assert newcomer.fetch("artists").json["total"] == 120


def test_a_pause_survives_a_restart(newcomer, stack, spotify):
    spotify.answers("following", limited("900"))
    refused(newcomer.fetch("artists"), 429, "rate_limited")
    stack.restart("artists")
    refused(newcomer.fetch("artists"), 429, "rate_limited")
    assert count(spotify, "following") == 1


def test_a_clock_that_was_wrong_does_not_make_a_pause_for_years(
        newcomer, stack, spotify):
    stack.clock.set(20 * 365 * 86400)
    future = Browser(stack)
    future.login()
    spotify.answers("following", limited("900"))
    refused(future.fetch("artists"), 429, "rate_limited")
    stack.clock.set(0)
    assert newcomer.fetch("artists").json["total"] == 120


# The end of a session

def test_an_authorization_that_ended_is_not_answered_with_the_copy(
        reader, stack, spotify):
    let_tokens_end(stack)
    spotify.answers("token", "invalid_grant_revoked")
    refused(reader.fetch("artists"), 401, "login_expired")
    assert stored(stack) == []
    assert not list(stack.session_dir.glob("copy-*"))


@pytest.mark.parametrize("answer, status, code", [
    ("server_error_500", 503, "upstream_failed"),
    ("invalid_client", 503, "misconfigured")])
def test_a_refresh_that_fails_is_answered_with_the_copy(
        reader, stack, spotify, answer, status, code):
    let_tokens_end(stack)
    spotify.answers("token", answer)
    found = reader.fetch("artists").json
    assert (found["total"], found["stale"]) == (120, True)
    fresh = Browser(stack)
    fresh.login()
    let_tokens_end(stack)
    spotify.answers("token", answer)
    refused(fresh.fetch("artists"), status, code)


# Away

def test_spotify_that_is_away(make_stack):
    stack = make_stack()
    reader, newcomer = Browser(stack), Browser(stack)
    reader.login()
    newcomer.login()
    reader.fetch("artists")
    stack.clock.advance(700)
    callback = newcomer.approve(newcomer.start_login())
    stack.spotify.stop()
    assert reader.fetch("artists").json["stale"] is True
    refused(newcomer.fetch("artists"), 502, "upstream_failed")
    refused(newcomer.finish(callback), 502, "upstream_failed")
    assert newcomer.fetch("session").json["logged_in"] is True
    assert newcomer.fetch("logout", "POST").status == 204


@pytest.mark.parametrize("answer", [{"delay": 40},
                                    {"drip": 300, "pass": True}], ids=str)
def test_spotify_that_is_slow(stack, spotify, answer):
    """A reader and a newcomer at once, as each waits for 15 seconds."""
    reader, newcomer = Browser(stack), Browser(stack)
    for browser in (reader, newcomer):
        browser.login()
    reader.fetch("artists")
    stack.clock.advance(700)
    spotify.answers("following", answer, repeat=True)
    (stale_s, stale), (late_s, late) = together(
        lambda b=b: timed(lambda: b.fetch("artists"))
        for b in (reader, newcomer))
    assert stale.json["stale"] is True and stale_s < 38
    refused(late, 504, "upstream_timeout")
    assert late_s < 38


def test_a_list_that_comes_slowly_comes(newcomer, spotify):
    spotify.answers("following", {"delay": 2}, {"delay": 2})
    assert newcomer.fetch("artists").json["total"] == 120
