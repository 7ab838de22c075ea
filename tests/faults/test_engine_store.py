# SPDX-License-Identifier: ISC
"""Sessions in an engine that breaks: nobody is logged out by it, no cookie is
deleted, and all goes on when it is back."""

import os
import time

import pytest

from stack import Client
from stack.engine import PASSWORD, Engine, find_server
from stack.processes import wait_until
from tools.amounts import scaled
from tools.engines import watching
from tools.parallel import Later, timed, together
from tools.processes import descriptors
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

CALL_S = 1          # lib/store/valkeyparts.h: what a call may take
BACK_S = 1          # and after how long an engine that is back is found
MORE_S = 10         # on a busy machine
PROGRAMS = (("artists", "GET"), ("refresh", "POST"), ("session", "GET"),
            ("logout", "POST"))


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="stack")
def fixture_stack(make_stack, engine):
    """The site, over the unix socket."""
    return make_stack(conf=engine.conf(engine.socket_url))


@pytest.fixture(name="visitor")
def fixture_visitor(stack):
    """Who is logged in."""
    client = Client(stack)
    client.login()
    return client


def check_away(client):
    """503 and nothing else, from each program, and soon."""
    for program, method in PROGRAMS:
        seconds, reply = timed(lambda p=program, m=method:
                               client.copy().fetch(p, m))
        assert (reply.status, reply.code) == (503, "store_unavailable"), reply
        assert int(reply.header("Retry-After")) > 0
        assert reply.header("Set-Cookie") is None
        assert seconds < 2 * CALL_S + MORE_S


def check_back(client):
    """It serves again, soon, each process by itself, and the session is
    there."""
    limit = time.monotonic() + BACK_S + MORE_S
    for program in ("session", "artists"):
        while (reply := client.fetch(program)).status == 503:
            assert time.monotonic() < limit, reply
            time.sleep(0.1)
        assert reply.status == 200
        assert reply.json.get("logged_in", True)


@pytest.mark.parametrize("how", ["stopped", "killed", "paused", "slow"])
def test_while_the_engine_is_away_nothing_is_lost(stack, engine, visitor, how):
    assert visitor.fetch("artists").status == 200
    if how == "paused":
        engine.pause()
    elif how == "slow":
        engine.command("CLIENT", "PAUSE", 20000, "ALL")
    else:
        engine.stop(*([9] if how == "killed" else []))
    check_away(visitor)
    assert Client(stack).get("login", link=True).status == 303
    if how == "paused":
        engine.resume()
    elif how == "slow":
        time.sleep(0.1)
        engine.commands(("CLIENT", "UNPAUSE"))
    else:
        engine.start()
    check_back(visitor)
    # What is wrong is said, but not for each request.
    assert 1 <= stack.log("session").count("level=error") <= 3


def test_a_login_outlives_an_engine_that_is_away(stack, engine):
    """Whoever comes back from Spotify meanwhile keeps the cookie of the login,
    and has only to reload."""
    client = Client(stack)
    url = client.approve(client.start_login())
    engine.stop()
    reply = client.finish(url)
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert reply.header("Set-Cookie") is None
    engine.start()
    limit = time.monotonic() + BACK_S + MORE_S
    while (reply := client.finish(url)).status == 503:
        assert time.monotonic() < limit, reply
        time.sleep(0.1)
    assert reply.status == 303 and is_logged_in(client)


def test_programs_start_without_an_engine(make_stack, engine):
    keys = engine.conf(engine.socket_url)
    engine.stop()
    stack = make_stack(conf=keys)
    client = Client(stack)
    client.session_cookie = "A" * 43
    check_away(client)
    assert client.fetch("session").status == 503
    engine.start()
    wait_until(lambda: client.fetch("session").status == 200,
               BACK_S + MORE_S, "the engine was not found")
    client = Client(stack)
    client.login()
    check_back(client)


def test_an_engine_that_is_started_anew_costs_no_refresh(stack, engine,
                                                         visitor):
    """It goes while Spotify is asked, and comes back before the answer has to
    be saved. It knows no script any more."""
    let_tokens_end(stack)
    stack.spotify.settings(rotation="strict")
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(visitor.copy()))
    stack.spotify.wait_for("token", before + 1)
    engine.stop(9)
    engine.start()
    stack.spotify.release()
    assert under_way.result().status == 200
    check_back(visitor)
    assert refresh(visitor).json["refreshed"] is False
    assert len(stack.spotify.requests("token")) == before + 1


