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
          "session": 200, "logout": 204, "api": 404}


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
    for name in ("main.client_secret", "main.server_key"):
        machine.run("chown", "spotify-fcgi", f"{CONF}/{name}")
    command = ("/usr/libexec/spotify-fcgi/login", "-n")
    user = ("setpriv", "--reuid=spotify-fcgi", "--regid=spotify-fcgi",
            "--clear-groups")
    for caller in (user, ()):
        assert "https://music.example/callback" in machine.run(
            *caller, *command)
    # systemd reads them.
    for name in ("main.client_secret", "main.server_key"):
        machine.run("chown", "root", f"{CONF}/{name}")
    assert "# Checked for user" in machine.run(*command)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_first_request_starts_a_program(machine, program):
    path = machine.path(f"/run/spotify-fcgi/main/{program}.sock")
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
        f"run/credentials/spotify-fcgi-{program}@main.service/*")}
    assert held == {"main.server_key"} | (
        set() if offline else {"main.client_secret"})


def test_the_store_is_the_programs_alone(machine):
    ask(machine, "session")
    store = machine.path("/var/lib/spotify-fcgi/main").stat()
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
        machine.run("systemctl", "restart", "spotify-fcgi-*@*.service")
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


KINDS = ("session", 64), ("copy", 64), ("part", 64), ("temp", 16)


def test_the_clean_up_takes_what_is_old_and_ours(machine):
    store = machine.path("/var/lib/spotify-fcgi/main")
    old = {f"{kind}-{'a' * width}" for kind, width in KINDS} | {"lock",
                                                              "limit-a"}
    young = {f"{kind}-{'b' * width}" for kind, width in KINDS}
    (store / "used").mkdir(exist_ok=True)
    for name in old | young | {"used/session-a"}:
        (store / name).touch()
        if name not in young:
            days = time.time() - 8.1 * 86400
            os.utime(store / name, (days, days))
    machine.run("systemctl", "start", "spotify-fcgi-cleanup@main.service")
    left = {str(path.relative_to(store)) for path in store.rglob("*")}
    assert left & old == {"lock", "limit-a"}
    assert young | {"used/session-a"} <= left
    assert machine.show("spotify-fcgi-cleanup@main.timer",
                        "ActiveState") == "active"


def test_the_clean_up_keeps_what_the_configuration_allows(machine):
    path = machine.path("/var/lib/spotify-fcgi/main") / f"session-{'c' * 64}"
    path.touch()
    days = time.time() - 20.9 * 86400
    os.utime(path, (days, days))
    mend = break_line(machine, "idle_limit = 20d")
    machine.run("systemctl", "start", "spotify-fcgi-cleanup@main.service")
    mend()
    assert path.exists()
    machine.run("systemctl", "start", "spotify-fcgi-cleanup@main.service")
    assert not path.exists()


def move_store(machine, place):
    """Another session_dir; how to take it back."""
    conf = machine.path(f"{CONF}/main.conf")
    good = conf.read_text("utf-8")
    line = "session_dir = /var/lib/spotify-fcgi/main\n"
    assert line in good
    conf.write_text(good.replace(line, f"session_dir = {place}\n"), "utf-8")
    return lambda: conf.write_text(good, "utf-8")


def test_another_place_needs_a_drop_in(machine):
    """-n says so, and so does the program that is started all the same."""
    machine.run("install", "-d", "-m", "700", "-o", "spotify-fcgi", "-g",
                "spotify-fcgi", "/srv/store")
    mend = move_store(machine, "/srv/store")
    check = "/usr/libexec/spotify-fcgi/callback", "-n"
    assert "ReadWritePaths=" in machine.try_run(*check)[1]
    unit = "spotify-fcgi-session@main.service"
    assert machine.try_run("systemctl", "restart", unit)[0] != 0
    assert "read-only here; a systemd unit has to name it in ReadWritePaths=" \
        in machine.run("journalctl", "-o", "cat", "-u", unit)
    folder = machine.path("/etc/systemd/system/spotify-fcgi-.service.d")
    folder.mkdir()
    (folder / "override.conf").write_text(
        "[Service]\nReadWritePaths=/srv/store\n", "utf-8")
    machine.run("systemctl", "daemon-reload")
    machine.run(*check)
    machine.run("systemctl", "restart", unit)
    assert ask(machine, "session").status == 200
    assert machine.run("/usr/libexec/spotify-fcgi/session", "-p")
    old = machine.path("/srv/store") / f"session-{'d' * 64}"
    old.touch()
    os.utime(old, (0, 0))
    machine.run("systemctl", "start", "spotify-fcgi-cleanup@main.service")
    assert not old.exists()
    mend()
    shutil.rmtree(folder)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", unit)


def watch(machine, limit):
    """Another WatchdogSec=; how to take it back."""
    folder = machine.path(
        "/etc/systemd/system/spotify-fcgi-session@main.service.d")
    folder.mkdir()
    (folder / "watchdog.conf").write_text(f"[Service]\nWatchdogSec={limit}\n",
                                          "utf-8")

    def apply():
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "stop", "spotify-fcgi-session@main.service")
        ask(machine, "session")
    apply()

    def mend():
        shutil.rmtree(folder)
        apply()
    return mend


def test_the_watchdog_restarts_what_does_not_serve(machine):
    unit = "spotify-fcgi-session@main.service"
    mend = watch(machine, "10s")
    process = machine.process("session")
    os.kill(process, 19)
    wait_until(lambda: machine.process("session") not in (0, process), 60,
               "it was not restarted")
    assert ask(machine, "session").status == 200
    assert machine.show(unit, "NRestarts") == "1"
    mend()


