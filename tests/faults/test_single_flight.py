# SPDX-License-Identifier: ISC
"""One refresh for everybody, over four processes of `artists` and two of
`refresh`."""

import functools
import os
import threading

import pytest

from stack import Client
from stack.processes import wait_until
from tools import fastcgi
from tools.amounts import SOAK, scaled
from tools.parallel import Later, timed, together
from tools.processes import descriptors, status
from tools.spotify import bearer_of, newest_secret
from tools.steps import let_tokens_end, refresh
from tools.store import session_bytes, stored

TOKEN_S = 1.0       # what Spotify takes for a token in these tests


def ask(client, number):
    """Every other one asks for the artists, the others for a renewal."""
    if number % 2 == 0:
        return client.fetch("artists")
    return refresh(client)


def asks(client, count):
    """So many of them, each of a tab of its own."""
    return [functools.partial(ask, client.copy(), n) for n in range(count)]


def check_good(reply):
    """All of it, from a live token."""
    assert reply.status == 200, reply
    if "artists" in reply.json:
        assert reply.json["complete"] and not reply.json["stale"]
        assert len(reply.json["artists"]) == reply.json["total"] == 120
    else:
        assert 3500 < reply.json["expires_in"] <= 3600


@pytest.mark.parametrize("count", [1, 2, 50, scaled(100, 200)])
def test_parallel_requests_at_expiry_make_one_token_request(
        stack, client, spotify, count, record_property):
    """None waits for the lock's limit, all see one list, and Spotify sees the
    new access token only."""
    client.login()
    let_tokens_end(stack)
    spotify.settings(rotation="strict")
    spotify.answers("token", {"delay": TOKEN_S})
    since = spotify.requests()[-1]["n"]
    done = together(lambda job=job: timed(job) for job in asks(client, count))
    for _, reply in done:
        check_good(reply)
    assert len(spotify.requests("token", since)) == 1
    assert len({reply.header("ETag") for _, reply in done[::2]}) == 1
    assert {bearer_of(request) for request in spotify.requests(
        "following", since)} == {newest_secret(spotify, "access_token")}
    longest = max(seconds for seconds, _ in done)
    record_property("longest_s", f"{longest:.2f}")
    print(f"{count} in parallel: the longest took {longest:.2f} s, "
          f"of which {TOKEN_S} s the token request")


def connections(stack):
    """How many sockets the programs have that refresh."""
    return sum(what.startswith("socket:") for name in ("artists", "refresh")
               for pid in stack.pids(name)
               for what in descriptors(pid).values())


@pytest.mark.skipif(os.geteuid() != 0, reason="counts files of programs that "
                    "cannot be dumped: that takes root")
@pytest.mark.parametrize("life", [120, 60, 20, 5, 1])
def test_tokens_that_live_shortly_are_got_once_too(make_stack, life):
    """All have come before Spotify answers, and had the old token. Nobody gets
    another one because that does not live long enough. No connection is left
    of an earlier request, to be counted for one of these."""
    stack = make_stack(processes={"artists": 4, "refresh": 2})
    spotify, client = stack.spotify, Client(stack)
    client.login()
    let_tokens_end(stack)
    spotify.settings(rotation="strict", expires_in=life)
    # A second more, for who is not yet at the lock.
    spotify.answers("token", {"held": True, "after_commit_delay": 1})
    since, open_before = len(spotify.requests("token")), connections(stack)
    visits = [Later(job) for job in asks(client, 40)]
    wait_until(lambda: connections(stack) >= open_before + 41, 60,
               "not all came")
    spotify.wait_for("token", since + 1)
    spotify.release()
    for visit in visits:
        assert visit.result().status == 200
    assert len(spotify.requests("token")) == since + 1


def test_a_token_that_lives_shortly_serves_more_than_one_request(
        stack, client, spotify):
    """For half of its life."""
    spotify.settings(expires_in=100)
    client.login()
    for _ in range(3):
        assert client.fetch("artists?fresh=1").status == 200
    assert len(spotify.requests("token")) == 1
    stack.clock.advance(51)
    for _ in range(3):
        assert client.fetch("artists?fresh=1").status == 200
    assert len(spotify.requests("token")) == 2


def test_while_the_token_lives_one_renews_it_and_nobody_waits(
        stack, client, spotify):
    """With 20 to 120 seconds left; only who refreshes waits for Spotify, the
    others use the old token."""
    client.login()
    client.fetch("artists")
    old = newest_secret(spotify, "access_token")
    let_tokens_end(stack, 60)
    spotify.answers("token", {"held": True})
    since = spotify.requests()[-1]["n"]
    visits = [Later(lambda c=client.copy(): c.fetch("artists?fresh=1"))
              for _ in range(20)]
    wait_until(lambda: sum(visit.under_way() for visit in visits) == 1, 60,
               "no answer to all but one")
    assert {bearer_of(request) for request in spotify.requests(
        "following", since)} == {old}
    spotify.release()
    for visit in visits:
        check_good(visit.result())
    assert len(spotify.requests("token", since)) == 1


