# SPDX-License-Identifier: ISC
"""Name servers that are slow, dead, or lose a packet: people log in all the
same, and a crowd does not look up a name each."""

import os
import pathlib
import subprocess

import pytest

from nameserver import NameServer, asks
from stack import Client
from tools.parallel import together

# That of the certificate.
NAME = "music.test"


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
    stack.conf_file.write_text(text, "utf-8")
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
