# SPDX-License-Identifier: ISC
"""lib/engine and real engines: what a call comes to when something breaks."""

import os
import signal
import time

import pytest

from stack.engine import KINDS, PASSWORD, Engine, find_server
from stack.ports import free_port
from stack.processes import wait_until
from stack.sentinels import NAME, Sentinels
from tools.engines import Caller, Peer, arguments, has_ipv6

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

# What is added to the limit of a second, on a busy machine.
SLACK_MS = 10000


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="caller")
def fixture_caller(engine, tmp_path):
    """Who calls it over TCP."""
    with Caller(tmp_path / "log", *arguments(engine)) as caller:
        yield caller


def sockets_only(engine):
    """The keys for the unix socket."""
    return [key for key in arguments(engine, socket=engine.socket, tls=None)
            if not key.startswith("hosts=")]


@pytest.mark.parametrize("place", [arguments, sockets_only])
@pytest.mark.parametrize("kind", KINDS)
def test_commands_are_done_and_answered(kind, place, tmp_path):
    with Engine(kind) as engine, \
            Caller(tmp_path / "log", *place(engine), "database=3") as caller:
        assert caller.call("SET", "key", "value") == ("ok", "OK")
        assert caller.call("GET", "key") == ("ok", "value")
        assert caller.call("GET", "other") == ("ok", None)
        assert caller.call("EVAL", "return{1,KEYS[1],{'a'}}", "1", "k") == \
            ("ok", [1, "k", ["a"]])
        assert caller.do("many 8 100")["good"] == 800
        assert caller.connections() <= 8
        facts = caller.do("facts")
        assert facts["version"] in (engine.info("redis_version"),
                                    engine.command("INFO").decode()
                                    .partition("valkey_version:")[2]
                                    .partition("\r")[0])
        assert (facts["policy"], facts["append_only"]) == ("noeviction", 1)
        assert facts["replicas"] == (kind == "replica")
        assert abs(facts["ahead_s"]) <= 5
        assert engine.commands(("SELECT", 3), ("GET", "key"))[1] == b"value"
        assert caller.log() == ""


def test_a_large_value_comes_whole_and_one_beyond_the_limit_not(
        engine, caller):
    assert caller.call("SET", "key", "v" * 1_000_000) == ("ok", "OK")
    assert caller.call("GET", "key") == ("ok", "v" * 1_000_000)
    assert caller.call("SET", "key", "v" * (1 << 20)) == ("ok", "OK")
    engine.command("APPEND", "key", "x")
    assert caller.call("GET", "key") == ("uncertain", None)
    assert caller.call("PING") == ("ok", "PONG")


def test_the_name_of_a_host_is_looked_up(engine, tmp_path):
    with Caller(tmp_path / "log", f"hosts=localhost:{engine.port}") as caller:
        assert caller.do("many 4 10")["good"] == 40
    with Caller(tmp_path / "log", "hosts=no-such-host.invalid:1") as caller:
        assert caller.call("PING")[0] == "store"
        assert caller.do("trouble") in ("its name cannot be looked up",
                                        "no answer in time")


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6")
def test_an_address_of_ipv6_stands_in_brackets(tmp_path):
    with Peer(lambda connection: connection.sendall(b"+PONG\r\n"),
              host="::1") as peer, \
            Caller(tmp_path / "log", f"hosts=[::1]:{peer.port}") as caller:
        assert caller.call("PING") == ("ok", "PONG")


@pytest.mark.parametrize("hosts", ["", "localhost", ":1", "a:0", "a:65536",
                                   "::1:6379", "a:b", "a:1,b:1"])
def test_what_is_no_host_is_refused_at_the_start(hosts, tmp_path):
    with Caller(tmp_path / "log", f"hosts={hosts}") as caller:
        assert caller.opened == "misconfigured"