def test_everybody_is_told_of_one_failed_refresh(stack, client, spotify):
    """Threads that wait do not try the same, one after the other: a Spotify
    that is in trouble is asked once by each process, and once more for those
    who come too late to be told."""
    client.login()
    let_tokens_end(stack)
    spotify.answers("token", {"name": "unavailable_503_html", "delay": 1},
                    repeat=True)
    since = spotify.requests()[-1]["n"]
    for reply in together(asks(client, 50)):
        # "busy": on a slow machine it is too late to ask for those.
        assert reply.status == 503
        assert reply.code in ("upstream_failed", "busy")
        assert int(reply.header("Retry-After")) > 0
    assert len(spotify.requests("token", since)) <= 2 * 6
    spotify.clear_answers()
    check_good(refresh(client))


@pytest.mark.parametrize("rotation", ["omit", "same", "empty", "null",
                                      "rotate", "strict"])
def test_the_stored_refresh_token_is_the_one_that_works(
        stack, client, spotify, rotation):
    """None or an empty one in the answer keeps the old; a new one replaces
    it."""
    client.login()
    spotify.settings(rotation=rotation)
    sent = []
    for _ in range(3):
        let_tokens_end(stack)
        check_good(refresh(client))
        form = dict(spotify.requests("token")[-1]["form"])
        sent.append(form["refresh_token"])
    renewed = rotation in ("rotate", "strict")
    assert len(set(sent)) == (3 if renewed else 1)
    check_good(client.fetch("artists"))


def test_fifty_at_a_time_with_strict_rotation_lose_no_token(
        stack, client, spotify):
    """The old token dies at once; afterwards one more refresh works."""
    client.login()
    spotify.settings(rotation="strict")
    for round_number in range(1, scaled(3, 20) + 1):
        let_tokens_end(stack)
        for reply in together(asks(client, 50)):
            check_good(reply)
        assert len(spotify.requests("token")) == 1 + round_number
    let_tokens_end(stack)
    check_good(refresh(client))
    assert len(stored(stack)) == 1
    assert stored(stack, "temp-") == []


def read_until(stop, stack, params):
    """Ask again and again who is logged in; how often it was asked."""
    count = 0
    while not stop.is_set():
        reply = fastcgi.ask(stack, "session", params)
        assert reply.status == 200 and reply.json["logged_in"], reply
        count += 1
    return count


def test_readers_never_see_half_a_file(stack, client, spotify):
    """A session is replaced time and again, by refreshes with strict rotation,
    and every reader finds it whole, also who has just opened the old file: 100
    on each run, 1,000 in the soak test."""
    rounds = scaled(100, 1000)
    spotify.settings(rotation="strict", expires_in=200)
    client.login()
    params = fastcgi.params_of(
        stack, "session",
        HTTP_COOKIE=f"{client.session_cookie_name}={client.session_cookie}")
    stop = threading.Event()
    readers = [Later(lambda: read_until(stop, stack, params))
               for _ in range(3)]
    try:
        for _ in range(rounds):
            assert refresh(client).status == 200
    finally:
        stop.set()
    asked = sum(reader.result() for reader in readers)
    assert len(spotify.requests("token")) == 1 + rounds
    assert asked > rounds
    print(f"{rounds} refreshes, {asked} readings")


def test_renewing_does_nothing_while_there_is_time(stack, client, spotify):
    """A hundred renewals in a row are at most one call; the answer carries a
    time and no token."""
    client.login()
    let_tokens_end(stack, 299)
    since = spotify.requests()[-1]["n"]
    replies = [refresh(client) for _ in range(100)]
    assert [r.status for r in replies] == [200] * 100
    assert [r.json["refreshed"] for r in replies] == [True] + [False] * 99
    assert len(spotify.requests(since=since)) == 1
    assert set(replies[0].json) == {"expires_in", "refreshed"}
    assert client.fetch("refresh").status == 405
    cross = client.fetch("refresh", "POST", site="cross-site",
                         origin="https://evil.example")
    assert (cross.status, cross.code) == (403, "cross_site")


def test_no_descriptor_or_thread_is_left_behind(stack, client):
    """After a crowd a process is as it was."""
    client.login()
    crowd = asks(client, 50)
    together(crowd)
    before = [status(pid, "Threads") for pid in stack.pids("artists")]
    for _ in range(3):
        let_tokens_end(stack)
        together(crowd)
    assert [status(p, "Threads") for p in stack.pids("artists")] == before


def test_many_sessions_refresh_beside_each_other(stack, spotify):
    """The lock is one of a session, not one of the store. Few enough to arrive
    before the first of them gives Spotify up, on a slow machine, too."""
    clients = [Client(stack) for _ in range(4)]
    for client in clients:
        client.login()
    let_tokens_end(stack)
    before = session_bytes(stack)
    since = len(spotify.requests("token"))
    spotify.answers("token", {"held": True}, repeat=True)
    visits = [Later(lambda c=c: refresh(c)) for c in clients]
    spotify.wait_for("token", since + 4)
    spotify.release()
    for visit in visits:
        check_good(visit.result())
    after = session_bytes(stack)
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in after)


if SOAK:
    def test_five_thousand_requests_over_many_expiries(stack, client, spotify):
        """Again and again, so that rare orders of events happen too."""
        client.login()
        spotify.settings(rotation="strict")
        crowd = asks(client, 100)
        for round_number in range(1, 51):
            let_tokens_end(stack)
            for reply in together(crowd):
                check_good(reply)
            assert len(spotify.requests("token")) == 1 + round_number
