# SPDX-License-Identifier: ISC
"""Two machines with their sessions in one engine: each has a directory for its
locks and two processes of what refreshes."""

import functools
import os
import signal
import time
import urllib.parse

import pytest

from stack import Client
from stack.engine import Engine, find_server
from stack.processes import wait_until
from tools import fastcgi
from tools.engines import watching
from tools.machines import Machine
from tools.parallel import Later, timed, together
from tools.spotify import bearer_of, newest_secret
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

TOKEN_S = 1.0       # what Spotify takes for a token in these tests
MORE_S = 8.0        # nobody waits longer than that: much less than the lock's
                    # limit, so that a slow machine is no failure
LEASE_S = 19        # lib/store/lease.h


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="one")
def fixture_one(make_stack, engine):
    """The first machine, with a web server in front."""
    return make_stack(processes={"artists": 2, "refresh": 2},
                      conf=engine.conf(engine.socket_url))


@pytest.fixture(name="two")
def fixture_two(one):
    """The second."""
    with Machine(one, wanted=2) as running:
        yield running


@pytest.fixture(name="visitor")
def fixture_visitor(one):
    """Who is logged in, with an access token that has ended and a refresh
    token that is good once."""
    client = Client(one)
    client.login()
    let_tokens_end(one)
    one.spotify.settings(rotation="strict")
    return client


def asks(client, two, count):
    """So many requests, half of them to each machine and to each program."""
    kinds = [lambda c: c.fetch("artists"), lambda c: two.ask(c, "artists"),
             refresh, lambda c: two.ask(c, "refresh")]
    return [functools.partial(kinds[n % 4], client.copy())
            for n in range(count)]


def check_good(reply):
    """All of it, from a live token."""
    assert reply.status == 200, reply
    if "artists" in reply.json:
        assert reply.json["complete"] and not reply.json["stale"]
    else:
        assert 3500 < reply.json["expires_in"] <= 3600


@pytest.mark.parametrize("count", [2, 50, 200])
def test_two_machines_make_one_token_request(one, two, visitor, count):
    spotify = one.spotify
    spotify.answers("token", {"delay": TOKEN_S})
    since = spotify.requests()[-1]["n"]
    done = together(lambda job=job: timed(job)
                    for job in asks(visitor, two, count))
    for _, reply in done:
        check_good(reply)
    assert len(spotify.requests("token", since)) == 1
    assert {bearer_of(request) for request in spotify.requests(
        "following", since)} <= {newest_secret(spotify, "access_token")}
    longest = max(seconds for seconds, _ in done)
    print(f"{count} on two machines: the longest took {longest:.2f} s")


def holder(one, two, client, answer):
    """A renewal under way on the second machine: it has the lease and waits
    for Spotify; the number of token requests before."""
    before = len(one.spotify.requests("token"))
    one.spotify.answers("token", answer)
    under_way = Later(lambda: two.ask(client.copy(), "refresh"))
    one.spotify.wait_for("token", before + 1)
    return under_way, before


def test_a_holder_that_is_killed_delays_nobody_of_his_machine(one, two,
                                                              visitor):
    """Before the token is spent: another process finds his lease, and that he
    has lost the kernel's lock."""
    under_way, before = holder(one, two, visitor, {"delay": 3})
    two.kill("refresh", signal.SIGKILL)
    one.spotify.clear_answers()
    seconds, reply = timed(lambda: two.ask(visitor, "artists"))
    with pytest.raises((AssertionError, OSError)):
        under_way.result()
    assert reply.status in (200, 401)   # the dead one's request goes on
    assert seconds < LEASE_S / 2
    assert "event=lease_taken_over" in two.log("artists")
    assert len(one.spotify.requests("token")) <= before + 2


def test_a_machine_that_dies_delays_the_others_by_its_lease(one, two, visitor):
    """They hear "busy" meanwhile, and then the next one refreshes."""
    _, before = holder(one, two, visitor, {"delay": 40})
    died = time.monotonic()
    for program in two.programs:
        two.kill(program, signal.SIGKILL)
    one.spotify.clear_answers()
    reply = refresh(visitor)
    while reply.status == 503 and time.monotonic() - died < 2 * LEASE_S:
        assert reply.code == "busy"
        reply = refresh(visitor)
    check_good(reply)
    assert time.monotonic() - died < LEASE_S + MORE_S
    assert len(one.spotify.requests("token")) == before + 2


