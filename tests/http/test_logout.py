# SPDX-License-Identifier: ISC
"""logout ends a session at once, whatever else is going on."""

import pytest

from tools.answers import Browser, refused, set_cookies
from tools.parallel import together
from tools.spotify import count
from tools.steps import let_tokens_end
from tools.store import stored


def test_a_script_logs_out(browser, stack):
    browser.login()
    thief = browser.copy()
    reply = browser.fetch("logout", "POST")
    assert reply.status == 204
    assert set_cookies(reply) == {"spotify-session": (
        "", {"Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"})}
    assert browser.session_cookie is None
    assert stored(stack) == []
    assert thief.fetch("session").json == {"logged_in": False}
    refused(thief.fetch("artists"), 401, "not_logged_in")


def test_a_form_logs_out_and_leads_home(browser, stack):
    browser.login()
    reply = browser.post("logout", {"anything": "x"})
    assert (reply.status, reply.location) == (303, stack.url + "/")
    assert stored(stack) == []


def test_an_old_browser_is_known_by_what_it_accepts(browser, stack):
    browser.login()
    reply = browser.request("POST", "logout", {
        "Origin": stack.origin, "Accept": "text/html,*/*"})
    assert (reply.status, reply.location) == (303, stack.url + "/")


def test_the_copy_of_the_artists_goes_with_it(browser, stack):
    browser.login()
    browser.fetch("artists")
    assert list(stack.session_dir.glob("copy-*"))
    browser.fetch("logout", "POST")
    assert not list(stack.session_dir.glob("copy-*"))


@pytest.mark.parametrize("cookie", [None, "A" * 43, "x", ""])
def test_who_is_not_logged_in_may_log_out(browser, cookie):
    if cookie is not None:
        browser.session_cookie = cookie
    for _ in range(2):
        reply = browser.fetch("logout", "POST")
        assert reply.status == 204
        assert set(set_cookies(reply)) == {"spotify-session"}


def test_others_stay_logged_in(browser, stack):
    browser.login()
    other = Browser(stack)
    other.login()
    browser.fetch("logout", "POST")
    assert other.fetch("session").json["logged_in"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE",
                                    "OPTIONS"])
def test_only_post_logs_out(browser, method):
    browser.login()
    reply = browser.fetch("logout", method)
    assert (reply.status, reply.header("Allow")) == (405, "POST")
    assert browser.fetch("session").json["logged_in"] is True


def test_it_wins_against_a_refresh_under_way(browser, stack, spotify):
    spotify.settings(rotation="strict")
    browser.login()
    let_tokens_end(stack)
    spotify.clear_requests()
    spotify.answers("token", {"held": True})
    waiting = browser.copy()

    def leave():
        spotify.wait_for("token")
        assert browser.fetch("logout", "POST").status == 204
        spotify.release()
    reply, _ = together([lambda: waiting.fetch("refresh", "POST"), leave])
    refused(reply, 401, "not_logged_in")
    assert stored(stack) == []
    assert count(spotify, "token") == 1


def test_it_wins_against_a_list_under_way(browser, stack, spotify):
    browser.login()
    spotify.answers("following", {"delay": 1})
    waiting = browser.copy()

    def leave():
        spotify.wait_for("following")
        assert browser.fetch("logout", "POST").status == 204
    together([lambda: waiting.fetch("artists"), leave])
    assert stored(stack) == []
    assert not list(stack.session_dir.glob("copy-*"))
    refused(waiting.fetch("artists"), 401, "not_logged_in")


def test_a_session_that_cannot_be_removed_is_said_so(browser, stack):
    """A directory in its place stands for a disk that fails."""
    browser.login()
    [path] = stored(stack)
    path.unlink()
    path.mkdir()
    refused(browser.fetch("logout", "POST"), 503, "store_unavailable")
    assert browser.session_cookie is not None
    path.rmdir()
    assert browser.fetch("logout", "POST").status == 204


def test_spotify_need_not_be_there(browser, stack, spotify):
    browser.login()
    spotify.answers("any", {"delay": 30}, repeat=True)
    assert browser.fetch("logout", "POST").status == 204
    assert count(spotify, "token") == 1


def test_an_operator_may_empty_the_store(browser, stack):
    """Which logs everybody out, and does no other harm: the lock file is
    made anew, too."""
    browser.login()
    stack.empty_store()
    assert browser.fetch("session").json == {"logged_in": False}
    browser.login()
    let_tokens_end(stack)
    assert browser.fetch("artists").json["total"] == 120
    assert browser.fetch("logout", "POST").status == 204


def test_one_word_leads_from_the_login_to_the_logout(browser, stack):
    browser.login()
    browser.fetch("logout", "POST")
    word = stack.events("callback")[-2]
    assert word["event"] == "session_begun"
    assert word["request"] == stack.events("callback")[-1]["request"]
    stack.wait_for_event("logout", "logout", session=word["session"])
