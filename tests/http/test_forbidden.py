# SPDX-License-Identifier: ISC
"""What Spotify forbids (403) is for good, in whatever words: nobody is told to
try again, no session begins with it, and no old list hides it."""

import pytest

from tools.answers import Browser, refused
from tools.spotify import count
from tools.store import stored



def said(body, kind="text/plain"):
    """A 403 with that body."""
    return {"status": 403, "headers": {"Content-Type": kind}, "body": body}


NOT_INVITED = [
    "not_registered_403", "not_registered_2026_403",
    "may_not_be_registered_403", "may_not_be_registered_json_403",
    said("CHECK SETTINGS ON DEVELOPER.SPOTIFY.COM/DASHBOARD, THE USER MAY NOT "
         "BE REGISTERED."),
    said("The user isn't registered for this application"),
    said("The user isn’t registered for this “application”"),
    said('{"error":{"status":403,"message":"The user isn\\u2019t registered'
         '"}}', "application/json"),
    said('{"error":"User not registered in the Developer Dashboard"}'),
    said('{"error":"forbidden","error_description":"the user may not be '
         'registered"}', "application/json"),
    said("\ufeffUser not registered in the Developer Dashboard"),
    said("This user is not on the allowlist of the app.")]
REFUSED = [
    "forbidden_403", "forbidden_empty_403", "forbidden_html_403",
    "forbidden_word_403", said("no"), said("  \n"), said("null"),
    said('{"error":{"status":403}}', "application/json"),
    said('{"error":{"status":403', "application/json"), said("[" * 9000),
    said("<table><th scope=col>premium users not registered</table>",
         "text/html"),
    said("x" * 60_000),
    {"status": 403, "body_base64": "AP/+gA==", "headers": {}}]
TOLD = [(answer, "not_on_allowlist") for answer in NOT_INVITED] + [
    (answer, "spotify_refused") for answer in REFUSED] + [
    ("premium_403", "owner_not_premium"), ("scope_403", "scope_missing"),
    (said('{"error":"insufficient_scope"}', "application/json"),
     "scope_missing")]
IDS = [f"{str(answer)[:60]}-{n}" for n, (answer, _) in enumerate(TOLD)]


@pytest.mark.parametrize("answer, code", TOLD, ids=IDS)
def test_who_may_not_log_in_is_told_why(browser, stack, spotify, answer, code):
    """No session begins that would never know whose it is."""
    spotify.answers("me", answer)
    url = browser.approve(browser.start_login())
    refused(browser.finish(url), 403, code)
    assert stored(stack) == [] and count(spotify, "me") == 1


@pytest.mark.parametrize("answer, code", TOLD[::3], ids=IDS[::3])
def test_a_list_that_is_forbidden_is_not_tried_again(browser, spotify, answer,
                                                     code):
    browser.login()
    spotify.answers("following", answer)
    refused(browser.fetch("artists"), 403, code)
    assert browser.fetch("session").json["logged_in"]


@pytest.mark.parametrize("answer, code", [
    ("forbidden_403", "spotify_refused"), ("scope_403", "scope_missing"),
    ("may_not_be_registered_403", "not_on_allowlist"),
    ("premium_403", "owner_not_premium")])
def test_an_old_list_does_not_hide_it(browser, stack, spotify, answer, code):
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    stack.clock.advance(700)
    spotify.answers("following", answer)
    refused(browser.fetch("artists"), 403, code)
    assert browser.fetch("artists").json["stale"] is False


@pytest.mark.parametrize("answer, form, n", [
    ("forbidden_403", "json", 50), ("forbidden_empty_403", "empty", 0),
    ("forbidden_html_403", "html", None),
    ("not_registered_403", "text", 46),
    (said("ada@example.com is not welcome"), "text", 30)])
def test_the_log_has_its_form_and_not_its_words(stack, spotify, answer, form,
                                                n):
    spotify.answers("me", answer)
    browser = Browser(stack)
    browser.finish(browser.approve(browser.start_login()))
    known = {} if n is None else {"bytes": n}
    assert stack.wait_for_event("callback", "api_refused", call="me",
                                status=403, body=form, **known)
    assert "ada@" not in stack.log("callback")
    assert "Dashboard" not in stack.log("callback")
