# SPDX-License-Identifier: ISC
"""What -n says of an engine: each thing that can be wrong in a sentence of its
own, which says what to do. What passes by itself hinders no start."""

import contextlib
import os
import pwd
import re
import shutil
import socket
import struct

import pytest

from engineconfig import ACL, Site, one
from stack import certificates
from stack.engine import KINDS, PASSWORD, USER, Engine, find_server
from stack.ports import free_port, listens
from stack.processes import Spawner, wait_until
from stack.sentinels import CONF, NAME
from tools.engines import Peer

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

# Those without which no session can be kept: anybody may HELLO, nobody sends
# PING, and INFO is for what -n and the limit of lists want to know.
NEEDED = sorted(set(re.findall(r"\+(\w+)", ACL)) - {"hello", "ping", "info"})


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    """One of its own."""
    return Site(tmp_path)


@pytest.fixture(name="engine", scope="module")
def fixture_engine():
    """One for all who change nothing that they do not put back."""
    with Engine() as running:
        yield running


@pytest.fixture(name="guarded", scope="module")
def fixture_guarded():
    """One with users."""
    with Engine("acl") as running:
        yield running


# Well

@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_of_each_kind_is_taken(site, kind):
    with Engine(kind) as running:
        site.engine(running, store_replicas=int(kind == "replica"))
        said = site.doubts()
        one(said, "all that is needed was tried", f"user {os.geteuid()}")
        assert running.command("KEYS", "*") == []
        if kind == "tls":
            return
        site.engine(running, running.socket_url)
        one(site.doubts("logout"), "all that is needed was tried")


def test_a_program_without_a_store_names_one_that_looks(site, engine):
    site.engine(engine)
    assert site.doubts("login") == ["callback -n looks at it."]


# The way there

def test_nobody_listens(site):
    site.conf(store=f"valkey://127.0.0.1:{free_port()}")
    one(site.passing(), "Connection refused", "its address and port?")


def test_a_name_that_is_nobodys(site):
    site.conf(store="valkey://nobody.invalid:6379")
    one(site.passing(), "its name cannot be looked up (")


def test_a_socket_that_is_not_there(site):
    site.conf(store=f"valkey+unix://{site.folder}/none")
    one(site.passing(), "No such file", "is this its unixsocket?")


def test_a_socket_that_nobody_serves_any_more(site):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(site.folder / "left"))
    site.conf(store=f"valkey+unix://{site.folder}/left")
    one(site.passing(), "Connection refused", "start it")


