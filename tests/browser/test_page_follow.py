# SPDX-License-Identifier: ISC
"""What the page shows where the site has turned it on: the artists heard
most, and a button to follow."""

import pytest
from selenium.webdriver.common.keys import Keys

from stack.fixtures import start_stack

ALLOW = "top-artists follow"
SCOPE = ("user-read-email user-follow-read user-follow-modify "
         "user-top-read")
CHANGE = "/v1/me/library"
STRANGER = "#top-artists .follow[aria-pressed=false]"
FRIEND = "#artists .artist:nth-child({}) .follow"
# Whether it is in sight, and the message does not lie over it.
UNCOVERED = """
const box = document.querySelector(arguments[0]).getBoundingClientRect();
const message = document.querySelector('#follow-notice .message')
	.getBoundingClientRect();
return box.top >= 0 && box.bottom <= innerHeight
	&& (box.bottom <= message.top || box.top >= message.bottom);
"""
# What the page does each second, when half a minute has gone.
LATER = """
const now = Date.now;
Date.now = () => now() + 30000;
document.dispatchEvent(new Event('visibilitychange'));
"""
# How far a picture begins from the heading of its list.
BESIDE = """
const left = (selector) =>
	document.querySelector(selector).getBoundingClientRect().left;
return [['#top-artists', '#top-title'], ['#artists', '#artists-title']]
	.map(([list, title]) =>
		Math.round(left(`${list} .picture`) - left(title)));
"""


