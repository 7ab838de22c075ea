# SPDX-License-Identifier: ISC
"""Clocks that jump and lives that make no sense."""

import time

import pytest

from stack import Client
from stack.processes import wait_until
from tools.amounts import DAY, HOUR
from tools.fastcgi import vouch
from tools.parallel import Later, timed
from tools.steps import is_logged_in, refresh
from tools.store import stored


YEAR_2038 = 2_147_483_648 + 5       # the second after 32 bits are full
YEAR_2100 = 4_102_444_800


def offset_of(moment):
    """From now to then."""
    return int(moment - time.time())


class Visitor:
    """Sends its cookie whatever its own clock says, and watches over what
    it gets."""

    def __init__(self, stack):
        self.stack = stack
        self.client = Client(stack)
        self.client.login()
        self.cookie = (f"{self.client.session_cookie_name}="
                       f"{self.client.session_cookie}")

    def ask(self, path, method="GET"):
        """Asserts what no clock may change."""
        seconds, reply = timed(lambda: self.client.fetch(
            path, method, {"Cookie": self.cookie}))
        assert seconds < 10     # of a lock it would be 12
        for text in reply.all("Set-Cookie"):
            assert "Max-Age=-" not in text
        if reply.status == 200 and "expires_in" in reply.json:
            assert 0 <= reply.json["expires_in"] <= DAY
        assert reply.status in (200, 204, 401), reply
        return reply


JUMPS = [-2 * DAY, 2 * DAY, -HOUR, -30, offset_of(YEAR_2038),
         offset_of(YEAR_2100), -offset_of(YEAR_2038)]
JUMP_NAMES = ["2 days back", "2 days on", "1 hour back", "30 s back",
              "to 2038", "to 2100", "11 years back"]


@pytest.mark.parametrize("jump", JUMPS, ids=JUMP_NAMES)
def test_a_clock_that_jumps_refreshes_or_ends_the_session(stack, spotify,
                                                          jump):
    """No loop, no negative number, and a new login works then."""
    visitor = Visitor(stack)
    stack.clock.set(jump)
    since = spotify.requests()[-1]["n"]
    for _ in range(5):
        visitor.ask("refresh", "POST")
        visitor.ask("artists")
        visitor.ask("session")
    assert len(spotify.requests("token", since)) <= 1
    assert len(spotify.requests("following", since)) <= 3   # pages
    client = Client(stack)
    client.login()
    assert is_logged_in(client)
    stack.clock.advance(HOUR)
    assert refresh(client).json["refreshed"]
    cookie = client.cookies.find(client.session_cookie_name)
    assert 29 * DAY < cookie.expires - time.time() - jump <= 30 * DAY


@pytest.mark.parametrize("jump", JUMPS[4:6], ids=JUMP_NAMES[4:6])
def test_a_session_of_a_wrong_future_does_not_live_for_ever(stack, jump):
    """Begun while the clock was wrong: over when it is right again."""
    stack.clock.set(jump)
    visitor = Visitor(stack)
    stack.clock.set(0)
    assert vouch(visitor.client, HTTP_COOKIE=visitor.cookie).status == 401
    assert stored(stack) == []


@pytest.mark.parametrize("jump", [-2 * DAY, 2 * DAY],
                         ids=["2 days back", "2 days on"])
def test_no_step_of_the_clock_makes_a_session_live_longer(stack, jump):
    """The absolute limit holds however the clock went: 30 days, and as much
    more as it was wrong."""
    visitor = Visitor(stack)
    stack.clock.set(jump)
    ended = None
    for day in range(3, 36):
        stack.clock.set(day * DAY)
        reply = visitor.ask("refresh", "POST")
        if reply.status == 401:
            ended = day
            break
    assert ended == 30 and stored(stack) == []


def test_a_step_while_somebody_waits_for_the_lock_does_not_matter(
        stack, client, spotify):
    """Waits use the monotonic clock."""
    client.login()
    stack.clock.advance(HOUR)
    spotify.answers("token", {"delay": 1})
    clients = [client.copy(), client.copy()]
    waiting = [Later(lambda c=c: timed(lambda: c.fetch("artists")))
               for c in clients]
    spotify.wait_for("token", 2)
    stack.clock.advance(2 * DAY)
    for one in waiting:
        seconds, reply = one.result()
        assert reply.status == 200 and seconds < 10


def test_a_login_older_than_ten_minutes_has_ended(stack, client):
    """One from a future of more than a minute has ended as well."""
    url = client.approve(client.start_login())
    jar = client.cookies.text(url)
    stack.clock.advance(601)
    reply = client.finish(url, {"Cookie": jar})
    assert (reply.status, reply.code) == (400, "login_late")
    stack.clock.set(HOUR)
    url = client.approve(client.start_login())
    jar = client.cookies.text(url)
    stack.clock.set(0)
    reply = client.finish(url, {"Cookie": jar})
    assert (reply.status, reply.code) == (400, "login_late")
    assert len(stack.spotify.requests("token")) == 0


