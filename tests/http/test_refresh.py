# SPDX-License-Identifier: ISC
"""refresh, and how any program gets itself a new access token. That it does so
once for everybody is in faults/test_single_flight.py."""

import pytest

from stack.processes import wait_until
from tools.amounts import HOUR
from tools.answers import Browser, refused
from tools.parallel import Later, timed, together
from tools.processes import descriptors
from tools.spotify import count, headers_of, json_answer, newest_secret
from tools.steps import let_tokens_end, refresh
from tools.store import stored


def logged_in(browser, stack, left_s=0):
    """The browser, logged in, its access token with that much left."""
    browser.login()
    let_tokens_end(stack, left_s)
    stack.spotify.clear_requests()
    return browser


@pytest.mark.parametrize("left_s, done", [(3600, False), (360, False),
                                          (295, True), (60, True), (0, True),
                                          (-5000, True)])
def test_it_refreshes_when_five_minutes_or_less_are_left(
        browser, stack, spotify, left_s, done):
    logged_in(browser, stack, left_s)
    reply = refresh(browser)
    assert reply.status == 200
    assert reply.json["refreshed"] is done
    left = reply.json.pop("expires_in")
    assert abs(left - (3600 if done else left_s)) < 50
    assert set(reply.json) == {"expires_in", "refreshed"}
    assert count(spotify, "token") == int(done)


def test_spotify_is_sent_exactly_this(browser, stack, spotify):
    logged_in(browser, stack)
    token = newest_secret(spotify, "refresh_token")
    assert refresh(browser).json["refreshed"] is True
    [request] = spotify.requests()
    assert request["body"] == \
        f"grant_type=refresh_token&refresh_token={token}"
    sent = headers_of(request)
    assert sent["Authorization"] == \
        "Basic c2ltdWxhdGVkLWNsaWVudDpzaW11bGF0ZWQlM0FzZWNyZXQlMkIlMjUlMjY="
    assert set(sent) == {"Host", "User-Agent", "Accept", "Content-Type",
                         "Authorization", "Content-Length"}
    assert request["note"] is None


def test_one_visitor_does_not_take_the_threads_of_others(make_stack):
    """As many as the web server's limits let in at a time, while Spotify is
    slow with his token."""
    stack = make_stack()
    noisy, quick = Browser(stack), Browser(stack)
    logged_in(noisy, stack)
    quick.login()
    stack.spotify.clear_requests()
    stack.spotify.answers("token", {"held": True, "pass": True})
    [pid] = stack.pids("refresh")
    before = len(descriptors(pid))
    crowd = [Later(lambda b=noisy.copy(): refresh(b)) for _ in range(48)]
    wait_until(lambda: len(descriptors(pid)) >= before + 48, 60, "the crowd")
    stack.spotify.wait_for("token", 1)
    seconds, reply = timed(lambda: refresh(quick))
    assert reply.json["refreshed"] is False and seconds < 11
    assert all(one.under_way() for one in crowd)
    stack.spotify.release()
    assert {one.result().status for one in crowd} == {200}
    assert count(stack.spotify, "token") == 1


# What comes back

def test_a_login_without_a_refresh_token_ends_with_its_access_token(
        browser, stack, spotify):
    spotify.settings(omit_initial_refresh=True)
    logged_in(browser, stack, 100)
    assert refresh(browser).json["refreshed"] is False
    assert browser.fetch("artists").status == 200
    stack.clock.advance(800)
    refused(refresh(browser), 401, "login_expired")
    assert stored(stack) == []
    assert count(spotify, "token") == 0


@pytest.mark.parametrize("members", [
    {}, {"access_token": ""}, {"access_token": "a\r\nX-Evil: y"},
    {"access_token": "ok", "refresh_token": "a\r\nX: y"},
    {"access_token": "ok", "token_type": "mac"}], ids=str)
def test_an_answer_that_is_none_changes_nothing(browser, stack, spotify,
                                                members):
    logged_in(browser, stack)
    [path] = stored(stack)
    before = path.read_bytes()
    spotify.answers("token", json_answer({"token_type": "Bearer",
                                          **members}))
    refused(refresh(browser), 503, "upstream_failed")
    assert path.read_bytes() == before
    assert refresh(browser).json["refreshed"] is True


# When it fails

@pytest.mark.parametrize("answer", [
    "invalid_grant_revoked", "invalid_grant_expired", "invalid_grant_refresh",
    "invalid_grant"])
@pytest.mark.parametrize("path, method", [("artists", "GET"),
                                          ("refresh", "POST")])
def test_an_authorization_that_ended_ends_the_session(
        browser, stack, spotify, path, method, answer):
    logged_in(browser, stack)
    spotify.answers("token", answer)
    refused(browser.fetch(path, method), 401, "login_expired")
    assert stored(stack) == []
    for _ in range(10):
        refused(browser.fetch(path, method), 401, "not_logged_in")
    assert count(spotify, "token") == len(spotify.requests()) == 1
    assert browser.fetch("session").json == {"logged_in": False}


