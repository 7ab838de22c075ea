# SPDX-License-Identifier: ISC
"""All state of the simulation behind one lock.

Handlers take the lock for a decision and let go of it before they sleep,
build large answers or write to a socket: one slow test client must not stop
the others.
"""

import collections
import copy
import re
import threading
import time

from . import settings
from .catalogue import Catalogues
from .grants import Grants
from .journal import Journal

TARGETS = ("token", "me", "following", "api", "authorize", "any")
DATA_TARGETS = ("token", "me", "following", "api")

# What the client registered, as opposed to what a test may change.
Client = collections.namedtuple("Client", "id secret redirect_uris follows")

ACCOUNT = {"account_id": None, "display_name": None, "email": None,
           "follows": 120, "allowlisted": True, "image": True}


def default_accounts(follows):
    """People for the demo's consent page; the first logs in by default. One
    has an id as old accounts do (not ASCII), one is not on the allowlist."""
    rows = [
        ("wizzler", "aB3dE5fG7h", "Ada", "ada@example.com", follows, True,
         True),
        ("grace.many", "mN4pQ6rS8t", "Grace Many", "grace@example.com", 2000,
         True, True),
        ("özkant", "uV2wX4yZ6a", "Özkan Neu", "oezkan@example.com", 0, True,
         False),
        ("uninvited", "zY9xW7vU5t", "Uma Uninvited", "uma@example.com", 7,
         False, True),
    ]
    names = ("account_id", "display_name", "email", "follows", "allowlisted",
             "image")
    return {row[0]: dict(zip(names, row[1:]), id=row[0]) for row in rows}


class World:
    """One Spotify."""

    def __init__(self, client):
        self.lock = threading.RLock()
        self.client = client
        self.base = ""
        self.catalogues = Catalogues()
        self.journal = Journal()
        self.journal.secret("client_secret", client.secret, None)
        self.reset()

    def reset(self):
        """Everything as at the start, except what leak tests look for."""
        with self.lock:
            self.settings = settings.defaults()
            self.accounts = default_accounts(self.client.follows)
            self.answers = {target: collections.deque() for target in TARGETS}
            self.repeated = {}
            self.approved = {}
            self.followed = {}
            self.clicks = {}    # (account, URI): whether it was saved last
            self.offset = 0
            self.pages_given = collections.deque()
            self.grants = Grants(self.journal.secret)
            self.journal.requests.clear()

    def base_for(self, request):
        """Our origin as this client calls it, for the pictures' addresses:
        the other side may know us by a name instead of by 127.0.0.1."""
        host = request.header("host") or ""
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,100}(:[0-9]{1,5})?", host):
            return self.base
        return self.base.partition("//")[0] + "//" + host

    def now(self):
        """The simulated time; tests move it."""
        return time.time() + self.offset

    def setting(self, name):
        """One switch as it stands."""
        with self.lock:
            return self.settings[name]

    def change_settings(self, changes):
        """Merge checked changes."""
        settings.check(changes)
        with self.lock:
            account = changes.get("account")
            if account is not None and account not in self.accounts:
                raise ValueError(f"no account {account!r}; there are "
                                 + ", ".join(self.accounts))
            self.settings = {**self.settings, **copy.deepcopy(changes)}
            return dict(self.settings)

    def change_account(self, changes):
        """Create an account or change members of one."""
        unknown = set(changes) - set(ACCOUNT) - {"id"}
        if unknown or not isinstance(changes.get("id"), str):
            raise ValueError("an account has id (required), "
                             + ", ".join(ACCOUNT))
        if not isinstance(changes.get("follows", 0), int) \
                or not isinstance(changes.get("allowlisted", True), bool) \
                or not isinstance(changes.get("image", True), bool):
            raise ValueError("follows is a whole number, allowlisted and "
                             "image are true or false")
        name = changes["id"]
        with self.lock:
            fresh = {**ACCOUNT, "id": name, "display_name": name,
                     "account_id": "ac" + name,
                     "email": f"{name}@example.com"}
            self.accounts[name] = {**self.accounts.get(name, fresh), **changes}
            return dict(self.accounts[name])

    def account(self, name):
        """A copy of an account, None if a reset has removed it."""
        with self.lock:
            found = self.accounts.get(name)
            return dict(found) if found else None

    def follow(self, name, artist, wanted):
        """An account follows an artist from now on, or no longer."""
        with self.lock:
            more, less = self.follow_changes(name)
            self.followed[name] = (
                (more | {artist}, less - {artist}) if wanted
                else (more - {artist}, less | {artist}))

    def follow_changes(self, name):
        """Whom an account has followed since the start, and whom left."""
        with self.lock:
            return self.followed.get(name, (frozenset(), frozenset()))

    def queue(self, target, answers, repeat):
        """Canned answers for the next requests to a target."""
        with self.lock:
            if repeat:
                self.repeated[target] = collections.deque(answers)
            else:
                self.answers[target].extend(answers)

    def clear_answers(self):
        """Back to normal behaviour."""
        with self.lock:
            self.repeated.clear()
            for waiting in self.answers.values():
                waiting.clear()

    def next_answer(self, target):
        """The canned answer for this request, or None. Single ones go before
        repeated ones, the target's own before "any"."""
        names = [target] if target in TARGETS else []
        if target in DATA_TARGETS:
            names.append("any")
        with self.lock:
            for name in names:
                if self.answers[name]:
                    return self.answers[name].popleft()
            for name in names:
                if self.repeated.get(name):
                    self.repeated[name].rotate(-1)
                    return self.repeated[name][-1]
        return None

    def state(self):
        """Counts for tests that ask how much happened."""
        with self.lock:
            now = self.now()
            tokens = self.grants.counts(
                now, now - self.settings["code_lifetime"],
                now - self.settings["refresh_lifetime"])
            return {
                "tokens": tokens,
                "exchanges": dict(self.grants.exchanges),
                "refreshes": dict(self.grants.refreshes),
                "approved": {k: sorted(v) for k, v in self.approved.items()},
                "connections": dict(self.journal.connections),
                "requests": len(self.journal.requests),
                "answers_waiting": {k: len(v) for k, v in self.answers.items()
                                    if v},
                "clock_offset": self.offset}
