# SPDX-License-Identifier: ISC
"""Logging in and out, as a person sees it."""

from selenium.webdriver.common.keys import Keys

from stack import Client

PICTURES = """
return [...document.querySelectorAll('#artists img')]
	.filter((image) => image.naturalWidth > 0).length;
"""


def show_all_pictures(person):
    """They are loaded as they come into view: let all be in view. How many."""
    person.size(1280, 8000)
    number = len(person.all("#artists img"))
    person.until(lambda: person.run(PICTURES) == number, "pictures")
    return number


def test_a_click_and_a_consent_lead_to_120_artists_with_pictures(person):
    person.open()
    person.shot("welcome")
    person.click("#login")
    person.shot("consent")
    person.click("#agree")
    person.see("120 artists", "#count")
    person.at("/")
    assert len(set(person.artists())) > 100
    assert person.text("#account-name") == "Ada"
    assert person.text("#account-email") == "ada@example.com"
    person.until(lambda: person.run("return document.querySelector("
                                    "'#account-picture img').naturalWidth"),
                 "the picture of the account")
    person.shot("desktop")
    with_picture = show_all_pictures(person)
    assert with_picture > 100
    assert with_picture + len(person.all("#artists .initials")) == 120


def test_cancel_shows_a_page_that_starts_again(person):
    person.expected = {403}
    person.open()
    person.click("#login")
    person.click("#cancel")
    person.see("You were not logged in", "h1")
    person.see("login_denied", "small")
    person.shot("denied")
    assert person.session_cookie() is None
    person.click("a.do")
    person.click("#agree")
    person.see("120 artists", "#count")


def test_logging_out_says_so_and_forgets(listener):
    listener.click("#logout")
    listener.see("You are logged out", ".message")
    listener.shot("logged-out")
    assert listener.session_cookie() is None
    assert listener.artists() == []
    listener.driver.refresh()
    listener.find("#login")
    assert not listener.all("#home")


def test_another_account_is_asked_for_at_spotify(person):
    person.log_in()
    person.click("#switch")
    person.click("input[value='özkant']")
    person.click("#agree")
    person.see("Özkan Neu", "#account-name")
    person.see("0 artists", "#count")


def test_who_agreed_before_is_not_asked_again(person):
    person.log_in()
    person.click("#logout")
    person.click("#login")
    person.see("120 artists", "#count")


def test_the_login_ends_where_it_began(person):
    person.log_in("?list=mine&x=%20#artists-title")
    person.at("/?list=mine&x=%20#artists-title")


def test_the_callback_loaded_again_is_home(person):
    person.open()
    person.click("#login")
    person.find("#agree")
    # As the browser would do it, but so that the address is known.
    callback = Client(person.stack).approve(person.driver.current_url)
    for _ in range(2):
        person.driver.get(callback)
        person.at("/")
        person.see("120 artists", "#count")


def test_back_after_the_login_is_home(person):
    person.log_in()
    person.driver.back()
    person.at("/")
    person.see("120 artists", "#count")


def test_agreeing_twice_is_home(person):
    person.stack.spotify.settings(auto_approve=False)
    person.log_in()
    person.driver.back()
    person.click("#agree")
    person.at("/")
    person.see("120 artists", "#count")


def test_a_login_in_two_tabs_at_once_succeeds_in_both(person):
    tabs = [person.driver.current_window_handle, None]
    person.open()
    person.click("#login")
    person.find("#agree")
    tabs[1] = person.new_tab()
    person.open()
    person.click("#login")
    for tab in tabs:
        person.driver.switch_to.window(tab)
        person.click("#agree")
        person.see("120 artists", "#count")


def test_the_keyboard_is_enough(person):
    person.open()
    person.find("#login")
    person.press(Keys.TAB)
    assert person.focused() == "skip"
    person.press(Keys.TAB)
    assert person.focused() == "login"
    person.press(Keys.ENTER)
    person.find("#agree")
    person.tab_to("agree")
    person.press(Keys.ENTER)
    person.see("120 artists", "#count")
    person.press("/")
    assert person.focused() == "filter"
    person.press("a/")
    assert person.run("return document.activeElement.value") == "a/"
    person.press(Keys.ESCAPE)
    person.see("120 artists", "#count")
    person.tab_to("logout", back=True)
    person.press(Keys.ENTER)
    person.see("You are logged out", ".message")


def test_without_javascript_the_links_and_forms_work(person):
    person.chromium.command("Emulation.setScriptExecutionDisabled", value=True)
    person.open()
    # The driver takes every noscript for hidden; its size tells.
    note = person.driver.find_element("css selector", ".fallback-note")
    assert note.size["height"] > 20
    person.shot("no-script")
    person.click("#login")
    person.click("#agree")
    person.at("/")
    assert person.session_cookie() is not None
    person.click("form.fallback button")
    person.until(lambda: person.session_cookie() is None, "the logout")
    person.at("/")
    person.find("#login")
