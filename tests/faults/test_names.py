# SPDX-License-Identifier: ISC
"""Name servers that are slow, dead, or lose a packet: people log in all the
same, and a crowd does not look up a name each."""

import functools
import os
import pathlib
import subprocess

import pytest

from nameserver import A, AAAA, NameServer, asks
from stack import Client
from stack.processes import wait_until
from tools.parallel import Later, together

# That of the certificate.
NAME = "music.test"
CROWD, LATE_S = 20, 60


@pytest.fixture(autouse=True)
def possible():
    """Or a reason."""
    if os.geteuid() != 0:
        pytest.skip("port 53 and a mount take root")
    if not pathlib.Path("/etc/resolv.conf").exists():
        pytest.skip("there is no /etc/resolv.conf to put another in place of")
    if subprocess.run(["unshare", "-m", "true"], check=False,
                      capture_output=True).returncode != 0:
        pytest.skip("no mount namespace can be made here")


@pytest.fixture
def make_servers():
    """A factory."""
    made = []

    def make(**options):
        made.append(NameServer(**options))
        return made[-1]
    yield make
    for server in made:
        server.close()


@pytest.fixture(name="named")
def fixture_named(make_stack, tmp_path):
    """A stack whose callback reaches Spotify by a name."""
    stack = make_stack(spotify_tls=True)
    text = stack.conf_file.read_text("utf-8")
    port = stack.spotify.url.rpartition(":")[2]
    for key in ("token_url", "api_url"):
        text = text.replace(f"{key} = https://127.0.0.1:{port}",
                            f"{key} = https://{NAME}:{port}")
    stack.write_conf(text)
    stack.resolv_conf = tmp_path / "resolv.conf"
    return stack


def ask_these(stack, *servers):
    """What callback finds in resolv.conf."""
    stack.resolv_conf.write_text("".join(
        f"nameserver {server.address}\n" for server in servers), "utf-8")
    asks(stack, "callback", stack.resolv_conf)


def test_a_dead_first_name_server_keeps_nobody_out(named, make_servers):
    """The resolver asks the second after 5 seconds; whose name was found for
    one is found for all, in whichever thread."""
    dead = make_servers(loses=lambda number: True)
    living = make_servers()
    ask_these(named, dead, living)
    client = Client(named)
    client.login()
    assert client.fetch("session").json["account"]["id"] == "wizzler"
    assert dead.questions and living.questions
    asked = len(dead.questions), len(living.questions)
    for _ in range(4):
        together([Client(named).login for _ in range(8)])
    assert (len(dead.questions), len(living.questions)) == asked
    assert {name for name, _ in living.questions} == {NAME}


def test_a_crowd_looks_up_a_name_once(named, make_servers):
    """All need it before anybody knows it, while the first server is dead: for
    each type one of them asks, and the others wait for that."""
    dead, living = make_servers(loses=lambda number: True), make_servers()
    ask_these(named, dead, living)
    visitors = [Client(named) for _ in range(CROWD)]
    backs = [one.approve(one.start_login()) for one in visitors]
    replies = together([functools.partial(one.finish, back)
                        for one, back in zip(visitors, backs)])
    assert [reply.status for reply in replies] == [303] * CROWD
    assert len(named.spotify.requests("token")) == CROWD
    for server in (dead, living):
        assert sorted(server.questions) == [(NAME, A), (NAME, AAAA)]


def test_who_finds_no_name_stops_nobody_who_waits(named, make_servers):
    """The server says nothing to the first who asks, nor to the second time
    that the resolver asks for him, and he gives up. Of those who have waited
    for him another asks, who has time left as he came later."""
    server = make_servers(loses=lambda number: number < 4)
    ask_these(named, server)
    visitors = [Client(named) for _ in range(2)]
    first, second = [one.approve(one.start_login()) for one in visitors]
    early = Later(lambda: visitors[0].finish(first))
    wait_until(lambda: len(server.questions) >= 4, LATE_S, "not asked again")
    late = Later(lambda: visitors[1].finish(second))
    assert early.result().status == 504
    assert late.result().status == 303


def test_a_lost_packet_costs_no_login(named, make_servers):
    """There is only one server; it is asked again after 5 seconds."""
    server = make_servers(loses=lambda number: number < 2)
    ask_these(named, server)
    client = Client(named)
    client.login()
    assert client.fetch("session").json["logged_in"]
    assert len(server.questions) >= 3


@pytest.mark.parametrize("silent", [False, True], ids=["unknown", "silent"])
def test_a_name_that_cannot_be_found_is_told(named, make_servers, silent):
    """It does not exist, or no server says anything."""
    server = make_servers(knows=False, loses=lambda number: silent)
    ask_these(named, server)
    client = Client(named)
    url = client.approve(client.start_login())
    reply = client.finish(url)
    assert (reply.status, reply.code) == (
        (504, "upstream_timeout") if silent else (502, "upstream_failed"))
    said = named.wait_for_event("callback", "upstream_error", call="token")
    assert said["kind"] == "name"
    assert said["host"].partition(":")[0] == NAME
    assert named.spotify.requests("token") == []
