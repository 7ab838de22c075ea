# SPDX-License-Identifier: ISC
"""What the package's script says and does after an upgrade, with a systemctl
that is made up. All of the package is in test_debian.py, and the same with a
real systemd in test_systemd_events.py."""

import fnmatch
import os
import subprocess

import pytest

from installation import REPOSITORY
from stack.stack import ALL_PROGRAMS

POSTINST = REPOSITORY / "conf/debian/postinst"
# Writes down what it is told, an argument a line.
SYSTEMCTL = """#!/bin/sh
printf '%s\\n' "$@" "" >>"${0%/*}/told"
"""
UNITS = [f"spotify-fcgi-{name}@{site}.service" for site in ("main", "a-shop")
         for name in (*ALL_PROGRAMS, "events", "cleanup")]


@pytest.fixture(name="system")
def fixture_system(tmp_path):
    """A function that runs the script, with another root: what it printed, and
    the commands that it gave to systemctl."""
    for name in ("bin", "run/systemd/system", "etc/spotify-fcgi",
                 "usr/libexec/spotify-fcgi"):
        (tmp_path / name).mkdir(parents=True)
    for name in ALL_PROGRAMS:
        (tmp_path / "usr/libexec/spotify-fcgi" / name).touch()
    systemctl = tmp_path / "bin/systemctl"
    systemctl.write_text(SYSTEMCTL, "ascii")
    systemctl.chmod(0o755)
    script = POSTINST.read_text("ascii")
    for place in ("/run/systemd", "/etc/", "/usr/libexec"):
        script = script.replace(place, f"{tmp_path}{place}")

    def run(*arguments):
        told = tmp_path / "bin/told"
        told.unlink(missing_ok=True)
        done = subprocess.run(
            ["sh", "-c", script, "postinst", *arguments], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
            cwd=tmp_path, env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
        commands = told.read_text("ascii") if told.exists() else ""
        return done.stdout, [command.split("\n") for command in
                             commands.split("\n\n") if command]
    run.etc = tmp_path / "etc"
    return run


def test_an_upgrade_starts_the_programs_anew_and_nothing_else(system):
    """Of all sites. Who tells events may be waiting for a mail server, and the
    upgrade would wait with him."""
    said, commands = system("configure", "0.1.0-1")
    assert said == "" and commands[0] == ["daemon-reload"]
    verb, *patterns = commands[1]
    assert verb == "try-restart"
    restarted = {unit for unit in UNITS for pattern in patterns
                 if fnmatch.fnmatchcase(unit, pattern)}
    assert restarted == {unit for unit in UNITS
                         if "events" not in unit and "cleanup" not in unit}
    # Nothing runs of what is installed for the first time.
    assert system("configure", "") == ("", [["daemon-reload"]])


def test_who_has_the_old_layout_is_told_where_it_is_written(system):
    """Until it has been moved; a site may have that name, too. Meanwhile the
    web server goes on by what it has read before."""
    old = system.etc / "spotify-fcgi/spotify-fcgi.conf"
    old.touch()
    (system.etc / "nginx/sites-enabled").mkdir(parents=True)
    (system.etc / "nginx/sites-enabled/site").write_text(
        "include /usr/share/spotify-fcgi/nginx/x;", "ascii")
    said, commands = system("configure", "0.1.0-1")
    # What it would read leads to sockets that are not there yet.
    assert not [command for command in commands if "nginx" in command]
    assert len(said.splitlines()) == 2 and f"{old} " in said
    assert "CHANGES.md" in said and "From a build of before the release" in said
    changes = (REPOSITORY / "CHANGES.md").read_text("utf-8")
    assert "From a build of before the release" in changes
    (old.parent / "main.conf").touch()
    assert system("configure", "0.1.0-1")[0] == ""


def test_the_web_server_reads_what_it_includes_anew(system):
    """Whoever has a site of ours; another one is left alone."""
    for server, text in (("nginx", "include /usr/share/spotify-fcgi/nginx/x;"),
                         ("apache2", "Include /usr/share/other/x")):
        (system.etc / server / "sites-enabled").mkdir(parents=True)
        (system.etc / server / "sites-enabled/site").write_text(text, "ascii")
    _, commands = system("configure", "0.1.0-1")
    assert commands[2:] == [["try-reload-or-restart", "nginx"]]
    assert system("configure", "")[1] == [["daemon-reload"]]
    # A link may lead to where the operator keeps his files.
    site = system.etc / "apache2/sites-enabled/site"
    (system.etc / "kept").write_text(
        "Include /usr/share/spotify-fcgi/apache/x", "ascii")
    site.unlink()
    site.symlink_to(system.etc / "kept")
    assert system("configure", "0.1.0-1")[1][3:] == [
        ["try-reload-or-restart", "apache2"]]
