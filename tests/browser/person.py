# SPDX-License-Identifier: ISC
"""Somebody at a browser: looks, clicks, types, waits until something is so.

Selectors are CSS. Whatever waits does so on a condition, for LIMIT_S at most.
"""

import os
import pathlib
import time

from selenium.common.exceptions import (
    NoSuchElementException, StaleElementReferenceException)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

LIMIT_S = 60
POLL_S = 0.04   # each look costs the browser some time
# Whether the page can be moved sideways, and what sticks out.
SIDEWAYS = """
const wide = document.documentElement.clientWidth;
if (document.scrollingElement.scrollWidth <= wide)
	return [];
return [...document.querySelectorAll('body *')]
	.filter((node) => node.getBoundingClientRect().right > wide + 1)
	.map((node) => node.outerHTML.slice(0, 80));
"""
# Whether a click in the middle of it would reach it.
REACHABLE = """
const node = arguments[0];
node.scrollIntoView({ block: 'center', behavior: 'instant' });
const box = node.getBoundingClientRect();
const x = box.left + box.width / 2, y = box.top + box.height / 2;
return box.width > 0 && x < innerWidth && y < innerHeight
	&& node.contains(document.elementFromPoint(x, y));
"""


class Person:
    """Of one site at a time."""

    def __init__(self, chromium):
        self.chromium = chromium
        self.driver = chromium.driver
        self.stack = None
        self.expected = set()   # HTTP statuses the console may speak of
        self._allowed = []
        self._lines = []

    # A new start

    def begin(self, stack):
        """With a fresh tab, no cookies, no storage, nothing in the cache."""
        self.stack = stack
        self.expected = set()
        self._allowed = []
        old = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        new = self.driver.current_window_handle
        for handle in old:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(new)
        self.chromium.command("Network.clearBrowserCookies")
        self.chromium.command("Network.clearBrowserCache")
        self.driver.get_log("browser")
        self._lines = []

    def new_tab(self):
        """Its handle; it is empty and in front."""
        self.driver.switch_to.new_window("tab")
        return self.driver.current_window_handle

    # Looking

    def run(self, script, *arguments):
        """JavaScript, with "return"."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        """The visible ones."""
        return [found for found in
                self.driver.find_elements("css selector", selector)
                if found.is_displayed()]

    def until(self, true, what):
        """Wait; elements may come and go meanwhile."""
        limit = time.monotonic() + LIMIT_S
        while time.monotonic() < limit:
            try:
                value = true()
            except (NoSuchElementException, StaleElementReferenceException):
                value = None
            if value:
                return value
            time.sleep(POLL_S)
        seen = self.driver.find_element("css selector", "body").text
        raise AssertionError(f"no {what} within {LIMIT_S} s; to be seen at "
                             f"{self.driver.current_url}:\n{seen[:600]}")

    def find(self, selector):
        """The first visible one, as soon as there is one."""
        return self.until(lambda: (self.all(selector) or [None])[0], selector)

    def text(self, selector):
        """What can be read there."""
        return self.find(selector).text

    def see(self, text, selector="body"):
        """Wait until it can be read there."""
        self.until(lambda: text in self.find(selector).text,
                   f"{selector} with {text!r}")

    def vanish(self, selector):
        """Wait until nothing of it is visible."""
        self.until(lambda: not self.all(selector), f"end of {selector}")

    def at(self, path):
        """Wait until that is the address; path from the site's root."""
        self.until(lambda: self.driver.current_url == self.stack.url + path,
                   f"the address {path}")

    def artists(self):
        """The names on show, in order."""
        return self.run("return [...document.querySelectorAll('#artists > "
                        "li.artist:not([hidden]) .name')]"
                        ".map((node) => node.textContent)")

    def cookies(self):
        """All of them, of all sites, as the browser keeps them."""
        return self.chromium.command("Network.getAllCookies")["cookies"]

    def session_cookie(self):
        """As the browser keeps it, or None."""
        return next((cookie for cookie in self.cookies()
                     if cookie["name"].endswith("-session")), None)

    # Doing

    def open(self, path=""):
        """Type an address; relative to the page."""
        path = path if path.startswith("/") else self.stack.prefix + path
        self.driver.get(self.stack.url + path)

    def click(self, selector):
        """As soon as it is there."""
        self.find(selector).click()

    def press(self, *keys):
        """Keys, for whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def press_with_shift(self, key):
        """The shift key is held meanwhile."""
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(
            key).key_up(Keys.SHIFT).perform()

    def press_with_control(self, key):
        """The control key is held meanwhile."""
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(
            key).key_up(Keys.CONTROL).perform()

    def focused(self):
        """The id of what has the focus, or what it says."""
        return self.run("return document.activeElement.id || "
                        "document.activeElement.textContent")

    def tab_to(self, name, back=False):
        """Press the tabulator until that has the focus."""
        for _ in range(40):
            if self.focused() == name:
                return
            (self.press_with_shift if back else self.press)(Keys.TAB)
        raise AssertionError(f"{name} cannot be reached by keyboard")

    def log_in(self, path="", with_list=True):
        """All the way to the list of artists, or to who is logged in."""
        self.open(path)
        self.click("#login")
        if self.stack.spotify.settings()["consent"] == "ask":
            self.click("#agree")
        self.find("#home")
        if with_list:
            self.see_list()

    def see_list(self):
        """Wait until the artists are there."""
        self.until(lambda: self.run(
            "return document.documentElement.dataset.state === 'in' && "
            "document.querySelector('#count').textContent !== ''"),
            "the list")

    # The screen

    def size(self, width, height, mobile=False):
        """Of what the page sees."""
        self.chromium.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=mobile)
        self.chromium.command("Emulation.setTouchEmulationEnabled",
                              enabled=mobile)

    def scheme(self, name):
        """"dark" or "light"."""
        self.chromium.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}])

    def sticks_out(self):
        """What makes the page wider than the screen; nothing, one hopes."""
        return self.run(SIDEWAYS)

    def is_reachable(self, element):
        """Whether it can be scrolled to and clicked."""
        return self.run(REACHABLE, element)

    def shot(self, name):
        """A picture, if somebody wants to look at them."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(f"{folder}/{name}.png")

    # The console

    def allow(self, text):
        """Lines about the network with that text may stand there."""
        self._allowed.append(text)

    def console(self):
        """Lines that nobody expects there: not one is harmless, be it a
        violated policy, an uncaught error or a status not foretold."""
        self._lines += [line for line in self.driver.get_log("browser")
                        if line["level"] in ("SEVERE", "WARNING")]
        return [line["message"] for line in self._lines
                if not self._is_expected(line)]

    def _is_expected(self, line):
        allowed = self._allowed + [
            f"the server responded with a status of {status} "
            for status in self.expected]
        return line["source"] == "network" and any(
            text in line["message"] for text in allowed)