def stop_beyond_lease(engine, two):
    """Stop the processes that may hold it, until their lease is over: the
    engine is told that it is, so that nobody waits for it."""
    for pid in two.pids("refresh"):
        os.kill(pid, signal.SIGSTOP)
    assert [engine.command("PEXPIRE", key, 1) for key in leases(engine)] == [1]
    wait_until(lambda: leases(engine) == [], 60, "the lease has not ended")


def leases(engine):
    """The keys of those that somebody has for a refresh."""
    return engine.command("KEYS", "sf:*:l")


def go_on(two):
    """After stop_beyond_lease()."""
    for pid in two.pids("refresh"):
        os.kill(pid, signal.SIGCONT)


def test_a_stopped_holder_never_puts_older_tokens_over_newer(one, two, engine,
                                                             visitor):
    """Refresh tokens that stay good: both are answered well, the stopped one
    first, and his are the older ones."""
    spotify = one.spotify
    spotify.settings(rotation="rotate")
    under_way, _ = holder(one, two, visitor, {"held": True})
    stop_beyond_lease(engine, two)
    spotify.clear_answers()
    check_good(refresh(visitor))
    newest = newest_secret(spotify, "access_token")
    spotify.release()
    go_on(two)
    reply = under_way.result()
    assert reply.status in (200, 503), reply
    assert "event=save_stale" in two.log("refresh")
    since = spotify.requests()[-1]["n"]
    assert two.ask(visitor, "artists", "fresh=1").status == 200
    assert {bearer_of(request) for request in
            spotify.requests("following", since)} == {newest}


def test_a_stopped_holder_who_has_spent_the_token_comes_back_with_the_next(
        one, two, engine, visitor):
    """Refresh tokens that are good once: the other machine is refused, ends
    nothing, asks once and no more, and the stopped one saves the session."""
    spotify = one.spotify
    under_way, before = holder(one, two, visitor, {"held": True})
    stop_beyond_lease(engine, two)
    spotify.clear_answers()
    for _ in range(5):
        reply = refresh(visitor)
        assert (reply.status, reply.code) == (503, "upstream_failed"), reply
        assert reply.header("Set-Cookie") is None
    assert len(spotify.requests("token")) == before + 2
    assert is_logged_in(visitor)
    assert "event=refresh_in_doubt" in one.log("refresh")
    spotify.release()
    go_on(two)
    check_good(under_way.result())
    check_good(refresh(visitor))
    assert is_logged_in(visitor)


def test_a_logout_wins_over_a_refresh_on_another_machine(one, two, engine,
                                                         visitor):
    under_way, _ = holder(one, two, visitor, {"held": True})
    held = visitor.copy()
    assert logout(visitor).status == 204
    one.spotify.release()
    assert under_way.result().status == 401
    assert not is_logged_in(held)
    assert [key for key in engine.command("KEYS", "*")
            if not key.startswith(b"sf:")
            or b"}:" in key and not key.endswith(b"}:u")] == []
    assert "event=refreshed_after_logout" in two.log("refresh")


def calls(engine, command):
    """How often it was called since CONFIG RESETSTAT."""
    fields = dict(line.split(":", 1) for line in engine.command(
        "INFO", "commandstats").decode().splitlines() if ":" in line)
    words = fields.get(f"cmdstat_{command}", "calls=0").split(",")
    return int(words[0].partition("=")[2])


def test_who_waits_for_a_list_takes_no_lease_when_it_is_there(one, engine):
    """Each of those who wait in the same process would ask the engine twice
    more than for his record, one after the other. Some may have come too late
    to be told."""
    count = 8
    one.kill("artists")
    one.programs["artists"].wanted = 1
    one.start("artists")
    client = Client(one)
    client.login()
    since = len(one.spotify.requests("following"))
    one.spotify.answers("following", {"held": True}, *[{}] * 2)
    engine.command("CONFIG", "RESETSTAT")
    visits = [Later(lambda: client.copy().fetch("artists"))
              for _ in range(count)]
    one.spotify.wait_for("following", since + 1)
    wait_until(lambda: calls(engine, "getrange") >= count, 60, "not all came")
    one.spotify.release()
    for visit in visits:
        check_good(visit.result())
    assert calls(engine, "eval") <= 2 * count


