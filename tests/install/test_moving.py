# SPDX-License-Identifier: ISC
"""The steps of CHANGES.md by which an installation of before gets units by
program and site, done on one that was built from the sources of that time."""

import json
import os
import re
import shutil
import subprocess

import pytest

from installation import REPOSITORY, run
from machine import CONF, Machine
from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools.amounts import SOAK

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None
                       or not os.path.exists("/lib/systemd/systemd"),
                       reason="needs unshare and systemd")]

# The last commit whose units were named by the program alone.
BEFORE = "4a44925d7ac6f4f3bf08a5672171672b05ff4f27"
STAND_INS = "set -e\nsudo() { \"$@\"; }\nnginx() { :; }\n"
DROP_INS = {"spotify-fcgi@.service.d": "spotify-fcgi-.service.d",
            "spotify-fcgi@session.service.d": "spotify-fcgi-session@.service.d",
            "spotify-fcgi@.socket.d": "spotify-fcgi-.socket.d"}
MEMBERS = "\tfastcgi_pass spotify_fcgi_session;\n"


@pytest.fixture(name="before", scope="module")
def fixture_before(tmp_path_factory):
    """The build of before, and what "make install" made of it."""
    source = tmp_path_factory.mktemp("before")
    archive = subprocess.run(["git", "-C", str(REPOSITORY), "archive", BEFORE],
                             capture_output=True, check=False)
    if archive.returncode != 0:
        pytest.skip("needs the history of the sources")
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive.stdout,
                   check=True)
    build, target = source / "built", source / "target"
    build.mkdir()
    run("./autogen.sh", cwd=source)
    run("../configure", "--prefix=/usr", "--sysconfdir=/etc", cwd=build)
    run("make", "-j2", cwd=build)
    run("make", "install", f"DESTDIR={target}", cwd=build)
    return build, target


class Old(Machine):
    """As the operator has left it then."""

    target = "spotify-fcgi.target"

    @staticmethod
    def make(installed, _):
        """It is configured already."""
        return installed


@pytest.fixture(name="session")
def fixture_session(before):
    """Files and cookie of a login that the programs of before have made."""
    build, _ = before
    with start_stack(build) as stack:
        client = Client(stack)
        client.login()
        assert client.fetch("session").json["logged_in"]
        yield stack, client.session_cookie


@pytest.fixture(name="machine")
def fixture_machine(before, session, tmp_path):
    """With that session, drop-ins and a copy of a location."""
    stack, _ = session
    target = tmp_path / "installed"
    shutil.copytree(before[1], target, symlinks=True)
    conf = target / "etc/spotify-fcgi"
    for name in ("client_secret", "server_key"):
        shutil.copy(stack.folder / name, conf)
    lines = stack.conf_file.read_text("utf-8").splitlines()
    (conf / "spotify-fcgi.conf").write_text("".join(
        f"{line}\n" for line in lines
        if not line.startswith("session_dir")) +
        "session_dir = /var/lib/spotify-fcgi\n", "utf-8")
    (target / "etc/nginx").mkdir()
    (target / "etc/nginx/members.conf").write_text(MEMBERS, "ascii")
    machine = Old(target, tmp_path)
    store = machine.path("/var/lib/spotify-fcgi")
    shutil.copytree(stack.session_dir, store, dirs_exist_ok=True)
    machine.run("chown", "-R", "spotify-fcgi:", "/var/lib/spotify-fcgi")
    for name in DROP_INS:
        folder = machine.path(f"/etc/systemd/system/{name}")
        folder.mkdir()
        (folder / "mine.conf").write_text("# Mine.\n", "ascii")
    yield machine
    machine.stop()


def blocks():
    """The commands of the three steps."""
    text = (REPOSITORY / "CHANGES.md").read_text("utf-8")
    part = text[text.index("An installation of before moves like this"):]
    return re.findall(r"\n\n((?: {8}[^\n]*\n)+)", part)[:3]


def is_in(machine, cookie, site):
    """Whether the program session knows the cookie."""
    try:
        return json.loads(machine.ask(
            "session", cookie=f"spotify-session={cookie}",
            site=site).body)["logged_in"]
    except (AssertionError, KeyError, OSError):
        return False


def test_the_steps_keep_sessions_and_leave_nothing_of_before(
        machine, session, installed):
    _, cookie = session
    machine.run("systemctl", "enable", "spotify-fcgi.target",
                "spotify-fcgi@auth.socket")
    wait_until(lambda: is_in(machine, cookie, "."), 60, "not logged in before")
    first, second, third = blocks()
    machine.run("sh", "-c", STAND_INS + first)
    for name in ("etc", "usr"):
        shutil.copytree(installed / name, machine.path(f"/{name}"),
                        symlinks=True, dirs_exist_ok=True)
    machine.run("sh", "-c", STAND_INS + second)
    wait_until(lambda: is_in(machine, cookie, "main"), 60, "not logged in")
    machine.run("sh", "-c", STAND_INS + third.replace(
        "&& sudo systemctl reload nginx", ""))
    assert machine.path("/etc/nginx/members.conf").read_text("ascii") == (
        "\tfastcgi_pass unix:/run/spotify-fcgi/$spotify_fcgi_site/"
        "session.sock;\n")
    units = machine.path("/etc/systemd/system")
    for old, new in DROP_INS.items():
        assert not (units / old).exists()
        assert (units / new / "mine.conf").read_text("ascii") == "# Mine.\n"
    assert machine.show("spotify-fcgi-session@main.service", "DropInPaths"
                        ).count("mine.conf") == 1
    assert {path.name for path in machine.path(
        "/var/lib/spotify-fcgi").iterdir()} == {"main"}
    assert not machine.path(f"{CONF}/client_secret").exists()
    old = r"'.*/spotify-fcgi\(@[a-z]*\.s\|\.t\|-cleanup\.\).*'"
    assert machine.run("sh", "-c", "find /etc/systemd /usr/lib/systemd "
                       f"-regex {old}") == ""
