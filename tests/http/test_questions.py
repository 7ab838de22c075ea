# SPDX-License-Identifier: ISC
"""The questions that tests/demo asks of the real Spotify, with each answer."""

import re
import threading
import urllib.error
import urllib.request

import pytest

from sim.client import Simulation
from stack import questions
from stack.asking import Listener, NoRedirect, Spotify
from stack.processes import wait_until

FIRST = questions.ARTISTS[0]
KEPT = "the first refresh token after a second authorization"
REFRESH = "refresh token in the answer to a refresh"
SCOPE = questions.SCOPES
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
STAYING = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                      NoRedirect())


@pytest.fixture(scope="module", name="spotify_of_module")
def fixture_spotify_of_module():
    """One that takes all ports of this machine."""
    with Simulation(redirect_uris=["http://127.0.0.1/callback"]) as running:
        yield running


@pytest.fixture(name="spotify")
def fixture_spotify(spotify_of_module):
    """Fresh; it agrees by itself."""
    spotify_of_module.reset()
    spotify_of_module.settings(consent="agree")
    return spotify_of_module


class Asked(threading.Thread):
    """Asks in a thread of its own; .answers by question, .said is what was
    printed."""

    def __init__(self, spotify):
        super().__init__(daemon=True)
        self._spotify, self._lines = spotify, []
        self.answers = {}

    @property
    def said(self):
        """All of it."""
        return "\n".join(self._lines)

    def run(self):
        lines = questions.run(
            0, "", self._spotify.client_id, self._spotify.client_secret,
            addresses={"authorize": self._spotify.url + "/authorize",
                       "token": self._spotify.url + "/api/token",
                       "api": self._spotify.url + "/v1"},
            say=self._lines.append)
        self.answers = dict(line.split(": ", 1) for line in lines)

    def address(self):
        """Where a person is sent."""
        return wait_until(lambda: re.search(r"http://127\S+/login", self.said),
                          60, "no address was told")[0]


def ask(spotify, logins=2, between=None):
    """A person logs in so often."""
    asked = Asked(spotify)
    asked.start()
    for number in range(logins):
        if number and between:
            between()
        with OPENER.open(asked.address(), timeout=60) as page:
            page.read()
        if number == 0 and logins == 2:
            wait_until(lambda: spotify.state()["exchanges"], 60,
                       "no code was exchanged")
            wait_until(lambda: begun(asked), 60, "no second login")
    asked.join(120)
    assert not asked.is_alive()
    check_secrets(spotify, asked)
    return asked


def begun(asked):
    """Whether another login may begin."""
    try:
        STAYING.open(asked.address(), timeout=60)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 303
    return False


def check_secrets(spotify, asked):
    """Nothing that is one was printed."""
    known = [secret["value"] for secret in spotify.secrets()]
    assert len(known) > 1 or not asked.answers
    assert not [value for value in known if value in asked.said]


def follows(spotify):
    """The methods by which somebody was followed or left, in order."""
    return [call["method"] for call in spotify.requests("api")
            if "library" in call["path"]]


def test_the_usual_answers_are_told(spotify):
    asked = ask(spotify)
    assert asked.answers == {
        "iss in the first authorization's answer": "no",
        "iss in the second authorization's answer": "no",
        "permission of the first authorization, which asked for " + SCOPE[0]:
            f"user-follow-read {SCOPE[0]}",
        "permission of the second authorization, which asked for " + SCOPE[1]:
            f"user-follow-read {SCOPE[1]}",
        KEPT: "still good", REFRESH: "none",
        f"PUT /me/library of an artist with {SCOPE[0]}": "200",
        f"PUT /me/library of an artist with {SCOPE[1]}": "200",
        "the artist is in the list then": "yes",
        f"DELETE of the same with {SCOPE[0]}": "200",
        f"DELETE of the same with {SCOPE[1]}": "200"}
    assert follows(spotify) == ["PUT", "DELETE"] * 2


@pytest.mark.parametrize("issuer, told", [
    ("https://accounts.spotify.com", "https://accounts.spotify.com"),
    ("anything <else>", "yes, of another form")])
def test_an_issuer_is_told(spotify, issuer, told):
    spotify.settings(redirect_override={"iss": issuer})
    assert ask(spotify).answers[
        "iss in the first authorization's answer"] == told