def test_a_pause_from_a_wrong_clock_is_forgotten(stack, client, spotify):
    """Retry-After was noted in 2100; today nobody waits until then."""
    client.login()
    stack.clock.set(offset_of(YEAR_2100))
    late = Client(stack)
    late.login()
    spotify.answers("following", {"name": "rate_limited_429",
                                  "headers": {"Retry-After": "50000"}})
    assert late.fetch("artists").status == 429
    stack.clock.set(0)
    assert client.fetch("artists").status == 200


LIVES = ["__missing__", 0, -1, 3600.0, 36e2, "3600", 1e18, 10 ** 18, True,
         None, [], {}]


@pytest.mark.parametrize("life", LIVES, ids=repr)
def test_a_life_that_makes_no_sense_is_taken_for_an_hour(stack, client,
                                                         spotify, life):
    """No loop of refreshes, no token for ever."""
    spotify.settings(expires_in=life)
    client.login()
    assert 3590 <= client.fetch("session").json["expires_in"] <= 3600
    for _ in range(3):
        assert client.fetch("artists").status == 200
        assert not refresh(client).json["refreshed"]
    assert len(spotify.requests("token")) == 1
    stack.clock.advance(HOUR)
    assert 3590 <= refresh(client).json["expires_in"] <= 3600
    assert len(spotify.requests("token")) == 2


def test_a_life_beyond_64_bits_is_taken_for_an_hour(stack, client, spotify):
    """At the login and at a refresh."""
    spotify.settings(expires_in=2 ** 63)
    client.login()
    assert len(stored(stack)) == 1
    stack.clock.advance(HOUR)
    assert 3590 <= refresh(client).json["expires_in"] <= 3600
    assert len(spotify.requests("token")) == 2


@pytest.mark.parametrize("life,kept", [(1, 1), (60, 60), (7200, 7200),
                                       (86400, 86400), (86401, 3600)])
def test_a_life_that_makes_sense_is_believed(stack, client, spotify, life,
                                             kept):
    """One second to one day."""
    spotify.settings(expires_in=life)
    client.login()
    assert kept - 5 <= client.fetch("session").json["expires_in"] <= kept
    spotify.clear_requests()
    for _ in range(3):
        assert client.fetch("artists?fresh=1").status == 200
    assert len(spotify.requests("token")) <= 1


def test_a_token_that_dies_before_its_time_is_replaced_once(
        stack, client, spotify):
    """An API that says 401: one forced refresh and one retry."""
    client.login()
    spotify.expire("access")
    assert client.fetch("artists").status == 200
    assert len(spotify.requests("token")) == 2
    spotify.answers("following", "expired_token_401", repeat=True)
    spotify.clear_requests()
    reply = client.fetch("artists?fresh=1")
    assert reply.status == 200      # a copy of a moment ago
    stack.clock.advance(HOUR)
    spotify.clear_requests()
    reply = client.fetch("artists?fresh=1")
    assert reply.json["stale"] or reply.status == 502
    assert len(spotify.requests("following")) == 2
    assert len(spotify.requests("token")) <= 2
    assert is_logged_in(client)


@pytest.mark.parametrize("answer,code", [
    ("scope_403", "scope_missing"), ("forbidden_403", "spotify_refused"),
    ("not_registered_403", "not_on_allowlist"),
    ("premium_403", "owner_not_premium")])
def test_a_403_causes_no_refresh(client, spotify, answer, code):
    client.login()
    spotify.answers("following", answer, repeat=True)
    spotify.clear_requests()
    reply = client.fetch("artists")
    assert (reply.status, reply.code) == (403, code)
    assert len(spotify.requests()) == 1
    assert is_logged_in(client)


def test_the_idle_limit_ends_a_session_and_its_file(stack, client):
    """Seven days without use, whatever the cookie says."""
    visitor = Visitor(stack)
    stack.clock.advance(6 * DAY)
    assert visitor.ask("artists").status == 200     # is a use
    stack.clock.advance(6 * DAY)
    assert visitor.ask("artists").status == 200
    stack.clock.advance(7 * DAY + 1)
    assert vouch(visitor.client, HTTP_COOKIE=visitor.cookie).status == 401
    wait_until(lambda: stored(stack) == [], 60, "no removed file")


def test_asking_who_is_logged_in_is_no_use(stack):
    """A page that asks time and again keeps no session alive."""
    visitor = Visitor(stack)
    for _ in range(6):
        stack.clock.advance(DAY)
        assert visitor.ask("session").json["logged_in"]
    stack.clock.advance(DAY + 1)
    assert not visitor.ask("session").json["logged_in"]


def test_the_absolute_limit_is_not_moved_by_refreshing(make_stack):
    """Never past 180 days after the user's consent; Spotify would not give
    more."""
    stack = make_stack(conf={"absolute_limit": "180d", "idle_limit": "30d"})
    visitor = Visitor(stack)
    stack.spotify.settings(refresh_lifetime=10 ** 9)
    for _ in range(8):
        stack.clock.advance(22 * DAY)
        assert visitor.ask("refresh", "POST").status == 200
    told = visitor.ask("session").json
    assert told["session_expires_at"] <= told["authorization_expires_at"]
    assert told["renew_soon"]       # 4 days are left
    stack.clock.set(180 * DAY + 1)
    assert visitor.ask("refresh", "POST").status == 401
    assert stored(stack) == []