def test_the_watchdog_leaves_alone_what_serves(machine):
    """Under load, for several times the limit."""
    mend = watch(machine, "10s")
    process, ending = machine.process("session"), threading.Event()

    def visit():
        while not ending.is_set():
            assert ask(machine, "session").status == 200
    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    time.sleep(25)
    ending.set()
    for visitor in visitors:
        visitor.join()
    assert machine.process("session") == process
    time.sleep(15)      # and when nobody asks
    assert machine.process("session") == process
    mend()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_that_it_is_well(machine, program):
    command = f"/usr/libexec/spotify-fcgi/{program}", "-p"
    assert machine.run(*command) == f"{program}: serves\n"
    machine.run("setpriv", "--reuid=nobody", "--regid=www-data",
                "--clear-groups", *command)
    status, said = machine.try_run("setpriv", "--reuid=nobody",
                                   "--regid=nogroup", "--clear-groups",
                                   *command)
    assert status == 1 and "Permission denied" in said


def ask_quietly(machine, program="session"):
    """The status, or None for no answer."""
    try:
        return ask(machine, program).status
    except (AssertionError, KeyError, OSError):
        return None


def break_line(machine, line="mistake = 1"):
    """A line more in the configuration; how to take it back."""
    conf = machine.path(f"{CONF}/main.conf")
    good = conf.read_text("utf-8")
    conf.write_text(good + f"\n{line}\n", "utf-8")
    return lambda: conf.write_text(good, "utf-8")


def lose(name):
    """What loses a file of the configuration; how to mend that."""
    def do(machine):
        path = machine.path(f"{CONF}/{name}")
        away = path.with_name("away")
        path.rename(away)
        return lambda: away.rename(path)
    return do


@pytest.mark.parametrize("spoil, said", [
    (break_line, "mistake"),
    (lose("main.conf"), "main.conf"),
    (lose("main.client_secret"), "client_secret_file: is empty, or missing"),
    (lose("main.server_key"), "server_key_file: is empty, or missing")])
def test_with_a_mistake_visitors_are_told_at_once(machine, spoil, said):
    unit = "spotify-fcgi-callback@main"
    mend = spoil(machine)
    began = time.monotonic()
    assert machine.try_run("systemctl", "restart", f"{unit}.service")[0] != 0
    for _ in range(40):
        answer = ask(machine, "callback")
        assert answer.status == 503 and b"misconfigured" in answer.body
        time.sleep(0.2)
    assert said in machine.run("journalctl", "-p", "err", "-o", "cat", "-u",
                               f"{unit}.service")
    # One start in five seconds, whoever asks: neither a loop of restarts nor
    # a socket that gives up.
    starts = machine.run("journalctl", "-o", "cat", "-u", f"{unit}.service"
                         ).count(said)
    assert 2 <= starts <= (time.monotonic() - began) / 5 + 2
    assert machine.show(f"{unit}.socket", "ActiveState") == "active"
    mend()
    machine.run("systemctl", "restart", f"{unit}.service")
    assert ask(machine, "callback").status == STATUS["callback"]
    machine.run("journalctl", "--rotate")
    machine.run("journalctl", "--vacuum-time=1s")


RELOAD = "systemctl", "try-reload-or-restart", "spotify-fcgi-*@*.service"


def test_a_reload_with_a_mistake_leaves_the_old_process(machine):
    """A program that nobody has asked yet is left alone."""
    machine.run("systemctl", "stop", "spotify-fcgi-logout@main.service")
    ask(machine, "session")
    process = machine.process("session")
    mend = break_line(machine)
    assert machine.try_run(*RELOAD)[0] != 0
    assert ask(machine, "session").status == 200
    assert machine.process("session") == process
    mend()
    machine.run(*RELOAD)
    assert machine.process("logout") == 0
    wait_until(lambda: ask(machine, "session").status == 200
               and machine.process("session") not in (0, process), 60,
               "no new process")


def test_what_cannot_be_started_is_given_up(machine):
    """Then the web server answers at once, instead of waiting for nothing."""
    unit = "spotify-fcgi-session@main"
    program = machine.path("/usr/libexec/spotify-fcgi/session")
    program.rename(program.with_name("away"))
    machine.run("systemctl", "stop", f"{unit}.service")
    for _ in range(100):
        if machine.show(f"{unit}.socket", "ActiveState") == "failed":
            break
        assert ask_quietly(machine) is None
    assert machine.show(f"{unit}.socket", "Result") == "trigger-limit-hit"
    assert not machine.path("/run/spotify-fcgi/main/session.sock").exists()
    program.with_name("away").rename(program)

    def mended():
        """Within ten seconds of giving up, the socket gives up again."""
        machine.run("systemctl", "restart", "spotify-fcgi@main.target")
        return ask_quietly(machine) == 200
    wait_until(mended, 60, "no answer")


def test_stopping_the_target_stops_all(machine):
    ask(machine, "login")
    machine.run("systemctl", "stop", "spotify-fcgi@main.target")
    sockets = machine.path("/run/spotify-fcgi/main")
    wait_until(lambda: not list(sockets.iterdir())
               and machine.process("login") == 0, 60, "something is left")
    machine.run("systemctl", "start", "spotify-fcgi@main.target")
    wait_until(lambda: ask_quietly(machine, "login") == 303, 60, "no answer")
