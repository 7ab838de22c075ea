# SPDX-License-Identifier: ISC
"""What -n finds out about events_dir, and how old events are removed."""

import os
import re
import tempfile
import time

import pytest

from configured import Setup
from tools.amounts import DAY
from tools.events import make_outbox


@pytest.fixture
def setup(tmp_path):
    """A good configuration that tells events."""
    tmp_path.chmod(0o755)
    made = Setup(tmp_path)
    make_outbox(tmp_path)
    made.conf(events_dir="{folder}/out")
    return made


def complaint(setup, events_dir="{folder}/out", **environment):
    """What is wrong with events_dir."""
    setup.conf(events_dir=events_dir)
    done = setup.run("callback", **{name: str(value) for name, value
                                    in environment.items()})
    assert done.returncode == 2, done.stdout
    lines = re.findall(r"^(.*)/c\.conf:\d+: events_dir: (.*)$", done.stderr,
                       re.M)
    assert len(lines) == 1 and lines[0][0] == str(setup.folder), done.stderr
    return lines[0][1]


def test_a_good_one_is_printed_with_who_reads_it(setup):
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\nevents_dir = {setup.folder}/out\nevents_email = no\n" \
        in done.stdout
    assert "# events_dir: group " in done.stdout
    assert "set-group-ID" not in done.stdout
    assert list((setup.folder / "out").iterdir()) == []


@pytest.mark.parametrize("mode, words", [
    (0o770, "chmod g+s"), (0o700, "only the user"), (0o750, "only the user")])
def test_who_could_not_take_events_is_said(setup, mode, words):
    (setup.folder / "out").chmod(mode)
    done = setup.run()
    assert done.returncode == 0 and words in done.stdout


def test_it_has_to_be_there(setup):
    (setup.folder / "out").rmdir()
    assert "does not exist" in complaint(setup)
    (setup.folder / "out").write_bytes(b"")
    assert "not a directory" in complaint(setup)


def test_a_link_is_none(setup):
    (setup.folder / "link").symlink_to("out")
    assert "symbolic link" in complaint(setup, events_dir="{folder}/link")


@pytest.mark.parametrize("mode", [0o777, 0o771, 0o2772, 0o774])
def test_nobody_else_may_look_into_it(setup, mode):
    (setup.folder / "out").chmod(mode)
    assert "chmod o=" in complaint(setup)


@pytest.mark.parametrize("path", [
    "{folder}/store", "{folder}/store/out", "{folder}", "{folder}/x/../store"])
def test_it_lies_beside_the_sessions(setup, path):
    (setup.folder / "store" / "out").mkdir(mode=0o700)
    (setup.folder / "x").mkdir()
    if path == "{folder}":
        setup.folder.chmod(0o700)
    assert "session_dir" in complaint(setup, events_dir=path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes it there")
def test_it_lies_where_no_web_server_looks(setup):
    os.makedirs("/var/www", exist_ok=True)
    with tempfile.TemporaryDirectory(dir="/var/www") as path:
        assert "web servers" in complaint(setup, events_dir=path)


def test_it_lies_where_nobody_else_can_exchange_it(setup):
    (setup.folder / "open").mkdir()
    (setup.folder / "open").chmod(0o777)
    (setup.folder / "open" / "out").mkdir(mode=0o700)
    assert "others can write" in complaint(
        setup, events_dir="{folder}/open/out")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_it_is_the_users_of_the_programs(setup):
    os.chown(setup.folder / "out", 65534, -1)
    assert "chown" in complaint(setup)


def test_units_that_may_not_write_there_are_told_of(setup):
    units = setup.folder / "units"
    units.mkdir()
    unit = units / "spotify-fcgi-callback@.service"
    text = ("[Service]\nProtectSystem=strict\n"
            f"Environment=SPOTIFY_FCGI_CONF={setup.folder}/c.conf\n"
            "LoadCredential=client_secret:/x\nLoadCredential=server_key:/x\n"
            f"ReadWritePaths={setup.folder}/store\n")
    unit.write_text(text, "utf-8")
    assert "the units may not" in complaint(setup, SYSTEMD_UNIT_PATH=units)
    unit.write_text(f"{text}ReadWritePaths=-{setup.folder}/out\n", "utf-8")
    assert setup.run("callback",
                     SYSTEMD_UNIT_PATH=str(units)).returncode == 0


def test_an_address_takes_its_scope(setup):
    setup.conf(events_dir="{folder}/out", events_email="yes",
               scope="user-follow-read")
    done = setup.run()
    assert done.returncode == 2
    assert "events_email: needs events_dir, and user-read-email" \
        in done.stderr
    setup.conf(events_email="yes")
    assert setup.run().returncode == 2


def test_logout_needs_the_key_to_tell_who_it_was(setup):
    """And none without events."""
    (setup.folder / "server_key").unlink()
    done = setup.run("logout", "-f", str(setup.folder / "c.conf"), "-s",
                     str(setup.folder / "socket"))
    assert done.returncode == 2 and "server_key_file" in done.stderr


def test_old_events_are_removed(setup):
    """After a week, and what was never finished after a day."""
    first = "event-0-first-" + "0" * 32 + ".json"
    ages = {first: 8, "event-1700000000000-0123456789abcdef.json": 8,
            "event-1700000000001-0123456789abcdef.json": 6,
            ".temp-0123456789abcdef": 2, ".temp-0123456789abcde0": 0,
            "notes.txt": 99, "event-x": 99, ".event-1.json": 99}
    for name, days in ages.items():
        path = setup.folder / "out" / name
        path.write_bytes(b"{}\n")
        os.utime(path, (time.time() - days * DAY,) * 2)
    done = setup.run("logout", "-c", "-f", str(setup.folder / "c.conf"))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{setup.folder}/out: 3 files removed, 2 left\n" in done.stdout
    left = {path.name for path in (setup.folder / "out").iterdir()}
    assert left == {"event-1700000000001-0123456789abcdef.json",
                    ".temp-0123456789abcde0", "notes.txt", "event-x",
                    ".event-1.json"}


def test_a_clean_up_says_that_the_directory_is_missing(setup):
    """What is old in session_dir is removed all the same."""
    (setup.folder / "out").rmdir()
    done = setup.run("logout", "-c", "-f", str(setup.folder / "c.conf"))
    assert done.returncode == 1 and "store: 0 files removed" in done.stdout
    assert "event=store_failed call=open_dir" in done.stderr
