# SPDX-License-Identifier: ISC
"""What the package's script removes when the package is purged. All of the
package is in test_debian.py."""

import subprocess

import pytest

from installation import REPOSITORY

POSTRM = REPOSITORY / "conf/debian/postrm"
EVENTS = ("event-1795000000000-0123456789abcdef.json",
          "event-1795000000001-0123456789abcdef.posted.json",
          "event-0-first-" + "0" * 32 + ".json", ".temp-0123456789abcdef")


@pytest.fixture(name="events")
def fixture_events(tmp_path):
    """The directory, with two sites."""
    for site in ("main", "shop"):
        folder = tmp_path / "spotify-fcgi-events" / site
        folder.mkdir(parents=True)
        for name in EVENTS:
            (folder / name).write_text("{}\n", "ascii")
    return tmp_path / "spotify-fcgi-events"


def call(events, word):
    """Without systemd."""
    script = POSTRM.read_text("ascii").replace(
        "/run/systemd", "/nowhere").replace("/var/lib/", f"{events.parent}/")
    subprocess.run(["sh", "-c", script, "postrm", word], check=True)


def names(folder):
    """What is there."""
    return {path.name for path in folder.iterdir()}


def test_events_that_nobody_has_taken_are_purged(events):
    """Of all sites; they hold personal data in plain."""
    call(events, "remove")
    assert names(events / "main") == names(events / "shop") == set(EVENTS)
    call(events, "purge")
    assert not events.exists()
    call(events, "purge")


def test_what_is_the_operators_stays(events):
    outside = events.parent / "outside"
    outside.mkdir()
    (outside / EVENTS[0]).touch()
    (events / "link").symlink_to(outside)
    (events / "main/profiles.db").touch()
    (events / "main" / EVENTS[0].replace("5", "6")).symlink_to(
        outside / EVENTS[0])
    call(events, "purge")
    assert names(events) == {"link", "main"}
    assert "profiles.db" in names(events / "main")
    assert not names(events / "main") & set(EVENTS)
    assert names(outside) == {EVENTS[0]}
