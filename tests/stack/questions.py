# SPDX-License-Identifier: ISC
"""What Spotify's documentation leaves open, asked by tests/demo of the real one
with an application of the user's, who agrees first and logs in twice. What is
changed on the way is undone. The answers have no secrets in them."""

import sys
import time

from .asking import Listener, Spotify, printable

INTRODUCTION = """
Spotify's documentation leaves four questions open: whether `iss` is in the
answer to an authorization, what a refresh changes, whether a second
authorization ends the first, and whether (and with which permission) an artist
can be followed by /me/library. To answer them you log in twice; some dozens of
calls are made, and one artist whom you do not follow is followed for a moment.
"""
# Of Spotify's own documentation, and well known: some nobody follows.
ARTISTS = ("0TnOYISbd1XYRBk9myaseg", "0OdUWJ0sBjDrqHygGUXeCF",
           "4Z8W4fKeB5YxbusRsdQVPb", "3TVXtAsR1Inumwj472S9r4",
           "06HL4z0CvFAxyc27GXpf02")
READ = "user-follow-read"
SCOPES = ("user-follow-modify", "user-library-modify")
PAGES_MAX = 40
SCOPE = r"[a-z-]{1,40}( [a-z-]{1,40}){0,30}"
ISSUER = r"https://[a-z.]{1,60}/?"


class Unknown(Exception):
    """Why a question cannot be answered."""


def agreed(wish, ask=input):
    """Whether the user wants it: "yes", "no", or asked at the terminal."""
    if wish in ("yes", "no"):
        return wish == "yes"
    if not sys.stdin.isatty():
        return False
    print(INTRODUCTION)
    return ask("Ask them? [y/N] ").strip().lower() in ("y", "yes")


def outcome(status):
    """Of a call, in words."""
    return f"{status}" if status else "no answer"


