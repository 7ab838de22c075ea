#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A random walk: three browsers, four processes that refresh, and whatever
can happen to them. After each step the invariants of walkchecks.py hold.

    BUILD_DIR=... tests/faults/walk.py [--seconds 30] [--seed N]

The seed is printed first; the same seed makes the same choices, though not
the same timing. It is 0 as exit status if nothing was amiss.
"""

import argparse
import collections
import os
import pathlib
import random
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from stack import Client, PROGRAMS, Stack  # noqa: E402
from tools.parallel import Later, together  # noqa: E402
from tools.steps import logout, refresh  # noqa: E402
from tracing import serving_threads  # noqa: E402
from walkchecks import Checks  # noqa: E402
from walkdisk import SmallDisk  # noqa: E402

PROCESSES = {"artists": 2, "refresh": 2}
PEOPLE = {"wizzler": 120, "grace.many": 2000, "özkant": 0, "person": 30}
# Trouble at Spotify: target, answer.
TROUBLE = [
    ("token", "server_error_500"), ("token", "invalid_client"),
    ("token", {"delay": 0.5, "pass": True}), ("token", "unavailable_503_html"),
    ("token", {"after_commit_delay": 0.4, "pass": True}),
    ("token", {"cut": 40, "pass": True}), ("token", {"cut": -1}),
    ("token", {"body": "{}{}"}), ("token", {"huge": 200_000}),
    ("following", "server_error_500"), ("following", "expired_token_401"),
    ("following", "bad_gateway_502_html"), ("following", {"cut": 1000}),
    ("following", {"delay": 0.4, "pass": True}),
    ("following", "not_registered_403"), ("following", "rate_limited_429"),
    ("following", {"gzip_bomb": 1 << 20}), ("me", "server_error_500"),
    ("me", {"delay": 0.4, "pass": True}), ("me", {"cut": 10})]


class Browser:
    """A client, and what we know of it."""

    def __init__(self, stack, number):
        self.name = f"browser {number}"
        self.client = Client(stack)
        self.who = None         # the account that it is logged in as
        self.url = None         # where Spotify sent it, not yet visited
        self.next_who = None    # who agreed there
        self.visited = None     # the last such URL
        self.thieves = []       # clients with cookies that are over
        self.since = None       # incidents and clock when it logged in


class Walk:
    """The state, and a method per step; each returns what it did."""

    def __init__(self, stack, seed):
        self.stack, self.chance = stack, random.Random(seed)
        for name, follows in PEOPLE.items():
            stack.spotify.account(name, follows=follows)
        self.browsers = [Browser(stack, n) for n in range(3)]
        self.disk = SmallDisk(stack)
        self.checks = Checks(stack, self.browsers)
        self.story = collections.deque(maxlen=40)
        self.troubled = False

    # Steps of a browser

    def login(self, browser):
        """Off to Spotify."""
        url = browser.client.start_login()
        browser.next_who = self.chance.choice(list(PEOPLE))
        browser.url = browser.client.approve(url, browser.next_who)

    def callback(self, browser):
        """And back, if it was there."""
        if browser.url is None:
            return
        old = browser.client.copy()
        before = browser.client.session_cookie
        reply = browser.client.finish(browser.url)
        browser.visited, browser.url = browser.url, None
        self.checks.reply(reply)
        if browser.client.session_cookie != before:
            assert reply.status == 303, reply
            browser.who = browser.next_who
            browser.since = (self.checks.incidents, self.stack.clock.offset)
            if before:
                browser.thieves.append(old)

    def callback_bad(self, browser):
        """With another state, code or browser."""
        if browser.url is None:
            return
        url = self.chance.choice([
            browser.url[:-1] + ("A" if browser.url[-1] != "A" else "E"),
            browser.url.replace("code=", "code=x"),
            browser.url.replace("state=", "sta"), browser.url + "&code=1"])
        before = browser.client.session_cookie
        who = browser.client if "code=x" not in url else Client(self.stack)
        reply = who.finish(url)
        self.checks.reply(reply)
        assert reply.status in (303, 400, 502, 503), reply
        assert browser.client.session_cookie == before
        if self.chance.random() < 0.5:
            browser.url = None

    def callback_replayed(self, browser):
        """Once more; nobody is logged in or out by it."""
        if browser.visited is None:
            return
        before = browser.client.session_cookie
        reply = browser.client.finish(browser.visited)
        self.checks.reply(reply)
        assert reply.status in (303, 400, 503), reply
        assert browser.client.session_cookie == before

    def ask(self, client, what):
        """One of the endpoints."""
        reply = refresh(client) if what == "refresh" else client.fetch(what)
        self.checks.reply(reply)
        return reply

    def one(self, browser):
        """One request."""
        what = self.chance.choice(["artists", "artists?fresh=1", "refresh",
                                   "session"])
        self.ended(browser, self.ask(browser.client, what))
        return what

    def ended(self, browser, reply):
        """A 401 is the end, if we were in."""
        if reply.status == 401 and browser.who is not None:
            browser.thieves.append(browser.client.copy())
            assert reply.code in ("not_logged_in", "login_expired"), reply
            self.checks.may_end(browser)
            browser.who = None

    def many(self, browser):
        """Several at once, in several tabs."""
        number = self.chance.randrange(2, 12)
        kinds = [self.chance.choice(["artists", "refresh", "artists?fresh=1"])
                 for _ in range(number)]
        for reply in together(
                lambda tab=browser.client.copy(), kind=kind: self.ask(tab, kind)
                for kind in kinds):
            self.ended(browser, reply)
        return number

    def logout(self, browser):
        """A 204 is final."""
        held = browser.client.copy()
        reply = logout(browser.client)
        self.checks.reply(reply)
        if reply.status == 204:
            assert browser.client.session_cookie is None
            browser.thieves.append(held)
            browser.who = None

    def race(self, browser):
        """A logout while something is under way."""
        held = browser.client.copy()
        racing = Later(lambda: self.ask(held, "refresh"))
        self.logout(browser)
        racing.result()

    # Steps of the world

    def clock(self, _):
        """Mostly forward; sometimes a session ends by it."""
        by = self.chance.choice([60, 1700, 3500, 3600, 7200, -30, -600,
                                 86400])
        self.stack.clock.advance(by)
        return by

    def _wait_until_up(self, program):
        """A start tries the file system, with files of its own."""
        for pid in self.stack.pids(program):
            serving_threads(pid)

    def kill(self, browser):
        """With a request under way, or without."""
        program = self.chance.choice(PROGRAMS)
        racing = None
        if self.chance.random() < 0.7:
            tab = browser.client.copy()
            what = self.chance.choice(["artists?fresh=1", "refresh"])
            racing = Later(lambda: self.ask(tab, what))
            time.sleep(self.chance.random() / 20)
        self.checks.kill(program)
        self.stack.kill(program, signal.SIGKILL)
        self.stack.start(program)
        self._wait_until_up(program)
        if racing:
            self.ended(browser, racing.result())
        return program

    def restart(self, _):
        """As an upgrade does it."""
        program = self.chance.choice(PROGRAMS)
        self.stack.restart(program)
        self._wait_until_up(program)
        return program

    def disk_full(self, _):
        """On or off."""
        self.checks.incidents += 1
        return self.disk.toggle()

    def scenario(self, _):
        """Spotify changes its ways."""
        self.checks.incidents += 1
        if self.troubled or self.chance.random() < 0.3:
            self.stack.spotify.clear_answers()
            self.troubled = False
            return "all is well"
        target, answer = self.chance.choice(TROUBLE)
        self.stack.spotify.answers(target, answer, repeat=True)
        self.troubled = True
        return target, answer

    def rotation(self, _):
        """So do its tokens."""
        how = self.chance.choice(["omit", "same", "empty", "null", "strict"])
        self.stack.spotify.settings(
            rotation=how,
            expires_in=self.chance.choice([3600, 3600, 60, 400, -1]))
        return how

    STEPS = {"login": 10, "callback": 12, "callback_bad": 3,
             "callback_replayed": 3, "one": 25, "many": 8, "logout": 4,
             "race": 2, "clock": 8, "kill": 4, "restart": 1, "disk_full": 2,
             "scenario": 5, "rotation": 2}

    def step(self):
        """One, and everything is looked at."""
        name = self.chance.choices(list(self.STEPS),
                                   list(self.STEPS.values()))[0]
        browser = self.chance.choice(self.browsers)
        self.story.append(f"{browser.name}: {name}")
        told = getattr(self, name)(browser)
        self.story[-1] += f" {told}" if told is not None else ""
        self.checks.all(self.troubled or self.disk.full)


def run(stack, seed, seconds):
    """Walk; how many steps. A failure tells the last ones."""
    walk = Walk(stack, seed)
    until = time.monotonic() + seconds
    steps = 0
    try:
        while time.monotonic() < until:
            walk.step()
            steps += 1
        walk.checks.logs()
    except BaseException:
        print(f"seed {seed}, step {steps}; the last ones were:",
              *walk.story, sep="\n  ")
        raise
    finally:
        walk.disk.close()
    return steps


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=float(
        os.environ.get("WALK_SECONDS", "30")))
    parser.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    build = os.environ.get("BUILD_DIR", HERE.parents[1] / "build" / "tests")
    with Stack(build, processes=PROCESSES) as stack:
        stack.reset()
        steps = run(stack, options.seed, options.seconds)
        complaints = stack.complaints()
    print(f"{steps} steps in {options.seconds:.0f} s", *complaints, sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