def test_after_a_crash_all_idle_connections_are_dropped_at_once(
        engine, caller):
    assert caller.do("many 8 50")["good"] == 400
    engine.stop(signal.SIGKILL)
    engine.start()
    assert caller.call("PING") == ("ok", "PONG")
    assert caller.connections() == 1
    assert caller.log() == ""


def test_a_connection_that_the_engine_has_closed_is_not_noticed(
        engine, caller):
    caller.call("PING")
    for _ in range(5):
        engine.command("CLIENT", "KILL", "TYPE", "normal")
        assert caller.call("PING") == ("ok", "PONG")


def test_while_it_is_away_calls_fail_at_once_and_one_line_says_so(
        engine, caller):
    engine.stop()
    assert caller.call("PING") == ("store", None)
    assert caller.do("trouble") == "cannot be connected to"
    got = caller.do("many 8 500")
    assert got["good"] == 0
    assert got["ms"] < 5000
    assert caller.log().count("event=engine_trouble class=down") == 1
    engine.start()
    wait_until(lambda: caller.call("PING")[0] == "ok", 60, "not up again")
    assert caller.do("trouble") == ""
    assert "event=engine_up" in caller.log()


def test_one_that_is_stopped_costs_a_second_and_no_second_try(engine, caller):
    caller.call("PING")
    engine.pause()
    got = caller.do("call SET key value")
    assert got["result"] == "uncertain"
    assert 900 <= got["ms"] <= 1000 + SLACK_MS
    caller.do("limit 100")
    got = caller.do("call SET key value")
    assert got["result"] == "store"         # nobody answers the greeting
    assert got["ms"] <= 100 + SLACK_MS
    # Nor is the greeting tried again for a moment.
    wait_until(lambda: caller.do("call SET key value")["ms"] < 90, 60,
               "a call that does not wait")
    engine.resume()
    caller.do("limit 1000")
    wait_until(lambda: caller.call("PING")[0] == "ok", 60, "not up again")
    assert "class=slow" in caller.log()


@pytest.mark.parametrize("kind,keys,words", [
    ("acl", {"password": "wrong"}, "does not know this user"),
    ("acl", {"user": None}, "does not know this user"),
    ("acl", {"user": None, "password": None}, "wants a password"),
    ("tls", {"tls": None}, "valkeys, not valkey"),
    ("tls", {"cert_file": None, "key_file": None}, "store_cert_file"),
    ("tls", {"ca_file": None}, "store_ca_file"),
    ("tls", {"hosts": "localhost"}, "does not name the host"),
    ("single", {"tls": 1}, "valkey, not valkeys"),
    ("single", {"database": 9999}, "no such database"),
])
def test_what_is_not_set_up_right_is_said(kind, keys, words, tmp_path):
    with Engine(kind) as engine:
        if keys.get("hosts") == "localhost":
            keys = {"hosts": f"localhost:{engine.port}"}
        with Caller(tmp_path / "log", *arguments(engine, **keys)) as caller:
            assert caller.call("PING") == ("store", None)
            assert words in caller.do("trouble")
            assert "wrong" not in caller.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_password_is_in_memory_once(tmp_path):
    """Where the configuration has it, and not where it was sent from."""
    with Engine("acl") as engine, \
            Caller(tmp_path / "log", *arguments(engine)) as caller:
        caller.do("many 8 50")
        for _ in range(10):
            engine.command("CLIENT", "KILL", "TYPE", "normal")
            assert caller.call("PING") == ("ok", "PONG")
        assert caller.in_memory(PASSWORD.encode()) == 1
        assert PASSWORD not in caller.log()


def test_a_file_that_is_no_certificate_is_named_at_the_start(tmp_path):
    with Engine("tls") as engine:
        for key in ("ca_file", "cert_file", "key_file"):
            with Caller(tmp_path / "log", *arguments(
                    engine, **{key: engine.folder / "log"})) as caller:
                assert caller.opened == "misconfigured"
                assert f"file=\"{engine.folder}/log\"" in caller.log()