def test_a_port_whose_packets_are_dropped(site):
    """A backlog that is full does as a firewall does: it says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, \
            contextlib.ExitStack() as others:
        for _ in range(3):
            one_more = others.enter_context(socket.socket())
            one_more.setblocking(False)
            one_more.connect_ex(full.getsockname())
        site.conf(store=f"valkey://127.0.0.1:{full.getsockname()[1]}")
        one(site.passing(), "no answer in time")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None,
                    reason="needs root and iproute2")
def test_an_address_that_cannot_be_reached(site):
    """In a network of its own: there is no route, or it is a forbidden one,
    which is not for time to mend."""
    site.before = ("unshare", "--net", "sh", "-c",
                   'ip route add $ROUTE; exec "$0" "$@"')
    site.conf(store="valkey://192.0.2.1:6379")
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    up = "throw 198.51.100.0/24"
    one(site.passing(ROUTE=up, **path), "there is no way to this address")
    one(site.passing(ROUTE="unreachable 192.0.2.0/24", **path),
        "there is no way to this address")
    one(site.complaints(ROUTE="prohibit 192.0.2.0/24", **path),
        "a firewall or a unit forbids this address")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_socket_that_the_programs_may_not_use(site, engine):
    """Root checks for the user of the programs."""
    for path in (engine.folder, *site.folder.parents, site.folder):
        path.chmod(path.stat().st_mode | 0o011)
    user = pwd.getpwnam("nobody")
    os.chown(site.folder / "store", user.pw_uid, user.pw_gid)
    site.engine(engine, engine.socket_url)
    (site.folder / "c.conf").chmod(0o644)
    for name in ("client_secret", "server_key"):
        os.chown(site.folder / name, user.pw_uid, user.pw_gid)
    os.chmod(engine.socket, 0o700)
    one(site.complaints(), f"as user {user.pw_uid}", "Permission denied",
        "unixsocketperm 770", "SupplementaryGroups=")
    os.chmod(engine.socket, 0o777)
    one(site.doubts(), f"as user {user.pw_uid}")


def test_something_else_that_answers(site):
    with Peer(lambda connection: connection.sendall(b"HTTP/1.0 400\r\n\r\n"),
              greet=False) as peer:
        site.conf(store=f"valkey://127.0.0.1:{peer.port}")
        one(site.complaints(), "neither Valkey nor Redis")


def test_one_that_is_too_old(site):
    """HELLO came with Redis 6."""
    with Peer(lambda connection: connection.sendall(
            b"-ERR unknown command `HELLO`, with args beginning with: `2`"
            b"\r\n"), greet=False) as peer:
        site.conf(store=f"valkey://127.0.0.1:{peer.port}")
        one(site.complaints(), "Redis 6 or newer is needed")


def test_one_that_does_not_answer(site, engine):
    site.engine(engine)
    engine.pause()
    try:
        one(site.passing(), "no answer in time")
    finally:
        engine.resume()


# TLS

def test_a_certificate_that_is_not_right(site):
    with Engine("tls") as running:
        other = certificates.make(site.folder / "other", ["engine.test"])
        site.engine(running, store_ca_file=other / "ca.pem")
        one(site.complaints(), "is not of store_ca_file's authority")
        site.engine(running, f"valkeys://localhost:{running.port}")
        one(site.complaints(), "does not name the host")
        site.engine(running, store_cert_file=other / "leaf.pem",
                    store_key_file=other / "leaf.key")
        one(site.either(), "does not take our certificate")
        site.conf(store=f"valkey://127.0.0.1:{running.port}")
        one(site.passing(), "the scheme is valkeys, not valkey")


def test_a_certificate_that_has_expired(site):
    with Engine("tls") as running:
        running.stop()
        certificates.expire(running.folder / "tls")
        running.start()
        site.engine(running)
        one(site.complaints(), "its certificate has expired")


def test_a_certificate_that_is_not_good_yet(site):
    """Or a clock that is behind."""
    with Engine("tls") as running:
        running.stop()
        certificates.expire(running.folder / "tls", "20450101000000Z",
                            "20460101000000Z")
        running.start()
        site.engine(running)
        one(site.complaints(), "its certificate is not valid yet",
            "compare the clocks")


def test_tls_where_there_is_none(site, engine):
    site.conf(store=f"valkeys://127.0.0.1:{engine.port}")
    one(site.passing(), "valkey, not valkeys")


# Its users

@pytest.mark.parametrize("user, password", [
    (USER, "another"), ("nobody", PASSWORD)])
def test_who_is_not_known(site, guarded, user, password):
    """Which of both is wrong the engine tells nobody."""
    site.write("password", password + "\n")
    site.engine(guarded, store_user=user,
                store_password_file=site.folder / "password")
    one(site.complaints(), "does not know this user with this password",
        "store_user", "store_password_file")


def test_a_password_is_wanted(site, guarded):
    site.conf(store=guarded.url)
    one(site.complaints(), "it wants a password")


@pytest.fixture(name="few")
def fixture_few(guarded):
    """The engine with a user who has the rights of the manual."""
    guarded.command(*ACL.replace(" on >PASSWORD", " on >" + PASSWORD).split())
    yield guarded
    guarded.command("ACL", "SETUSER", USER, "+@all", "~*")


def test_the_rights_of_the_manual_are_enough(site, few):
    """And what they are not enough to see is said."""
    site.engine(few, few.url.removesuffix("/0") + "/7")
    said = site.doubts()
    one(said, "all that is needed was tried")
    one(said, "could not be looked at", "no right to CONFIG GET")
    one(said, f"has no right to SCAN, by which spotify-fcgi-admin counts ",
        f"ACL SETUSER {USER} +scan")
    few.command("ACL", "SETUSER", USER, "+scan")
    assert not [line for line in site.doubts() if "SCAN" in line]


def test_each_right_that_is_missing_is_named(site, few):
    few.command("ACL", "SETUSER", USER, "-@all")
    site.engine(few)
    said = site.complaints()
    one(said, "spotify-fcgi(8), Several machines, has the whole line")
    named = re.search(rf"ACL SETUSER {USER} ([^(]*) \(", said[0])[1]
    assert sorted(named.split()) == ["+" + right for right in NEEDED]


def test_several_rights_are_named_at_once(site, few):
    few.command("ACL", "SETUSER", USER, "-get", "-wait", "resetkeys", "~x:*")
    site.engine(few)
    said = site.complaints()
    one(said, f"ACL SETUSER {USER} +get +wait (")
    one(said, f"ACL SETUSER {USER} ~sf:*")


def test_who_may_not_ask_for_facts_is_told_that_nobody_looked(site, few):
    few.command("ACL", "SETUSER", USER, "-info")
    site.engine(few)
    one(site.doubts(), "could not be looked at", "INFO")


# Its settings

@pytest.fixture(name="settings")
def fixture_settings(engine):
    """Sets some, as words, until the end of the test."""
    before = {}

    def change(**settings):
        for name, value in settings.items():
            name = name.replace("_", "-")
            before.setdefault(
                name, engine.command("CONFIG", "GET", name)[1])
            engine.command("CONFIG", "SET", name, value)
    yield change
    for name, value in before.items():
        engine.command("CONFIG", "SET", name, value)


@pytest.mark.parametrize("policy", [
    "allkeys-lru", "volatile-ttl"])
def test_one_that_throws_sessions_away_is_refused(site, engine, settings,
                                                  policy):
    settings(maxmemory_policy=policy)
    site.engine(engine)
    one(site.doubts(), f"maxmemory-policy is {policy}", "set noeviction")
    settings(maxmemory="100mb")
    one(site.complaints(), f"maxmemory-policy is {policy}", "logged out")


def test_one_that_is_full_is_told(site, engine, settings):
    settings(maxmemory="1")
    site.engine(engine)
    one(site.passing(), "its memory is full")


@pytest.mark.parametrize("change, words", [
    ({"maxmemory": "0"}, ("maxmemory is 0", "set a limit")),
    ({"appendfsync": "everysec"}, ("appendfsync is everysec", "two seconds")),
    ({"appendfsync": "no"}, ("appendfsync is no", "set everysec or always")),
    ({"appendonly": "no", "save": ""},
     ("no snapshots", "everybody is logged out", "appendonly yes")),
    ({"appendonly": "no", "save": "900 1"},
     ("last snapshot", "ended ones are back", "appendonly yes"))])
def test_what_is_kept_less_well_is_said(site, engine, settings, change, words):
    settings(**change)
    site.engine(engine)
    one(site.doubts(), *words)


def test_nothing_is_said_of_an_engine_that_is_set_up_well(site, engine,
                                                          settings):
    settings(maxmemory="100mb", appendfsync="always")
    site.engine(engine, engine.socket_url)
    assert len(site.doubts()) == 1


@pytest.mark.parametrize("seconds, word", [
    (-300, "ahead of"), (300, "behind")])
def test_clocks_that_are_apart(site, engine, seconds, word):
    """It is ours that has moved."""
    site.engine(engine)
    file = site.folder / "clock"
    file.write_bytes(struct.pack("=q", seconds))
    one(site.complaints(SPOTIFY_FCGI_TEST_CLOCK=str(file)), "its clock is",
        word, "NTP")
    file.write_bytes(struct.pack("=q", seconds // 10))
    one(site.doubts(SPOTIFY_FCGI_TEST_CLOCK=str(file)), "its clock is", word)


def test_replicas_that_are_not_there(site, engine, settings):
    site.engine(engine, store_replicas=2)
    one(site.passing(), "store_replicas is 2, and 0 replicas")
    settings(min_replicas_to_write="1")
    site.engine(engine)
    one(site.passing(), "it has too few replicas to write")


def test_replicas_of_which_too_little_is_made(site):
    with Engine("replica") as master:
        site.engine(master)
        said = site.doubts()
        one(said, "with two, set store_replicas = 1")
        one(said, "min-replicas-to-write is 0")
        site.conf(store=master.replica.url)
        one(site.passing(), "it is a replica, and only a master")


def test_a_cluster(site):
    with Engine(more="cluster-enabled yes\n") as running:
        site.engine(running, running.url.removesuffix("/0"))
        one(site.complaints(), "this is a cluster", "use one server")


def test_a_sentinel(site, engine):
    port, spawner = free_port(), Spawner()
    site.write("s.conf", CONF.format(port=port, folder=site.folder, name=NAME,
                                     master=engine.port, more=""))
    try:
        spawner.start([engine.server, str(site.folder / "s.conf"),
                       "--sentinel"])
        wait_until(lambda: listens(port), 60, "the sentinel does not listen")
        site.conf(store=f"valkey://127.0.0.1:{port}")
        one(site.complaints(), "this is a sentinel",
            "the scheme is valkey+sentinel")
    finally:
        spawner.close()


def test_a_database_that_it_does_not_have(site, engine):
    site.conf(store=f"valkey://127.0.0.1:{engine.port}/99")
    one(site.complaints(), "no such database")


def test_the_net_in_between(site, engine):
    site.engine(engine)
    one(site.doubts(), "it wants no password")
    site.conf(store=f"valkey://0.0.0.0:{engine.port}")
    one(site.doubts(), "without TLS", "valkeys:// has TLS")
