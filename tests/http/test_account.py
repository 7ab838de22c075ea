# SPDX-License-Identifier: ISC
"""Who it is: asked once at the login, and later again if Spotify did not
say. The login does not depend on it."""

import pytest

from tools import fastcgi
from tools.answers import Browser, refused
from tools.parallel import together
from tools.spotify import count, json_answer
from tools.steps import let_tokens_end, refresh
from tools.store import stored

NOBODY = {"id": None, "account_id": None, "display_name": None,
          "image": None}


def account_of(browser):
    """As session tells it."""
    return browser.fetch("session").json["account"]


@pytest.mark.parametrize("answer", [
    {"name": "rate_limited_429", "headers": {"Retry-After": "6"}},
    "quota_429", "server_error_500",
    "bad_gateway_502_html", "unavailable_503_json", "gateway_timeout_504_html",
    "expired_token_401", "gateway_401", "not_found_404",
    {"cut": 10, "pass": True}, {"huge": 10 ** 9},
    {"gzip_bomb": 10 ** 8}, {"body": "garbage"}, {"body": ""},
    json_answer([]), json_answer({}), json_answer({"id": None}),
    json_answer({"id": 5}), json_answer({"id": ""}),
    json_answer({"id": "x" * 70000}),
    {"status": 302, "headers": {"Location": "/v1/me"}, "body": ""}],
    ids=lambda a: str(a)[:50])
def test_a_login_without_an_account_is_one(browser, stack, spotify, answer):
    spotify.answers("me", answer)
    assert browser.login(return_to="/x").location == stack.url + "/x"
    found = browser.fetch("session").json
    assert found["logged_in"] is True and found["account"] == NOBODY
    assert count(spotify, "me") == 1


@pytest.mark.parametrize("answer", ["server_error_500", "expired_token_401"])
def test_artists_fills_it_in_later(browser, spotify, answer):
    spotify.answers("me", answer)
    browser.login()
    assert account_of(browser)["id"] is None
    assert browser.fetch("artists").json["total"] == 120
    assert account_of(browser)["id"] == "wizzler"
    assert account_of(browser)["email"] == "ada@example.com"
    browser.fetch("artists?fresh=1")
    assert count(spotify, "me") == 2


def test_and_tries_again_if_that_fails(browser, stack, spotify):
    spotify.answers("me", "server_error_500", "server_error_500")
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    assert account_of(browser)["id"] is None
    stack.clock.advance(700)
    assert browser.fetch("artists").json["total"] == 120
    assert account_of(browser)["id"] == "wizzler"


def test_a_pause_at_the_login_is_kept_by_artists(browser, stack, spotify):
    """When it asks who that is; lists are another matter."""
    spotify.answers("me", {"name": "rate_limited_429",
                           "headers": {"Retry-After": "40"}})
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    assert account_of(browser)["id"] is None and count(spotify, "me") == 1
    stack.clock.advance(700)
    assert browser.fetch("artists").json["total"] == 120
    assert account_of(browser)["id"] == "wizzler"


def test_a_used_up_quota_of_one_call_does_not_stop_the_other(
        browser, spotify):
    spotify.answers("me", "quota_429")
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    assert count(spotify, "me") == 1


def test_somebody_who_is_unknown_is_not_vouched_for(browser, spotify):
    spotify.answers("me", "server_error_500")
    browser.login()
    reply = refused(fastcgi.vouch(browser), 503, "upstream_failed")
    assert reply.header("X-Spotify-Account-Id") is None
    browser.fetch("artists")
    reply = fastcgi.vouch(browser)
    assert reply.header("X-Spotify-Account-Id") == "aB3dE5fG7h"


@pytest.mark.parametrize("answer, code", [
    ("not_registered_403", "not_on_allowlist"),
    ("premium_403", "owner_not_premium")])
def test_who_turns_out_not_to_be_allowed_is_logged_out(
        browser, spotify, answer, code):
    """As the login would have told him, had Spotify said so then."""
    spotify.answers("me", "server_error_500", answer)
    spotify.answers("following", answer)
    browser.login()
    refused(browser.fetch("artists"), 403, code)
    assert browser.fetch("session").json == {"logged_in": False}
    refused(fastcgi.vouch(browser), 401, "not_logged_in")


@pytest.mark.parametrize("path", ["artists", "refresh"])
def test_a_refusal_without_a_word_logs_nobody_out(
        browser, stack, spotify, path):
    """It may be a gateway's."""
    spotify.answers("me", "server_error_500", "forbidden_html_403")
    browser.login()
    if path == "refresh":
        let_tokens_end(stack)
        assert refresh(browser).status == 200
    else:
        assert browser.fetch("artists").status == 200
    assert count(spotify, "me") == 2
    assert browser.fetch("session").json["logged_in"] is True


# What is believed of the answer

@pytest.mark.parametrize("override, member, value", [
    ({"display_name": None}, "display_name", None),
    ({"display_name": 7}, "display_name", None),
    ({"display_name": "</script><b>\u2028\U0001f600"}, "display_name",
     "</script><b>\u2028\U0001f600"),
    ({"account_id": "__missing__"}, "account_id", None),
    ({"account_id": 5}, "account_id", None),
    ({"images": []}, "image", None), ({"images": None}, "image", None),
    ({"images": [{"url": "https://evil.example/x"}]}, "image", None),
    ({"images": [{"url": "http://i.scdn.co/x"}]}, "image", None),
    ({"images": [{"url": "javascript:alert(1)"}]}, "image", None),
    ({"images": [{"url": "https://i.scdn.co/x"}]}, "image",
     "https://i.scdn.co/x"),
    ({"id": "özkant"}, "id", "özkant"), ({"id": "a\"b\\c"}, "id", "a\"b\\c"),
    ({"display_name": "x" * 5000}, "display_name", None)],
    ids=lambda v: str(v)[:40])
def test_members_are_typed_and_checked(browser, spotify, override, member,
                                       value):
    spotify.settings(me_override=override)
    browser.login()
    assert account_of(browser)[member] == value


@pytest.mark.parametrize("text", ["<", ">", "&"])
def test_json_is_safe_inside_html(browser, spotify, text):
    spotify.settings(me_override={"display_name": f"a{text}b"})
    browser.login()
    reply = browser.fetch("session")
    assert text.encode() not in reply.body
    assert reply.json["account"]["display_name"] == f"a{text}b"


def test_a_kept_connection_that_has_died_is_no_failure(browser, spotify):
    spotify.answers("me", {"cut": -1})
    browser.login()
    assert account_of(browser)["id"] == "wizzler"
    assert count(spotify, "me") == 2


def test_spotify_that_is_slow_is_not_waited_for(stack, spotify):
    """For an account 10 seconds; for tokens 16, for a code is good once. All in
    one test, as each takes its time."""
    one, other, third = (Browser(stack) for _ in range(3))
    urls = [b.approve(b.start_login()) for b in (one, other, third)]
    spotify.answers("me", {"delay": 12})
    spotify.answers("token", {"after_commit_delay": 0}, {"delay": 19},
                    {"after_commit_delay": 11})

    def second():
        spotify.wait_for("me")
        return other.finish(urls[1])

    def last():
        spotify.wait_for("token", 2)
        return third.finish(urls[2])
    replies = together([lambda: one.finish(urls[0]), second, last])
    assert replies[0].status == 303
    assert account_of(one)["id"] is None
    refused(replies[1], 504, "upstream_timeout")
    assert replies[2].status == 303
    assert account_of(third)["id"] == "wizzler"
    assert len(stored(stack)) == 2
