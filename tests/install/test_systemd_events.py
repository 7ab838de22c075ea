# SPDX-License-Identifier: ISC
"""Events under a real systemd: the programs may write them, the shipped units
take them."""

import base64
import json
import os
import pathlib
import re
import shutil
import textwrap

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

OUT = "/var/lib/spotify-fcgi-events/main"
NAME = "event-1795000000{:03}-0123456789abcdef.json"
SENDMAIL = """#!/bin/sh
[ -e /var/lib/mails/open ] || exit 75
cat >"/var/lib/mails/$(date +%s%N).$$"
"""


@pytest.fixture(name="machine", scope="module")
def fixture_machine(installed, tmp_path_factory):
    """As the manual has it: a directory, the key, the programs again, and who
    is mailed to."""
    machine = Machine(installed, tmp_path_factory.mktemp("events"))
    machine.run("install", "-d", "-m", "2770", "-o", "spotify-fcgi", "-g",
                "spotify-fcgi-events", OUT)
    with open(machine.path(f"{CONF}/main.conf"), "a", encoding="utf-8") as conf:
        conf.write(f"events_dir = {OUT}\n")
    machine.run("systemctl", "restart", "spotify-fcgi@main.target")
    machine.run("install", "-d", "-m", "777", "/var/lib/mails")
    write(machine, "/usr/local/sbin/keep-mail", SENDMAIL, 0o755)
    write(machine, f"{CONF}/main.events", "MAIL_TO=admin@music.example\n"
          "SENDMAIL=/usr/local/sbin/keep-mail\n", 0o600)
    machine.run("systemctl", "enable", "--now",
                "spotify-fcgi-events@main.path")
    yield machine
    machine.stop()


def write(machine, name, text, mode):
    """A file of the machine."""
    path = machine.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)


def put(machine, number, age="now", event='"event":"login"'):
    """An event, as the programs do: under a name that nobody takes first."""
    name = NAME.format(number)
    machine.run("setpriv", "--reuid=spotify-fcgi", "--regid=spotify-fcgi",
                "--clear-groups", "sh", "-euc", f"""
umask 077; cd {OUT}; echo '{{{event},"time":{number}}}' >.temp-1
chmod 640 .temp-1; touch -d '{age}' .temp-1; ln .temp-1 {name}; rm .temp-1""")
    return name


def mails(machine):
    """What was mailed, in order."""
    found = sorted(machine.path("/var/lib/mails").glob("*.*"))
    return [json.loads(base64.b64decode(path.read_text("ascii").split(
        "\n\n")[1]))["time"] for path in found]


def test_the_check_knows_the_place(machine):
    printed = machine.run("/usr/libexec/spotify-fcgi/callback", "-n")
    assert f"\nevents_dir = {OUT}\n" in printed
    assert "# events_dir: group spotify-fcgi-events reads events" in printed


@pytest.mark.parametrize("program", ["callback", "logout", "refresh"])
def test_who_tells_may_write_there(machine, program):
    """And who does not tell sees nothing of it."""
    machine.ask(program, "GET" if program == "callback" else "POST")
    assert mount_of(machine, program).split(",")[0] == "rw"
    machine.ask("session")
    assert mount_of(machine, "session") is None


def mount_of(machine, program):
    """How a program has the directory; None: it is hidden."""
    pid = wait_until(lambda: machine.process(program), 60, "no process")
    text = pathlib.Path(f"/proc/{pid}/mountinfo").read_text("utf-8")
    found = re.findall(rf"^\S+ \S+ \S+ \S+ {OUT} (\S+)", text, re.M)
    return found[-1] if found else None


def test_logout_has_the_key_that_says_who_it_was(machine):
    """It serves, and so has read it."""
    assert machine.ask("logout", "POST").status == 204