def test_who_waits_for_the_token_of_another_machine_asks_once(one, engine):
    """The first who waits in a process hears of it from the engine, the others
    from him: else each would ask for the lease, one after the other, which
    takes long where the engine is far away."""
    count = 16              # who waits holds a thread, of which there are more
    client = Client(one)
    client.login()
    let_tokens_end(one)
    with Machine(one) as two, watching(engine) as heard:
        before = len(one.spotify.requests("token"))
        one.spotify.answers("token", {"held": True})
        first = Later(lambda: refresh(client.copy()))
        one.spotify.wait_for("token", before + 1)
        engine.command("CONFIG", "RESETSTAT")
        visits = [Later(lambda: two.ask(client.copy(), "refresh"))
                  for _ in range(count)]
        wait_until(lambda: calls(engine, "mget") >= count, 60,
                   "not all came")
        one.spotify.release()
        for visit in [first, *visits]:
            check_good(visit.result())
    scripts = [line for line in heard if b'"EVAL"' in line]
    saved = next(n for n, line in enumerate(scripts)
                 if b"string.sub(ARGV[3], -16)" in line)
    # Some may have come too late to be told.
    assert len([line for line in scripts[saved:]
                if b"local held" in line]) < count / 2


def test_a_login_is_finished_once_on_two_machines(one, two, engine):
    """With the same address at the same moment."""
    for _ in range(5):
        client = Client(one)
        url = client.approve(client.start_login())
        query = urllib.parse.urlsplit(url).query
        replies = together([lambda: client.finish(url),
                            lambda: two.ask(client.copy(), "callback",
                                            query)])
        assert sorted(r.status for r in replies)[0] == 303
        assert [r.status for r in replies].count(303) == 1
        assert {r.code for r in replies if r.status != 303} <= {
            "login_replayed", "login_under_way"}
    assert len(engine.command("KEYS", "*:s")) == 5


def test_what_one_machine_is_told_the_other_knows(one, two, visitor):
    """A session, a pause that Spotify asks for, and an end."""
    assert two.ask(visitor, "session").json["logged_in"]
    one.spotify.answers("token", {"status": 429, "headers": {
        "Retry-After": "60"}, "body": ""})
    assert refresh(visitor).status == 503
    since = one.spotify.requests()[-1]["n"]
    reply = two.ask(visitor, "refresh")
    assert reply.status == 503 and int(reply.header("Retry-After")) > 5
    assert one.spotify.requests(since=since) == []
    held = visitor.copy()
    assert two.ask(visitor, "logout").status == 204
    assert not is_logged_in(held)


def test_a_change_on_one_machine_is_known_on_the_other(make_stack, engine):
    """A list and an answer that are on their way there when it comes are not
    given to who asks after it, though they are of another process. The list
    is of the library, the answer of the player."""
    one = make_stack(conf={
        **engine.conf(engine.socket_url),
        "api_allow": "player pause library-save",
        "scope": "user-follow-read user-follow-modify "
                 "user-read-playback-state user-modify-playback-state"})
    client = Client(one)
    client.login()

    def player(two):
        return fastcgi.ask(two, "api", fastcgi.params_of(
            two, "api", SCRIPT_NAME="/api/me/player",
            HTTP_COOKIE=client.cookies.text(client.base)))

    with Machine(one, programs=("api", "artists")) as two:
        one.spotify.answers("following", {"held": True, "pass": True})
        one.spotify.answers("api", {"held": True, "pass": True})
        one.spotify.clear_requests()
        old = [Later(lambda: two.ask(client, "artists")),
               Later(lambda: player(two))]
        one.spotify.wait_for("following", 1)
        one.spotify.wait_for("api", 1)
        assert client.fetch("api/me/library?uris=spotify:artist:"
                            "0OdUWJ0sBjDrqHygGUXeCF", "PUT").status == 204
        assert client.fetch("api/me/player/pause", "PUT").status == 204
        assert player(two).status == 200
        assert len(one.spotify.requests("api")) == 4
        one.spotify.release()
        assert [later.result().status for later in old] == [200, 200]
        since = len(one.spotify.requests("following"))
        check_good(two.ask(client, "artists"))
        assert len(one.spotify.requests("following")) == 2 * since
        check_good(client.fetch("artists"))
        assert len(one.spotify.requests("following")) == 2 * since
