# SPDX-License-Identifier: ISC
"""The list of artists: count, filter, order, links, and how it comes."""

import re

from selenium.webdriver.common.keys import Keys

LINKS = """
return [...document.querySelectorAll('#artists a.name')]
	.map((link) => [link.href, link.target, link.rel, link.textContent]);
"""
# Until release(): the page shows what it shows meanwhile.
HELD = {"held": True, "pass": True}
COMES_AGAIN = """
return !document.querySelector('#progress').hidden
	&& document.querySelector('#artists[aria-busy=true]') !== null;
"""


def filter_by(person, text):
    """As typed."""
    person.find("#filter").clear()
    person.click("#filter")
    person.press(text)


def test_the_filter_counts_what_it_leaves(listener):
    everybody = listener.artists()
    assert len(everybody) == 120
    assert listener.text("#count") == "120 artists"
    filter_by(listener, "quiet")
    few = [name for name in everybody if "quiet" in name.lower()]
    assert 0 < len(few) < 120
    listener.see(f"{len(few)} of 120", "#count")
    assert listener.artists() == few
    listener.press(Keys.ESCAPE)
    listener.see("120 artists", "#count")
    assert listener.artists() == everybody


def test_a_filter_that_nobody_passes_says_so_and_can_be_undone(listener):
    filter_by(listener, "no such artist")
    listener.see("0 of 120", "#count")
    listener.see("No artist matches", "#empty")
    listener.shot("nothing-found")
    listener.click("#empty button")
    listener.see("120 artists", "#count")
    assert listener.focused() == "filter"


def test_the_filter_knows_letters_without_their_marks(person):
    person.stack.spotify.settings(artist_fields="full")
    person.log_in()
    marked = next(name for name in person.artists() if "ö" in name.lower())
    plain = marked.lower().replace("ö", "o")
    filter_by(person, plain)
    person.until(lambda: marked in person.artists()
                 and len(person.artists()) < 120, marked)


def test_the_order_can_be_chosen(listener):
    by_name = listener.artists()
    listener.click("#sort option[value=spotify]")
    listener.until(lambda: listener.artists() != by_name, "another order")
    served = listener.run("return fetch('artists').then((a) => a.json())"
                          ".then((list) => list.artists.map((a) => a.name))")
    assert listener.artists() == [
        name if name.strip() else "An artist without a name"
        for name in served]
    listener.click("#sort option[value=name]")
    listener.until(lambda: listener.artists() == by_name, "the first order")
    assert sorted(by_name) == sorted(listener.artists())


def test_popularity_is_offered_only_when_spotify_tells_it(person):
    offered = """const option = document.querySelector(
        '#sort [value=popularity]');
        return !option.hidden && !option.disabled;"""
    person.log_in()
    assert not person.run(offered)
    person.stack.spotify.settings(artist_fields="full")
    person.stack.clock.advance(700)
    person.click("#reload")
    person.see("The list is up to date", ".message")
    assert person.run(offered)
    person.click("#sort option[value=popularity]")
    assert person.all("#artists .genres")


def test_names_lead_to_spotify_in_a_tab_of_their_own(listener):
    links = listener.run(LINKS)
    assert len(links) == 120
    for href, target, rel, name in links:
        assert re.fullmatch(r"https://open\.spotify\.com/artist/\w+", href), (
            name, href)
        assert (target, rel) == ("_blank", "noopener noreferrer")


def test_something_moves_while_the_list_is_on_its_way(person):
    person.stack.spotify.answers("following", HELD)
    person.open()
    person.click("#login")
    person.click("#agree")
    person.find("#progress [role=progressbar]")
    person.see("Fetching the artists you follow", "#progress")
    person.find("#artists .skeleton .picture")
    assert person.text("#account-name") == "Ada"
    person.shot("loading")
    person.stack.spotify.release()
    person.vanish("#progress")
    person.see("120 artists", "#count")
    assert not person.all(".skeleton")


def test_what_is_typed_while_the_list_is_on_its_way_holds(person):
    person.stack.spotify.answers("following", HELD)
    person.open()
    person.click("#login")
    person.click("#agree")
    person.find("#progress")
    filter_by(person, "quiet")
    person.stack.spotify.release()
    person.see("of 120", "#count")
    assert all("quiet" in name.lower() for name in person.artists())


def test_a_reload_keeps_the_list_in_sight_and_shows_that_it_works(listener):
    listener.stack.clock.advance(60)
    listener.stack.spotify.answers("following", HELD)
    listener.click("#reload")
    listener.until(lambda: listener.run(COMES_AGAIN), "the progress bar")
    assert len(listener.artists()) == 120
    assert listener.text("#reload") == "Reloading…"
    listener.stack.spotify.release()
    listener.see("The list is up to date", ".message")
    assert listener.text("#reload") == "Reload artists"


def test_a_reload_right_away_says_that_nothing_is_newer(listener):
    listener.click("#reload")
    listener.see("This is still the newest list", ".message")


def test_a_list_in_which_nothing_changed_is_new_all_the_same(listener):
    for _ in range(2):
        listener.stack.clock.advance(60)
        listener.click("#reload")
        listener.see("The list is up to date", ".message")
        listener.click(".message .close")


def test_a_second_press_of_a_button_meets_the_same_button(listener):
    button = listener.find("#reload")
    before = button.location
    listener.click("#reload")
    listener.find(".message")
    assert button.location == before


def test_a_list_that_could_not_be_renewed_says_from_when_it_is(listener):
    listener.stack.clock.advance(700)
    listener.stack.spotify.answers("following", "server_error_500",
                                   repeat=True)
    listener.click("#reload")
    listener.see("This list is from ", ".notices .note h2")
    listener.shot("stale")
    assert len(listener.artists()) == 120
    listener.stack.spotify.clear_answers()
    listener.stack.clock.advance(60)
    listener.click(".notices [data-code=stale] button:not(.close)")
    listener.see("The list is up to date", ".message")


def test_who_follows_nobody_is_told_what_to_do(person):
    person.open()
    person.click("#login")
    person.click("input[value='özkant']")
    person.click("#agree")
    person.see("You do not follow any artists yet", "#empty")
    person.see("Follow one at Spotify, then come back", "#empty p")
    person.see("0 artists", "#count")
    person.shot("nobody-followed")


def test_2000_artists_are_filtered_without_delay(person):
    """In a few times what the browser takes to hide and lay out so many: the
    machine may be busy with other tests."""
    person.stack.spotify.settings(consent="agree", account="grace.many")
    person.log_in()
    person.see("2,000 artists", "#count")
    ratios = [person.run("""
        const field = document.querySelector('#filter');
        const text = arguments[0];
        const cards = document.querySelectorAll('#artists > li');
        function took(work) {
            const began = performance.now();
            work();
            document.body.offsetHeight;
            return performance.now() - began;
        }
        const plain = took(() => {
            cards.forEach((card) => { card.hidden = true; });
            document.body.offsetHeight;
            cards.forEach((card) => { card.hidden = false; });
        });
        return took(() => {
            field.value = text;
            field.dispatchEvent(new Event('input'));
        }) / plain;""", text) for text in "aeiouaeiou"]
    assert min(ratios) < 3
