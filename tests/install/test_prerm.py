# SPDX-License-Identifier: ISC
"""What the package's script does with a site when the package is removed. All
of the package is in test_debian.py."""

import os
import subprocess

import pytest

from installation import REPOSITORY

PRERM = REPOSITORY / "conf/debian/prerm"
OURS = "include /usr/share/spotify-fcgi/nginx/spotify-fcgi.answers;\n"


@pytest.fixture(name="etc")
def fixture_etc(tmp_path):
    """The directory, with what nginx has there."""
    for name in ("nginx/sites-enabled", "nginx/sites-available",
                 "nginx/conf.d", "apache2/sites-enabled", "spotify-fcgi"):
        (tmp_path / "etc" / name).mkdir(parents=True)
    return tmp_path / "etc"


def remove(etc, systemd="/nowhere", **environment):
    """What it says, without systemd."""
    script = PRERM.read_text("ascii").replace("/run/systemd", str(systemd))
    return subprocess.run(
        ["sh", "-c", script.replace("/etc/", f"{etc}/"), "prerm", "remove"],
        text=True, capture_output=True, check=True,
        env=os.environ | environment).stdout


def test_a_site_is_kept_where_the_configuration_is(etc):
    site = etc / "nginx/sites-enabled/spotify-fcgi"
    site.write_text("of today", "ascii")
    said = remove(etc)
    assert not site.exists() and "nginx-site" in said
    assert (etc / "spotify-fcgi/nginx-site").read_text("ascii") == "of today"


def test_a_configuration_that_is_gone_keeps_nobody_from_removing(etc):
    (etc / "spotify-fcgi").rmdir()
    test_a_site_is_kept_where_the_configuration_is(etc)


def test_what_was_kept_before_is_kept(etc):
    (etc / "spotify-fcgi/nginx-site-shop").write_text("of once", "ascii")
    # The second of conf.d is of an earlier build.
    for place in ("sites-enabled/spotify-fcgi-shop",
                  "conf.d/spotify-fcgi_shop.conf",
                  "conf.d/spotify-fcgi-shop.conf"):
        (etc / "nginx" / place).write_text(place, "ascii")
    remove(etc)
    assert {path.read_text("ascii") for path in
            (etc / "spotify-fcgi").iterdir()} == {
                "of once", "sites-enabled/spotify-fcgi-shop",
                "conf.d/spotify-fcgi_shop.conf",
                "conf.d/spotify-fcgi-shop.conf"}


def test_what_else_includes_what_goes_is_told(etc):
    """And left as it is: it is the operator's. What is not in use, or only a
    comment, keeps no server from starting."""
    nginx, apache = etc / "nginx", etc / "apache2"
    (nginx / "nginx.conf").write_text("http {\n}\n", "ascii")
    available = nginx / "sites-available"
    for name in ("linked", "unused"):
        (available / name).write_text(f"server {{\n\t{OURS}}}\n", "ascii")
    (nginx / "sites-enabled/host").symlink_to(available / "linked")
    for name in ("named", "members", "not-named"):
        (nginx / f"{name}.conf").write_text(OURS, "ascii")
    (nginx / "conf.d/mine.conf").write_text(
        f"#{OURS}include {nginx}/named.conf;\ninclude members.conf;\n"
        f"#include {nginx}/not-named.conf;\n", "ascii")
    (apache / "sites-enabled/host.conf").write_text(
        "Include /usr/share/spotify-fcgi/apache/spotify-fcgi.programs\n",
        "ascii")
    (nginx / "sites-enabled/spotify-fcgi").write_text(OURS, "ascii")
    said = remove(etc).splitlines()
    assert "is out of use" in said.pop(0)
    assert sorted(line.split(" includes")[0] for line in said) == sorted(
        f"spotify-fcgi: {path}" for path in (
            apache / "sites-enabled/host.conf", nginx / "members.conf",
            nginx / "named.conf", nginx / "sites-enabled/host"))
    for line in said:
        server = "apache2" if "/apache2/" in line else "nginx"
        assert f"{server} will not start before that line is out" in line
    assert (available / "linked").read_text("ascii").count(OURS) == 1


def test_a_server_that_does_not_run_is_not_complained_of(etc, tmp_path):
    """systemctl knows a word for that."""
    (etc / "nginx/sites-enabled/spotify-fcgi").write_text(OURS, "ascii")
    (tmp_path / "systemd/system").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "dpkg"):
        tool = tmp_path / "bin" / name
        tool.write_text('#!/bin/sh\necho "${0##*/}" "$@"\n', "ascii")
        tool.chmod(0o755)
    said = remove(etc, tmp_path / "systemd",
                  PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert [line for line in said.splitlines() if "nginx" in line][1:] == [
        "systemctl try-reload-or-restart nginx"]
