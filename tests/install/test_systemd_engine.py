# SPDX-License-Identifier: ISC
"""The real units under a real systemd, with the sessions in an engine."""

import os
import shutil

import pytest

from machine import CONF, Machine
from stack.engine import find_server
from stack.processes import wait_until
from tools.amounts import SOAK

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(find_server() is None,
                       reason="needs valkey-server or redis-server"),
    pytest.mark.skipif(shutil.which("unshare") is None
                       or not os.path.exists("/lib/systemd/systemd"),
                       reason="needs unshare and systemd")]

PORT = 6399
OFFLINE = {"session": "GET", "logout": "POST"}
ALL = "spotify-fcgi-*@*.service"
DROP_IN = "/usr/share/spotify-fcgi/systemd/store-network.conf"
EXAMPLE = "IPAddressAllow=192.0.2.21"


@pytest.fixture(name="machine", scope="module")
def fixture_machine(installed, tmp_path_factory):
    """With "store" over TCP, and nobody there."""
    machine = Machine(installed, tmp_path_factory.mktemp("machine"))
    conf = machine.path(f"{CONF}/main.conf")
    conf.write_text(conf.read_text("utf-8")
                    + f"store = valkey://127.0.0.1:{PORT}\n", "utf-8")
    yield machine
    machine.stop()


def ask(machine, program):
    """With the cookie of a session that may be one; the status."""
    return machine.ask(
        program, OFFLINE.get(program, "GET"),
        HTTP_COOKIE="__Host-spotify-session=" + 43 * "A").status


def test_a_drop_in_lets_those_without_network_call_their_engine(machine):
    """The one that is shipped, with the address of the engine; without it they
    are in a network where nobody else is."""
    machine.run("systemd-run", "--unit=engine", find_server(), "--port",
                str(PORT), "--bind", "127.0.0.1", "--save", "", "--dir",
                "/tmp")
    wait_until(lambda: machine.try_run(
        "bash", "-c", f": </dev/tcp/127.0.0.1/{PORT}")[0] == 0, 60,
        "no engine")
    wait_until(lambda: ask(machine, "artists") == 401, 60,
               "the engine was not found")
    assert [ask(machine, program) for program in OFFLINE] == [503, 503]
    text = machine.path(DROP_IN).read_text("utf-8")
    assert EXAMPLE in text
    for program in OFFLINE:
        folder = machine.path(
            f"/etc/systemd/system/spotify-fcgi-{program}@.service.d")
        folder.mkdir()
        (folder / "store-network.conf").write_text(
            text.replace(EXAMPLE, "IPAddressAllow=127.0.0.1"), "utf-8")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart",
                *(f"spotify-fcgi-{program}@main.service"
                  for program in OFFLINE))
    assert [ask(machine, program) for program in OFFLINE] == [200, 204]
    assert "# store: " in machine.run("/usr/libexec/spotify-fcgi/session",
                                      "-n")


def test_a_reload_needs_no_engine(machine):
    """Nor does a start; and each serves what needs none."""
    machine.run("systemctl", "stop", "engine")
    assert [ask(machine, program) for program in OFFLINE] == [503, 503]
    process = machine.process("session")
    assert process != 0
    machine.run("systemctl", "try-reload-or-restart", ALL)
    wait_until(lambda: ask(machine, "session") == 503
               and machine.process("session") not in (0, process), 60,
               "no new process")
    assert machine.ask("session").status == 200
