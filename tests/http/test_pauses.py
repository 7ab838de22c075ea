# SPDX-License-Identifier: ISC
"""Pauses that Spotify asks for: one of a group of calls is not one of another,
Retry-After belongs to what it is sent with, and clocks are what they are."""

import time

import pytest

from tools import fastcgi
from tools.answers import Browser, refused
from tools.parallel import Later
from tools.spotify import count
from tools.steps import let_tokens_end, logout, refresh

HOUR = 3600


def limited(seconds, kind="rate_limited_429"):
    """A 429 that asks for so many seconds."""
    return {"name": kind, "headers": {"Retry-After": str(seconds)}}


def wait_of(reply):
    """The seconds that a client is asked to wait."""
    return int(reply.header("Retry-After"))


@pytest.fixture
def paused(browser, spotify):
    """Somebody's list has met a limit of hours."""
    browser.login()
    spotify.answers("following", limited(5 * HOUR))
    refused(browser.fetch("artists"), 429, "rate_limited")
    spotify.clear_requests()
    return browser


# Groups

def test_a_pause_of_lists_is_none_of_logins(paused, stack, spotify):
    """Who comes meanwhile is known, and let in where a member is asked for."""
    assert paused.fetch("session").json["logged_in"]
    other = Browser(stack)
    other.login()
    assert other.fetch("session").json["account"]["id"] == "wizzler"
    assert fastcgi.vouch(other).status == 204
    assert (count(spotify, "me"), count(spotify, "following")) == (1, 0)


def test_who_is_unknown_is_asked_about_while_lists_pause(paused, stack,
                                                         spotify):
    """The list stays paused, the account is filled in all the same."""
    assert paused.fetch("session").json["logged_in"]
    other = Browser(stack)
    spotify.answers("me", "server_error_500")
    other.login()
    assert fastcgi.vouch(other).status == 503
    reply = refused(other.fetch("artists"), 429, "rate_limited")
    assert 5 * HOUR - 60 < wait_of(reply) <= 5 * HOUR
    assert fastcgi.vouch(other).status == 204


def test_a_login_asks_once_more_after_a_short_pause(browser, spotify):
    spotify.answers("me", limited(1))
    browser.login()
    assert browser.fetch("session").json["account"]["id"] == "wizzler"
    assert count(spotify, "me") == 2


def test_and_not_a_third_time(browser, spotify):
    spotify.answers("me", limited(1), limited(1))
    browser.login()
    assert browser.fetch("session").json["account"]["id"] is None
    assert count(spotify, "me") == 2


@pytest.mark.parametrize("kind", ["rate_limited_429", "quota_429"])
def test_a_login_asks_whatever_others_were_told(browser, stack, spotify, kind):
    """The answer to somebody else's question costs no login its name."""
    spotify.answers("me", limited(5 * HOUR, kind), limited(1))
    browser.login()
    assert count(spotify, "me") == 1
    other = Browser(stack)
    other.login()
    assert other.fetch("session").json["account"]["id"] == "wizzler"
    assert count(spotify, "me") == 3
    # The first one's is asked again when its time has come, not before.
    browser.fetch("artists")
    assert count(spotify, "me") == 3


def test_who_is_not_vouched_for_learns_when_to_ask(browser, stack, spotify):
    spotify.answers("me", limited(500))
    browser.login()
    reply = refused(fastcgi.vouch(browser), 503,
                    "upstream_failed")
    assert 440 < wait_of(reply) <= 500
    stack.clock.advance(501)
    reply = refused(fastcgi.vouch(browser), 503,
                    "upstream_failed")
    assert wait_of(reply) == 5
    browser.fetch("artists")
    assert fastcgi.vouch(browser).status == 204


