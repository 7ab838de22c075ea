# SPDX-License-Identifier: ISC
"""A login that is ended in all browsers at once."""

from selenium.webdriver.common.keys import Keys

from stack import Client

AGREE = "#logout-notice button:not(.close)"


def test_a_person_who_agrees_is_logged_out_in_all_browsers(listener):
    """The question says what will happen, and has the focus."""
    other = Client(listener.stack)
    other.login()
    assert other.fetch("session").json["logged_in"] is True
    button = listener.find("#everywhere")
    before = button.location
    button.click()
    listener.see("Every browser and device", "#logout-notice .message")
    listener.shot("everywhere")
    assert listener.sticks_out() == []
    assert button.location == before
    assert listener.focused() == "Log out everywhere"
    listener.press(Keys.ENTER)
    listener.see("You are logged out in all browsers", ".message.good")
    listener.find("#login")
    assert other.fetch("session").json == {"logged_in": False}


def test_a_person_who_thinks_again_stays_logged_in(listener):
    listener.click("#everywhere")
    listener.click("#logout-notice .close")
    listener.vanish("#logout-notice .message")
    assert listener.artists()
    listener.open()
    listener.see_list()


def test_whose_login_it_is_is_asked_for_if_it_is_not_known(person):
    """Spotify was down at the login."""
    person.stack.spotify.answers("me", "server_error_500", repeat=True)
    person.log_in(with_list=False)
    person.stack.spotify.clear_answers()
    person.expected = {503}
    person.click("#everywhere")
    person.click(AGREE)
    person.see("You are logged out in all browsers", ".message.good")


def test_the_question_goes_when_another_account_logs_in(listener):
    """Its button would end the logins of whoever came next."""
    first = listener.driver.current_window_handle
    listener.click("#everywhere")
    listener.find(AGREE)
    listener.stack.spotify.settings(consent="ask")
    listener.new_tab()
    listener.open()
    listener.click("#switch")
    listener.click("input[value='özkant']")
    listener.click("#agree")
    listener.see("0 artists", "#count")
    listener.driver.switch_to.window(first)
    listener.see("0 artists", "#count")
    assert not listener.all("#logout-notice .message")