def test_an_engine_that_stays_away_costs_no_session(stack, engine, visitor):
    """Tokens that are good once: what Spotify gave is lost, and is not used;
    the session is as it was."""
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: visitor.copy().fetch("artists"))
    stack.spotify.wait_for("token", before + 1)
    engine.stop(9)
    since = stack.spotify.requests()[-1]["n"]
    stack.spotify.release()
    reply = under_way.result()
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert stack.spotify.requests(since=since) == []
    engine.start()
    check_back(visitor)


def test_a_full_engine_is_met_before_the_token_is_spent(stack, engine,
                                                        visitor):
    """Under noeviction; whoever is logged in stays, nobody logs in, and all
    goes on when there is memory again."""
    let_tokens_end(stack)
    engine.command("CONFIG", "SET", "maxmemory", "1")
    since = stack.spotify.requests()[-1]["n"]
    reply = refresh(visitor)
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert stack.spotify.requests(since=since) == []
    assert is_logged_in(visitor)
    other = Client(stack)
    reply = other.finish(other.approve(other.start_login()))
    assert reply.status == 503 and other.session_cookie is None
    engine.command("CONFIG", "SET", "maxmemory", "0")
    assert refresh(visitor).json["refreshed"]
    assert logout(visitor).status == 204


def test_room_that_was_taken_is_there_though_the_engine_gets_full(
        stack, engine, visitor):
    let_tokens_end(stack)
    stack.spotify.settings(rotation="strict")
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(visitor.copy()))
    stack.spotify.wait_for("token", before + 1)
    used = int(engine.info("used_memory"))
    engine.command("CONFIG", "SET", "maxmemory", str(used - 1000))
    stack.spotify.release()
    assert under_way.result().json["refreshed"]
    engine.command("CONFIG", "SET", "maxmemory", "0")
    assert refresh(visitor).json["refreshed"] is False


def test_copies_are_the_first_to_go_without_memory(stack, engine, visitor):
    """Above 80 % logins and lists go on, and no list is kept."""
    used = int(engine.info("used_memory"))
    engine.command("CONFIG", "SET", "maxmemory", str(used * 10 // 9))
    assert visitor.fetch("artists").status == 200
    assert engine.command("KEYS", "*:c") == []
    assert "event=copy_not_kept cause=full" in stack.log("artists")
    Client(stack).login()


def test_a_replica_is_not_written_to(make_stack):
    """Whose master is elsewhere: READONLY, and the token is not spent."""
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        client = Client(stack)
        client.login()
        let_tokens_end(stack)
        engine.command("REPLICAOF", "127.0.0.1", "1")
        since = stack.spotify.requests()[-1]["n"]
        reply = refresh(client)
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert stack.spotify.requests(since=since) == []
        engine.command("REPLICAOF", "NO", "ONE")
        wait_until(lambda: refresh(client).status == 200, BACK_S + MORE_S,
                   "the master was not found")
        assert is_logged_in(client)


def test_what_replicas_do_not_confirm_is_not_promised(make_stack):
    """With store_replicas: no token is spent, nor a code, and a logout says so.
    Both are good when they are repeated."""
    with Engine("replica") as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url)
                           | {"store_replicas": "1"})
        # On a busy machine a replica may be late by itself.
        client = Client(stack)
        url = client.approve(client.start_login())
        wait_until(lambda: client.finish(url).status == 303,
                   BACK_S + MORE_S, "nobody could log in")
        let_tokens_end(stack)
        wait_until(lambda: refresh(client).status == 200, BACK_S + MORE_S,
                   "no token was renewed")
        let_tokens_end(stack)
        stack.clock.advance(3600)
        engine.replica.pause()
        since = stack.spotify.requests()[-1]["n"]
        reply = refresh(client)
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert stack.spotify.requests(since=since) == []
        assert is_logged_in(client)
        held = client.copy()
        reply = logout(client)
        assert (reply.status, reply.code) == (503, "store_unavailable")
        other = Client(stack)
        url = other.approve(other.start_login())
        reply = other.finish(url)
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert stack.spotify.requests("token", since) == []
        engine.replica.resume()
        assert wait_until(lambda: other.finish(url).status == 303,
                          BACK_S + MORE_S, "the login was used up")
        wait_until(lambda: logout(held).status == 204, BACK_S + MORE_S,
                   "nobody could log out")
        assert not is_logged_in(held)


