# SPDX-License-Identifier: ISC
"""What goes wrong is told in a sentence, with what can be done about it."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULT_C = ROOT / "lib" / "base" / "result.c"
# Of pages only: they never reach the script.
PAGES_ONLY = {"login_denied", "login_late", "login_replayed",
              "login_no_cookie", "login_bad_state", "login_refused",
              "login_wrong_issuer", "login_under_way"}

# What Spotify says to the question for the artists: our status, our code,
# the heading.
ANSWERS = {
    "not_registered_403": (403, "not_on_allowlist", "guest list"),
    "premium_403": (403, "owner_not_premium", "paused this site"),
    "scope_403": (403, "scope_missing", "permission is missing"),
    "forbidden_403": (403, "spotify_refused", "does not allow this"),
    "quota_429": (429, "quota_exceeded", "used up its share"),
    "rate_limited_429": (429, "rate_limited", "Too many requests"),
    "bad_gateway_502_html": (502, "upstream_failed",
                             "did not answer properly"),
}
# The page's clock, by as long as Spotify wants to be left alone.
LATER = """
const now = Date.now;
Date.now = () => now() + 50000;
"""
# Answers to the page as the programs would give them.
CANNED = """
const [status, code] = arguments, ask = window.real ??= window.fetch;
window.fetch = (path, options) => !path.startsWith('artists')
	? ask(path, options) : Promise.resolve(new Response(
		JSON.stringify({ code, status, request_id: 'ab12' }), { status,
			headers: { 'Content-Type': 'application/problem+json' },
		}));