@pytest.fixture(scope="module", name="open_site")
def fixture_open_site():
    """It has turned both on."""
    with start_stack(conf={"api_allow": ALLOW, "scope": SCOPE}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(name="fan")
def fixture_fan(open_site, anybody):
    """Somebody who is logged in there."""
    open_site.reset()
    anybody.begin(open_site)
    anybody.log_in()
    anybody.until(lambda: len(anybody.all("#top-artists .follow")) == 10,
                  "the ten that are heard most")
    yield anybody
    assert open_site.complaints() == []


def listed(person):
    """The ids of the artists on show, in order."""
    return person.run("return [...document.querySelectorAll('#artists > "
                      "li.artist')].map((card) => card.dataset.id)")


def changes(stack):
    """What Spotify was asked to change."""
    return [(call["method"], call["query"]) for call
            in stack.spotify.requests("api") if call["path"] == CHANGE]


def test_who_is_heard_most_is_shown_and_can_be_followed(fan):
    """The list is true right afterwards, and so is Spotify's."""
    button = fan.find(STRANGER)
    name = button.get_attribute("data-name")
    artist = button.get_attribute("data-id")
    assert artist not in listed(fan)
    button.click()
    fan.see(f"You follow {name} now", "#follow-notice .message")
    fan.see("121 artists", "#count")
    assert artist in listed(fan)
    assert button.get_attribute("aria-pressed") == "true"
    (method, query), = changes(fan.stack)
    assert method == "PUT" and artist in str(query)
    fan.shot("followed")
    fan.open()
    fan.see("121 artists", "#count")


def test_who_is_followed_no_longer_can_be_followed_again(fan):
    card = fan.find(FRIEND.format(2))
    name = card.get_attribute("data-name")
    artist = card.get_attribute("data-id")
    card.click()
    fan.see(f"You no longer follow {name}", "#follow-notice .message")
    fan.see("119 artists", "#count")
    assert artist not in listed(fan)
    fan.click("#follow-notice .message button:not(.close)")
    fan.see(f"You follow {name} now", "#follow-notice .message")
    fan.see("120 artists", "#count")
    assert artist in listed(fan)
    assert [method for method, _ in changes(fan.stack)] == ["DELETE", "PUT"]


def test_the_filter_is_not_hidden_by_what_was_done_before(fan):
    """The message lies above the page's end, where the words about an empty
    list can be."""
    fan.click(FRIEND.format(2))
    fan.find("#follow-notice .message.good")
    fan.see("119 artists", "#count")
    fan.run("document.querySelector('#filter').focus()")
    fan.press("zzzz")
    fan.see("No artist matches", "#empty")
    assert not fan.all("#follow-notice .message")


def test_a_failure_stays_and_what_it_covers_can_be_scrolled_clear(fan):
    fan.expected = {502, 503}
    fan.stack.spotify.answers("api", "server_error_500", repeat=True)
    fan.click(STRANGER)
    fan.find("#follow-notice .message.bad")
    fan.run("document.querySelector('#filter').focus()")
    fan.press("zzzz")
    fan.see("No artist matches", "#empty")
    assert fan.all("#follow-notice .message.bad")
    fan.size(360, 640, mobile=True)
    for selector in ("#empty button", ".bottom a"):
        fan.run("document.activeElement.blur()")
        fan.run("document.querySelector(arguments[0]).focus()", selector)
        assert fan.run(UNCOVERED, selector)
        fan.shot(f"covered-by-no-message-{selector[1:7]}")


def test_who_follows_nobody_is_shown_where_to_begin(fan):
    fan.stack.spotify.settings(consent="ask")
    fan.click("#switch")
    fan.click("input[value='özkant']")
    fan.click("#agree")
    fan.see("You do not follow any artists yet", "#empty")
    fan.see("above", "#empty p")
    fan.shot("nobody-and-most-heard")
    fan.click(STRANGER)
    fan.see("1 artist", "#count")
    fan.vanish("#empty")


def test_undo_goes_when_another_account_logs_in(fan):
    """It would change what the next one follows."""
    first = fan.driver.current_window_handle
    fan.click(FRIEND.format(2))
    fan.find("#follow-notice .message button:not(.close)")
    fan.stack.spotify.settings(consent="ask")
    fan.new_tab()
    fan.open()
    fan.click("#switch")
    fan.click("input[value='özkant']")
    fan.click("#agree")
    fan.see("Özkan", "#account-name")
    fan.driver.switch_to.window(first)
    fan.see("Özkan", "#account-name")
    assert not fan.all("#follow-notice .message")


def test_a_second_click_meanwhile_changes_nothing(fan):
    fan.stack.spotify.answers("api", {"held": True, "pass": True})
    button = fan.find(STRANGER)
    button.click()
    fan.until(lambda: button.get_attribute("aria-disabled") == "true",
              "a button that is busy")
    button.click()
    button.click()
    fan.stack.spotify.release()
    fan.see("121 artists", "#count")
    assert len(changes(fan.stack)) == 1


def test_the_keyboard_follows_and_keeps_its_place(fan):
    """Where an artist goes, the next one's button has the focus."""
    before = listed(fan)
    fan.run("document.querySelector(arguments[0]).focus()", FRIEND.format(3))
    fan.press(Keys.SPACE)
    fan.see("119 artists", "#count")
    assert before[2] not in listed(fan)
    assert fan.run("return document.activeElement.dataset.id") == before[3]
    fan.until(lambda: "You no longer follow" in fan.run(
        "return document.querySelector('#status').textContent"), "words")


def test_what_was_done_can_be_undone_from_where_one_is(fan):
    """The message stands behind a long list."""
    before = listed(fan)
    fan.run("document.querySelector(arguments[0]).focus()", FRIEND.format(3))
    fan.press(Keys.SPACE)
    fan.see("119 artists", "#count")
    fan.until(lambda: "Control+Z: Undo" in fan.run(
        "return document.querySelector('#status').textContent"), "words")
    fan.press_with_control("z")
    fan.see("You follow", "#follow-notice .message")
    fan.see("120 artists", "#count")
    assert listed(fan) == before
    assert fan.run("return document.activeElement.dataset.id") == before[3]


def test_only_good_news_with_nothing_to_press_goes_by_itself(fan):
    """Without the pointer: while that lies over a message, it stays."""
    press = "document.querySelector(arguments[0]).click()"
    fan.run(press, FRIEND.format(2))
    fan.find("#follow-notice .message.good")
    fan.see("119 artists", "#count")
    fan.run(press, "#refresh")
    fan.find("[data-topic=refresh].good")
    fan.run(LATER)
    fan.vanish("[data-topic=refresh]")
    assert fan.all("#follow-notice .message.good")


@pytest.mark.parametrize("answer, words", [
    ("server_error_500", "Spotify did not answer properly"),
    ("scope_403", "A permission is missing"),
    ("rate_limited_429", "Too many requests just now")])
def test_a_failure_is_told_and_the_button_says_how_it_is(fan, answer, words):
    fan.expected = {403, 429, 502, 503}
    fan.stack.spotify.answers("api", answer, repeat=True)
    if answer == "scope_403":   # after which another way is tried
        fan.stack.spotify.answers("following", answer, repeat=True)
    button = fan.find(STRANGER)
    button.click()
    fan.see(words, "#follow-notice .message.bad")
    fan.until(lambda: button.get_attribute("aria-disabled") == "false",
              "an end")
    assert button.get_attribute("aria-pressed") == "false"
    assert fan.text("#count") == "120 artists"


def test_the_artists_heard_most_can_be_asked_for_again(open_site, anybody):
    """A failure does not touch the list of those who are followed."""
    open_site.reset()
    anybody.begin(open_site)
    anybody.expected = {502, 503}
    open_site.spotify.answers("api", "server_error_500", repeat=True)
    anybody.log_in()
    anybody.see("Spotify did not answer properly", "#top-notice .message")
    assert anybody.text("#count") == "120 artists"
    open_site.spotify.clear_answers()
    anybody.click("#top-notice .message button:not(.close):enabled")
    anybody.until(lambda: len(anybody.all("#top-artists .artist")) == 10,
                  "the ten that are heard most")


@pytest.mark.parametrize("conf", [
    {}, {"api_allow": "search"},
    {"api_allow": "library-save library-remove",
     "scope": "user-follow-read user-library-modify"}])
def test_what_is_not_turned_on_is_neither_shown_nor_asked(make_stack, anybody,
                                                          conf):
    site = make_stack(conf=conf)
    anybody.begin(site)
    anybody.log_in()
    assert not anybody.all("#top, .follow")
    assert site.spotify.requests("api") == []


@pytest.mark.parametrize("scheme, width", [
    ("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_it_fits_and_every_button_can_be_pressed(fan, scheme, width):
    fan.scheme(scheme)
    fan.size(width, 780, mobile=width < 500)
    fan.shot(f"follow-{scheme}-{width}")
    assert fan.sticks_out() == []
    assert fan.run(BESIDE) == [0, 0]
    for button in fan.all("#top-artists .follow")[:3] + \
            fan.all("#artists .follow")[:4]:
        assert fan.is_reachable(button)
        assert button.size["width"] >= 40 and button.size["height"] >= 40
    fan.run("arguments[0].scrollIntoView({ block: 'center' })",
            fan.find(FRIEND.format(2)))
    fan.click(FRIEND.format(2))
    fan.find("#follow-notice .message")
    fan.shot(f"follow-notice-{scheme}-{width}")
    assert fan.sticks_out() == []
