# SPDX-License-Identifier: ISC
"""What odd requests might spend by mistake: a session, and a login that waits
for its callback. Whatever they are answered, both must still be there."""

import urllib.parse

from rawhttp import Raw, is_of_program
from stack import PROGRAMS
from tools.answers import Browser, check_answer
from tools.spotify import count


class Victim:
    """Somebody who is logged in and has begun another login."""

    def __init__(self, stack):
        self.stack = stack
        self.browser = Browser(stack)
        self.browser.login()
        self.session = f"spotify-session={self.browser.session_cookie}"
        self.callback = self.browser.approve(self.browser.start_login())
        self.pids = {name: stack.pids(name) for name in PROGRAMS}
        self.tokens = count(stack.spotify, "token")
        self.host = f"127.0.0.1:{stack.port}"
        [pending] = [name for name in self.browser.cookies.names()
                     if "-login-" in name]
        self.pending = f"{pending}={self.browser.cookies.get(pending)}"

    # Requests that would spend it

    def fill(self, text):
        """@HOST, @SESSION and @PENDING (cookies), and @CALLBACK (a target)
        are replaced."""
        for name, value in (
                ("@HOST", self.host), ("@SESSION", self.session),
                ("@PENDING", self.pending),
                ("@CALLBACK", self.callback.removeprefix(self.stack.url))):
            text = text.replace(name, value)
        return text

    def send(self, text):
        """All that is answered to this text, filled in."""
        with Raw(self.stack.port) as raw:
            raw.send(self.fill(text))
            return raw.answers()

    # What became of it

    def is_untouched(self):
        """Neither is spent; the same processes run; a new connection gets the
        right answer; nothing is in the logs."""
        found = self.browser.fetch("session").json
        assert found["logged_in"] is True
        assert found["account"]["id"] == "wizzler"
        assert count(self.stack.spotify, "token") == self.tokens
        self.check()
        return True

    def can_go_on(self):
        """They can still log in and out: what was untouched is no illusion."""
        reply = self.browser.finish(self.callback)
        assert (reply.status, reply.location) == (303, self.stack.url + "/")
        assert self.browser.fetch("logout", "POST").status == 204
        assert self.browser.fetch("session").json == {"logged_in": False}
        return True

    def check(self):
        """What holds in any case."""
        assert self.pids == {name: self.stack.pids(name) for name in PROGRAMS}
        fields = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(self.callback).query))
        logs = self.stack.program_logs() + self.stack.log(
            "access") + self.stack.log("error")
        for secret in (fields["state"], fields["code"],
                       self.session.partition("=")[2],
                       self.pending.partition("=")[2]):
            assert secret not in logs


def check_refusal(reply, statuses):
    """Of whomever; it says nothing about anybody."""
    assert reply.status in statuses, reply
    assert reply.location is None and not reply.all("Set-Cookie"), reply
    assert b"wizzler" not in reply.body
    if is_of_program(reply):
        assert reply.header("Cache-Control") == "no-store"
        assert reply.header("X-Content-Type-Options") == "nosniff"
        assert reply.code
    else:
        assert reply.header("Content-Type").startswith("text/html"), reply


def check_right(reply, program, method="GET"):
    """A program's own answer, as all of its are."""
    assert is_of_program(reply), reply
    check_answer(reply, program, method)