class Asker:
    """Asks, and keeps the answers."""

    def __init__(self, spotify, say):
        self.spotify, self._say = spotify, say
        self.answers = []

    def note(self, question, answer):
        """One line of the report; one with a secret in it is not kept."""
        line = f"{question}: {answer}"
        if any(secret in line for secret in self.spotify.secrets):
            line = f"{question}: the answer has a secret in it"
        self.answers.append(line)

    # Logins

    def login(self, listener, number):
        """A person logs in; the answer to the code."""
        attempt = listener.expect(self.spotify, f"{READ} {SCOPES[number]}",
                                  last=number == 1)
        if number == 0:
            self._say(f"\nOpen {listener.origin}/login in a browser, and "
                      "agree; then once more.\nThe redirect URI "
                      f"{listener.redirect_uri} has to be registered.")
        fields, answer = listener.wait(self.spotify, attempt)
        which = ("first", "second")[number]
        issuer = fields.get("iss")
        self.note(f"iss in the {which} authorization's answer",
                  "no" if issuer is None
                  else printable(issuer, ISSUER) or "yes, of another form")
        if not isinstance(answer.get("access_token"), str):
            raise Unknown(f"the {which} login failed")
        self.note(f"permission of the {which} authorization, "
                  f"which asked for {SCOPES[number]}",
                  printable(answer.get("scope"), SCOPE) or "not told")
        return answer

    # Refresh tokens

    def renew(self, token):
        """Status and answer of a refresh."""
        return self.spotify.tokens(grant_type="refresh_token",
                                   refresh_token=token)

    def ask_rotation(self, token):
        """What a refresh says of the refresh token: the one to use next."""
        status, answer = self.renew(token)
        if status != 200:
            self.note("a refresh", f"refused, {outcome(status)}")
            return token
        new = answer.get("refresh_token")
        if "refresh_token" not in answer or not new or new == token:
            self.note("refresh token in the answer to a refresh", (
                "none" if "refresh_token" not in answer else
                "the same" if new == token else "empty"))
            return token
        self.note("refresh token in the answer to a refresh", "a new one")
        self.note("the one before it", self.alive(token))
        return new

    def alive(self, token):
        """Whether a refresh token is good."""
        status, answer = self.renew(token)
        if status == 200:
            return "still good"
        word = printable(answer.get("error"), "[a-z_]{1,30}")
        if status == 400 and word == "invalid_grant":
            return "ended (invalid_grant)"
        return f"not known: {outcome(status)}"

    # Following

    def list_followed(self, token):
        """The ids of all artists that the user follows."""
        found, after = set(), ""
        for _ in range(PAGES_MAX):
            status, answer = self.spotify.call(
                "GET", "/me/following?type=artist&limit=50"
                + (f"&after={after}" if after else ""), token)
            artists = answer.get("artists")
            if status != 200 or not isinstance(artists, dict) \
                    or not isinstance(artists.get("items"), list):
                raise Unknown(f"the list of artists: {outcome(status)}")
            found.update(artist.get("id") for artist in artists["items"]
                         if isinstance(artist, dict))
            cursors = artists.get("cursors")
            after = cursors.get("after") if isinstance(cursors, dict) else None
            if after is None:
                return found
            if not printable(after, "[0-9A-Za-z]{22}"):
                break
        raise Unknown("the list of artists does not end")

    def ask_follow(self, tokens):
        """With each permission: follow, look, and undo."""
        followed = self.list_followed(tokens[0])
        artist = next((one for one in ARTISTS if one not in followed), None)
        if artist is None:
            raise Unknown("you follow all artists that could be tried")
        path = f"/me/library?uris=spotify:artist:{artist}"
        for scope, token in zip(SCOPES, tokens):
            try:
                status, _ = self.spotify.call("PUT", path, token)
                self.note(f"PUT /me/library of an artist with {scope}",
                          outcome(status))
                if 200 <= status < 300:
                    self.note("the artist is in the list then", "yes" if artist
                              in self.list_followed(token) else "no")
            finally:
                # Whatever was answered: it may have been done.
                self.undo(path, artist, scope, tokens)

    def undo(self, path, artist, scope, tokens):
        """As it was before, or a plain word to the user. The token that did
        it comes first, for its answer is one to report."""
        first = tokens[SCOPES.index(scope)]
        for token in (first, *[one for one in tokens if one != first]):
            status, _ = self.spotify.call("DELETE", path, token)
            if token == first:
                self.note(f"DELETE of the same with {scope}", outcome(status))
            try:
                if artist not in self.list_followed(token):
                    return
            except Unknown:
                pass
        self._say("\nPlease look whether you follow this artist now, and "
                  "unfollow by hand:\n"
                  f"https://open.spotify.com/artist/{artist}")
        raise Unknown("what was followed could not be undone for sure")

    # All of it

    def same_person(self, tokens):
        """Refuse answers about two people."""
        ids = [self.spotify.call("GET", "/me", token)[1].get("id")
               for token in tokens]
        if ids[0] is None or ids[0] != ids[1]:
            raise Unknown("the two logins were not surely of one account")

    def ask(self, listener):
        """The questions in their order; each that fails is a line, too."""
        try:
            first = self.login(listener, 0)
            refresh = first.get("refresh_token")
            second = self.login(listener, 1)
            tokens = [first["access_token"], second["access_token"]]
            self.same_person(tokens)
            if isinstance(refresh, str) and refresh:
                self.note("the first refresh token after a second "
                          "authorization", self.alive(refresh))
            if isinstance(second.get("refresh_token"), str):
                self.ask_rotation(second["refresh_token"])
            self.ask_follow(tokens)
        except Unknown as reason:
            self.note("not answered", reason)


def run(port, origin, client_id, client_secret, *, addresses=None, say=print):
    """All of it, from the listening to the report."""
    asker = Asker(Spotify(client_id, client_secret, addresses), say)
    with Listener(port, origin) as listener:
        asker.ask(listener)
    say("\nAnswers, ready for a report (no secrets are in them), "
        + time.strftime("%Y-%m-%d:", time.gmtime()))
    for line in asker.answers:
        say("  " + line)
    return asker.answers
