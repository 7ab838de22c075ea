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
from machine import CONF
from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools.amounts import SOAK
from withnginx import WithNginx, add_nginx, needs_machine

pytestmark = [pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
              *needs_machine]

# The last commit whose units were named by the program alone.
BEFORE = "4a44925d7ac6f4f3bf08a5672171672b05ff4f27"
# The last one whose site of nginx was made of copies.
COPIED = "63690ddb840204f8504e446082cafc99e1676fc4"
STAND_INS = "set -e\nsudo() { \"$@\"; }\n"
DROP_INS = {"spotify-fcgi@.service.d": "spotify-fcgi-.service.d",
            "spotify-fcgi@session.service.d": "spotify-fcgi-session@.service.d",
            "spotify-fcgi@.socket.d": "spotify-fcgi-.socket.d"}
MEMBERS = "location = /mine {\n\tfastcgi_pass spotify_fcgi_session;\n}\n"


def unpack(commit, folder):
    """The sources of that time; whether they are known here."""
    archive = subprocess.run(["git", "-C", str(REPOSITORY), "archive", commit],
                             capture_output=True, check=False)
    if archive.returncode != 0:
        return False
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout,
                   check=True)
    return True


@pytest.fixture(name="before", scope="module")
def fixture_before(tmp_path_factory):
    """The build of before, and what "make install" made of it."""
    source = tmp_path_factory.mktemp("before")
    if not unpack(BEFORE, source):
        pytest.skip("needs the history of the sources")
    build, target = source / "built", source / "target"
    build.mkdir()
    run("./autogen.sh", cwd=source)
    run("../configure", "--prefix=/usr", "--sysconfdir=/etc", cwd=build)
    run("make", "-j2", cwd=build)
    run("make", "install", f"DESTDIR={target}", cwd=build)
    return build, target


class Old(WithNginx):
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


def configure(conf, stack):
    """As the stack, by the names of that time."""
    for name in ("client_secret", "server_key"):
        shutil.copy(stack.folder / name, conf)
    lines = stack.conf_file.read_text("utf-8").splitlines()
    (conf / "spotify-fcgi.conf").write_text("".join(
        f"{line}\n" for line in lines
        if not line.startswith(("session_dir", "redirect_uri"))) +
        "session_dir = /var/lib/spotify-fcgi\n"
        "redirect_uri = https://music.example/callback\n", "utf-8")


def bring_sessions(machine, stack, store="/var/lib/spotify-fcgi"):
    """Those of the stack, into the store of the machine."""
    shutil.copytree(stack.session_dir, machine.path(store),
                    dirs_exist_ok=True)
    machine.run("chown", "-R", "spotify-fcgi:", store)


def copy_site(nginx, folder):
    """Of an operator of that time, as site.conf.example said then."""
    source = folder / "copied"
    source.mkdir()
    assert unpack(COPIED, source)
    shutil.copytree(source / "conf/nginx", nginx / "snippets",
                    dirs_exist_ok=True)
    (nginx / "conf.d/spotify-fcgi.conf").symlink_to(
        "../snippets/spotify-fcgi.http")
    text = (nginx / "snippets/site.conf.example").read_text("ascii")
    for old, new in (("/etc/letsencrypt/live/music.example", "/etc/ssl/mine"),
                     ("#include snippets/members.example;",
                      "include members.conf;")):
        assert old in text
        text = text.replace(old, new)
    (nginx / "sites-enabled/spotify-fcgi").write_text(text, "ascii")
    (nginx / "members.conf").write_text(MEMBERS, "ascii")