def test_a_password_that_is_wrong_logs_nobody_out(make_stack):
    with Engine("acl") as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        client = Client(stack)
        client.login()
        engine.command("ACL", "SETUSER", "spotify", "resetpass", ">another")
        engine.command("CLIENT", "KILL", "USER", "spotify")
        check_away(client)
        engine.command("ACL", "SETUSER", "spotify", "resetpass",
                       ">" + PASSWORD)
        check_back(client)
        assert PASSWORD not in stack.log("session")


RIGHTS = ("ACL SETUSER spotify resetkeys ~sf:* resetchannels -@all +hello "
          "+get +mget +set +del +eval +wait +getrange +setrange "
          "+exists +pexpire +pttl +time +info +ping +select "
          "+hgetall +hincrby +hsetnx +hset +hdel +expire").split()


def test_few_rights_are_enough(make_stack):
    """Those that the manual names."""
    with Engine("acl") as engine:
        engine.command(*RIGHTS)
        stack = make_stack(conf={**engine.conf(engine.socket_url),
                                 "quota_per_day": "600"})
        engine.command("ACL", "LOG", "RESET")       # -n has tried CONFIG
        client = Client(stack)
        client.login()
        assert client.fetch("artists").status == 200
        let_tokens_end(stack)
        stack.clock.advance(3600)
        assert refresh(client).json["refreshed"]
        assert client.fetch("artists?fresh=1").status == 200
        assert engine.command("ACL", "LOG") == []
        assert logout(client).status == 204
        assert not is_logged_in(client)
        assert "event=engine" not in stack.program_logs()


def test_nothing_secret_is_told_to_an_engine(stack, engine):
    """Neither in a key's name, nor in a value: what it hears, and what it has
    on its disk, is searched for every secret of the site."""
    with watching(engine) as heard:
        client = Client(stack)
        client.login()
        assert client.fetch("artists").status == 200
        let_tokens_end(stack)
        assert refresh(client).json["refreshed"]
        engine.command("SAVE")
        kept = [path.read_bytes() for path in engine.folder.rglob("*")
                if path.is_file()]
        assert logout(client).status == 204
    assert any(b"GETRANGE" in line for line in heard)
    # The stack looks into its files when it stops.
    (stack.folder / "log" / "engine").write_bytes(
        b"\n".join(heard + kept))
    assert stack.leaks.find() == []


def opened(stack):
    """How many descriptors each program has; as root."""
    return {name: len(descriptors(pid)) for name, _ in PROGRAMS
            for pid in stack.pids(name)} if os.geteuid() == 0 else {}


def test_no_connection_is_left_open(stack, engine, visitor):
    """As many as there were threads at a time, after any number of requests
    of each kind."""
    count = scaled(1000, 10000)

    def ask(client, wanted):
        for n in range(wanted // 10):
            path, method = PROGRAMS[n % 10 if n % 10 < 3 else 2]
            assert client.fetch(path, method).status == 200
    together(lambda c=visitor.copy(): ask(c, 100) for _ in range(10))
    before = opened(stack)
    together(lambda c=visitor.copy(): ask(c, count) for _ in range(10))
    for name, number in opened(stack).items():
        assert number <= before[name] + 20, name
    assert int(engine.info("connected_clients")) <= 60
    assert int(engine.info("total_connections_received")) < 150


def test_an_engine_that_ends_idle_connections_is_not_noticed(stack, engine,
                                                            visitor):
    """Its own timeout, or an administrator."""
    for _ in range(3):
        for program, method in PROGRAMS[:3]:
            assert visitor.fetch(program, method).status == 200
        engine.command("CLIENT", "KILL", "TYPE", "normal")
    assert "event=engine_trouble" not in stack.program_logs()


def test_a_flush_of_everything_logs_out_and_breaks_nothing(stack, engine,
                                                           visitor):
    """In the middle of a refresh: a logout, as far as anybody can tell."""
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(visitor.copy()))
    stack.spotify.wait_for("token", before + 1)
    engine.commands(("SCRIPT", "FLUSH"), ("FLUSHALL",))
    stack.spotify.release()
    assert under_way.result().status == 401
    assert not is_logged_in(visitor)
    visitor.login()
    assert is_logged_in(visitor)