def test_the_environment_names_no_authority(tmp_path, monkeypatch):
    """Without a file it is the system's that are believed, as for Spotify."""
    with Engine("tls") as engine:
        monkeypatch.setenv("SSL_CERT_FILE", str(engine.folder / "tls/ca.pem"))
        with Caller(tmp_path / "log",
                    *arguments(engine, ca_file=None)) as caller:
            assert caller.call("PING") == ("store", None)
            assert "store_ca_file" in caller.do("trouble")


def test_a_missing_right_is_said_and_the_connection_stays(tmp_path):
    with Engine("acl") as engine:
        engine.command("ACL", "SETUSER", "spotify", "-setrange")
        with Caller(tmp_path / "log", *arguments(engine)) as caller:
            for words in (("SETRANGE", "key", "0", "v"),
                          ("EVAL", "return~redis.call('SETRANGE',"
                           "'key',0,'v')".replace("~", "\t"), "0")):
                assert caller.call(*words) == ("store", None)
                assert "no right to a command" in caller.do("trouble")
            assert caller.call("GET", "key") == ("ok", None)
            assert caller.connections() == 1


def test_a_full_memory_refuses_and_is_said(engine, caller):
    engine.command("CONFIG", "SET", "maxmemory", "1")
    assert caller.call("SET", "key", "value") == ("store", None)
    assert "its memory is full" in caller.do("trouble")
    engine.command("CONFIG", "SET", "maxmemory", "0")
    assert caller.call("SET", "key", "value") == ("ok", "OK")
    assert caller.log().count("class=full") == 1


def test_a_master_that_becomes_a_replica_is_not_used(tmp_path):
    with Engine() as other, Engine() as engine, \
            Caller(tmp_path / "log", *arguments(engine)) as caller:
        caller.call("SET", "key", "value")
        engine.command("REPLICAOF", "127.0.0.1", other.port)
        assert caller.call("SET", "key", "new") == ("store", None)
        assert "only a master" in caller.do("trouble")
        assert "class=moved" in caller.log()
        engine.command("REPLICAOF", "NO", "ONE")
        wait_until(lambda: caller.call("SET", "key", "n") == ("ok", "OK"), 60,
                   "a master is not used again")


def test_replicas_confirm_or_it_is_said_that_they_do_not(tmp_path):
    with Engine("replica") as engine, \
            Caller(tmp_path / "log", *arguments(engine),
                   "replicas=1") as caller:
        wait_until(lambda: caller.do("replicated call SET key value")[
            "confirmed"], 60, "the replica never confirms")
        engine.replica.pause()
        began = time.monotonic()
        got = caller.do("replicated call SET key value")
        assert (got["result"], got["confirmed"]) == ("ok", False)
        assert time.monotonic() - began > 0.4
        assert caller.do("call SET key value")["confirmed"]
        caller.do("limit 200")
        got = caller.do("replicated call SET key value")
        assert (got["result"], got["confirmed"]) == ("ok", False)
        assert 1 <= caller.log().count("class=replicas") <= 2
        engine.replica.resume()


def test_sentinels_lead_to_the_master_and_after_a_crash_to_the_next(tmp_path):
    with Engine("replica") as engine, Sentinels(engine) as sentinels, \
            Caller(tmp_path / "log", f"hosts={sentinels.hosts}",
                   f"master={NAME}") as caller:
        assert caller.call("SET", "key", "value") == ("ok", "OK")
        assert engine.command("GET", "key") == b"value"
        sentinels.stop(0)
        engine.command("CLIENT", "KILL", "TYPE", "normal")
        assert caller.call("GET", "key") == ("ok", "value")
        # Two of three agree that the master is down; the third is not there.
        engine.stop(signal.SIGKILL)
        wait_until(lambda: caller.call("SET", "key", "new") == ("ok", "OK"),
                   180, "no other master")
        assert engine.replica.command("GET", "key") == b"new"
        assert caller.connections() == 1


