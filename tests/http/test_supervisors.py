# SPDX-License-Identifier: ISC
"""Who may start the programs, beside systemd's units (test_systemd.py): the
listening socket comes on descriptor 0 or 3, or the program makes it."""

import os
import shutil
import signal
import stat
import subprocess

import pytest

from stack import Client
from stack.processes import wait_until

# What is started at the socket {socket}: {program} is the command.
KINDS = {
    "-s": "{program} -s {socket}",
    "spawn-fcgi": "spawn-fcgi -s {socket} -M 0660 -b 511 -n -- {program}",
    "multiwatch": "spawn-fcgi -s {socket} -M 0660 -b 511 -n -- "
                  "/usr/bin/multiwatch -f 2 -- {program}",
    "multiwatch -s TERM": "spawn-fcgi -s {socket} -M 0660 -b 511 -n -- "
                          "/usr/bin/multiwatch -f 2 -s TERM -- {program}",
    "LISTEN_FDS": "systemd-socket-activate -l {socket} -E "
                  "SPOTIFY_FCGI_TEST_CLOCK -E ASAN_OPTIONS {program}",
    "fd 0": "systemd-socket-activate --inetd -l {socket} -E "
            "SPOTIFY_FCGI_TEST_CLOCK -E ASAN_OPTIONS {program}",
}


def is_listening(path):
    """Without connecting to it."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return any(line.endswith(f" {path}\n") and " 00010000 " in line
                   for line in table)


@pytest.fixture(name="supervise")
def fixture_supervise(stack):
    """Starts a program under one of them, at its usual socket."""
    started = []

    def start(kind, name, conf=stack.conf_file, wait=True):
        stack.down(name)
        command = KINDS[kind].format(
            socket=stack.socket(name), program=f"{stack.build_dir}/cgi-bin/"
            f"{name} -f {conf}").split()
        for tool in set(command) & {"spawn-fcgi", "/usr/bin/multiwatch",
                                    "systemd-socket-activate"}:
            if shutil.which(tool) is None:
                pytest.skip(f"needs {tool}")
        with open(stack.folder / "log" / "supervisor", "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**stack.environment, "PATH": "/usr/bin:/bin"},
                start_new_session=True)
        started.append((process, name))
        if wait:
            wait_until(lambda: is_listening(stack.socket(name)), 60,
                       "no socket")
        if "systemd-socket-activate" in command:    # it has no option for that
            os.chmod(stack.socket(name), 0o660)
        return process
    yield start
    for process, name in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if os.path.exists(stack.socket(name)):
            os.unlink(stack.socket(name))


@pytest.mark.parametrize("kind", KINDS)
def test_a_supervised_program_serves_and_ends_when_told(kind, stack,
                                                        supervise):
    client = Client(stack)
    client.login()
    process = supervise(kind, "session")
    for _ in range(3):
        assert client.fetch("session").json["logged_in"] is True
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert client.fetch("session").status == 503


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT,
                                    signal.SIGUSR1])
def test_an_idle_program_ends_at_once(number, stack, supervise):
    process = supervise("-s", "session")
    assert Client(stack).fetch("session").status == 200
    process.send_signal(number)
    assert process.wait(9.5) == 0   # STOP_MS of lib/process is 10 s
    assert not os.path.exists(stack.socket("session"))


def test_a_socket_of_its_own_is_for_user_and_group(stack, supervise):
    supervise("-s", "login")
    mode = os.stat(stack.socket("login")).st_mode
    assert stat.S_IMODE(mode) == 0o660


def test_a_program_that_dies_is_replaced(stack, supervise):
    process = supervise("multiwatch", "session")
    assert Client(stack).fetch("session").status == 200
    children = [int(pid) for pid in subprocess.run(
        ["pgrep", "-P", str(process.pid)], text=True, check=True,
        capture_output=True).stdout.split()]
    assert len(children) == 2
    os.kill(children[0], signal.SIGKILL)
    # Until its end a dying process has the connections that nginx keeps.
    wait_until(lambda: not os.path.exists(f"/proc/{children[0]}"), 60,
               "nobody buries it")
    for _ in range(5):
        assert Client(stack).fetch("session").status == 200


@pytest.fixture(name="mistaken")
def fixture_mistaken(stack):
    """A configuration with a mistake."""
    path = stack.conf_file.with_name("mistaken.conf")
    path.write_text(stack.conf_file.read_text("utf-8") + "\nmistake = 1\n",
                    "utf-8")
    yield path
    path.unlink()


@pytest.mark.parametrize("kind", ["spawn-fcgi", "LISTEN_FDS", "fd 0"])
def test_with_a_mistake_it_says_so_to_visitors_and_ends(kind, stack, mistaken,
                                                        supervise):
    process = supervise(kind, "login", mistaken)
    reply = Client(stack).get("/login")
    assert reply.status == 503 and "misconfigured" in reply.text
    assert reply.header("Retry-After") == "60"
    assert 'href="/"' in reply.text and "(null)" not in reply.text
    assert process.wait(60) == 2


def test_with_a_mistake_nothing_of_ones_own_is_listened_on(stack, mistaken,
                                                           supervise):
    """-s is for who starts it by hand, or anew and anew: a web server that
    finds no socket answers at once."""
    process = supervise("-s", "login", mistaken, wait=False)
    wait_until(lambda: process.poll() is not None
               or is_listening(stack.socket("login")), 60, "no end")
    assert process.returncode == 2
    assert Client(stack).get("/login").status == 503
