# SPDX-License-Identifier: ISC
"""The Debian package: built, installed, upgraded and removed on fresh
Debians, each with its own systemd."""

import fcntl
import os
import re
import secrets
import shutil
import subprocess
import threading

import pytest

import test_moving
from installation import REPOSITORY
from machine import CONF, Debian
from stack import PROGRAMS, Client, StackError
from stack.fixtures import start_stack
from stack.processes import wait_until
from test_moving import (BEFORE, STAND_INS, fixture_before,  # noqa: F401
                         fixture_session, is_in)
from tools.amounts import SOAK

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare")]

STORE = "/var/lib/spotify-fcgi/main"
EVENTS = "/var/lib/spotify-fcgi-events"
APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y",
       "--no-install-recommends")


@pytest.fixture(name="root", scope="module", params=["bookworm", "trixie"])
def fixture_root(request):
    """A root directory in which the package has been built: once, if several
    processes run the tests."""
    root = REPOSITORY / "build" / request.param
    built = root / "packages" / "run"
    number = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    root.parent.mkdir(exist_ok=True)
    with open(f"{root}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not number or not built.exists() or built.read_text() != number:
            run(root.name, "tests/install/package")
            build_before(root)
            built.write_text(number, "ascii")
    return root


def build_before(root):
    """The package of the last sources whose units were named by the program
    alone."""
    shutil.rmtree(root / "before", ignore_errors=True)
    (root / "before").mkdir()
    if test_moving.unpack(BEFORE, root / "before"):
        run(root.name, "sh", "-euc", "cd /before; cp -r conf/debian debian; "
            "export DEB_BUILD_OPTIONS='nocheck parallel=2'; "
            "dpkg-buildpackage -us -uc -b; "
            "mv ../spotify-fcgi_*.deb /packages/before.deb")


def run(name, *command):
    """A command in a Debian of that name."""
    done = subprocess.run(
        [str(REPOSITORY / "tests/debian"), name, *command],
        text=True, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if done.returncode == 3:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(name="machine")
def fixture_machine(root, tmp_path_factory):
    """Of each test: they change it for good."""
    machine = Debian(root, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.stop()


@pytest.fixture(name="login", scope="module")
def fixture_login():
    """A stack, and the cookie of one who is logged in there."""
    with start_stack() as stack:
        client = Client(stack)
        client.login()
        yield stack, client.session_cookie


def install(machine):
    """The package, and a configuration as README.md has it."""
    package, = (path.name for path in machine.path("/packages").glob(
        "spotify-fcgi_*.deb"))
    machine.run(*APT, "install", f"/packages/{package}")
    conf = machine.path(CONF)
    text = (conf / "spotify-fcgi.conf.example").read_text("utf-8")
    text = text.replace("put the client id here", "0123456789abcdef" * 2)
    text = text.replace("put https://your.host/callback here",
                        "https://music.example/callback")
    (conf / "main.conf").write_text(text, "utf-8")
    for name, size in (("main.client_secret", 16), ("main.server_key", 32)):
        (conf / name).write_text(secrets.token_hex(size), "utf-8")
        machine.run("chmod", "600", f"{CONF}/{name}")
        machine.run("chown", "spotify-fcgi:", f"{CONF}/{name}")
    machine.run("systemctl", "enable", "--now", "spotify-fcgi@main.target")
    for name in PROGRAMS:
        machine.ask(name, "GET")


def units(machine):
    """Those of ours that systemd knows of."""
    return machine.run("systemctl", "list-units", "--all", "--plain",
                       "--no-legend", "spotify-fcgi*")


def failed(machine):
    """What makes a system "degraded"."""
    return machine.run("systemctl", "list-units", "--failed", "--plain",
                       "--no-legend", "spotify-fcgi*")


def test_lintian_finds_nothing(root):
    """What it is wrong about is overridden, with the reason."""
    said = (root / "packages" / "lintian").read_text("utf-8")
    assert said.splitlines()[-1] == "status 0", said
    assert not re.search(r"^[EW]:", said, re.M), said


def test_it_can_keep_sessions_in_an_engine(root):
    package, = (root / "packages").glob("spotify-fcgi_*.deb")
    needs = subprocess.run(["dpkg-deb", "-f", str(package), "Depends"],
                           text=True, capture_output=True, check=True).stdout
    assert "libhiredis" in needs


def test_pages_have_the_names_by_which_others_name_them(root):
    """In the package's scripts, in setup, and in each other: no ".gz"."""
    package, = (root / "packages").glob("spotify-fcgi_*.deb")
    listed = subprocess.run(["dpkg-deb", "-c", str(package)], text=True,
                            capture_output=True, check=True).stdout
    assert set(re.findall(r"/usr/share/doc/spotify-fcgi/(\S+\.md\S*)",
                          listed)) == {
        "README.md", "CHANGES.md", "THREATS.md", "frontend.md",
        "OPERATING.md", "MACHINES.md"}


def test_an_upgrade_loses_no_request_and_no_session(machine, login):
    stack, cookie = login
    install(machine)
    test_moving.bring_sessions(machine, stack, STORE)
    shutil.copy(stack.folder / "server_key",
                machine.path(f"{CONF}/main.server_key"))
    machine.run("systemctl", "restart", "spotify-fcgi-*@main.service")
    assert is_in(machine, cookie, "main")
    old = {name: machine.process(name) for name in PROGRAMS}
    assert 0 not in old.values()
    # The new package brings a unit that differs, too.
    machine.run("sh", "-c", "cd /packages; dpkg-deb -R newer.deb n; "
                "echo '# newer' >>n/$(dpkg -L spotify-fcgi | grep "
                "'spotify-fcgi-session@.service$'); dpkg-deb -b n newer.deb")
    statuses = []
    stopping = threading.Event()

    def ask():
        while not stopping.is_set():
            statuses.append(machine.ask("session", "GET").status)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        machine.run(*APT, "install", "/packages/newer.deb")
        wait_until(lambda: 0 not in map(machine.process, PROGRAMS) and not any(
            machine.process(name) == old[name] for name in PROGRAMS), 60,
            "old programs are left")
    finally:
        stopping.set()
        asking.join()
    assert set(statuses) == {200}
    assert machine.show("spotify-fcgi-session@main.service",
                        "NeedDaemonReload") == "no"
    assert is_in(machine, cookie, "main")


def test_an_installation_of_before_moves_by_the_steps_of_changes(
        machine, session):
    """The new package comes in place of the old one, and says where it is
    written; what runs goes on until its operator follows that."""
    stack, cookie = session
    machine.run(*APT, "install", "/packages/before.deb")
    test_moving.configure(machine.path(CONF), stack)
    test_moving.bring_sessions(machine, stack)
    machine.run("systemctl", "enable", "--now", "spotify-fcgi.target")
    wait_until(lambda: is_in(machine, cookie, "."), 60, "not logged in before")
    said = machine.run(*APT, "install", "/packages/newer.deb")
    assert '"From a build of before the release"' in said
    assert is_in(machine, cookie, ".")
    store = machine.path("/var/lib/spotify-fcgi").stat()
    assert store.st_uid == machine.path(
        "/var/lib/spotify-fcgi/main").stat().st_uid != 0
    stop, move, *_ = test_moving.blocks()
    machine.run("sh", "-c", STAND_INS + stop + move)
    wait_until(lambda: is_in(machine, cookie, "main"), 60, "not logged in")
    test_moving.nothing_is_left_of_before(machine)


@pytest.mark.parametrize("how", ["remove", "purge"])
def test_removed_it_leaves_the_system_well_and_the_data(machine, how):
    install(machine)
    machine.run("systemctl", "enable", "--now", "spotify-fcgi-auth@main.socket",
                "spotify-fcgi@another.target")
    # One that has failed is forgotten as well.
    machine.run("sh", "-c", f"echo mistake >>{CONF}/main.conf")
    machine.try_run("systemctl", "restart", "spotify-fcgi-login@main.service")
    wait_until(lambda: failed(machine), 60, "nothing failed")
    machine.run("sh", "-c", f"install -d {EVENTS}/main; echo {{}} "
                f">{EVENTS}/main/event-1795000000000-0123456789abcdef.json")
    machine.run(*APT, how, "spotify-fcgi")
    assert machine.path(EVENTS).exists() == (how == "remove")
    # systemd forgets a unit some time after nothing needs it.
    try:
        wait_until(lambda: units(machine) == "", 60, "units are left")
    except StackError as error:
        raise AssertionError(units(machine)) from error
    assert failed(machine) == ""
    assert not any(map(machine.process, PROGRAMS))
    for name in ("main.conf", "main.client_secret", "main.server_key"):
        assert machine.path(f"{CONF}/{name}").exists()
    assert machine.path(STORE).is_dir()
    assert not list(machine.path("/etc/systemd/system").rglob(
        "spotify-fcgi*.*"))