def all_is_well_an_hour_later(browser):
    """Spotify's trouble is over, and the session has outlived it."""
    browser.stack.clock.advance(HOUR)
    browser.stack.spotify.clear_answers()
    assert refresh(browser).json["refreshed"] is True


@pytest.mark.parametrize("answer", [
    "invalid_client", "invalid_client_secret", "unsupported_grant_type",
    "invalid_request_refresh"])
def test_the_operators_mistake_ends_no_session(browser, stack, spotify,
                                               answer):
    logged_in(browser, stack)
    spotify.answers("token", answer, repeat=True)
    for _ in range(3):
        reply = refused(refresh(browser), 503, "misconfigured")
        assert int(reply.header("Retry-After")) >= 30
        assert browser.fetch("session").json["logged_in"] is True
    assert "event=token_refused" in stack.wait_for_log("refresh",
                                                       "level=error")
    all_is_well_an_hour_later(browser)


TEMPORARY = [
    "server_error_500", "bad_gateway_502_html", "unavailable_503_html",
    "unavailable_503_json", "gateway_timeout_504_html", "oauth_server_error",
    "temporarily_unavailable", "forbidden_403", "not_found_404", "text_429",
    {"status": 200, "body": "<html>"}, {"huge": 10 ** 9},
    {"gzip_bomb": 10 ** 8}, {"cut": 30, "pass": True},
    {"status": 302, "headers": {"Location": "/x"}, "body": ""},
    {"status": 401, "body": "x"}, {"status": 400, "body": "invalid_grant"},
    json_answer({"error": {"status": 400, "message": "invalid_grant"}}, 400),
    json_answer({"error": "invalid_grant"}, 500),
    json_answer({"error": "invalid_grant"}, 200)]


@pytest.mark.parametrize("answer", TEMPORARY, ids=lambda a: str(a)[:50])
def test_everything_else_is_temporary(browser, stack, spotify, answer):
    logged_in(browser, stack)
    spotify.answers("token", answer, repeat=True)
    for _ in range(3):
        refused(refresh(browser), 503, "upstream_failed")
        assert browser.fetch("session").json["logged_in"] is True
        assert browser.fetch("session").json["expires_in"] == 0
    all_is_well_an_hour_later(browser)


@pytest.mark.parametrize("answer", TEMPORARY[:3] + ["invalid_client"],
                         ids=str)
def test_meanwhile_the_old_token_is_used(browser, stack, spotify, answer):
    logged_in(browser, stack, 100)
    spotify.answers("token", answer, answer)
    reply = refresh(browser)
    assert reply.status == 200 and reply.json["refreshed"] is False
    assert browser.fetch("artists").json["total"] == 120


def test_a_form_is_never_sent_twice(stack, spotify):
    """libcurl would, over a kept connection that turns out to be dead."""
    browsers = [Browser(stack) for _ in range(20)]
    for browser in browsers:
        browser.login()
    let_tokens_end(stack)
    for good, browser in zip(browsers[::2], browsers[1::2]):
        assert refresh(good).status == 200
        spotify.clear_requests()
        spotify.answers("token", {"cut": -1})
        refused(refresh(browser), 503, "upstream_failed")
        assert count(spotify, "token") == 1
    assert "this is not sent again" in stack.log("refresh")


def test_a_pause_is_kept(browser, stack, spotify):
    logged_in(browser, stack)
    spotify.answers("token", {"name": "rate_limited_429",
                              "headers": {"Retry-After": "90"}})
    reply = refused(refresh(browser), 503, "upstream_failed")
    assert int(reply.header("Retry-After")) in range(85, 91)
    for _ in range(3):
        reply = refused(refresh(browser), 503, "upstream_failed")
        assert int(reply.header("Retry-After")) in range(80, 91)
    assert count(spotify, "token") == 1
    stack.clock.advance(91)
    assert refresh(browser).json["refreshed"] is True


def test_a_slow_answer_is_waited_for_and_a_late_one_is_not(stack, spotify):
    """Both at once: after somewhat more than 10 seconds the tokens are saved,
    which may be the only ones that there will be; after 17 it is a time-out."""
    slow, late = Browser(stack), Browser(stack)
    slow.login()
    late.login()
    let_tokens_end(stack)
    spotify.clear_requests()
    spotify.answers("token", {"after_commit_delay": 10.1}, {"delay": 19})

    def second():
        spotify.wait_for("token")
        return refresh(late)
    replies = together([lambda: refresh(slow), second])
    assert replies[0].json["refreshed"] is True
    refused(replies[1], 504, "upstream_timeout")
    assert late.fetch("session").json["logged_in"] is True
    assert count(spotify, "token") == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE",
                                    "OPTIONS"])
def test_only_post_refreshes(browser, stack, spotify, method):
    logged_in(browser, stack)
    reply = browser.fetch("refresh", method)
    assert (reply.status, reply.header("Allow")) == (405, "POST")
    assert count(spotify, "token") == 0
