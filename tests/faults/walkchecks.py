# SPDX-License-Identifier: ISC
"""What must hold after each step of the random walk."""

import base64
import hashlib
import re

from tools.amounts import DAY
from tools.steps import is_logged_in
from tools.store import stored

# Long enough to be a secret; tokens are made of these characters.
RUN = re.compile(r"[A-Za-z0-9_-]{40,}")
STATUS = {200, 204, 303, 304, 400, 401, 403, 429, 502, 503, 504}
NAMES = re.compile(r"(session-[0-9a-f]{64}|copy-[0-9a-f]{64}"
                   r"|part-[0-9a-f]{64}|(change|command)-[0-9a-f]{64}"
                   r"|answers-[0-9a-f]{64}|temp-[0-9a-f]{16}"
                   r"|since-([0-9a-f]{64}|latest)|known-[0-9a-f]{64}|metrics"
                   r"|limit-[a-z-]+|follow-[a-z]+|lock|used|filler)$")


def file_name(cookie):
    """lib/base/seal.c: a hash of the cookie's value."""
    secret = base64.urlsafe_b64decode(cookie + "=")
    digest = hashlib.blake2b(secret, digest_size=32, person=b"sfcgi-name-1")
    return "session-" + digest.hexdigest()


class Checks:
    """The invariants: each has a method below, which says what it is."""

    def __init__(self, stack, browsers):
        self.stack, self.browsers = stack, browsers
        self.secrets = set()
        self.asked = 0          # requests since the last look
        self.kills = 0
        self.incidents = 0      # kills, full disks, trouble at Spotify
        self.orphans = set()    # files whose cookie never arrived
        self.seen = 0           # of Spotify's log

    # What a step tells us

    def reply(self, reply):
        """Any answer: a known status, and no secret in it. (Threads call
        this.)"""
        self.asked += 1
        assert reply.status in STATUS, reply
        headers = " ".join(value for name, value in reply.headers
                           if name.lower() != "set-cookie")
        self.no_secrets(headers + " " + reply.body.decode("utf-8"),
                        "an answer")
        for text in reply.all("Set-Cookie"):
            assert "Max-Age=-" not in text
        if reply.status == 401:
            assert reply.all("Set-Cookie") == []

    def no_secrets(self, text, where):
        """None of those known so far."""
        leaked = self.secrets.intersection(RUN.findall(text))
        assert not leaked, f"a secret in {where}"

    def kill(self, program):
        """By us."""
        self.kills += len(self.stack.pids(program))
        self.incidents += 1

    def may_end(self, browser):
        """A login ends by itself only for a reason: something happened since
        it began, or a week went by."""
        incidents, clock = browser.since
        assert incidents != self.incidents \
            or self.stack.clock.offset - clock > 6 * DAY, "ended by itself"

    # After each step

    def all(self, troubled):
        """Everything."""
        self.learn_secrets()
        self.right_people()
        self.thieves_stay_out()
        self.store_is_known()
        self.refreshes_are_few(troubled)
        assert self.stack.complaints() == []

    def learn_secrets(self):
        """What Spotify has issued since, and our cookies."""
        log = self.stack.spotify.secrets()
        self.secrets.update(s["value"] for s in log[-400:]
                            if len(s["value"]) >= 40)
        for browser in self.browsers:
            if browser.client.session_cookie:
                self.secrets.add(browser.client.session_cookie)

    def right_people(self):
        """Each browser sees the one who logged in there, or nobody."""
        for browser in self.browsers:
            reply = browser.client.fetch("session")
            assert reply.status == 200, reply
            if not reply.json["logged_in"]:
                if browser.who is not None:
                    self.may_end(browser)
                browser.who = None
                continue
            seen = reply.json["account"]["id"]
            assert browser.who is not None, "logged in again by itself"
            assert seen in (browser.who, None), (seen, browser.who)

    def thieves_stay_out(self):
        """A cookie that was over once is over for ever."""
        for browser in self.browsers:
            for thief in browser.thieves[-3:]:
                if thief.session_cookie == browser.client.session_cookie:
                    assert browser.who is None
                assert not is_logged_in(thief)

    def store_is_known(self):
        """Each file is one of ours; each session of a browser that knows it,
        but for those whose cookie was lost with a killed process."""
        for path in self.stack.session_dir.iterdir():
            assert NAMES.match(path.name), path.name
            assert path.lstat().st_mode & 0o077 == 0 \
                or path.name == "filler"
        known = {file_name(b.client.session_cookie) for b in self.browsers
                 if b.client.session_cookie}
        unknown = {path.name for path in stored(self.stack)} - known
        self.orphans &= unknown
        assert not unknown - self.orphans or self.kills, unknown
        assert len(unknown) <= self.kills, unknown
        self.orphans |= unknown
        assert len(stored(self.stack, "temp-")) <= self.kills

    def refreshes_are_few(self, troubled):
        """No more token requests than asked for; one at most for a session
        whose token ended, if Spotify is well."""
        log = self.stack.spotify.requests("token", self.seen)
        sent = [dict(entry["form"]) for entry in log if entry["form"]]
        tokens = [form["refresh_token"] for form in sent
                  if form["grant_type"] == "refresh_token"]
        assert len(tokens) <= 2 * self.asked
        if not troubled and not self.kills:
            assert len(tokens) <= self.asked
        if log:
            self.seen = log[-1]["n"]
        self.asked = 0

    def logs(self):
        """No secret in any of the programs' or of nginx's."""
        for name in (*self.stack.programs, "access", "error"):
            self.no_secrets(self.stack.log(name), f"the {name} log")