"""
WORDS = """
const done = arguments[arguments.length - 1];
import(new URL('words.js', location)).then((words) => done(words.problems));
"""


def trouble(person, code):
    """Wait for the message of that code; its text."""
    selector = f".notices [data-code={code}]"
    person.find(selector)
    return person.text(selector)


def log_in_with(person, answer, status):
    """Log in while Spotify answers so to the question for the artists."""
    person.expected = {status}
    person.stack.spotify.answers("following", answer, repeat=True)
    person.stack.spotify.settings(consent="agree")
    person.log_in(with_list=False)


def forgive_the_absence(stack):
    """nginx has complained about a socket that was taken away."""
    assert all(".sock failed" in line for line in stack.complaints())


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_spotify_refuses_is_explained(person, answer):
    status, code, words = ANSWERS[answer]
    log_in_with(person, answer, status)
    assert words in trouble(person, code)
    assert "request " in person.text(".notices .reference")
    person.see("There is no list to show", "#empty")
    assert person.all("#home")
    person.shot(f"trouble-{code}")


def test_a_spotify_that_takes_too_long_is_explained(person):
    person.expected = {504}
    person.stack.spotify.answers("following", {"delay": 20}, repeat=True)
    person.stack.spotify.settings(consent="agree")
    person.log_in(with_list=False)
    person.see("Still fetching", "#progress-text")
    assert "took too long" in trouble(person, "upstream_timeout")


def test_after_the_wait_that_is_asked_for_it_goes_on(person):
    person.expected = {429}
    person.stack.spotify.answers("following", {
        "name": "rate_limited_429", "headers": {"Retry-After": "50"}})
    person.stack.spotify.settings(consent="agree")
    person.log_in(with_list=False)
    text = trouble(person, "rate_limited")
    assert re.search(r"Try again in \d\d seconds\.", text)
    again = ".notices [data-code=rate_limited] button:not(.close)"
    assert not person.find(again).is_enabled()
    person.stack.clock.advance(50)
    person.run(LATER)
    person.see("You can try again now.", ".notices .wait")
    person.click(again)
    person.see("120 artists", "#count")
    assert not person.all(".notices [data-code]")


def test_a_quota_names_the_hour(person):
    log_in_with(person, "quota_429", 429)
    assert re.search(r"Try again after \d\d:\d\d",
                     trouble(person, "quota_exceeded"))


def test_a_session_that_ended_leads_back_to_the_login(listener):
    listener.expected = {401}
    listener.stack.empty_store()
    listener.click("#reload")
    listener.see("Your login ended", ".message")
    listener.find("#login")
    assert listener.artists() == []
    listener.click("#login")
    listener.see("120 artists", "#count")
    assert not listener.all(".notices [data-code]")


def test_an_authorization_that_spotify_ended_leads_back_to_the_login(
        listener):
    listener.expected = {401}
    listener.stack.clock.advance(700)
    listener.stack.spotify.expire("all")
    listener.click("#reload")
    listener.see("Spotify ended your login", ".message")
    listener.find("#login")


def test_a_program_that_is_down_is_told_and_the_list_stays(listener):
    listener.expected = {503}
    listener.stack.down("artists")
    listener.click("#reload")
    assert "The site is busy" in trouble(listener, "busy")
    assert len(listener.artists()) == 120
    listener.stack.up("artists")
    listener.see("You can try again now.", ".notices .wait")
    listener.click(".notices [data-code=busy] button:not(.close)")
    listener.vanish(".notices [data-code]")
    forgive_the_absence(listener.stack)


def test_a_site_that_is_down_from_the_start_offers_to_try_again(person):
    person.expected = {503}
    person.stack.down("session")
    person.open()
    assert "The site is busy" in trouble(person, "busy")
    assert not person.all("#welcome") and not person.all("#home")
    person.shot("trouble-start")
    person.stack.up("session")
    person.see("You can try again now.", ".notices .wait")
    person.click(".notices [data-code=busy] button:not(.close)")
    person.find("#login")
    forgive_the_absence(person.stack)


def test_wrong_credentials_of_the_site_are_not_the_visitors_fault(listener):
    listener.expected = {503}
    listener.stack.spotify.answers("token", "invalid_client", repeat=True)
    listener.stack.clock.advance(3700)
    listener.click("#refresh")
    assert "not set up correctly" in trouble(listener, "misconfigured")
    assert listener.all("#home")


def test_access_can_be_refreshed(listener):
    listener.click("#refresh")
    listener.see("Still fresh, nothing to do", ".message")
    listener.stack.clock.advance(3400)
    listener.click("#refresh")
    listener.see("Access refreshed", ".message")
    # What is left of an hour, of which seconds may be over.
    assert re.search(r"in (60|59|58) min$", listener.text("#access"))


def test_who_is_offline_is_told_and_goes_on_when_it_is_over(listener):
    def offline(state):
        listener.chromium.command(
            "Network.emulateNetworkConditions", offline=state, latency=0,
            downloadThroughput=-1, uploadThroughput=-1)
    listener.stack.clock.advance(60)
    listener.allow("net::ERR_INTERNET_DISCONNECTED")
    listener.chromium.command("Network.enable")
    offline(True)
    listener.click("#reload")
    assert "You are offline" in trouble(listener, "offline")
    offline(False)
    listener.see("The list is up to date", ".message")


def test_an_account_that_was_not_invited_ends_on_a_page_that_says_so(person):
    person.expected = {403}
    person.open()
    person.click("#login")
    person.click("input[value=uninvited]")
    person.click("#agree")
    person.see("not_on_allowlist", "small")
    person.shot("not-invited")
    assert person.session_cookie() is None
    # Spotify remembers what she agreed to; both ways out of here make it ask.
    person.click("a:not(.do)")
    person.click("#login")
    person.see("not_on_allowlist", "small")
    person.click("a:not(.do)")
    person.click("#login-other")
    person.find("input[value=wizzler]")
    person.open()
    person.click("#login")
    person.click("a.do")
    person.click("input[value=wizzler]")
    person.click("#agree")
    person.see("120 artists", "#count")


def test_a_login_that_took_too_long_can_start_again(person):
    person.expected = {400}
    person.open()
    person.click("#login")
    person.find("#agree")
    person.stack.clock.advance(660)
    person.click("#agree")
    person.see("login_late", "small")
    person.click("a.do")
    person.see("120 artists", "#count")


def rows():
    """Status and code of each line of the table in C."""
    text = RESULT_C.read_text("utf-8")
    found = re.findall(r'\[RESULT_\w+\] = \{ (\d+), \d+, "(\w+)"', text)
    assert len(found) > 20
    return {(int(status), code) for status, code in found
            if code not in PAGES_ONLY}


def test_every_code_has_its_sentence_and_no_sentence_is_left_over(person):
    person.open()
    problems = person.driver.execute_async_script(WORDS)
    assert set(problems) == {code for _, code in rows()}
    actions = {problem["action"] for problem in problems.values()}
    assert actions == {"retry", "login", "switch", "reload", None}


def test_every_code_is_shown_as_its_sentence(listener):
    problems = listener.driver.execute_async_script(WORDS)
    for status, code in sorted(rows()):
        if status == 401:
            continue    # above: it ends the login
        listener.run(CANNED, status, code)
        listener.click("#reload")
        listener.see(problems[code]["title"],
                     f".notices [data-code={code}] h2")
        assert problems[code]["text"] in listener.text(".message")
        assert f"{code}, request ab12" in listener.text(".notices .reference")
        assert len(listener.artists()) == 120


def test_who_logs_in_meanwhile_hears_nothing_of_it(listener):
    """An answer for the account of before comes when another one is on
    screen: it neither ends this login nor says how that went."""
    first = listener.driver.current_window_handle
    spotify = listener.stack.spotify
    listener.expected = {401}
    listener.stack.clock.advance(3500)
    spotify.clear_requests()
    spotify.answers("token", {"held": True, "pass": True})
    listener.click("#refresh")
    spotify.wait_for("token", 1)
    spotify.settings(consent="ask")
    listener.new_tab()
    listener.open()
    listener.click("#switch")
    listener.click("input[value='özkant']")
    listener.click("#agree")
    listener.see("Özkan", "#account-name")
    listener.driver.switch_to.window(first)
    listener.see("Özkan", "#account-name")
    spotify.release()
    listener.vanish("#refresh[aria-disabled]")
    assert listener.find("#home").is_displayed()
    assert not listener.all(".notices .message")
