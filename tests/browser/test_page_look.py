# SPDX-License-Identifier: ISC
"""On a phone and on a desk, in light and dark: nothing sticks out, all can be
reached and read."""

import re

import pytest

PHONE = (390, 844)
# The smallest screen still in use; also a larger one at twice the size.
NARROW = (320, 568)
COLOURS = """
const of = (node) => getComputedStyle(node);
const root = document.documentElement;
root.style.outlineColor = 'Canvas';
const canvas = of(root).outlineColor;
const behind = (node) => {
	for (; node; node = node.parentElement)
		if (!/, 0\\)$|transparent/.test(of(node).backgroundColor))
			return of(node).backgroundColor;
	return canvas;
};
return [...document.querySelectorAll(
	'h1, h2, h3, p, a, li, button:not(:disabled), label, small, code')]
	.filter((node) => node.offsetParent && node.textContent.trim()
		&& !node.classList.contains('unseen'))
	.map((node) => [of(node).color, behind(node),
		node.textContent.trim().slice(0, 40)]);
"""


def luminance(colour):
    """WCAG 2.2's relative luminance of rgb(...)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045
                        else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Between 1 and 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def faint(person):
    """Texts below 4.5:1."""
    found = person.run(COLOURS)
    assert len(found) > 3
    return [(text, ink, paper) for ink, paper, text in found
            if contrast(ink, paper) < 4.5]


def check_reach(person):
    """Nothing sideways; every button and field can be pressed, and a thumb
    can hit it."""
    assert person.sticks_out() == []
    controls = person.all("main button, main a.button, main input, "
                          "main select")
    assert controls
    for control in controls:
        assert person.is_reachable(control), control.text
        assert control.size["height"] >= 44, control.text


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow"])
def test_everything_fits_on_a_phone(person, size):
    person.size(*size, mobile=True)
    person.open()
    person.find("#login")
    person.shot(f"welcome-{size[0]}")
    check_reach(person)
    person.click("#login")
    person.shot(f"consent-{size[0]}")
    assert person.sticks_out() == []
    person.click("#agree")
    person.see("120 artists", "#count")
    person.shot(f"list-{size[0]}")
    check_reach(person)
    person.run("document.querySelector('#artists-title').scrollIntoView()")
    person.click("#reload")
    person.find(".message")
    person.shot(f"message-{size[0]}")
    check_reach(person)


def test_a_trouble_fits_on_a_phone(person):
    person.expected = {429, 403}
    person.stack.spotify.answers("following", "quota_429")
    person.size(*PHONE, mobile=True)
    person.log_in(with_list=False)
    person.find(".message")
    person.shot("trouble-phone")
    assert person.sticks_out() == []
    person.click("#switch")
    person.click("#cancel")
    person.see("login_denied", "small")
    person.shot("denied-phone")
    assert person.sticks_out() == []
    assert all(person.is_reachable(link) for link in person.all("a"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(person, scheme):
    person.expected = {403}
    person.scheme(scheme)
    person.open()
    person.find("#login")
    assert faint(person) == []
    person.shot(f"welcome-{scheme}")
    page = person.run("return getComputedStyle(document.body)"
                      ".backgroundColor")
    assert (luminance(page) < 0.1) == (scheme == "dark")
    person.click("#login")
    person.find("#agree")
    person.click("#cancel")
    person.find("small")
    assert faint(person) == []
    person.shot(f"denied-{scheme}")
    person.click("a.do")
    person.click("#agree")
    person.see("120 artists", "#count")
    assert faint(person) == []
    person.shot(f"list-{scheme}")
    person.stack.spotify.answers("following", "premium_403")
    for copy in person.stack.session_dir.glob("copy-*"):
        copy.unlink()
    person.click("#reload")
    person.find(".message.bad")
    assert faint(person) == []
    person.shot(f"trouble-{scheme}")


def test_every_control_has_a_name_and_every_picture_a_text(listener):
    assert listener.run("""
        const name = (node) => node.getAttribute('aria-label')
            || node.textContent.trim() || node.labels?.[0]?.textContent;
        return [...document.querySelectorAll('a, button, input, select')]
            .filter((node) => !name(node)).map((node) => node.outerHTML)
            .concat([...document.querySelectorAll('img:not([alt])')]
                .map((node) => node.outerHTML));""") == []
    ids = listener.run("return [...document.querySelectorAll('[id]')]"
                       ".map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_what_happens_is_told_to_a_screen_reader(listener):
    def said(text):
        status = "return document.querySelector('[role=status]').textContent"
        listener.until(lambda: text in listener.run(status), text)
    said("120 artists")
    listener.click("#filter")
    listener.press("quiet")
    said(" of 120")
    listener.click("#logout")
    said("You are logged out")