@pytest.mark.parametrize("rotation, told, before", [
    ("same", "the same", None), ("empty", "empty", None),
    ("null", "empty", None), ("rotate", "a new one", "still good"),
    ("strict", "a new one", "ended (invalid_grant)")])
def test_what_a_refresh_changes_is_told(spotify, rotation, told, before):
    spotify.settings(rotation=rotation)
    answers = ask(spotify).answers
    assert answers[REFRESH] == told
    assert answers.get("the one before it") == before


def test_a_second_authorization_that_ends_the_first_is_told(spotify):
    spotify.settings(one_authorization=True)
    assert ask(spotify).answers[KEPT] == "ended (invalid_grant)"


@pytest.mark.parametrize("scope, told", [
    (SCOPE[0], ("200", "403", "yes")), (SCOPE[1], ("403", "200", "yes")),
    ("none", ("403", "403", None)), ("ignored", ("200", "200", "no"))])
def test_the_permission_that_follows_is_told(spotify, scope, told):
    spotify.settings(artist_scope=scope)
    answers = ask(spotify).answers
    assert tuple(answers.get(name) for name in (
        *[f"PUT /me/library of an artist with {one}" for one in SCOPE],
        "the artist is in the list then")) == told
    assert "not answered" not in answers


def test_who_is_followed_already_is_not_touched(spotify, monkeypatch):
    """The first of the artists is one of the list."""
    ask(spotify)
    known = [secret["value"] for secret in spotify.secrets()
             if secret["kind"] == "access_token"]
    status, page = Spotify("x", "y", {
        "api": spotify.url + "/v1"}).call(
            "GET", "/me/following?type=artist&limit=1", known[-1])
    assert status == 200
    friend = page["artists"]["items"][0]["id"]
    monkeypatch.setattr(questions, "ARTISTS", (friend, FIRST))
    before = len(spotify.requests("api"))
    ask(spotify)
    assert not [call for call in spotify.requests("api")[before:]
                if friend in str(call["query"])]
    monkeypatch.setattr(questions, "ARTISTS", (friend,))
    before = len(spotify.requests("api"))
    answers = ask(spotify).answers
    assert answers["not answered"].startswith("you follow all artists")
    assert len(spotify.requests("api")) == before


def test_what_cannot_be_undone_is_told_to_the_user(spotify):
    spotify.answers("api", {"pass": True}, *["server_error_500"] * 2)
    asked = ask(spotify)
    assert f"https://open.spotify.com/artist/{FIRST}" in asked.said
    assert "could not be undone" in asked.answers["not answered"]


def test_a_lost_answer_is_undone_as_well(spotify):
    spotify.answers("api", {"pass": True, "cut": 0, "hang_up": True})
    asked = ask(spotify)
    assert follows(spotify)[:2] == ["PUT", "DELETE"]
    assert f"open.spotify.com/artist/{FIRST}" not in asked.said


def test_a_person_who_does_not_agree_ends_it(spotify):
    spotify.settings(consent="deny")
    asked = ask(spotify, logins=1)
    assert asked.answers["not answered"] == "the first login failed"
    assert follows(spotify) == []


def test_two_people_are_no_answer(spotify):
    asked = ask(spotify, between=lambda: spotify.settings(
        account="grace.many"))
    assert "one account" in asked.answers["not answered"]
    assert KEPT not in asked.answers and follows(spotify) == []


def test_a_secret_that_spotify_repeats_is_not_told(spotify):
    """In a place of which something is printed."""
    asker = questions.Asker(Spotify("id", "hush"), print)
    asker.note("question", "it says hush")
    assert asker.answers == ["question: the answer has a secret in it"]


def test_a_login_that_was_not_begun_here_is_refused(spotify):
    with Listener(0) as listener:
        listener.expect(Spotify("id", "hush"), "", last=True)
        with pytest.raises(urllib.error.HTTPError) as refused:
            OPENER.open(listener.redirect_uri + "?code=x&state=y", timeout=60)
        assert refused.value.code == 400
        refused.value.close()


@pytest.mark.parametrize("wish, answer, wanted", [
    ("yes", None, True), ("no", None, False), ("", None, False),
    ("", "y", True), ("", "Yes ", True), ("", "", False), ("", "no", False)])
def test_nobody_is_asked_who_does_not_agree(monkeypatch, wish, answer,
                                            wanted):
    monkeypatch.setattr(questions.sys.stdin.__class__, "isatty",
                        lambda _: answer is not None, raising=False)
    assert questions.agreed(wish, lambda _: answer) is wanted
