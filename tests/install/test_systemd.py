# SPDX-License-Identifier: ISC
"""The real units under a real systemd."""

import os
import pathlib
import re
import shutil
import stat
import threading
import time

import pytest

from machine import CONF, Machine
from stack import PROGRAMS
from stack.processes import wait_until
from tools.amounts import SOAK

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None
                       or not os.path.exists("/lib/systemd/systemd"),
                       reason="needs unshare and systemd")]

METHODS = {"refresh": "POST", "logout": "POST"}
STATUS = {"login": 303, "callback": 400, "artists": 401, "refresh": 401,
          "session": 200, "logout": 204}


@pytest.fixture(name="machine", scope="module")
def fixture_machine(installed, tmp_path_factory):
    """The target is active, nobody has asked yet."""
    machine = Machine(installed, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.stop()


def ask(machine, program):
    """The usual request."""
    return machine.ask(program, METHODS.get(program, "GET"))


def status(pid):
    """/proc/PID/status as a dict."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
    return dict(line.split(":\t", 1) for line in text.splitlines())


def test_the_check_is_content(machine):
    for name in ("client_secret", "server_key"):
        machine.run("chown", "spotify-fcgi", f"{CONF}/{name}")
    said = machine.run("setpriv", "--reuid=spotify-fcgi",
                       "--regid=spotify-fcgi", "--clear-groups",
                       "/usr/libexec/spotify-fcgi/login", "-n")
    assert "https://music.example/callback" in said


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_first_request_starts_a_program(machine, program):
    path = machine.path(f"/run/spotify-fcgi/{program}.sock")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert path.group() == "www-data" and path.owner() == "root"
    assert machine.process(program) == 0
    assert ask(machine, program).status == STATUS[program]
    assert machine.process(program) != 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_confined(machine, program):
    ask(machine, program)
    pid = machine.process(program)
    values = status(pid)
    user = machine.path("/etc/passwd").read_text("utf-8")
    uid = re.search(r"^spotify-fcgi:x:(\d+):", user, re.M)[1]
    assert set(values["Uid"].split()) == {uid}
    assert values["NoNewPrivs"] == "1" and values["Seccomp"] == "2"
    assert int(values["CapBnd"], 16) == int(values["CapEff"], 16) == 0
    offline = program in ("login", "session", "logout")
    assert (os.readlink(f"/proc/{pid}/ns/net")
            != os.readlink(f"/proc/{machine.pid}/ns/net")) == offline
    root = pathlib.Path(f"/proc/{pid}/root")
    held = {path.name for path in root.glob(
        f"run/credentials/spotify-fcgi@{program}.service/*")}
    assert held == ({"server_key"} if program != "logout" else set()) | (
        set() if offline else {"client_secret"})


def test_the_store_is_the_programs_alone(machine):
    ask(machine, "session")
    store = machine.path("/var/lib/spotify-fcgi").stat()
    assert stat.S_IMODE(store.st_mode) == 0o700
    # In login's view there is none: an empty directory with mode 0.
    seen = pathlib.Path(f"/proc/{machine.process('login')}/root/var/lib/"
                        "spotify-fcgi").stat()
    assert stat.S_IMODE(seen.st_mode) == 0


def test_no_request_is_lost_in_many_restarts(machine):
    answers, ending = [], threading.Event()

    def visit():
        while not ending.is_set():
            answers.append(ask(machine, "session").status)
    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for _ in range(12):     # more than systemd's start limit
        machine.run("systemctl", "restart", "spotify-fcgi@*.service")
    ending.set()
    for visitor in visitors:
        visitor.join()
    assert set(answers) == {200}
    assert len(answers) > 100


def test_a_program_that_was_killed_comes_back(machine):
    for _ in range(8):
        ask(machine, "session")
        os.kill(machine.process("session"), 9)
        assert ask(machine, "session").status == 200


def test_the_clean_up_takes_what_is_old_and_ours(machine):
    store = machine.path("/var/lib/spotify-fcgi")
    old, young = {"session-a", "copy-a", "temp-a", "lock", "limit-a"}, {
        "session-b", "copy-b", "temp-b"}
    (store / "used").mkdir(exist_ok=True)
    for name in old | young | {"used/session-a"}:
        (store / name).touch()
        if name not in young:
            days = time.time() - 8.1 * 86400
            os.utime(store / name, (days, days))
    machine.run("systemctl", "start", "spotify-fcgi-cleanup.service")
    left = {str(path.relative_to(store)) for path in store.rglob("*")}
    assert left & old == {"lock", "limit-a"}
    assert young | {"used/session-a"} <= left
    assert machine.show("spotify-fcgi-cleanup.timer",
                        "ActiveState") == "active"


def test_a_mistake_is_told_and_once_mended_all_is_well(machine):
    conf = machine.path(f"{CONF}/spotify-fcgi.conf")
    good = conf.read_text("utf-8")
    conf.write_text(good + "\nmistake = 1\n", "utf-8")
    machine.try_run("systemctl", "restart", "spotify-fcgi@session.service")
    unit = "spotify-fcgi@session"
    # Requests make it try again, and soon the socket gives up: then the web
    # server answers at once, instead of waiting for nothing.
    for _ in range(100):
        if machine.show(f"{unit}.socket", "ActiveState") == "failed":
            break
        assert ask_quietly(machine) is None
    assert machine.show(f"{unit}.socket", "Result") == "trigger-limit-hit"
    assert not machine.path("/run/spotify-fcgi/session.sock").exists()
    assert "mistake" in machine.run("journalctl", "-u", f"{unit}.service")
    conf.write_text(good, "utf-8")

    def mended():
        """Within two seconds of giving up, the socket gives up again."""
        machine.run("systemctl", "restart", "spotify-fcgi.target")
        return ask_quietly(machine) == 200
    wait_until(mended, 10, "no answer")


def ask_quietly(machine, program="session"):
    """The status, or None for no answer."""
    try:
        return ask(machine, program).status
    except (AssertionError, KeyError, OSError):
        return None


def test_stopping_the_target_stops_all(machine):
    ask(machine, "login")
    machine.run("systemctl", "stop", "spotify-fcgi.target")
    wait_until(lambda: not list(machine.path("/run/spotify-fcgi").iterdir())
               and machine.process("login") == 0, 10, "something is left")
    machine.run("systemctl", "start", "spotify-fcgi.target")
    wait_until(lambda: ask_quietly(machine, "login") == 303, 10, "no answer")
