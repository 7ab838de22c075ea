# SPDX-License-Identifier: ISC
"""The commands of README.md and conf/OPERATING.md, on a machine with a real
systemd."""

import os
import re
import shutil

import pytest

from installation import REPOSITORY
from machine import CONF, Machine
from stack.processes import wait_until
from tools.amounts import SOAK

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None
                       or not os.path.exists("/lib/systemd/systemd"),
                       reason="needs unshare and systemd")]

STORES = "/var/lib/spotify-fcgi"
STORE = f"{STORES}/main"
# What a machine made of memory has not: sudo, an editor, the sources.
STAND_INS = """set -e
sudo() {
	[ "$1" != -u ] || { user=$2; shift 2
		set -- setpriv --reuid=$user --regid=$user \\
			--clear-groups "$@"; }
	"$@"
}
sudoedit() { :; }
git() { :; }
make() {
	[ "$1" != uninstall ] || rm -rf /usr/libexec/spotify-fcgi \\
		/usr/lib/systemd/system/spotify-fcgi*
}
"""


def commands(page, heading):
    """The indented lines below a heading or a step of a page."""
    text = (REPOSITORY / page).read_text("utf-8")
    part = text[text.index(heading) + len(heading):]
    part = re.split(r"^(?:## |\d\. )", part, maxsplit=1, flags=re.M)[0]
    width = 7 if heading[0].isdigit() else 4
    return "".join(line[width:] for line in part.splitlines(keepends=True)
                   if line.startswith(" " * width)
                   and "./configure" not in line)


@pytest.fixture(name="machine")
def fixture_machine(installed, tmp_path_factory):
    """Of each test: they change it for good."""
    machine = Machine(installed, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.stop()


def follow(machine, text):
    """All these commands, of which none may fail."""
    return machine.run("sh", "-c", STAND_INS + text)


def snapshot(machine, *folders):
    """Modes, owners and contents."""
    return machine.run("sh", "-c", "find $0 $@ -type f -exec stat -c "
                       "'%n %a %U' {} + -exec sha256sum {} + | sort",
                       *folders)


def is_up(machine, site="main"):
    """A program answers."""
    try:
        return machine.ask("session", "GET", site=site).status == 200
    except (AssertionError, KeyError, OSError):
        return False


def test_the_third_step_done_twice_changes_nothing(machine):
    step = commands("README.md", "3. Make the user")
    for name in ("main.conf", "main.client_secret", "main.server_key"):
        machine.path(f"{CONF}/{name}").unlink()
    follow(machine, step)
    seen = machine.run("sh", "-c", f"cd {CONF}; stat -c '%n %s %a %U' "
                       "main.client_secret main.server_key")
    assert seen == ("main.client_secret 0 600 spotify-fcgi\n"
                    "main.server_key 65 600 spotify-fcgi\n")
    for name in ("main.conf", "main.client_secret"):
        machine.path(f"{CONF}/{name}").write_text("mine\n", "utf-8")
    before = snapshot(machine, CONF)
    follow(machine, step)
    assert snapshot(machine, CONF) == before


def own_secrets(machine):
    """As README.md leaves them."""
    machine.run("chown", "spotify-fcgi", f"{CONF}/main.client_secret",
                f"{CONF}/main.server_key")


def test_an_upgrade_keeps_sessions_and_starts_what_is_new(machine):
    own_secrets(machine)
    assert is_up(machine)
    machine.run("touch", f"{STORE}/session-a")
    old = machine.process("session")
    follow(machine, commands("conf/OPERATING.md", "## Upgrade"))
    wait_until(lambda: is_up(machine), 60, "no answer")
    assert machine.process("session") not in (0, old)
    assert machine.path(f"{STORE}/session-a").exists()


def test_removed_nothing_is_left_and_the_system_is_well(machine):
    assert is_up(machine)
    machine.run("systemctl", "enable", "--now", "spotify-fcgi-auth@main.socket")
    follow(machine, commands("conf/OPERATING.md", "## Remove"))
    # systemd forgets a unit some time after nothing needs it.
    wait_until(lambda: machine.run(
        "systemctl", "list-units", "--all", "--plain", "--no-legend",
        "spotify-fcgi*") == "", 60, "units are left")
    assert not list(machine.path("/etc/systemd/system").rglob(
        "spotify-fcgi*.*"))
    assert machine.process("session") == 0
    for name in (CONF, STORE, "/run/spotify-fcgi/main/session.sock"):
        assert not machine.path(name).exists(), name


def at_rest(lines):
    """Without what the programs go on counting in."""
    return [line for line in lines.splitlines()
            if not line.endswith("/metrics")]


def test_a_move_takes_sessions_along(machine):
    """To itself, emptied in between, with another number for the user. Of all
    sites."""
    own_secrets(machine)
    assert is_up(machine)
    machine.run("sh", "-c", f"cd {CONF}; for f in conf client_secret "
                "server_key; do cp -p main.$f shop.$f; done; "
                "sed -i 's/main/shop/' shop.conf; systemctl start "
                "spotify-fcgi@shop.target")
    assert is_up(machine, "shop")
    machine.run("sh", "-c", f"echo sealed >{STORE}/session-a; chmod 600 "
                f"{STORE}/session-a; chown spotify-fcgi {STORE}/session-a")
    before = snapshot(machine, CONF, STORES)
    old, new = commands("conf/OPERATING.md", "## Move").split(
        "sudo systemd-sysusers\n")
    follow(machine, old)
    assert machine.process("session") == 0
    machine.run("rm", "-rf", CONF, STORES)
    machine.run("usermod", "-u", "4321", "spotify-fcgi")
    sites = "for site in main; do        # and the names of your others\n"
    assert sites in new
    follow(machine, "systemd-sysusers\n" + new.replace(
        sites, "for site in main shop; do\n"))
    for site in ("main", "shop"):
        wait_until(lambda site=site: is_up(machine, site), 60, "no answer")
    assert at_rest(snapshot(machine, CONF, STORES)) == at_rest(before)
    assert machine.path(f"{STORE}/session-a").stat().st_uid == 4321