@pytest.fixture(name="machine")
def fixture_machine(before, session, tmp_path):
    """With that session, drop-ins and a copy of a location."""
    stack, _ = session
    target = tmp_path / "installed"
    shutil.copytree(before[1], target, symlinks=True)
    add_nginx(target)
    configure(target / "etc/spotify-fcgi", stack)
    copy_site(target / "etc/nginx", tmp_path)
    machine = Old(target, tmp_path)
    machine.run("mkdir", "/etc/ssl/mine")
    machine.run("openssl", "req", "-x509", "-newkey", "ec", "-nodes",
                "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj",
                "/CN=music.example", "-out", "/etc/ssl/mine/fullchain.pem",
                "-keyout", "/etc/ssl/mine/privkey.pem")
    bring_sessions(machine, stack)
    for name in DROP_INS:
        folder = machine.path(f"/etc/systemd/system/{name}")
        folder.mkdir()
        (folder / "mine.conf").write_text("# Mine.\n", "ascii")
    yield machine
    machine.stop()


def blocks():
    """The commands of the steps: to stop, to move, nginx' copies, its site."""
    text = (REPOSITORY / "CHANGES.md").read_text("utf-8")
    part = text[text.index("An installation of before moves like this"):]
    return re.findall(r"\n\n((?: {8}[^\n]*\n)+)", part)


def is_in(machine, cookie, site):
    """Whether the program session knows the cookie."""
    try:
        return json.loads(machine.ask(
            "session", cookie=f"__Host-spotify-session={cookie}",
            site=site).body)["logged_in"]
    except (AssertionError, KeyError, OSError):
        return False


def is_served(machine, cookie):
    """The same through nginx."""
    status, text = machine.curl(
        "https://music.example/session", "--header",
        f"Cookie: __Host-spotify-session={cookie}")
    return status == "2 200" and json.loads(text)["logged_in"]


def install(machine, installed):
    """What "make install" does: what runs goes on running."""
    for name in ("etc", "usr"):
        run("cp", "-a", "--remove-destination", f"{installed / name}/.",
            str(machine.path(f"/{name}")))


@pytest.mark.parametrize("is_first", [False, True], ids=["between", "first"])
def test_the_steps_keep_sessions_and_leave_nothing_of_before(
        machine, session, installed, is_first):
    """Whenever the new version comes: at its step, or before all of them."""
    _, cookie = session
    machine.run("systemctl", "enable", "spotify-fcgi.target",
                "spotify-fcgi@auth.socket")
    machine.run("systemctl", "start", "nginx")
    wait_until(lambda: is_in(machine, cookie, "."), 60, "not logged in before")
    wait_until(lambda: is_served(machine, cookie), 60, "not served before")
    stop, move, copies, site = blocks()
    if is_first:
        install(machine, installed)
        machine.run("systemctl", "daemon-reload")
        assert is_served(machine, cookie)
    machine.run("sh", "-c", STAND_INS + stop)
    if not is_first:
        install(machine, installed)
    machine.run("sh", "-c", STAND_INS + move)
    wait_until(lambda: is_in(machine, cookie, "main"), 60, "not logged in")
    machine.run("sh", "-c", STAND_INS + copies + site)
    wait_until(lambda: is_served(machine, cookie), 60, "not served")
    assert machine.path("/etc/nginx/members.conf").read_text("ascii") == (
        MEMBERS.replace("spotify_fcgi_session", "unix:/run/spotify-fcgi/"
                        "$spotify_fcgi_site/session.sock"))
    assert not list(machine.path("/etc/nginx/snippets").glob("spotify-fcgi*"))
    units = machine.path("/etc/systemd/system")
    for old, new in DROP_INS.items():
        assert not (units / old).exists()
        assert (units / new / "mine.conf").read_text("ascii") == "# Mine.\n"
    assert machine.show("spotify-fcgi-session@main.service", "DropInPaths"
                        ).count("mine.conf") == 1
    nothing_is_left_of_before(machine)


def nothing_is_left_of_before(machine):
    """Of its units, secrets and store."""
    assert {path.name for path in machine.path(
        "/var/lib/spotify-fcgi").iterdir()} == {"main"}
    assert not machine.path(f"{CONF}/client_secret").exists()
    old = r"'.*/spotify-fcgi\(@[a-z]*\.s\|\.t\|-cleanup\.\).*'"
    assert machine.run("sh", "-c", "find /etc/systemd /usr/lib/systemd "
                       f"-regex {old}") == ""