def test_what_is_told_is_taken_again_after_a_failure(machine):
    """The unit waits for a minute, and no event is lost; one after the other,
    as they come."""
    name = put(machine, 1)
    unit = "spotify-fcgi-events@main.service"
    wait_until(lambda: machine.show(unit, "Result") == "exit-code", 60,
               "no failure")
    assert machine.path(f"{OUT}/{name}").exists() and mails(machine) == []
    put(machine, 2)
    assert machine.show(unit, "NRestarts") in ("0", "1")
    machine.path("/var/lib/mails/open").touch()
    wait_until(lambda: mails(machine) == [1, 2], 150, "no mail")
    put(machine, 3)
    wait_until(lambda: mails(machine) == [1, 2, 3], 60, "no mail")
    wait_until(lambda: os.listdir(machine.path(OUT)) == [], 60, "left")
    assert machine.show("spotify-fcgi-events@main.path",
                        "ActiveState") == "active"


def test_the_clean_up_may_remove_old_events(machine):
    machine.run("systemctl", "stop", "spotify-fcgi-events@main.path")
    old, new = put(machine, 4, "8 days ago"), put(machine, 5)
    machine.run("systemctl", "start", "spotify-fcgi-cleanup@main.service")
    assert not machine.path(f"{OUT}/{old}").exists()
    assert machine.path(f"{OUT}/{new}").exists()


def test_an_upgrade_of_the_package_does_not_wait_for_a_mail_server(machine):
    """Nor is the event told twice for it."""
    unit = "spotify-fcgi-events@main.service"
    write(machine, "/usr/local/sbin/keep-mail", "#!/bin/sh\nsleep 600\n",
          0o755)
    machine.run("systemctl", "start", "spotify-fcgi-events@main.path")
    machine.ask("session")
    old = wait_until(lambda: machine.process("session"), 60, "no process")
    put(machine, 9)
    wait_until(lambda: machine.show(unit, "ActiveState") == "activating", 60,
               "nobody tells it")
    telling = machine.show(unit, "InvocationID")
    write(machine, "/tmp/postinst", (
        REPOSITORY / "conf/debian/postinst").read_text("ascii"), 0o755)
    machine.run("/tmp/postinst", "configure", "0.1.0-1")
    assert machine.process("session") not in (0, old)
    assert machine.show(unit, "InvocationID") == telling
    machine.run("systemctl", "stop", "spotify-fcgi-events@main.path", unit)


FIRST = ('"event":"first_login","account":{"id":"a","account_id":"a",'
         '"display_name":"Ada","email":"ada@example.com"}')


def page_says():
    """The code of conf/OPERATING.md that makes profiles, and its drop-in."""
    page = (REPOSITORY / "conf/OPERATING.md").read_text("utf-8")
    part = page[page.index("As `/usr/local/lib/profiles.py`"):]
    return (re.search(r"^```python\n(import email.*?)^```", page,
                      re.M | re.S)[1],
            textwrap.dedent(re.search(r"\n\n((?: {4}[^\n]*\n)+)", part)[1]))


def test_code_of_ones_own_is_started_as_the_page_says(machine):
    """Who could not be greeted is greeted when it is started again."""
    code, drop_in = page_says()
    unit = "spotify-fcgi-events@main"
    machine.run("systemctl", "stop", f"{unit}.path", f"{unit}.service")
    machine.run("sh", "-c", f"rm -f {OUT}/* /var/lib/mails/*")
    write(machine, "/usr/local/lib/profiles.py", code, 0o644)
    write(machine, "/usr/sbin/sendmail", SENDMAIL, 0o755)
    write(machine, f"/etc/systemd/system/{unit}.service.d/override.conf",
          drop_in, 0o644)
    machine.run("systemctl", "daemon-reload")
    put(machine, 1, event=FIRST)
    machine.run("systemctl", "enable", "--now", f"{unit}.path")
    wait_until(lambda: machine.show(f"{unit}.service", "Result")
               == "exit-code", 60, "no failure")
    machine.path("/var/lib/mails/open").touch()
    wait_until(lambda: os.listdir(machine.path(OUT)) == [], 150, "left")
    mail, = machine.path("/var/lib/mails").glob("*.*")
    assert "To: ada@example.com\n" in mail.read_text("ascii")
    assert "'Ada'" in machine.run(
        "python3", "-c", "import sqlite3; print(list(sqlite3.connect("
        "'/var/lib/profiles/profiles.db').execute('select * from profile')))")