def test_a_pause_of_tokens_is_ten_minutes_at_most(browser, stack, spotify):
    """Without tokens nobody logs in and nobody is served."""
    url = browser.approve(browser.start_login())
    spotify.answers("token", limited(5 * HOUR))
    assert 540 < wait_of(refused(browser.finish(url), 429,
                                 "rate_limited")) <= 600
    url = browser.approve(browser.start_login())
    assert 540 < wait_of(refused(browser.finish(url), 429,
                                 "rate_limited")) <= 600
    assert count(spotify, "token") == 1
    stack.clock.advance(601)
    browser.login()


# What is told with what

def test_a_wait_is_sent_with_its_cause_only(browser, stack, spotify):
    """The refresh met a limit, the old token still serves, and what fails
    then is something else."""
    browser.login()
    let_tokens_end(stack, 60)
    spotify.clear_requests()
    spotify.answers("token", limited(500))
    spotify.answers("following", "server_error_500", repeat=True)
    reply = refused(browser.fetch("artists"), 502, "upstream_failed")
    assert count(spotify, "token") == 1 and wait_of(reply) == 5


def test_a_refresh_that_is_paused_says_for_how_long(browser, stack, spotify):
    browser.login()
    let_tokens_end(stack)
    spotify.answers("token", limited(300))
    for _ in range(2):
        reply = refused(refresh(browser), 503, "upstream_failed")
        assert 240 < wait_of(reply) <= 300


def test_a_logout_that_wins_is_no_error(browser, stack, spotify):
    """Nobody has to log in again who has just logged out."""
    browser.login()
    let_tokens_end(stack)
    spotify.clear_requests()
    spotify.answers("token", {"held": True})
    begin = len(stack.log("refresh"))
    waiting = Later(lambda: refresh(browser.copy()))
    spotify.wait_for("token")
    assert logout(browser).status == 204
    spotify.release()
    refused(waiting.result(), 401, "not_logged_in")
    found = stack.wait_for_event("refresh", "refreshed_after_logout")
    assert found["level"] == "info"
    assert "refresh_not_saved" not in stack.log("refresh")[begin:]


# Clocks

@pytest.mark.parametrize("seconds", [60, 86400])
@pytest.mark.parametrize("back", [1, 2, 30, 300])
def test_a_step_back_does_not_end_a_pause(browser, stack, spotify, seconds,
                                          back):
    stack.clock.set(HOUR)
    browser.login()
    spotify.answers("following", limited(seconds))
    refused(browser.fetch("artists"), 429, "rate_limited")
    stack.clock.set(HOUR - back)
    reply = refused(browser.fetch("artists"), 429, "rate_limited")
    assert seconds - 50 < wait_of(reply) <= seconds
    assert count(spotify, "following") == 1


@pytest.mark.parametrize("ahead", [300, 12 * HOUR, 23 * HOUR])
@pytest.mark.parametrize("seconds", [60, 1800])
def test_a_clock_that_was_ahead_does_not_make_a_pause_longer(
        browser, stack, spotify, ahead, seconds):
    stack.clock.set(ahead)
    browser.login()
    spotify.answers("following", limited(seconds))
    refused(browser.fetch("artists"), 429, "rate_limited")
    stack.clock.set(0)
    reply = refused(browser.fetch("artists"), 429, "rate_limited")
    assert seconds - 50 < wait_of(reply) <= seconds
    stack.clock.set(seconds + 1)
    assert browser.fetch("artists").json["total"] == 120


# The operator

def test_a_pause_is_over_when_its_file_is_removed(paused, stack):
    """While everything runs; that of the next answer is kept again."""
    refused(paused.fetch("artists"), 429, "rate_limited")
    for path in stack.session_dir.glob("limit-*"):
        path.unlink()
    assert paused.fetch("artists").json["total"] == 120


def test_files_of_the_first_version_are_no_pause(browser, stack):
    """They had a time only, and one for all calls of the API."""
    browser.login()
    for name in ("limit-api-rate", "limit-token-rate", "limit-me-quota",
                 "limit-following-quota"):
        (stack.session_dir / name).write_text(str(
            int(time.time()) + 5 * HOUR))
    assert browser.fetch("artists").json["total"] == 120
    Browser(stack).login()