@pytest.mark.parametrize("where", ["replica", "nobody"])
def test_a_sentinel_that_the_others_have_left_behind_is_not_stayed_with(
        where, tmp_path):
    """It answers, and names who is the master no more."""
    with Engine("replica") as engine, Sentinels(engine) as sentinels:
        port = engine.replica.port if where == "replica" else free_port()
        answer = b"*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%d\r\n" % (
            len(str(port)), port)
        with Peer(lambda peer: peer.sendall(answer), False) as behind, \
                Caller(tmp_path / "log",
                       f"hosts=127.0.0.1:{behind.port},{sentinels.hosts}",
                       f"master={NAME}") as caller:
            assert caller.call("PING") == ("store", None)
            wait_until(lambda: caller.call("PING") == ("ok", "PONG"), 60,
                       "no other sentinel is asked")


def test_what_is_wrong_with_sentinels_is_said(tmp_path):
    with Engine("replica") as engine, Sentinels(engine) as sentinels:
        for hosts, master, words in (
                (sentinels.hosts, "another", "no master by the name"),
                (f"127.0.0.1:{engine.port}", NAME, "this is no sentinel"),
                (sentinels.hosts.split(",")[0], None, "this is a sentinel")):
            keys = [f"hosts={hosts}"] + [f"master={master}"] * bool(master)
            with Caller(tmp_path / "log", *keys) as caller:
                assert caller.call("PING") == ("store", None)
                assert words in caller.do("trouble")


def test_sentinels_that_want_a_password_get_it(tmp_path):
    with Engine("replica") as engine, \
            Sentinels(engine, f"requirepass {PASSWORD}") as sentinels, \
            Caller(tmp_path / "log", f"hosts={sentinels.hosts}",
                   f"master={NAME}", f"password={PASSWORD}") as caller:
        assert caller.call("PING") == ("ok", "PONG")


def drip(connection):
    """An answer, which takes its time."""
    for byte in b"+PONG\r\n":
        time.sleep(0.7)
        connection.sendall(bytes([byte]))


@pytest.mark.parametrize("greet", [True, False])
def test_a_peer_that_sends_a_byte_now_and_then_gains_no_time(greet, tmp_path):
    with Peer(drip, greet) as peer, \
            Caller(tmp_path / "log", f"hosts=127.0.0.1:{peer.port}") as caller:
        got = caller.do("call PING")
        assert got["result"] == ("uncertain" if greet else "store")
        assert got["ms"] <= 1000 + SLACK_MS
        assert len(peer.heard) == 1


def test_a_command_whose_connection_dies_is_sent_once_more(tmp_path):
    with Peer(lambda connection: None) as peer, \
            Caller(tmp_path / "log", f"hosts=127.0.0.1:{peer.port}") as caller:
        assert caller.call("SET", "key", "v") == ("uncertain", None)
        assert len(peer.heard) == 2
        assert peer.heard[0] == peer.heard[1]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                    b"*9999999\r\n", b"$-7\r\n", b"\0" * 99])
@pytest.mark.parametrize("greet", [True, False])
def test_what_is_no_engine_is_not_taken_for_one(answer, greet, tmp_path):
    with Peer(lambda connection: connection.sendall(answer), greet) as peer, \
            Caller(tmp_path / "log", f"hosts=127.0.0.1:{peer.port}") as caller:
        assert caller.call("PING")[0] == ("uncertain" if greet else "store")
        assert "neither Valkey nor Redis" in caller.do("trouble")


def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next(tmp_path):
    with Peer(lambda connection: connection.sendall(b"+A\r\n+B\r\n")) as peer, \
            Caller(tmp_path / "log", f"hosts=127.0.0.1:{peer.port}") as caller:
        assert caller.call("GET", "a") == ("ok", "A")
        assert caller.call("GET", "b") == ("ok", "A")
